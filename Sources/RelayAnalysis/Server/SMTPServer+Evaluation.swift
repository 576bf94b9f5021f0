import MailModel
import Postfix

extension SMTPServer {
    /// Evaluates a list as smtpd's `generic_checks` does.
    /// - Parameter subject: what a table without a `check_…_access` is asked for; `nil` where there is no such thing.
    func rule(
        _ restrictions: [Restriction], _ session: Session, _ evaluation: inout Evaluation,
        subject: Restriction.Subject?
    ) -> Ruling {
        evaluation.depth += 1
        defer { evaluation.depth -= 1 }
        guard evaluation.depth < 50 else {
            return .reject(.configuration(why: "unreasonable recursion", nil))
        }
        for restriction in restrictions {
            if evaluation.stopsHere { return .dunno }
            if restriction.kind == .warnIfReject {
                if evaluation.warningDepth == nil { evaluation.warningDepth = evaluation.depth }
                continue
            }
            var ruling = self.rule(restriction, session, &evaluation, subject)
            ruling = afterWarning(ruling, restriction, &evaluation)
            if let depth = evaluation.warningDepth, depth >= evaluation.depth {
                evaluation.warningDepth = nil
            }
            evaluation.note(ruling.code)
            if case .dunno = ruling { continue }
            return ruling
        }
        return .dunno
    }

    /// Behind `warn_if_reject` a rejection is only logged; configuration errors are rejections all the same.
    private func afterWarning(
        _ ruling: Ruling, _ restriction: Restriction, _ evaluation: inout Evaluation
    ) -> Ruling {
        guard evaluation.warningDepth != nil, case .reject(let rejection) = ruling else { return ruling }
        if case .configuration = rejection { return ruling }
        if let item = restriction.items.first, isClosed(warningBefore: item) { return ruling }
        if evaluation.loggedRejection == nil, restriction.kind.isGate {
            evaluation.loggedRejection = restriction
        }
        return .dunno
    }

    private func isClosed(warningBefore item: ListItem) -> Bool {
        !closed.isEmpty
            && closed.contains { $0.kind == .warnIfReject && $0.place == host.quoting.place(of: item) }
    }

    private func rule(
        _ restriction: Restriction, _ session: Session, _ evaluation: inout Evaluation,
        _ subject: Restriction.Subject?
    ) -> Ruling {
        if !evaluation.knowsRecipient, restriction.isAboutRecipient { return .dunno }
        if !evaluation.knowsSender, restriction.isAboutSender { return .dunno }
        switch restriction.kind {
        case .permit: return permit(restriction, .permit)
        case .reject: return .reject(.policy)
        case .deferIfPermit: return deferIfPermit(&evaluation)
        case .deferIfReject, .warnIfReject, .harmless: return .dunno
        case .permitMynetworks: return permitMynetworks(restriction, session)
        case .permitOwnAddresses:
            return ownAddresses.contains(session.peer ?? session.client.address) ? .permit(nil) : .dunno
        case .permitLogin: return session.isLoggedIn && offersLogin ? .permit(nil) : .dunno
        case .permitDestination, .rejectDestination:
            return destinationRuling(restriction, session, &evaluation)
        case .checkRelayDomains: return checkRelayDomains(restriction, session, &evaluation)
        case .permitBackupMX: return permitBackupMX(restriction, session)
        case .permitCertificate(let isVerified): return permitCertificate(restriction, session, isVerified)
        case .permitNakedAddress:
            return session.helo.flatMap { IPAddress($0) } != nil ? permit(restriction, .nakedAddress) : .dunno
        case .access(let subject, let table):
            return access(restriction, subject, host.tables.table(table), session, &evaluation)
        case .bareTable(let table):
            guard let subject else {
                let why = "specify one of (check_client_access, …) before the table \"\(table)\""
                return .reject(.configuration(why: why, place(of: restriction)))
            }
            return access(restriction, subject, host.tables.table(table), session, &evaluation)
        case .policyService(let service, let action):
            return policyRuling(restriction, service, action, session, &evaluation)
        case .restrictionClass(let name):
            return rule(classes[name] ?? [], session, &evaluation, subject: subject)
        case .malformed(let why): return .reject(.configuration(why: why, place(of: restriction)))
        case .unknown(let name):
            return .reject(
                .configuration(why: "unknown smtpd restriction: \"\(name)\"", place(of: restriction)))
        default: return sessionRuling(restriction, session)
        }
    }

    private func place(of restriction: Restriction) -> Place? {
        restriction.items.first.map(host.quoting.place)
    }

    private func deferIfPermit(_ evaluation: inout Evaluation) -> Ruling {
        // Behind `warn_if_reject` it is a plain rejection, and so only logged.
        if evaluation.warningDepth == nil { evaluation.deferring = evaluation.deferring ?? evaluation.stage }
        return .dunno
    }

    func permit(_ restriction: Restriction, _ kind: CauseKind) -> Ruling {
        guard let item = restriction.items.first else { return .permit(nil) }
        let place = host.quoting.place(of: item)
        let blame = Blame(
            kind: kind, parameter: parameter(of: item) ?? "", place: place, restriction: restriction,
            item: item)
        return closed.contains(blame.identity) ? .dunno : .permit(blame)
    }

    /// The parameter whose value holds an item.
    func parameter(of item: ListItem) -> String? { host.quoting.parameter(of: item) }

    /// Restrictions that look at the session alone.
    private func sessionRuling(_ restriction: Restriction, _ session: Session) -> Ruling {
        let isRejected =
            switch restriction.kind {
            case .rejectPlaintext: !session.usesTLS
            case .rejectUnknownClient: session.client.name == "unknown"
            case .rejectUnknownReverse: session.reverseName == "unknown"
            case .rejectHELO(let demand): session.helo.map { !isAcceptable($0, demand) } ?? false
            case .rejectUnqualified(.sender): !session.sender.isEmpty && !isQualified(session.sender)
            case .rejectUnqualified: !isQualified(session.recipient)
            case .rejectUnlistedRecipient: isUnlisted(session)
            case .rejectSenderMismatch: isForeignLogin(session)
            default: false
            }
        return isRejected ? .reject(.policy) : .dunno
    }

    private func isAcceptable(_ helo: String, _ demand: Restriction.HELODemand) -> Bool {
        if helo.hasPrefix("[") { return helo.hasSuffix("]") }
        guard IPAddress(helo) == nil, isHostName(helo) else { return false }
        return demand == .wellFormed || helo.contains(".")
    }

    private func isQualified(_ address: String) -> Bool {
        guard let at = address.lastIndex(of: "@") else { return false }
        return address[at...].contains(".") || address[at...].contains("[")
    }

    /// Whether the sender belongs to somebody who must log in.
    private func isForeignLogin(_ session: Session) -> Bool {
        guard offersLogin, !session.sender.isEmpty, !session.isLoggedIn else { return false }
        return senderLogins.contains { table in
            addressKeys(session.sender).contains { key, part in
                if case .found = table.ask(key, part) { true } else { false }
            }
        }
    }

    /// `relay_recipient_maps`: where it is set, only what it lists is taken for a relay domain. `virtual_mailbox_maps`
    /// does the same for its domains, which matters where they are not named.
    func isUnlisted(_ session: Session) -> Bool {
        guard !relayRecipients.isEmpty || !mailboxRecipients.isEmpty else { return false }
        let destination = resolver.resolve(session.recipient, assuming: given)
        let listed: [LookupTable]
        switch destination.addressClass {
        case .relay: listed = relayRecipients
        case .mailbox where !resolver.serves(destination.domain): listed = mailboxRecipients
        default: return false
        }
        // What is aliased or renamed exists as well (smtpd_check.c, `check_rcpt_maps`).
        let renamed = Self.recipientMaps.flatMap {
            values.value(of: $0).items.map { host.tables.table($0.text) }
        }
        return !listed.isEmpty
            && !(listed + renamed).contains { table in
                addressKeys(session.recipient).contains { key, part in
                    switch table.ask(key, part) {
                    case .found, .unreadable: true
                    case .missing, .failure: false
                    }
                }
            }
    }

    /// The keys that an address is looked up by where a map lists addresses (mail_addr_find.c): not the bare domain,
    /// nor those above it.
    private func addressKeys(_ address: String) -> [(String, KeyPart)] {
        let full = address.folded
        guard let at = full.lastIndex(of: "@") else { return [(full, .whole)] }
        let local = String(full[..<at])
        let domain = String(full[full.index(after: at)...])
        let bare = withoutExtension(local)
        var keys: [(String, KeyPart)] = [(full, .whole)] + (bare.map { [("\($0)@\(domain)", .part)] } ?? [])
        if case .local = resolver.resolve("x@\(domain)", assuming: given).addressClass {
            keys += [local, bare].compactMap { $0.map { ($0, .part) } }
        }
        return keys + [("@\(domain)", .part)]
    }

    /// The part before the sign without what the recipient added to it.
    func withoutExtension(_ local: String) -> String? {
        let delimiters = values.text(of: "recipient_delimiter")
        let bare = local.firstIndex { delimiters.contains($0) }.map { String(local[..<$0]) } ?? ""
        return bare.isEmpty ? nil : bare
    }

    /// The keys that an address is looked up by (access(5)).
    func mailKeys(_ address: String) -> [(String, KeyPart)] {
        let full = address.folded
        guard let at = full.lastIndex(of: "@") else { return [(full, .whole)] }
        let local = String(full[..<at])
        let domain = String(full[full.index(after: at)...])
        var keys: [(String, KeyPart)] = [(full, .whole)]
        let bare = withoutExtension(local)
        if let bare { keys.append(("\(bare)@\(domain)", .part)) }
        keys += domainKeys(domain).map { ($0, .part) }
        keys.append(("\(local)@", .part))
        if let bare { keys.append(("\(bare)@", .part)) }
        return keys
    }

    /// A domain and those above it, as `parent_domain_matches_subdomains` wants them.
    func domainKeys(_ domain: String) -> [String] {
        var keys = [domain]
        var rest = domain[...]
        while let dot = rest.dropFirst().firstIndex(of: ".") {
            rest = accessMatchesParents ? rest[rest.index(after: dot)...] : rest[dot...]
            if !rest.isEmpty { keys.append(String(rest)) }
        }
        return keys
    }
}

/// Whether the text can be the name of a host.
func isHostName(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 253, text.utf8.first != UInt8(ascii: ".") else { return false }
    // Postfix takes no name that is a number (valid_hostname.c).
    guard text.utf8.contains(where: { !$0.isDigit && $0 != UInt8(ascii: ".") }) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        !label.isEmpty && label.utf8.count <= 63 && label.utf8.first != UInt8(ascii: "-")
            && label.utf8.last != UInt8(ascii: "-")
            && label.utf8.allSatisfy {
                $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }
}
