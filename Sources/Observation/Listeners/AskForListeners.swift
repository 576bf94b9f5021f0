import Glibc

/// Asks the kernel which sockets of TCP listen in the network namespace of this process (sock_diag(7)).
///
/// It looks through those alone, while for /proc/net/tcp it walks all its places for connections, which are as many as its
/// memory is large: milliseconds where nobody is connected. Needs no privilege; the kernel may load `tcp_diag` for it.
///
/// - Returns: `nil` where the kernel does not answer such questions or the answer is not whole.
func askForListeners() -> [ListeningSocket]? {
    let netlinkFamily: Int32 = 16
    let sockDiag: Int32 = 4
    let descriptor = socket(netlinkFamily, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), sockDiag)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // The kernel makes a datagram of at most 32 KiB.
    var buffer = [UInt8](repeating: 0, count: 32 << 10)
    var sockets: [ListeningSocket] = []
    for family in ListenerDump.Family.allCases {
        let request = ListenerDump.request(for: family)
        guard send(descriptor, request, request.count, 0) == request.count else { return nil }
        var dump = ListenerDump()
        while !dump.isComplete {
            // The kernel has answered before `send` returns, and goes on before `recv` does: there is nothing to wait for.
            let count = recv(
                descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT | MSG_TRUNC))
            guard count > 0, count <= buffer.count, dump.take(buffer[..<count]) else { return nil }
        }
        sockets += dump.sockets
    }
    return sockets
}
