import MailModel

/// The kernel's answer to the question which sockets of TCP listen, as it comes in datagrams (netlink(7), sock_diag(7)).
///
/// Everything is in the machine's own byte order but for ports and addresses.
struct ListenerDump {
    enum Family: UInt8, CaseIterable {
        case v4 = 2
        case v6 = 10
    }

    /// The question for the sockets of one family.
    static func request(for family: Family) -> [UInt8] {
        var bytes: [UInt8] = []
        func append<Value: FixedWidthInteger>(_ value: Value) {
            withUnsafeBytes(of: value) { bytes += $0 }
        }
        // struct nlmsghdr: SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST with NLM_F_DUMP.
        append(UInt32(headerSize + 56))
        append(UInt16(20))
        append(UInt16(0x301))
        append(sequence)
        append(UInt32(0))
        // struct inet_diag_req_v2: IPPROTO_TCP, and of the states TCP_LISTEN alone, which spares the kernel its table of
        // connections. No socket in particular.
        bytes += [family.rawValue, 6, 0, 0]
        append(UInt32(1) << UInt32(listening))
        bytes += [UInt8](repeating: 0, count: 48)
        return bytes
    }

    private(set) var sockets: [ListeningSocket] = []
    private(set) var isComplete = false

    /// Takes the next datagram in.
    /// - Returns: whether it is part of an answer that can be relied on; after `false` nothing more will come of it.
    mutating func take(_ datagram: ArraySlice<UInt8>) -> Bool {
        var rest = datagram
        while !isComplete {
            guard !rest.isEmpty else { return true }
            guard rest.count >= Self.headerSize, rest.number(at: 8, as: UInt32.self) == Self.sequence,
                // NLM_F_DUMP_INTR: the kernel's list changed while it was walked.
                rest.number(at: 6, as: UInt16.self) & 0x10 == 0,
                let size = Int(exactly: rest.number(at: 0, as: UInt32.self)),
                (Self.headerSize...rest.count).contains(size)
            else { return false }
            let body = rest.dropFirst(Self.headerSize).prefix(size - Self.headerSize)
            switch rest.number(at: 4, as: UInt16.self) {
            case 20: guard take(socket: body) else { return false }
            case 3:
                // NLMSG_DONE has what the walk came to.
                guard body.count < 4 || body.number(at: 0, as: Int32.self) == 0 else { return false }
                isComplete = true
            case 1: break
            default: return false
            }
            // Messages begin on words.
            rest = rest.dropFirst((size + 3) & ~3)
        }
        return true
    }

    /// struct inet_diag_msg: family, state, timer, retransmissions; source and destination port, source and destination
    /// address, interface, cookie; times, queues, user; inode.
    private mutating func take(socket body: ArraySlice<UInt8>) -> Bool {
        guard body.count >= 72, let family = Family(rawValue: body[body.startIndex]) else { return false }
        guard body[body.startIndex + 1] == Self.listening else { return true }
        let words = (0..<4).map { UInt32(bigEndian: body.number(at: 8 + 4 * $0, as: UInt32.self)) }
        sockets.append(
            ListeningSocket(
                address: family == .v4 ? .v4(words[0]) : ListeningSocket.address(words),
                port: Int(UInt16(bigEndian: body.number(at: 4, as: UInt16.self))),
                inode: UInt64(body.number(at: 68, as: UInt32.self)), isIPv6Only: Self.isIPv6Only(body)))
        return true
    }

    /// INET_DIAG_SKV6ONLY, one of the attributes behind the message: each has its size, its type, its value.
    private static func isIPv6Only(_ body: ArraySlice<UInt8>) -> Bool? {
        var rest = body.dropFirst(72)
        while rest.count >= 4 {
            let size = Int(rest.number(at: 0, as: UInt16.self))
            guard (4...rest.count).contains(size) else { return nil }
            if rest.number(at: 2, as: UInt16.self) == 11, size > 4 { return rest[rest.startIndex + 4] != 0 }
            rest = rest.dropFirst((size + 3) & ~3)
        }
        return nil
    }

    private static let headerSize = 16
    /// Tells the answer to the question from anything else.
    private static let sequence: UInt32 = 1
    /// TCP_LISTEN.
    private static let listening: UInt8 = 10
}

extension ArraySlice<UInt8> {
    /// The number that begins at an offset, which must be within.
    fileprivate func number<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
}
