import Glibc
import MailModel
import Testing

@testable import Observation

/// Captured on Linux 6.18 in a namespace of its own, with sockets that python3 opened: 127.0.0.1:10025, 0.0.0.0:25;
/// [::1]:587, [::]:25, [::ffff:127.0.0.2]:465; and a connection each to 127.0.0.1:25 and [::1]:25.
private let v4 = [
    """
    7c000000140002000100000017140000020a0000272900007f000001000000000000000000000000000000000000000000000000\
    0000000000000000011000000000000000000000000000000500000000000000b5690200050008000000000008000f0000000000\
    0c001500010000000000000006001600520000007c000000140002000100000017140000020a0000001900000000000000000000\
    00000000000000000000000000000000000000000000000000000000021000000000000000000000010000000500000000000000\
    b4690200050008000000000008000f00000000000c00150001000000000000000600160052000000
    """, "1400000003000200010000001714000000000000",
].map(bytes)

private let v6 = [
    """
    840000001400020001000000171400000a0a0000024b000000000000000000000000000000000001000000000000000000000000\
    0000000000000000031000000000000000000000000000000500000000000000b6690200050008000000000005000b0001000000\
    08000f00000000000c00150001000000000000000600160012000000840000001400020001000000171400000a0a000000190000\
    00000000000000000000000000000000000000000000000000000000000000000000000004100000000000000000000001000000\
    0500000000000000b8690200050008000000000005000b000100000008000f00000000000c001500010000000000000006001600\
    12000000840000001400020001000000171400000a0a000001d1000000000000000000000000ffff7f0000020000000000000000\
    000000000000000000000000051000000000000000000000000000000500000000000000b7690200050008000000000005000b00\
    0000000008000f00000000000c00150001000000000000000600160012000000
    """, "1400000003000200010000001714000000000000",
].map(bytes)

private func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0..<$0 + 2]), radix: 16)
    }
}

@Suite("Listeners as the kernel answers for them")
struct ListenerDumpTests {
    private func lines(_ datagrams: [[UInt8]]) -> [String]? {
        var dump = ListenerDump()
        for datagram in datagrams { guard dump.take(datagram[...]) else { return nil } }
        return dump.isComplete ? dump.sockets.map { "\($0.address) \($0.port) \($0.inode)" } : nil
    }

    @Test("Addresses of IPv4, IPv6 and IPv4 within IPv6 are read, with ports and inodes")
    func addresses() {
        #expect(lines(v4) == ["127.0.0.1 10025 158133", "0.0.0.0 25 158132"])
        #expect(lines(v6) == ["::1 587 158134", ":: 25 158136", "127.0.0.2 465 158135"])
        #expect(lines([v4[0] + v4[1]]) == lines(v4))
    }

    @Test("The question is the one that the answers were captured for")
    func question() {
        let id = [UInt8](repeating: 0, count: 48)
        let header = bytes("48000000140001030100000000000000")
        #expect(ListenerDump.request(for: .v4) == header + bytes("0206000000040000") + id)
        #expect(ListenerDump.request(for: .v6) == header + bytes("0a06000000040000") + id)
    }

    @Test("An answer that is cut anywhere is not whole")
    func truncated() {
        for (whole, size) in [(v4, 124), (v6, 132)] {
            #expect(lines([whole[0]]) == nil)
            for count in 1..<whole[0].count where count % size != 0 {
                var dump = ListenerDump()
                let isTaken = dump.take(whole[0][..<count])
                #expect(!isTaken, "\(count)")
            }
            for count in 0..<whole[1].count { #expect(lines([whole[0], Array(whole[1][..<count])]) == nil) }
        }
    }

    @Test(
        "An error, an interrupted walk, another family and another's answer are not relied on",
        arguments: [
            // NLMSG_ERROR with ENOENT; NLMSG_DONE with EINTR; NLMSG_OVERRUN; an unknown type.
            "2400000002000000010000000000000000feffffff48000000140001030100000000000000",
            "1400000003000200010000000000000000fcffffff", "10000000040000000100000000000000",
            "10000000150000000100000000000000",
            // NLM_F_DUMP_INTR; another sequence; a size below the header's and one that ends nowhere.
            "1400000003001200010000001714000000000000", "1400000003000200020000001714000000000000",
            "0f00000003000200010000001714000000000000", "ffffffff03000200010000001714000000000000",
            "00000000030002000100000017140000",
        ])
    func refused(_ hex: String) {
        #expect(lines([bytes(hex)]) == nil)
        #expect(lines([v4[0], bytes(hex)]) == nil)
    }

    @Test("Of what is no listening socket nothing is taken; any byte may be another")
    func hostile() {
        var connected = v4[0]
        connected[17] = 1
        #expect(lines([connected, v4[1]]) == ["0.0.0.0 25 158132"])
        var unknown = v4[0]
        unknown[16] = 1
        #expect(lines([unknown, v4[1]]) == nil)
        for offset in v6[0].indices {
            for value: UInt8 in [0, 1, 0x7f, 0xff] {
                var changed = v6[0]
                changed[offset] = value
                #expect((lines([changed, v6[1]])?.count ?? 0) <= 3)
            }
        }
    }

    @Test("Asked and read in /proc, the sockets of this host are the same")
    func sameAsListed() throws {
        let descriptors = try [
            ("0.0.0.0", AF_INET), ("127.0.0.1", AF_INET), ("::", AF_INET6), ("::1", AF_INET6),
            ("::ffff:127.0.0.2", AF_INET6),
        ]
        .map { try listening(on: $0, family: $1) }
        defer { descriptors.forEach { close($0) } }
        let own = Set(
            descriptors.map { descriptor in
                var status = stat()
                fstat(descriptor, &status)
                return UInt64(status.st_ino)
            })
        // Others on this host come and go meanwhile.
        func ofOurs(_ sockets: [ListeningSocket]) -> Set<ListeningSocket> {
            // What /proc does not tell.
            Set(
                sockets.filter { own.contains($0.inode) }.map { socket in
                    var socket = socket
                    socket.isIPv6Only = nil
                    return socket
                })
        }
        let all = try #require(askForListeners())
        #expect(
            all.first { own.contains($0.inode) && $0.address == .v6(high: 0, low: 0) }?.isIPv6Only == false)
        #expect(all.first { own.contains($0.inode) && $0.address == .v4(0) }?.isIPv6Only == nil)
        let asked = ofOurs(all)
        let listed = ofOurs(try #require(listedSockets(in: HostFiles(root: "/")).value))
        #expect(asked == listed)
        #expect(
            asked.map(\.address.description).sorted() == ["0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"])
    }

    private func listening(on text: String, family: Int32) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var v4 = sockaddr_in()
        v4.sin_family = sa_family_t(AF_INET)
        var v6 = sockaddr_in6()
        v6.sin6_family = sa_family_t(AF_INET6)
        let bound: Int32
        if family == AF_INET {
            inet_pton(family, text, &v4.sin_addr)
            bound = bind(descriptor, of: &v4)
        } else {
            inet_pton(family, text, &v6.sin6_addr)
            bound = bind(descriptor, of: &v6)
        }
        try #require(bound == 0 && listen(descriptor, 1) == 0)
        return descriptor
    }

    private func bind<Address>(_ descriptor: Int32, of address: inout Address) -> Int32 {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
