import MailModel
import Postfix

extension SMTPServer {
    /// `check_…_access`.
    func access(
        _ restriction: Restriction, _ subject: Restriction.Subject, _ table: LookupTable, _ session: Session,
        _ evaluation: inout Evaluation
    ) -> Ruling {
        if case .unreadable = table.content, table.known.isEmpty, !session.trusting.contains(table.name) {
            return .dunno
        }
        let isTrusted = table.leaves.contains { session.trusting.contains($0.name) }
        if isTrusted, obscureRule(of: table) != nil {
            return permit(subject, table, nil, restriction, session)
        }
        for (position, (key, part)) in keys(for: subject, session).enumerated() {
            switch table.ask(key, part) {
            case .missing: continue
            case .found(let value, let entry):
                // One rule may refuse the name, and then the address of who has another name.
                if part == .whole { evaluation.note(position) }
                return apply(value, entry, of: table, subject, restriction, session, &evaluation)
            case .failure(let why):
                let place = restriction.items.last.map(host.quoting.place)
                return .reject(.configuration(why: why, place))
            case .unreadable:
                guard isTrusted else { continue }
                return permit(subject, table, nil, restriction, session)
            }
        }
        return .dunno
    }

    private func keys(for subject: Restriction.Subject, _ session: Session) -> [(String, KeyPart)] {
        switch subject {
        case .client: return nameKeys(session.client.name) + addressKeys(session.client.address)
        case .reverseClient: return nameKeys(session.reverseName) + addressKeys(session.client.address)
        case .helo: return session.helo.map(nameKeys) ?? []
        case .sender:
            if session.sender.isEmpty { return [(values.text(of: "smtpd_null_access_lookup_key"), .whole)] }
            let sender = session.sender.contains("@") ? session.sender : "\(session.sender)@\(origin)"
            return mailKeys(sender)
        case .recipient: return mailKeys(resolver.resolve(session.recipient, assuming: given).address)
        case .certificate:
            guard session.usesTLS, asksForCertificate, session.certificate != .none else { return [] }
            return [("A7:3E:90:1C:5B:D2:48:F6:07:9A:63:EE:B1:24:8D:70:C5:1F:32:AB", .whole)]
        case .domain(let owner):
            guard let domain = domain(of: owner, session) else { return [] }
            return literalKeys(domain) ?? nameKeys(domain) + ownersAddress
        case .servers(let owner):
            guard let domain = domain(of: owner, session) else { return [] }
            return literalKeys(domain) ?? nameKeys("mx.\(domain)") + ownersAddress
        case .login: return []
        }
    }

    /// An address that whoever owns a domain gives to it, or to its servers: one of which nobody thought.
    private var ownersAddress: [(String, KeyPart)] { Stranger.addresses.last.map(addressKeys) ?? [] }

    /// The keys of `[192.0.2.1]`, and of nothing else.
    private func literalKeys(_ domain: String) -> [(String, KeyPart)]? {
        guard domain.hasPrefix("[") else { return nil }
        let literal = domain.filter { !"[]".contains($0) }
        return IPAddress(literal.hasPrefix("ipv6:") ? String(literal.dropFirst(5)) : literal).map(
            addressKeys) ?? []
    }

    /// The name that `check_…_a_access` looks for before its addresses, and whose servers `check_…_mx_access` and
    /// `check_…_ns_access` look for: whoever owns it chooses both
    /// (smtpd_check.c, `check_server_access`).
    /// - Returns: `nil` for somebody without one.
    private func domain(of owner: Restriction.Subject, _ session: Session) -> String? {
        func domain(_ address: String) -> String {
            String(address[(address.lastIndex(of: "@").map(address.index(after:)) ?? address.startIndex)...])
        }
        let name: String? =
            switch owner {
            case .client: session.client.name == "unknown" ? nil : session.client.name
            case .reverseClient: session.reverseName == "unknown" ? nil : session.reverseName
            case .helo: session.helo.map(domain)
            case .sender: domain(session.sender)
            case .recipient: domain(session.recipient)
            default: nil
            }
        return name.flatMap { $0.isEmpty ? nil : $0.folded }
    }

    private var origin: String { values.text(of: "myorigin").folded }

    private func nameKeys(_ name: String) -> [(String, KeyPart)] {
        if let known = nameKeyCache[name] { return known }
        // Postfix does not look for the parents of a numerical name.
        if IPAddress(name) != nil { return [(name, .whole)] }
        let keys = domainKeys(name).enumerated().map { ($1, $0 == 0 ? KeyPart.whole : .part) }
        if nameKeyCache.count < 100 { nameKeyCache[name] = keys }
        return keys
    }

    func addressKeys(_ address: IPAddress) -> [(String, KeyPart)] {
        address.lookupKeys.enumerated().map { ($1, $0 == 0 ? .whole : .part) }
    }

    private func apply(
        _ value: String, _ entry: Int?, of table: LookupTable, _ subject: Restriction.Subject,
        _ restriction: Restriction, _ session: Session, _ evaluation: inout Evaluation
    ) -> Ruling {
        let action = action(of: value)
        evaluation.note(action.trace ?? value.hashValue)
        if isDelegated(evaluation), let blame = copyBlame(value, entry, of: table, restriction) {
            evaluation.led = evaluation.led ?? blame
        }
        switch action {
        case .permit: return permit(subject, table, entry, restriction, session)
        case .dunno, .deferIfReject: return .dunno
        case .reject: return .reject(.policy)
        case .deferIfPermit:
            if evaluation.warningDepth == nil {
                evaluation.deferring = evaluation.deferring ?? evaluation.stage
            }
            return .dunno
        case .discard where !isDelegated(evaluation), .divert where !isDelegated(evaluation),
            .hold where !isDelegated(evaluation):
            return .dunno
        case .discard:
            evaluation.isDiscarded = true
            evaluation.sink(at: evaluation.stage)
            evaluation.stopsHere = true
            return .permit(nil)
        case .filter(let transport):
            if isDelegated(evaluation) { evaluation.filter = transport }
            return .dunno
        case .divert:
            evaluation.sink(at: evaluation.stage)
            return .dunno
        case .hold:
            if let item = restriction.items.last, host.keeps(by: item, parameter(of: item)) {
                evaluation.sink(at: evaluation.stage)
            }
            return .dunno
        case .configurationError(let why):
            let place = row(entry, of: table) ?? restriction.items.last.map(host.quoting.place)
            return .reject(.configuration(why: why, place))
        case .restrictions(let inner):
            let ruling = rule(inner, session, &evaluation, subject: subject)
            if case .reject(.configuration(let why, let place?)) = ruling, place.file == .builtIn {
                let restriction = restriction.items.last.map(host.quoting.place)
                return .reject(.configuration(why: why, row(entry, of: table) ?? restriction))
            }
            guard case .permit(let blame) = ruling else { return ruling }
            if !subject.mayPermit { return permit(subject, table, entry, restriction, session) }
            // A plain `permit` in a table is the table's doing; a class has a place of its own.
            if blame == nil { return ruling }
            if blame?.place.file == .builtIn { return permit(subject, table, entry, restriction, session) }
            return ruling
        }
    }

    /// Where a row's result stands.
    private func row(_ entry: Int?, of table: LookupTable) -> Place? {
        guard let entry, let source = table.source else { return nil }
        let row = table.entries[entry]
        return Place(file: .table(source), line: row.line, range: nil, token: row.value)
    }

    /// Whether smtpd can have cleanup hold, discard or redirect the message (smtpd_check.c, `can_delegate_action`): not
    /// what a filter gets before it is taken, and nothing before there is a message.
    private func isDelegated(_ evaluation: Evaluation) -> Bool {
        evaluation.knowsSender && values.text(of: "smtpd_proxy_filter").isEmpty
    }

    private func permit(
        _ subject: Restriction.Subject, _ table: LookupTable, _ entry: Int?, _ restriction: Restriction,
        _ session: Session
    ) -> Ruling {
        if !subject.mayPermit {
            let place = restriction.items.last.map(host.quoting.place)
            return .reject(.configuration(why: "\(restriction.name) returns OK, which is not allowed", place))
        }
        // Source-routed recipients are too suspicious for an OK.
        if subject == .recipient, !allowsUntrustedRouting,
            resolver.resolve(session.recipient, assuming: given).isRouted
        {
            return .dunno
        }
        guard let item = restriction.items.last else { return .permit(nil) }
        var blame = Blame(
            kind: kind(of: subject), parameter: parameter(of: item) ?? "",
            place: host.quoting.place(of: item),
            restriction: restriction, item: item)
        if let entry { blame.accuse(entry, of: table) }
        return closed.contains(blame.identity) ? .dunno : .permit(blame)
    }

    private func kind(of subject: Restriction.Subject) -> CauseKind {
        switch subject {
        case .helo: .heloAccess
        case .sender: .senderAccess
        case .recipient: .recipientAccess
        case .certificate: .certificateAccess
        case .client, .reverseClient, .login, .servers, .domain: .clientAccess
        }
    }
}
