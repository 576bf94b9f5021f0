import Postfix

/// What became of a session.
enum Judgement {
    /// The message goes to the foreign recipient; `nil` when whoever did this is no stranger.
    case relays(Blame?)
    /// Where it ended, and why.
    case refused(Stage?, Rejection)
    /// Taken, and never passed on; and by what.
    case swallowed(Obstacle)
}

/// What keeps a message from going on; another message may get past it.
enum Obstacle: Hashable {
    /// What smtpd demands before any list.
    case beforehand
    case list(Stage)
    /// Where its recipient and its sender lead it.
    case route
    /// The line that this host puts on top of it.
    case header
}

extension SMTPServer {
    /// Follows a session through every list, as smtpd does from the connection to the end of the data.
    func judge(_ session: Session) -> Judgement {
        var evaluation = Evaluation()
        return judge(session, &evaluation)
    }

    func judge(_ session: Session, _ evaluation: inout Evaluation) -> Judgement {
        guard let session = asHeard(asSeen(session)) else { return .refused(nil, .policy) }
        if let screen {
            var client = session.client
            client.address = session.peer ?? client.address
            if !screen.passes(client) { return .refused(nil, .policy) }
        }
        if let rejection = refusedBeforeRestrictions(session) { return .refused(nil, rejection) }
        var permits: [Stage: Blame?] = [:]
        var logged: [Stage: Restriction] = [:]
        // Without a HELO there is nothing to ask its list about.
        for stage in stages where stage != .helo || session.helo != nil {
            evaluation.stage = stage
            evaluation.knowsRecipient = knowsRecipient(at: stage)
            evaluation.knowsSender = delaysRejection || (stage != .client && stage != .helo)
            evaluation.warningDepth = nil
            evaluation.loggedRejection = nil
            let ruling = rule(
                lists[stage] ?? [], asKnown(session, at: stage), &evaluation, subject: subject(of: stage))
            switch ruling {
            case .reject(let rejection): return .refused(stage, rejection)
            case .permit(let blame): permits[stage] = .some(blame)
            case .dunno: break
            }
            if let restriction = evaluation.loggedRejection { logged[stage] = restriction }
            if stage == stages.last(where: { $0 == .relay || $0 == .recipient }) {
                if let deferring = evaluation.deferring { return .refused(deferring, .policy) }
                if values.isOn("smtpd_reject_unlisted_recipient"), !evaluation.isDiscarded,
                    isUnlisted(session)
                {
                    return .refused(stage, .policy)
                }
            }
        }
        if let blame = evaluation.led ?? copyBlame(session), exists(session), copiesLeave {
            return .relays(blame)
        }
        if let stage = evaluation.sink { return .swallowed(.list(stage)) }
        if isStoppedByHeaderChecks(session) { return .swallowed(.header) }
        if delivery(of: session, through: evaluation.filter) == .stays { return .swallowed(.route) }
        if let rewriting = rewritingBlame(session) {
            return knows(session) ? .relays(rewriting) : .swallowed(.route)
        }
        return .relays(blame(permits, logged, evaluation.grantedDestination))
    }

    /// Clients that are judged when they connect have said nothing yet.
    private func asKnown(_ session: Session, at stage: Stage) -> Session {
        guard stage == .client, !delaysRejection else { return session }
        var known = session
        known.helo = nil
        if !values.isOn("smtpd_tls_wrappermode") {
            known.usesTLS = false
            known.certificate = .none
        }
        return known
    }

    /// Where no names are looked up, every client is `unknown`.
    private func asSeen(_ session: Session) -> Session {
        guard !looksUpNames else { return session }
        var seen = session
        seen.client.name = "unknown"
        seen.reverseName = "unknown"
        return seen
    }

    /// The map that leads an address of this host to a foreign one.
    private func rewritingBlame(_ session: Session) -> Blame? {
        let destination = resolver.resolve(session.recipient, assuming: given)
        guard destination.addressClass != .elsewhere,
            let (address, blame) = rewrite(destination.address, trusting: session.trusting)
        else { return nil }
        if address == destination.address { return strayBlame(destination, session) }
        // What is relayed for may have other names as well.
        return destination.isFinal || isForeign(address) ? blame : nil
    }

    /// Whether smtpd takes a rewritten recipient of this host for one that exists: cleanup may have maps that
    /// smtpd does not (`smtpd_reject_unlisted_recipient`).
    func knows(_ session: Session) -> Bool {
        guard values.isOn("smtpd_reject_unlisted_recipient") else { return true }
        let destination = resolver.resolve(session.recipient, assuming: given)
        let isMapped = Self.recipientMaps.flatMap { values.value(of: $0).items }.contains { item in
            let table = host.tables.table(item.text)
            if isTrustedToLeadOut(table, session.trusting) { return true }
            return switch table.ask(destination.address) {
            case .found, .unreadable: true
            case .missing, .failure: false
            }
        }
        switch destination.addressClass {
        case .local: return isMapped || values.text(of: "local_recipient_maps").isEmpty
        case .mailbox: return isMapped || values.text(of: "virtual_mailbox_maps").isEmpty
        case .relay: return isMapped || values.text(of: "relay_recipient_maps").isEmpty
        case .alias, .elsewhere: return isMapped
        }
    }

    func knowsRecipient(at stage: Stage) -> Bool {
        switch stage {
        case .client, .helo, .sender: delaysRejection
        case .relay, .recipient: true
        // A stranger with two recipients is asked about neither (smtpd_check.c, `smtpd_check_data`).
        case .data, .endOfData: false
        }
    }

    /// What a table without a `check_…_access` is asked for; after the recipients there is nothing
    /// (smtpd_check.c, `NO_DEF_ACL`).
    func subject(of stage: Stage) -> Restriction.Subject? {
        switch stage {
        case .client: .client
        case .helo: .helo
        case .sender: .sender
        case .relay, .recipient: .recipient
        case .data, .endOfData: nil
        }
    }

    private func refusedBeforeRestrictions(_ session: Session) -> Rejection? {
        if session.helo == nil, values.isOn("smtpd_helo_required") { return .policy }
        let needsCertificate = values.isOn("smtpd_tls_req_ccert") && Self.requiresTLS(values)
        return needsCertificate && session.certificate != .verified ? .policy : nil
    }

    /// Who is to blame when both lists let a foreign recipient through: that for which the list was bypassed
    /// that should have stopped it.
    private func blame(
        _ permits: [Stage: Blame?], _ logged: [Stage: Restriction], _ granted: Blame?
    ) -> Blame? {
        if let granted { return granted }
        let gates = stages.filter { $0 == .relay || $0 == .recipient }
        for gate in [Stage.relay, .recipient] where gates.contains(gate) {
            if permits[gate] == nil, let restriction = logged[gate] { return blame(logged: restriction) }
        }
        // A list that permitted for a reason which no stranger has is the session's own doing.
        let found = [Stage.relay, .recipient].compactMap { permits[$0] }
        if let first = found.first(where: { $0 != nil }) { return first }
        guard found.isEmpty else { return nil }
        let written = [Stage.relay, .recipient].first { gates.contains($0) && !(lists[$0] ?? []).isEmpty }
        let gate = written ?? (gates.contains(.relay) ? .relay : .recipient)
        return Blame(
            kind: .noReject, parameter: gate.rawValue,
            place: host.quoting.definition(of: gate.rawValue, in: values))
    }

    private func blame(logged restriction: Restriction) -> Blame? {
        guard let item = restriction.items.first else { return nil }
        return Blame(
            kind: .warnIfReject, parameter: parameter(of: item) ?? "", place: host.quoting.place(of: item),
            restriction: restriction, item: item)
    }
}
