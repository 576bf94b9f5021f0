internal import Glibc
package import MailModel
package import Probing

/// What this machine's own addresses are good for when it asks a server as it is.
///
/// - Parameters:
///   - interfaces: the addresses of this machine's interfaces, with the prefixes of their networks.
///   - servers: who will be asked.
/// - Returns: the address that the kernel takes by itself, one for each family of the servers; and, beside
///   these, one for each other network that rules on clients may treat otherwise.
package func ownAddresses(
    interfaces: [IPNetwork], toward servers: [IPAddress]
) -> (primary: [IPAddress], others: [ProbeRequest.NetworkAddress]) {
    var primary: [IPAddress] = []
    var others: [ProbeRequest.NetworkAddress] = []
    for server in servers {
        guard let own = chosenAddress(toward: server) else { continue }
        if !primary.contains(own) { primary.append(own) }
        for interface in interfaces where isGlobal(interface.address) && interface.address != own {
            guard let network = network(of: interface, asSeenBy: server, beside: own) else { continue }
            let other = ProbeRequest.NetworkAddress(network, interface.address)
            if !others.contains(where: { $0.network == network && $0.address.width == server.width }) {
                others.append(other)
            }
        }
    }
    return (primary, others.filter { !primary.contains($0.address) })
}

/// The addresses of this machine on which mail from elsewhere can arrive.
package func globalAddresses(_ interfaces: [IPNetwork]) -> [IPAddress] {
    interfaces.map(\.address).filter(isGlobal)
}

extension ProbeRequest {
    /// Asks from where this machine stands, on all of its addresses.
    /// - Parameter catches: whether to send messages to this machine, to see them arrive.
    package mutating func useOwnAddresses(interfaces: [IPNetwork], catches: Bool) {
        let own = ownAddresses(interfaces: interfaces, toward: endpoints.map(\.address))
        sources = own.primary
        networks = own.others.filter { other in !trusted.contains { $0.contains(other.address) } }
        // A smarthost may hand the message to any of them.
        let all = own.primary + networks.map(\.address)
        catchers = catches ? all + globalAddresses(interfaces).filter { !all.contains($0) } : []
        origin.address = own.primary.first?.description
        if own.primary.contains(where: { address in trusted.contains { $0.contains(address) } }) {
            origin.note = "the policy lets this vantage relay: it is no stranger"
        }
        let others = (own.primary.dropFirst() + networks.map(\.address)).map(\.description)
        let also = others.isEmpty ? nil : "also from " + others.joined(separator: ", ")
        origin.note = [origin.note, also].compactMap { $0 }.joined(separator: "; ")
        if origin.note?.isEmpty == true { origin.note = nil }
    }
}

func network(of interface: IPNetwork, asSeenBy server: IPAddress, beside own: IPAddress) -> SourceNetwork? {
    let address = interface.address
    guard address.width == server.width else { return nil }
    let near = server.width == 32 ? 24 : 64
    if address.masked(to: near) == server.masked(to: near)
        || interface.prefix < server.width && interface.contains(server)
    {
        return .neighbour
    }
    if isPrivate(address) { return .privateRange }
    return address.masked(to: 1) == own.masked(to: 1) ? .otherBlock : .otherHalf
}

/// RFC 1918 and RFC 4193.
func isPrivate(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let bits): bits >> 24 == 10 || bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8
    case .v6(let high, _): high >> 57 == 0xfc >> 1
    }
}

/// Asks the kernel, which sends nothing for it: connect(2) on a datagram socket.
private func chosenAddress(toward server: IPAddress) -> IPAddress? {
    switch server {
    case .v4(let bits):
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(25).bigEndian
        name.sin_addr.s_addr = bits.bigEndian
        guard withConnected(AF_INET, &name) else { return nil }
        return .v4(UInt32(bigEndian: name.sin_addr.s_addr))
    case .v6(let high, let low):
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = UInt16(25).bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        guard withConnected(AF_INET6, &name) else { return nil }
        return withUnsafeBytes(of: name.sin6_addr) { bytes in
            .v6(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }
}

/// Replaces the name of the peer by that of this end.
private func withConnected<Name>(_ family: Int32, _ name: inout Name) -> Bool {
    let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var length = socklen_t(MemoryLayout<Name>.size)
    return withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
            connect(descriptor, name, length) == 0 && getsockname(descriptor, name, &length) == 0
        }
    }
}
