import MailModel
import Postfix

extension Host {
    func judge(_ listener: ServiceListener) -> ListenerJudgement {
        switch listener.program {
        case .smtpd: judgeSMTP(listener)
        case .qmqpd: judgeQMQP(listener)
        }
    }

    /// A program of `master.cf` that the release does not have, or that may run once and is not said to: master(8)
    /// listens, and nobody answers.
    private func missingProgram(_ listener: ServiceListener) -> (why: String, place: Place)? {
        let service = master.services[listener.listening]
        guard service.command == "postscreen" else { return nil }
        let line = service.line.place(of: 0).line
        let place = Place(file: .master, line: line, range: nil, token: "postscreen")
        guard version.includes(.postscreen) else { return ("there is no program postscreen", place) }
        return limitFault(ofService: listener.listening, 1)
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
        if let fault = server.missingCertificate ?? server.commandFault {
            judgement.fault = fault
            judgement.takesHostedMail = false
            return judgement
        }
        let families = listener.reachableFamilies.sorted { $0 == .v4 && $1 != .v4 }
        findStrangers(server, families, &judgement)
        judgement.untriedTables = server.untriedTables
        findStrangersUnderLoad(server, families, &judgement)
        judgeHostedMail(server, families, &judgement)
        let hosted = families.first.flatMap(server.ordinaryAddress).map(server.hostedSession)
        if judgement.fault == nil, let outage = server.outage ?? hosted.flatMap(server.missingPolicyService) {
            judgement.fault = outage
            judgement.isOut = true
        }
        return judgement
    }

    private func findStrangers(
        _ server: SMTPServer, _ families: [ServiceListener.Family], _ judgement: inout ListenerJudgement
    ) {
        for round in 0..<6 {
            var fresh: [Finding] = []
            var hasCutShort = false
            for family in families {
                guard let address = server.ordinaryAddress(family) else { continue }
                var search = StrangerSearch(server)
                search.run(from: address, extra: claimTraits(judgement.listener, server))
                if round == 0 {
                    judgement.decisive[family, default: []] += search.findings
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
    }

    /// Strangers have it in their hands how many processes are busy: what `stress` opens is open.
    private func findStrangersUnderLoad(
        _ calm: SMTPServer, _ families: [ServiceListener.Family], _ judgement: inout ListenerJudgement
    ) {
        let service = judgement.listener.service
        guard ParameterValues.mayDependOnLoad(main.bytes, master.bytes) else { return }
        let isLimited = master.services[judgement.listener.listening].processLimit != "0"
        let values = values(ofService: service, isUnderLoad: true)
        guard isLimited, ParameterValues.dependOnLoad(calm.values, values) else { return }
        let server = SMTPServer(self, service: service, isUnderLoad: true)
        server.screen = judgement.listener.screen
        guard server.startupFault == nil, server.missingCertificate ?? server.commandFault == nil else {
            return
        }
        let known = judgement.findings.count
        server.closed = Set(judgement.findings.map(\.blame.identity))
        findStrangers(server, families, &judgement)
        judgement.underLoad = Set(judgement.findings[known...].map(\.blame.identity))
        judgement.untriedTables.formUnion(server.untriedTables)
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
        for family in server.ignores("XCLIENT") ? [] : listener.reachableFamilies {
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
