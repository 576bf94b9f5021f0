import MailModel
import Postfix

extension SMTPServer {
    /// A way through a service without lists, where what comes by it goes on: with another recipient, if need be.
    func leaving(_ finding: Finding) -> Finding? {
        func leaves(_ session: Session) -> Bool {
            delivery(of: session) == .leaves && !isStoppedByHeaderChecks(session)
        }
        if leaves(finding.session) { return finding }
        let trait = routeTraits.first { leaves($0.applied(to: finding.session)) }
        return trait.map {
            Finding(
                session: $0.applied(to: finding.session), blame: finding.blame, traits: finding.traits + [$0])
        }
    }

    /// An address of which no list says anything in particular.
    func ordinaryAddress(_ family: ServiceListener.Family) -> IPAddress? {
        guard closed.isEmpty else { return findOrdinaryAddress(family) }
        if let known = ordinaryAddresses[family] { return known }
        let found = findOrdinaryAddress(family)
        ordinaryAddresses[family] = found
        return found
    }

    private func findOrdinaryAddress(_ family: ServiceListener.Family) -> IPAddress? {
        let candidates = Stranger.addresses.filter {
            ($0.width == 32) == (family == .v4) && !host.isTrusted($0)
        }
        let ordinary = candidates.filter(isOrdinary)
        // A rule that happens to refuse one address says nothing of all the others.
        return ordinary.first(where: isLetIn) ?? candidates.first { !ordinary.contains($0) && isLetIn($0) }
            ?? ordinary.first ?? candidates.first
    }

    /// Whether no list before the recipient's refuses the address or throws its mail away.
    private func isLetIn(_ address: IPAddress) -> Bool {
        switch judge(Stranger.session(from: address, usingTLS: offersTLS)) {
        case .relays: true
        case .swallowed(let obstacle): obstacle == .route || obstacle == .header
        case .refused(let stage, _): stage == .relay || stage == .recipient
        }
    }

    private func isOrdinary(_ address: IPAddress) -> Bool {
        let client = Client(address: address, name: Stranger.name)
        if let mynetworks, case .match(let pattern, _) = mynetworks.match(client),
            let network = mynetworks.network(pattern), network.prefix > 0
        {
            return false
        }
        return clientTables.allSatisfy { table in
            switch table.content {
            case .networks, .networkRules:
                guard case .found(_, let entry?) = table.ask(address.description) else { return true }
                return (CIDRText(table.entries[entry].key).network?.prefix ?? 0) == 0
            case .fixed, .unreadable:
                return !addressKeys(address).contains { key, part in
                    if case .found = table.ask(key, part) { true } else { false }
                }
            default: return true
            }
        }
    }

    /// Recipients of this host that a table lets through before anything else is asked.
    var namedRecipients: [String] {
        let lists = [Stage.relay, .recipient].flatMap { self.lists[$0] ?? [] }
        let tables = lists.compactMap { restriction -> LookupTable? in
            guard case .access(.recipient, let name) = restriction.kind else { return nil }
            return host.tables.table(name)
        }
        let keys = tables.flatMap(\.leaves).flatMap { $0.entries.prefix(Self.namedLimit).map(\.key) }
        return keys.filter { $0.contains("@") }.map { $0.hasSuffix("@") ? $0 + hostedDomain : $0 }.filter {
            resolver.resolve($0, assuming: given).isFinal
        }
    }

    private static let namedLimit = 50

    func makeClientTables() -> [LookupTable] {
        (Array(lists.values) + Array(classes.values)).flatMap { $0 }.compactMap {
            restriction -> LookupTable? in
            guard case .access(.client, let name) = restriction.kind else { return nil }
            return host.tables.table(name)
        }.flatMap { $0.leaves }
    }

    /// The rejection that a list begins with, so that no recipient of anybody's is taken, wherever the client is and
    /// whoever is logged in.
    var rejectionOfEverybody: Restriction? {
        let asked = stages.filter { stage in
            switch stage {
            case .helo: values.isOn("smtpd_helo_required")
            // Who stops mail only once its recipients are taken serves verifiers of addresses at least.
            case .data, .endOfData: false
            case .client, .sender, .relay, .recipient: true
            }
        }
        return asked.lazy.compactMap { stage in (self.lists[stage] ?? []).first { $0.kind != .harmless } }
            .first { $0.kind == .reject }
    }

    /// The domains that this host takes mail for by name.
    var ownDomains: [String] {
        let names = resolver.lists.prefix(3).flatMap(\.list.patterns).compactMap { pattern -> String? in
            guard case .literal(let text) = pattern.content, !pattern.isNegated, isHostName(text) else {
                return nil
            }
            return text
        }
        let proper = names.filter { $0.contains(".") && !$0.hasPrefix("localhost") }
        return proper.isEmpty ? names : proper
    }

    /// Mail from outside for this host.
    func hostedSession(from address: IPAddress) -> Session {
        var session = Stranger.session(from: address, usingTLS: offersTLS)
        session.recipient = "postmaster@\(hostedDomain)"
        return session
    }

    var hostedDomain: String { ownDomains.first ?? values.text(of: "myhostname") }

    /// The strangers that a list of clients lets in, and the pattern that does; no trait for all of them.
    func strangers(
        in list: ClientList, _ family: ServiceListener.Family, _ kind: CauseKind, _ parameter: String
    ) -> [(Trait?, Blame)] {
        var found: [(Trait?, Blame)] = []
        for (index, pattern) in list.patterns.enumerated() where !pattern.isNegated {
            let blame = Blame(
                kind: kind, parameter: self.parameter(of: pattern.item) ?? parameter, place: pattern.place,
                item: pattern.item)
            let ordinary = ordinaryAddress(family).map { Client(address: $0, name: Stranger.name) }
            if let ordinary, case .match(index, _) = list.match(ordinary) {
                found.append((nil, blame))
                continue
            }
            let traits: [Trait] =
                switch pattern.content {
                case .literal(let text):
                    list.network(index).map { network in
                        addressTraits(network, "clients in \(text)") { address in
                            guard
                                case .match(index, _) = list.match(
                                    Client(address: address, name: Stranger.name))
                            else { return false }
                            return (address.width == 32) == (family == .v4)
                        }
                    } ?? nameTraits(text)
                case .table(let table): table.leaves.flatMap(clientTraits)
                case .unreadable(let why): [unreadableTrait(pattern.place.token, why)]
                case .failing: []
                }
            if let trait = traits.first { found.append((trait, blame)) }
        }
        return found + neighbours(listedIn: parameter, family, kind)
    }

    /// Those whom `$mynetworks` stands for where nobody sets it.
    private func neighbours(
        listedIn parameter: String, _ family: ServiceListener.Family, _ kind: CauseKind
    ) -> [(Trait?, Blame)] {
        guard mynetworks == nil, let reference = values.reference(to: "mynetworks", in: parameter) else {
            return []
        }
        let blame = Blame(
            kind: kind, parameter: parameter, place: host.quoting.place(of: reference), item: reference)
        return neighbourTraits.filter { $0.isOf(family) }.map { ($0, blame) }
    }
}
