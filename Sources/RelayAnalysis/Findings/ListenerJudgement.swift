import MailModel
import Postfix

/// What was found out about one listening service.
struct ListenerJudgement {
    var listener: ServiceListener
    /// In the order found; the first ones decide the verdict, those behind them show once they are closed.
    var findings: [Finding] = []
    /// For each family, how many of ``findings`` came before anything was taken as closed.
    var decisive: [ServiceListener.Family: [Finding]] = [:]
    var fault: (why: String, place: Place?)?
    /// Whether a client would be greeted at all; else ``fault`` says why not.
    var starts = true
    /// Whether ``fault`` is only that something it asks is not there for now, whatever its own lines say.
    var isOut = false
    var isComplete = true
    /// The tables that have more in them than could be tried.
    var untriedTables: Set<String> = []
    /// Whether a stranger's mail to any foreign recipient is taken, and never passed on.
    var swallowsForeignMail = false
    /// Whether a stranger's mail to a recipient of this host would be taken.
    var takesHostedMail = true

    func verdict(_ family: ServiceListener.Family) -> RelayVerdict {
        if fault != nil, decisive.isEmpty { return .broken }
        let found = decisive[family] ?? []
        let definite = found.filter { !$0.isUncertain }
        if definite.contains(where: \.isEverybodys) { return isOpenToMost ? .open : .partial }
        if !definite.isEmpty { return .partial }
        if !found.isEmpty || !isComplete { return .unknown }
        return fault == nil ? .closed : .broken
    }

    /// What is open to IPv6 alone is open to some, except where nobody else reaches the host.
    var mainFamily = ServiceListener.Family.v4

    private var isOpenToMost: Bool {
        decisive[mainFamily]?.contains { $0.isEverybodys && !$0.isUncertain } == true
    }

    func verdict(of address: ServiceListener.Address) -> RelayVerdict {
        if address.isLoopback { return fault == nil ? .closed : .broken }
        let verdicts = address.families.map(verdict)
        for verdict in [RelayVerdict.open, .partial, .unknown, .broken] where verdicts.contains(verdict) {
            return verdict
        }
        return .closed
    }

    var verdict: RelayVerdict {
        let verdicts = listener.addresses.map(verdict)
        for verdict in [RelayVerdict.open, .partial, .unknown, .broken] where verdicts.contains(verdict) {
            return verdict
        }
        return .closed
    }
}

extension Host {
    func judge(_ listener: ServiceListener) -> ListenerJudgement {
        switch listener.program {
        case .smtpd: judgeSMTP(listener)
        case .qmqpd: judgeQMQP(listener)
        }
    }

    /// A program of `master.cf` that the release does not have: master(8) listens, and cannot start it.
    private func missingProgram(_ listener: ServiceListener) -> (why: String, place: Place)? {
        let service = master.services[listener.listening]
        guard service.command == "postscreen", !version.includes(.postscreen) else { return nil }
        let line = service.line.place(of: 0).line
        return (
            "there is no program postscreen",
            Place(file: .master, line: line, range: nil, token: "postscreen")
        )
    }

    private func judgeSMTP(_ listener: ServiceListener) -> ListenerJudgement {
        var judgement = ListenerJudgement(listener: listener)
        let server = SMTPServer(self, service: listener.service)
        server.screen = listener.screen
        if let fault = missingProgram(listener) ?? listener.screen?.fault ?? server.startupFault {
            judgement.fault = fault
            judgement.starts = false
            return judgement
        }
        if let fault = server.missingCertificate {
            judgement.fault = fault
            judgement.takesHostedMail = false
            return judgement
        }
        let families = listener.reachableFamilies.sorted { $0 == .v4 && $1 != .v4 }
        for round in 0..<6 {
            var fresh: [Finding] = []
            var hasCutShort = false
            for family in families {
                guard let address = server.ordinaryAddress(family) else { continue }
                var search = StrangerSearch(server)
                search.run(from: address, extra: claimTraits(listener, server))
                if round == 0 {
                    judgement.decisive[family] = search.findings
                    judgement.isComplete = judgement.isComplete && search.isComplete
                }
                hasCutShort = hasCutShort || search.hasCutShort
                fresh += search.findings.filter { finding in
                    !server.closed.contains(finding.blame.identity)
                        && !fresh.contains { $0.blame.identity == finding.blame.identity }
                }
            }
            judgement.findings += fresh
            // What hides behind these shows when they count as closed.
            server.closed.formUnion(fresh.map(\.blame.identity))
            if fresh.isEmpty || hasCutShort || server.closed.count > 200 { break }
        }
        server.closed = []
        judgement.untriedTables = server.untriedTables
        judgeHostedMail(server, families, &judgement)
        let hosted = families.first.flatMap(server.ordinaryAddress).map(server.hostedSession)
        if judgement.fault == nil, let outage = server.outage ?? hosted.flatMap(server.missingPolicyService) {
            judgement.fault = outage
            judgement.isOut = true
        }
        return judgement
    }

    /// Whether mail from outside for a recipient of this host gets anywhere.
    private func judgeHostedMail(
        _ server: SMTPServer, _ families: [ServiceListener.Family], _ judgement: inout ListenerJudgement
    ) {
        guard let address = families.first.flatMap(server.ordinaryAddress) else { return }
        if case .swallowed = server.judge(Stranger.session(from: address, usingTLS: server.offersTLS)) {
            judgement.swallowsForeignMail = true
        }
        if let refusal = server.screen?.refusalOfEverybody {
            judgement.fault = refusal
        } else if let gate = server.rejectionOfEverybody {
            judgement.fault = ("\(gate.name) refuses every client", gate.items.first.map(quoting.place))
        }
        var session = server.hostedSession(from: address)
        guard case .refused(let stage, let rejection) = server.judge(session) else { return }
        judgement.takesHostedMail = false
        // By then its recipients were taken.
        guard stage != .data, stage != .endOfData else { return }
        guard case .configuration(let why, let place) = rejection else { return }
        let isTaken = server.namedRecipients.contains { recipient in
            session.recipient = recipient
            if case .refused = server.judge(session) { return false }
            return true
        }
        if !isTaken { judgement.fault = (why, place) }
    }

    private func judgeQMQP(_ listener: ServiceListener) -> ListenerJudgement {
        var judgement = ListenerJudgement(listener: listener)
        let server = SMTPServer(self, service: listener.service)
        let parents = server.values.value(of: "parent_domain_matches_subdomains").items.map { $0.text.folded }
        let value = server.values.value(of: "qmqpd_authorized_clients")
        let list = ClientList(
            listParser.parse(value), matchesParents: parents.contains("qmqpd_authorized_clients"))
        for family in listener.reachableFamilies {
            let found = server.strangers(in: list, family, .qmqp, "qmqpd_authorized_clients").map {
                trait, blame in
                let address = server.ordinaryAddress(family) ?? Stranger.addresses[0]
                let session = Stranger.session(from: address, usingTLS: false)
                return Finding(
                    session: trait?.applied(to: session) ?? session, blame: blame,
                    traits: trait.map { [$0] } ?? [])
            }
            guard !found.isEmpty else { continue }
            let sent = found.compactMap { server.leaving($0) }
            judgement.swallowsForeignMail = judgement.swallowsForeignMail || sent.isEmpty
            judgement.decisive[family] = sent
            judgement.findings += sent.filter { finding in
                !judgement.findings.contains { $0.blame.identity == finding.blame.identity }
            }
        }
        return judgement
    }

    /// What XCLIENT and the PROXY protocol let a stranger pretend to be.
    private func claimTraits(_ listener: ServiceListener, _ server: SMTPServer) -> [Trait] {
        var authorities: [(who: String, blame: Blame, isUncertain: Bool, isEverybodys: Bool)] = []
        if let (name, values) = listener.proxyParameter, !values.text(of: name).isEmpty {
            let place = quoting.definition(of: name, in: values)
            authorities.append(
                (
                    "anyone who can connect and says PROXY first",
                    Blame(kind: .proxyProtocol, parameter: name, place: place), false, true
                ))
        }
        let name = "smtpd_authorized_xclient_hosts"
        let list = ClientList(listParser.parse(server.values.value(of: name)), matchesParents: false)
        for family in listener.reachableFamilies {
            for (trait, blame) in server.strangers(in: list, family, .xclient, name) {
                let who = (trait?.who ?? "every client") + ", by XCLIENT"
                authorities.append((who, blame, trait?.isTrust ?? false, trait == nil))
            }
        }
        return authorities.filter { !server.closed.contains($0.blame.identity) }.flatMap {
            authority -> [Trait] in
            let kind = authority.blame.kind
            var changes = server.claimedClients.map { Trait.Change.claim($0, isLoggedIn: false, by: kind) }
            // PROXY says addresses, and nobody's login.
            if kind == .xclient {
                let client = Client(address: Stranger.addresses[0], name: Stranger.name)
                changes.append(.claim(client, isLoggedIn: true, by: kind))
            }
            return changes.map {
                Trait(
                    change: $0, who: authority.who, blame: authority.blame,
                    isUncertain: authority.isUncertain, isEverybodys: authority.isEverybodys)
            }
        }
    }
}

extension SMTPServer {
    /// A way through a service without lists, where what comes by it goes on: with another recipient, if need be.
    fileprivate func leaving(_ finding: Finding) -> Finding? {
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
        let candidates = Stranger.addresses.filter {
            ($0.width == 32) == (family == .v4) && !host.isTrusted($0)
        }
        let ordinary = candidates.filter(isOrdinary)
        // A rule that happens to refuse one address says nothing of all the others.
        return (ordinary + candidates).first(where: isLetIn) ?? ordinary.first ?? candidates.first
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
            case .fixed:
                return !addressKeys(address).contains { key, part in
                    if case .found = table.ask(key, part) { true } else { false }
                }
            default: return true
            }
        }
    }

    /// Recipients of this host that a table lets through before anything else is asked.
    fileprivate var namedRecipients: [String] {
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

    /// The tables of clients that the lists and their classes consult.
    var clientTables: [LookupTable] {
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
        return found
    }
}
