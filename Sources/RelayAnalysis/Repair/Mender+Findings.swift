import MailModel
import Postfix

extension Mender {
    /// Closes one finding.
    mutating func mend(_ finding: Finding, _ judgement: ListenerJudgement, _ server: SMTPServer) {
        explainCost(of: finding, server)
        let blame = finding.blame
        if isThorough, blame.kind.isGuardedByLists { return guardFromTheStart(server) }
        switch blame.kind {
        case .mynetworks: removeNetwork(blame, server)
        case .mynetworksStyle: set("mynetworks_style", to: "host", for: server)
        case .clientAccess, .heloAccess, .senderAccess, .recipientAccess, .certificateAccess, .nakedAddress,
            .backupMX:
            if removeRow(blame, server) { return }
            if let restriction = blame.restriction { guardOrRemove(restriction, server) }
        case .clientCertificates: removeCertificates(blame, server)
        case .permit: replacePermit(blame, server)
        case .warnIfReject: removeWarning(blame, server)
        case .noReject: appendReject(blame.parameter, server)
        case .relayDomains, .destinations: removeDomain(blame, server)
        case .untrustedRouting: set("allow_untrusted_routing", to: "no", for: server)
        case .addressRewriting where blame.restriction != nil:
            if let restriction = blame.restriction { remove(restriction, server) }
        case .addressRewriting where blame.item == nil:
            set(blame.parameter, to: "", for: server, values: server.mailboxes)
        // What else the table says is wanted.
        case .addressRewriting: if !deleteRow(blame) { removeItem(blame, server) }
        case .xclient, .qmqp: removeItem(blame, server)
        case .proxyProtocol: removeProxy(blame, judgement, server)
        case .policyDefault:
            if blame.parameter == "smtpd_policy_service_default_action" {
                set(blame.parameter, to: "DUNNO", for: server)
            } else if let restriction = blame.restriction {
                guardOrRemove(restriction, server)
            }
        case .policyService, .unreadableTable, .broken, .syntax: return
        }
    }

    private mutating func explainCost(of finding: Finding, _ server: SMTPServer) {
        switch finding.blame.kind {
        case .mynetworks, .clientAccess, .mynetworksStyle:
            shutOut[.clients, default: []] += finding.traits.map(\.who)
        case .heloAccess, .senderAccess, .recipientAccess, .nakedAddress:
            shutOut[.others, default: []] += finding.traits.map(\.who)
        case .proxyProtocol:
            note(
                "A proxy in front of the host can no longer hand on client addresses by \(finding.blame.parameter); "
                    + "let only the proxy reach the port, and set it again.")
        case .relayDomains:
            // Only as one to relay for did a domain have a way out, after a login as well.
            let transport = server.routing.text(of: "default_transport")
            let isSink = server.isSink(transport: server.split(transport).name)
            note(
                "No longer relayed: domains that \(finding.blame.entry?.table ?? finding.blame.place.token) was meant "
                    + "for. Name them in relay_domains."
                    + (isSink
                        ? " Mail to others stays here after a login, too: if it is to leave, set default_transport = smtp "
                            + "(now \(transport))." : ""))
        default: return
        }
    }

    /// Says who may be shut out by what was mended, and what keeps them in.
    mutating func explainWhoIsShutOut() {
        for (kind, advice) in [
            (
                ShutOut.clients,
                "If they are yours, vouch for their network in the policy (white-list.vouched), "
                    + "and it stays."
            ),
            (
                .others,
                "Known hosts that cannot log in can be vouched for in the policy by their network "
                    + "(white-list.vouched)."
            ),
        ] {
            var seen = said
            let who = (shutOut[kind] ?? []).filter { seen.insert($0).inserted }
            guard !who.isEmpty else { continue }
            let rest = who.count > 20 ? ", and \(who.count - 20) more" : ""
            note(
                "No longer relayed without a login: \(who.prefix(20).joined(separator: ", "))\(rest). \(advice)"
            )
        }
    }

    // MARK: networks

    private mutating func removeNetwork(_ blame: Blame, _ server: SMTPServer) {
        if removeRow(blame, server) { return }
        let kept = vouchedEntries(blame)
        if !kept.isEmpty, let item = blame.item {
            let text = kept.map(\.asListItem).joined(separator: ", ")
            return remove(host.quoting.place(of: item), blame.parameter, server, remainder: text)
        }
        let place = blame.place(ofItemIn: host)
        // An unset or empty `mynetworks` would shut out the host's own programs.
        let loopback = ["127.0.0.0/8", "::1/128"].compactMap { IPNetwork($0) }
        let isVouched = loopback.contains { loop in host.trusted.contains { $0.overlaps(loop) } }
        let parts = vouchedParts(blame, server)
        let isEmptied = isOnlyItem(place, server) && isVouched
        let hadLoopback = parts.isEmpty || parts.contains(where: \.isLoopback)
        let stays = isEmptied && hadLoopback ? loopback + parts.filter { !$0.isLoopback } : parts
        let remainder = stays.isEmpty ? nil : stays.map(\.asListItem).joined(separator: " ")
        guard blame.parameter == "mynetworks", place.file == .main, remainder != nil else {
            return removeItem(blame, server, remainder: remainder)
        }
        if !parts.isEmpty { noteStaying(parts) }
        remove(place, blame.parameter, server, remainder: remainder)
    }

    mutating func noteStaying(_ networks: [IPNetwork]) {
        let names = networks.filter { !$0.isLoopback }.map(\.description).joined(separator: ", ")
        if !names.isEmpty { note("In mynetworks, as the policy vouches for it: \(names).") }
    }

    /// Whether nothing of the value stays when the guilty items go. Only the first of them is the one that says so.
    private mutating func isOnlyItem(_ place: Place, _ server: SMTPServer) -> Bool {
        if let known = lastGuilty[server.service] { return known.map { $0.range == place.range } ?? false }
        let guilty = guiltyNetworks
        let items = server.values.value(of: "mynetworks").items
        let places = items.map(host.quoting.place)
        // An exclusion alone lets nobody in.
        let stays = zip(items, places).contains { item, place in
            !guilty.contains(place) && item.bytes.first != UInt8(ascii: "!")
        }
        let first = stays ? nil : places.first(where: guilty.contains) ?? place
        lastGuilty[server.service] = .some(first)
        return first.map { $0.range == place.range } ?? false
    }

    private var guiltyNetworks: Set<Place> {
        Set(
            explanation.judgements.flatMap(\.findings).filter { $0.blame.kind == .mynetworks }
                .compactMap { $0.blame.item.map(host.quoting.place) })
    }

    /// The networks of a guilty table that somebody vouched for.
    private func vouchedEntries(_ blame: Blame) -> [IPNetwork] {
        guard let table = blame.entry.map({ host.tables.table($0.table) }) else { return [] }
        return vouchedRows(table).map(\.network)
    }

    /// What somebody vouched for within a guilty network that no other item of the list holds.
    private func vouchedParts(_ blame: Blame, _ server: SMTPServer) -> [IPNetwork] {
        guard let list = server.mynetworks, let item = blame.item, !blame.place.file.isIncluded else {
            return []
        }
        let named = list.patterns.indices.compactMap { index in
            list.network(index).map { (network: $0, item: list.patterns[index].item) }
        }
        let parts = host.trusted.filter { vouched in
            named.contains { $0.item == item && $0.network.contains(vouched) }
        }
        guard !parts.isEmpty else { return [] }
        let guilty = guiltyNetworks
        let others = named.filter { !guilty.contains(host.quoting.place(of: $0.item)) }.map(\.network)
        return parts.filter { vouched in
            !others.contains { $0.contains(vouched) || vouched.isLoopback && vouched.overlaps($0) }
        }
    }

    private mutating func removeCertificates(_ blame: Blame, _ server: SMTPServer) {
        if blame.item?.text == blame.restriction?.name, let restriction = blame.restriction {
            return remove(restriction, server)
        }
        removeItem(blame, server)
    }

    private mutating func removeProxy(_ blame: Blame, _ judgement: ListenerJudgement, _ server: SMTPServer) {
        guard let values = judgement.listener.proxyParameter?.values else { return }
        if case .override(let service, let index)? = values.origin(of: blame.parameter) {
            return removeOverride(service, index)
        }
        set(blame.parameter, to: "", for: server, values: values)
    }

    private mutating func removeDomain(_ blame: Blame, _ server: SMTPServer) {
        guard let item = blame.item else { return }
        let place = blame.place.file.isIncluded ? blame.place : host.quoting.place(of: item)
        guard let entry = blame.entry, entry.table == item.text else { return removeItem(blame, server) }
        let table = host.tables.table(entry.table)
        if case .patterns(let rules) = table.content, rules.count <= 50, deleteRow(blame) { return }
        guard case .fixed(let entries, _) = table.content, entries.count <= 50 else {
            return removeItem(blame, server)
        }
        let declared = entries.map(\.key).filter { server.undeclaredDomain($0) == nil }
        guard !declared.isEmpty else { return removeItem(blame, server) }
        remove(place, blame.parameter, server, remainder: declared.joined(separator: ", "))
    }

    /// Takes the guilty item out of the list that consults it.
    ///
    /// Where the item came through `$name` and the name is a parameter of Postfix with a purpose of its own, the
    /// reference goes and not what it refers to.
    private mutating func removeItem(_ blame: Blame, _ server: SMTPServer, remainder: String? = nil) {
        let place = blame.place(ofItemIn: host)
        guard let item = blame.item, !place.file.isIncluded, let consulted = consultedParameter(blame) else {
            return remove(place, blame.parameter, server)
        }
        // An item that was put together from parts stands nowhere, and its parts may serve others.
        let isWhole = place.range != nil
        guard let name = server.parameter(of: item),
            !isWhole || name != consulted && server.values.hasDefault(name)
        else { return remove(place, blame.parameter, server) }
        guard isWhole, let reference = server.values.reference(to: name, in: consulted) else {
            let rest = server.values.value(of: consulted).items.filter { $0 != item }.map(\.text)
            let text = rest.isEmpty ? remainder ?? "" : rest.joined(separator: ", ")
            return set(consulted, to: text, for: server)
        }
        remove(host.quoting.place(of: reference), consulted, server, remainder: remainder)
    }

    /// The parameter that Postfix consults, whatever its value was put together from.
    private func consultedParameter(_ blame: Blame) -> String? {
        switch blame.kind {
        case .mynetworks: "mynetworks"
        case .xclient: "smtpd_authorized_xclient_hosts"
        case .qmqp: "qmqpd_authorized_clients"
        case .relayDomains, .destinations: blame.parameter
        case .clientCertificates: "relay_clientcerts"
        default: nil
        }
    }
}

extension CauseKind {
    /// Whether a rejection at the beginning of the restriction list closes it.
    var isGuardedByLists: Bool {
        switch self {
        case .clientAccess, .heloAccess, .senderAccess, .recipientAccess, .certificateAccess,
            .clientCertificates,
            .permit, .warnIfReject, .noReject, .nakedAddress, .backupMX, .policyDefault:
            true
        default: false
        }
    }
}

extension ConfigurationFile {
    var isIncluded: Bool { if case .included = self { true } else { false } }
}

extension Blame {
    /// The list item to take out: of an included file its own line, of a table the item that names it.
    func place(ofItemIn host: Host) -> Place {
        guard let item, !place.file.isIncluded else { return place }
        return host.quoting.place(of: item)
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension IPNetwork {
    /// As a match list has it (postconf(5), `mynetworks`).
    var asListItem: String {
        address.width == 32 ? "\(self)" : "[\(address)]/\(prefix)"
    }
}
