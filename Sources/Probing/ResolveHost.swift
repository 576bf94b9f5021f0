internal import Glibc
package import MailModel
internal import NIOPosix

/// The addresses of a host that a user named: an address, an address in brackets, or a name.
/// - Returns: IPv4 first, without duplicates.
/// - Throws: ``ExitStatus/usage`` for what can be no host name, ``ExitStatus/cannotTell`` when the name has
///   no address or the resolver does not answer.
package func resolveHost(_ host: String) async throws(Failure) -> [IPAddress] {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    if let address = IPAddress(bare) { return [address] }
    guard (1...253).contains(host.utf8.count), !host.hasPrefix("-"),
        host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else {
        throw Failure(
            .usage, "\(host.debugDescription) is no host name and no address",
            remedy: "Name the server as in `agent probe mx.hosted.example` or `agent probe 203.0.113.10`.")
    }
    let answer: Result<[IPAddress], ResolverError>
    do {
        answer = try await NIOThreadPool.singleton.runIfActive { lookUp(host) }
    } catch {
        throw Failure(.cannotTell, "\(host) could not be looked up", detail: "\(error)")
    }
    switch answer {
    case .success(let addresses) where !addresses.isEmpty:
        return addresses.sorted { ($0.width, $0.description) < ($1.width, $1.description) }
    case .success:
        throw Failure(.cannotTell, "\(host) has no address")
    case .failure(let error):
        throw Failure(
            .cannotTell, "\(host) could not be looked up", detail: error.text,
            remedy: "Check the spelling, or name the server by its address.")
    }
}

private struct ResolverError: Error {
    var text: String
}

/// getaddrinfo(3), which waits: not for the threads that connections live on.
private func lookUp(_ host: String) -> Result<[IPAddress], ResolverError> {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &first)
    guard status == 0 else { return .failure(ResolverError(text: String(cString: gai_strerror(status)))) }
    defer { freeaddrinfo(first) }
    var found: Set<IPAddress> = []
    var next = first
    while let entry = next?.pointee {
        next = entry.ai_next
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard let name = entry.ai_addr,
            getnameinfo(name, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
        else { continue }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        if let address = IPAddress(String(decoding: bytes, as: UTF8.self)) { found.insert(address) }
    }
    return .success(Array(found))
}
