import MailModel

/// Who counts as a stranger, and how a group of strangers is called.
struct Population: Sendable {
    private let trusted: [IPNetwork]

    init(trusted: [IPNetwork]) {
        let loopback = [
            IPNetwork(.v4(127 << 24), prefix: 8), IPNetwork(.v6(high: 0, low: 1), prefix: 128),
        ]
        self.trusted = trusted + loopback.compactMap(\.self)
    }

    /// The strangers that a service is reachable for at all; `nil` when there are none.
    func clients(of service: MailService) -> String? {
        if let address = IPAddress(service.address), address.isLoopback { return nil }
        if service.address == "localhost" { return nil }
        if isDeniedToTheRest(service) {
            let admitted = service.clients.filter { !$0.isDenied }
                .compactMap { strangers($0.client, of: service) }
            return admitted.isEmpty ? nil : admitted.joined(separator: ", ")
        }
        return strangers(RuleClient(""), of: service)
    }

    private func isDeniedToTheRest(_ service: MailService) -> Bool {
        service.clients.contains { $0.client.kind == .everybody && $0.isDenied }
    }

    /// How the strangers among the clients of a rule are called; `nil` when there are none.
    func strangers(_ client: RuleClient, of service: MailService) -> String? {
        let refused = Self.sources(service.noAccess).compactMap(\.network)
        let wholly = Set(refused.filter { $0.prefix == 0 }.map(\.address.width))
        guard !wholly.isSuperset(of: IPAddress(service.address)?.width == 128 ? [32, 128] : [32]) else {
            return nil
        }
        let isRefused = { (network: IPNetwork) in refused.contains { $0.contains(network) } }
        let admitted = service.onlyFrom.map {
            Self.sources($0).filter { $0.network.map(isRefused) != true }
        }
        switch client.kind {
        case .nobody: return nil
        case .everybody:
            guard let admitted else { return "every client" }
            return name(admitted)
        case .networks(let networks):
            let shared = networks.filter { network in
                guard !isRefused(network) else { return false }
                return admitted?.contains { source in
                    guard case .network(let other) = source else { return true }
                    return other.contains(network) || network.contains(other)
                } ?? true
            }
            return name(shared.map { .network($0) })
        case .named(let name):
            guard service.chain?.looksUpNames ?? true, admitted.map({ self.name($0) != nil }) ?? true else {
                return nil
            }
            if name.isEmpty { return "every client that has a reverse name" }
            let ends = name.hasPrefix(".") ? "ends in" : "is"
            return "clients whose reverse name \(ends) \(name)"
        case .described(let text): return text
        case .identified where service.chain?.asksIdent == false: return nil
        case .identified(let text): return "clients that identd gives as \(text)"
        }
    }

    private enum Source {
        case network(IPNetwork)
        case named(String)

        var network: IPNetwork? {
            guard case .network(let network) = self else { return nil }
            return network
        }
    }

    private func name(_ sources: [Source]) -> String? {
        let strangers = sources.compactMap { source -> String? in
            switch source {
            case .network(let network):
                if network.prefix == 0 { return "everywhere" }
                return trusted.contains { $0.contains(network) } ? nil : network.description
            case .named(let name): return ["localhost"].contains(name) ? nil : name
            }
        }
        guard !strangers.isEmpty else { return nil }
        return strangers.contains("everywhere")
            ? "every client" : "clients in " + strangers.joined(separator: ", ")
    }

    /// xinetd's words for addresses: a zero at the end stands for any number (xinetd.conf(5), only_from).
    private static func sources(_ words: [String]) -> [Source] {
        words.map { word in
            let parts = word.split(separator: "/")
            guard let first = parts.first, let address = IPAddress(first) else { return .named(word) }
            if parts.count == 2, let prefix = Int(parts[1]), let network = IPNetwork(address, prefix: prefix)
            {
                return .network(network)
            }
            guard case .v4(let bits) = address else {
                return IPNetwork(address, prefix: address.width).map { .network($0) } ?? .named(word)
            }
            let prefix = bits == 0 ? 0 : 32 - bits.trailingZeroBitCount / 8 * 8
            return IPNetwork(address, prefix: prefix).map { .network($0) } ?? .named(word)
        }
    }
}
