internal import MailModel
internal import Probing

/// Addresses in other networks than the vantage's own: none that anybody on this host's networks could have.
extension NamespaceAddresses {
    /// The other addresses, in words.
    var note: String? {
        let others = (v6.map { [$0.vantage] } ?? []) + others.map(\.address)
        return others.isEmpty ? nil : "also from " + others.map(\.description).joined(separator: ", ")
    }

    /// - Parameters:
    ///   - servers: the addresses that will be asked.
    ///   - routed: every network that an interface or a route of the host names.
    ///   - trusted: networks whose clients may relay on purpose.
    ///   - seed: any number; other runs at the same time have another.
    mutating func addOthers(
        servers: [IPAddress], routed: [IPNetwork], trusted: [IPNetwork], seed: UInt64
    ) {
        let taken = routed + trusted
        let used = [v4.host, v4.vantage] + (v6.map { [$0.host, $0.vantage] } ?? [])
        let isFree = { (address: IPAddress) in
            !used.contains(address) && !taken.contains { $0.contains(address) }
        }
        let noise = UInt32(truncatingIfNeeded: seed &* 2_654_435_761)
        let candidates: [(SourceNetwork, [IPAddress])] = [
            (.privateRange, [.v4(0x0a00_0000 | noise & 0x00ff_fffe), .v4(0x0a63_0000 | noise & 0xfffe)]),
            // Shared address space (RFC 6598): in the lower half, and nobody's on the internet.
            (.otherHalf, [.v4(0x6440_0000 | noise & 0x003f_fffe)]),
            (.otherBlock, [.v4(0xcb00_7100 | noise & 0xfe), .v4(0xc000_0200 | noise & 0xfe)]),
        ]
        var found = candidates.compactMap { network, addresses in
            addresses.first(where: isFree).map { ProbeRequest.NetworkAddress(network, $0) }
        }
        found += neighbours(of: servers, routed, seed).filter { address in
            !trusted.contains { $0.contains(address) } && !used.contains(address)
        }.map { .init(.neighbour, $0) }
        if v6 != nil {
            // A unique local address (RFC 4193) with 40 bits that nobody else has chosen.
            let high = 0xfd00_0000_0000_0000 | seed & 0x00ff_ffff_ffff_0000
            found += [IPAddress.v6(high: high, low: 0x25)].filter(isFree).map { .init(.privateRange, $0) }
        }
        others = found
    }

    /// One address a network in which a server stands, which no machine there has: the network's own, which
    /// is no host's (RFC 1122 section 3.2.1.3), and in IPv6 any of 2^64.
    private func neighbours(of servers: [IPAddress], _ routed: [IPNetwork], _ seed: UInt64) -> [IPAddress] {
        let networks = servers.compactMap { server in
            routed.filter { $0.contains(server) && $0.prefix <= server.width - 2 && $0.prefix >= 8 }
                .max { $0.prefix < $1.prefix }
        }
        var seen: Set<Int> = []
        return networks.filter { seen.insert($0.address.width).inserted }.compactMap { network in
            guard case .v6(let high, let low) = network.first else {
                // Kernels before 5.14 take it for a broadcast address.
                return routed.contains(IPNetwork(network.first)) ? nil : network.first
            }
            guard network.prefix <= 64 else { return nil }
            return .v6(high: high, low: low | seed & 0xfcff_ffff_ffff_ffff | 0x1000)
        }
    }
}
