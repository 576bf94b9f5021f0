import Glibc
package import MailModel

/// Whether the MTA listens on port 25 for others than the host itself, and greets a client there.
package func answersWithBanner(_ mta: MailTransferAgent, _ instruments: Instruments) async -> Bool {
    guard case .seen(let sockets) = observeListeners(on: [25], instruments) else { return false }
    let listeners = await identified(sockets, instruments)
    guard !listeners.isEmpty, listeners.allSatisfy({ $0.mta == mta }),
        let reachable = listeners.first(where: { !$0.address.isLoopback })
    else { return false }
    return greeting(of: reachable).hasPrefix("220")
}

/// Whether a superserver has taken in what its files say: it is done with the signal, and listens on those mail ports
/// alone that they give it. Without a superserver nothing differs.
package func superserverFollowsItsFiles(_ instruments: Instruments) -> Bool {
    guard case .seen(let sockets) = observeListeners(on: instruments.smtpPorts.union(queuePorts), instruments)
    else {
        return true
    }
    let files = instruments.files
    let own = sockets.filter { superservers.contains($0.executable.map(baseName) ?? "") }
    return own.allSatisfy { listener in
        SuperserverEntry.serving(listener, in: files) != nil
            && listener.processID.map { isAtRest($0, in: files) } ?? true
    }
}

/// Whether a process waits for something, and for none of its signals to be handled (proc(5), `status`): kill(2) returns
/// before the program has read its files again.
func isAtRest(_ process: Int, in files: HostFiles) -> Bool {
    let lines = files.text("/proc/\(process)/status")?.split(separator: "\n") ?? []
    let values = lines.map { $0.split(whereSeparator: \.isWhitespace) }
    let isWaiting = values.contains { $0.count > 1 && $0[0] == "State:" && $0[1] == "S" }
    let pending = values.filter { ["SigPnd:", "ShdPnd:"].contains($0.first) }
    return isWaiting && pending.allSatisfy { ($0.last ?? "").allSatisfy { $0 == "0" } }
}

package func isProcessAlive(_ process: Int, _ instruments: Instruments) -> Bool {
    guard let stat = instruments.files.text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
        return false
    }
    // A zombie has ended (proc(5)).
    return !stat[stat.index(after: end)...].hasPrefix(" Z")
}

/// The first bytes that a server says, waited for three seconds at most; empty when it says nothing.
private func greeting(of listener: Listener) -> String {
    var address = listener.address
    switch address {
    case .v4 where address.isUnspecified: address = .v4(127 << 24 | 1)
    case .v6 where address.isUnspecified: address = .v6(high: 0, low: 1)
    default: break
    }
    return whileConnected(to: address, port: listener.port) { socket in
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
    } ?? ""
}

/// Whether a connection is taken, within three seconds.
func answers(_ address: IPAddress, _ port: Int) -> Bool {
    whileConnected(to: address, port: port) { _ in true } ?? false
}

private func whileConnected<Answer>(
    to address: IPAddress, port: Int, _ body: (Int32) -> Answer
) -> Answer? {
    let isIPv6 = address.width == 128
    let socket = socket(
        isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
    defer { close(socket) }
    var limit = timeval(tv_sec: 3, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    return connect(socket, to: address, port: port) ? body(socket) : nil
}

private func connect(_ socket: Int32, to address: IPAddress, port: Int) -> Bool {
    switch address {
    case .v4(let bits):
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = bits.bigEndian
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    case .v6(let high, let low):
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = in_port_t(port).bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }
}
