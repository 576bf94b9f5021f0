import MailModel

/// A socket that listens, as the kernel tells of it: on request (sock_diag(7)), or in a line of /proc/net/tcp or
/// /proc/net/tcp6 (proc(5)).
struct ListeningSocket: Hashable, Sendable {
    var address: IPAddress
    var port: Int
    var inode: UInt64
    /// As ``Listener/isIPv6Only``; /proc does not tell.
    var isIPv6Only: Bool?

    init(address: IPAddress, port: Int, inode: UInt64, isIPv6Only: Bool? = nil) {
        self.isIPv6Only = isIPv6Only
        self.address = address
        self.port = port
        self.inode = inode
    }

    /// Reads all listening sockets of one table, in its order; lines of other states and of other shape are passed over.
    static func parse(_ table: [UInt8]) -> [ListeningSocket] {
        table.split(separator: UInt8(ascii: "\n")).compactMap(ListeningSocket.init(line:))
    }

    private init?(line: ArraySlice<UInt8>) {
        // sl, local_address, rem_address, st, tx:rx, tr:when, retrnsmt, uid, timeout, inode
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 10)
        guard fields.count >= 10, fields[3].elementsEqual("0A".utf8) else { return nil }
        let local = fields[1].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard local.count == 2, let address = Self.address(local[0]),
            let port = Self.number(local[1], radix: 16), port <= 65_535,
            let inode = Self.number(fields[9], radix: 10)
        else { return nil }
        self.address = address
        self.port = Int(port)
        self.inode = inode
    }

    /// The kernel prints each 32-bit word of an address as the machine holds it in memory.
    private static func address(_ hex: ArraySlice<UInt8>) -> IPAddress? {
        guard hex.count == 8 || hex.count == 32 else { return nil }
        var words: [UInt32] = []
        var start = hex.startIndex
        while start < hex.endIndex {
            guard let word = number(hex[start..<start + 8], radix: 16) else { return nil }
            words.append(UInt32(bigEndian: UInt32(truncatingIfNeeded: word)))
            start += 8
        }
        return words.count == 4 ? Self.address(words) : .v4(words[0])
    }

    /// An address of IPv6 by its four words; a socket that is bound to ::ffff:a.b.c.d serves that IPv4 address
    /// (RFC 4291 section 2.5.5.2).
    static func address(_ words: [UInt32]) -> IPAddress {
        guard words[0] != 0 || words[1] != 0 || words[2] != 0xffff else { return .v4(words[3]) }
        return .v6(
            high: UInt64(words[0]) << 32 | UInt64(words[1]), low: UInt64(words[2]) << 32 | UInt64(words[3]))
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: Int) -> UInt64? {
        UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}
