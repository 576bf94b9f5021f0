import MailModel

/// Who counts as a stranger, and how a group of strangers is called.
struct Population: Sendable {
    private let trusted: [IPNetwork]
    /// The one address that all clients have.
    private let only: IPAddress?

    /// All clients of a proxy, which come with an address of its own.
    init(allAt address: IPAddress) {
        trusted = []
        only = address
    }

    init(trusted: [IPNetwork]) {
        only = nil
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
        if let only, case .networks(let networks) = client.kind {
            return networks.contains { $0.contains(only) } ? "every client" : nil
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

    /// Whether xinetd serves a client of this address (`only_from`, `no_access`).
    static func isAdmitted(_ address: IPAddress, to service: MailService) -> Bool {
        let names = { (words: [String]) in
            sources(words).contains { source in
                switch source {
                case .network(let network): network.contains(address)
                case .named(let name): name == "localhost" && address.isLoopback
                }
            }
        }
        return (service.onlyFrom.map(names) ?? true) && !names(service.noAccess)
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
        let strangers = sources.compactMap(\.network).filter { network in
            !trusted.contains { $0.contains(network) }
        }
        guard !strangers.contains(where: { $0.prefix == 0 }) else { return "every client" }
        let names = sources.compactMap { source -> String? in
            if case .named(let name) = source, name != "localhost" { name } else { nil }
        }
        let all = merged(strangers).map(\.description) + names
        guard !all.isEmpty else { return nil }
        let more = all.count - Self.mostNamed
        return "clients in " + all.prefix(Self.mostNamed).joined(separator: ", ")
            + (more > 0 ? " and \(more) more networks" : "")
    }

    /// So many networks are named, and the others counted.
    private static let mostNamed = 16

    /// The same addresses in as few networks as hold them: tcpserver's ranges come address by address.
    private func merged(_ networks: [IPNetwork]) -> [IPNetwork] {
        var result = networks
        for prefix in stride(from: networks.map(\.prefix).max() ?? 0, to: 1, by: -1) {
            var halves: [IPNetwork: Int] = [:]
            for (index, network) in result.enumerated() where network.prefix == prefix {
                guard let half = IPNetwork(network.address, prefix: prefix - 1),
                    let whole = IPNetwork(half.first, prefix: prefix - 1)
                else { continue }
                if let other = halves[whole], result[other] != network {
                    result[other] = whole
                    result[index] = whole
                } else {
                    halves[whole] = index
                }
            }
            var seen: Set<IPNetwork> = []
            result = result.filter { seen.insert($0).inserted }
        }
        return result
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
