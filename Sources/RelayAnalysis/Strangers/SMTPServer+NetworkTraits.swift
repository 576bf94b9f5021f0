import MailModel
import Postfix

/// Clients whom `mynetworks` or `mynetworks_style` trusts.
extension SMTPServer {
    func makeNetworkTraits() -> [Trait] {
        guard let mynetworks else { return neighbourTraits }
        var traits: [Trait] = []
        for (index, pattern) in mynetworks.patterns.enumerated() where !pattern.isNegated {
            switch pattern.content {
            case .literal(let text):
                if let network = mynetworks.network(index) {
                    traits += addressTraits(network, "clients in \(text)") { address in
                        let client = Client(address: address, name: Stranger.name)
                        guard case .match(index, _) = mynetworks.match(client) else { return false }
                        return true
                    }
                } else if !text.hasPrefix("["), ClientList.address(text) == nil {
                    traits += nameTraits(text)
                }
            case .table(let table): traits += table.leaves.flatMap(clientTraits)
            case .unreadable(let why): traits.append(unreadableTrait(pattern.place.token, why))
            case .failing: continue
            }
        }
        return traits
    }

    /// Clients in the host's own networks, which `mynetworks_style` trusts.
    var neighbourTraits: [Trait] {
        let style = values.text(of: "mynetworks_style")
        guard ["subnet", "class"].contains(style) else { return [] }
        let chosen = values.text(of: "inet_interfaces").folded
        guard chosen != "loopback-only" else { return [] }
        let only = values.value(of: "inet_interfaces").items.compactMap {
            IPAddress($0.text.filter { !"[]".contains($0) })
        }
        guard let interfaces = host.configuration.interfaces else {
            if !only.isEmpty, only.allSatisfy(\.isLoopback) { return [] }
            let families = [32, 128].compactMap { width in Stranger.addresses.first { $0.width == width } }
            return families.map { address in
                Trait(
                    change: .client(Client(address: address, name: Stranger.name, isNeighbour: true)),
                    who: "clients in the networks of the host's own interfaces")
            }
        }
        return interfaces.filter { only.isEmpty || only.contains($0.address) }.flatMap {
            interface -> [Trait] in
            let prefix = style == "class" ? classPrefix(interface) : interface.prefix
            guard !interface.address.isLoopback,
                let network = IPNetwork(interface.address.masked(to: prefix), prefix: prefix)
            else { return [] }
            return addressTraits(network, "clients in \(network)") { _ in true }.map { trait in
                guard case .client(var client) = trait.change else { return trait }
                client.isNeighbour = true
                return Trait(change: .client(client), who: trait.who)
            }
        }
    }

    private func classPrefix(_ interface: IPNetwork) -> Int {
        guard case .v4(let bits) = interface.address else { return interface.prefix }
        switch bits >> 24 {
        case 0..<128: return 8
        case 128..<192: return 16
        case 192..<224: return 24
        default: return 4
        }
    }
}
