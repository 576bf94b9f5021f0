package import MailModel
package import Probing

/// Where the host can be reached from outside, for the listeners that it has.
///
/// A listener on every address is reached on each of the host's own, `::` on the IPv4 ones too (Linux's
/// default, `net.ipv6.bindv6only = 0`, when nothing else holds the port there). Loopback and link-local
/// addresses are nobody's outside.
/// - Parameters:
///   - listeners: what accepts connections.
///   - ports: which of them to ask.
///   - interfaces: the addresses of the host's interfaces.
/// - Returns: Without duplicates, by port, IPv4 first.
package func localEndpoints(
    listeners: [Listener], ports: [Int], interfaces: [IPNetwork]
) -> [ProbeRequest.Endpoint] {
    let own = interfaces.map(\.address).filter(isGlobal)
    var found: Set<ProbeRequest.Endpoint> = []
    for listener in listeners where ports.contains(listener.port) {
        for address in reachable(listener, own, listeners) {
            found.insert(ProbeRequest.Endpoint(address, port: listener.port))
        }
    }
    return found.sorted { left, right in
        (left.port, left.address.width, left.address.description)
            < (right.port, right.address.width, right.address.description)
    }
}

/// The servers that a machine elsewhere can be sent to: whoever has a private address there is another machine.
/// - Parameter endpoints: those of this host.
package func withoutPrivateAddresses(_ endpoints: [ProbeRequest.Endpoint]) -> [ProbeRequest.Endpoint] {
    endpoints.filter { endpoint in
        // Shared between a provider and its customers (RFC 6598): no stranger's either.
        if case .v4(let bits) = endpoint.address, bits >> 22 == 0x6440_0000 >> 22 { return false }
        return !isPrivate(endpoint.address)
    }
}

/// Where a machine elsewhere finds the servers of this host.
///
/// Behind NAT a host has private addresses, and the world another one for it: those that the user has named, else, over
/// IPv4, whatever address it asks from (``ProbeRequest/Endpoint/isAtAsker``).
/// - Parameters:
///   - endpoints: those of this host.
///   - named: by which addresses the user says that they are reached.
/// - Returns: with what has to be said of it, as half a sentence; nothing where there is no way to them.
package func endpointsFromElsewhere(
    _ endpoints: [ProbeRequest.Endpoint], named: [IPAddress]
) -> (endpoints: [ProbeRequest.Endpoint], note: String?) {
    let own = withoutPrivateAddresses(endpoints)
    var found = own
    for width in [32, 128] {
        let hidden = endpoints.filter { $0.address.width == width && !own.contains($0) }
        let family = own.filter { $0.address.width == width }
        let names = named.filter { $0.width == width }
        let ports = { (servers: [ProbeRequest.Endpoint]) in Set(servers.map(\.port)).sorted() }
        if !names.isEmpty {
            found += names.flatMap { name in
                ports(hidden.isEmpty ? family : hidden).map { ProbeRequest.Endpoint(name, port: $0) }
            }.filter { !own.contains($0) }
        } else if width == 32, family.isEmpty {
            found += ports(hidden).map { ProbeRequest.Endpoint(.v4(0), port: $0) }
        }
    }
    let isLeftOut = endpoints.contains { endpoint in
        !own.contains(endpoint)
            && !found.contains {
                $0.port == endpoint.port && $0.address.width == endpoint.address.width && !own.contains($0)
            }
    }
    return (found, isLeftOut ? "private addresses of this host are not asked from there" : nil)
}

extension ProbeReport {
    /// Says of this host's IPv4 servers that the vantage was to ask where the host asks from, and did not, that nobody knows
    /// what strangers are told there: what others have said over IPv6 does not close them.
    /// - Parameters:
    ///   - asked: what the vantage was given.
    ///   - endpoints: those of this host.
    package mutating func tellWhatWasNotAsked(
        of asked: [ProbeRequest.Endpoint], at endpoints: [ProbeRequest.Endpoint]
    ) {
        guard asked.contains(where: \.isAtAsker),
            !self.endpoints.contains(where: { !$0.address.contains(":") })
        else { return }
        let hidden = endpoints.filter { $0.address.width == 32 }.map { endpoint in
            ProbeEndpoint(
                address: endpoint.address.description, port: endpoint.port, tls: endpoint.tls,
                verdict: .inconclusive, banner: nil, offersLogin: nil,
                reason:
                    "not asked, since it is not known by which address of others it is reached: name that one"
                    + " (--address ADDRESS)",
                tests: [])
        }
        self.endpoints += hidden
        if verdict != .open { verdict = .inconclusive }
    }
}

extension ProbeRequest.Endpoint {
    /// Whether it is at the address, known to the vantage alone, from which it is asked to probe.
    package var isAtAsker: Bool { address.isUnspecified }
}

private func reachable(_ listener: Listener, _ own: [IPAddress], _ all: [Listener]) -> [IPAddress] {
    guard listener.address.isUnspecified else {
        return isGlobal(listener.address) ? [listener.address] : []
    }
    if case .v4 = listener.address { return own.filter { $0.width == 32 } }
    let hasOwnIPv4 = all.contains { $0.port == listener.port && $0.address.width == 32 }
    return own.filter { $0.width == 128 || !hasOwnIPv4 && listener.takesIPv4 }
}

/// Whether others than this host and its links can have a use for the address.
func isGlobal(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let bits): !address.isLoopback && !address.isUnspecified && bits >> 16 != 0xa9fe
    case .v6(let high, _): !address.isLoopback && !address.isUnspecified && high >> 54 != 0xfe80 >> 6
    }
}
