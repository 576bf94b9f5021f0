import MailModel
import Postfix

/// What stays here by its route, or by the header that it gets, while other mail leaves.
extension SMTPServer {
    /// How many recipients or senders of one table are tried.
    private static let routeLimit = 40

    /// Recipients and senders that leave where those of an ordinary stranger do not.
    var routeTraits: [Trait] {
        let other = Trait(
            change: .recipient(Stranger.otherMailbox), who: "anyone, to recipients whose mail does not stay")
        let routes = routing.value(of: "transport_maps").items.map(\.text)
        let rewriters = Self.recipientMaps.flatMap { rewriting.value(of: $0).items.map(\.text) }
        let senders = Self.senderMaps.flatMap { routing.value(of: $0).items.map(\.text) }
        let named = (routes + rewriters).flatMap { host.tables.table($0).leaves }.flatMap(recipientTraits)
        return ([other] + domainTraits + routedTraits + mailboxTraits).filter(leaves) + filterTraits + named
            + (senders.isEmpty ? [] : evasions(of: .sender).filter(leaves))
            + senders.flatMap { host.tables.table($0).leaves }.flatMap(senderTraits)
            + (routes + senders + mailboxMaps).flatMap { host.tables.table($0).leaves }
            .compactMap(unreadableTrait)
            + programTraits
    }

    private var programTraits: [Trait] {
        let session = Stranger.session(from: Stranger.addresses[0], usingTLS: false)
        guard let program = obscureProgram(for: session) else { return [] }
        return [
            Trait(
                change: .sentOn(program),
                who:
                    "every client, if \(program.path) sends on what the transport \(program.transport) hands it",
                isEverybodys: true)
        ]
    }

    /// Whoever a table gives to a filter, which may send out what would stay here.
    private var filterTraits: [Trait] {
        let restrictions = Array(lists.values) + Array(classes.values)
        return restrictions.joined().flatMap { restriction -> [Trait] in
            guard case .access(let subject, let name) = restriction.kind else { return [] }
            return host.tables.table(name).leaves.filter { leaf in
                leaf.entries.count <= TraitSupply.chunk
                    && leaf.entries.contains {
                        if case .filter = action(of: $0.value) { true } else { false }
                    }
            }.flatMap { accessTraits($0, subject, in: $0.entries.indices) }
        }
    }

    /// Users whom a map of local(8) gives to another host, in a domain that is this host's because all are.
    private var mailboxTraits: [Trait] {
        mailboxMaps.flatMap { host.tables.table($0).leaves }.flatMap { table -> [Trait] in
            let keys: [String] =
                if case .fixed(let entries, _) = table.content { entries.map(\.key) } else { [] }
            let matching: [String] = patternRules(table).flatMap { rule in
                texts(rule.pattern.pattern, table, rule.entry, filling: [[], "x7q".bytes])
            }
            let users = Array(keys.prefix(Self.routeLimit)) + Array(matching.prefix(Self.routeLimit))
            return users.map { user in
                Trait(
                    change: .recipient("\(user)@\(Stranger.domain)"),
                    who: "anyone, to users such as \(user) of every domain")
            }
        }
    }

    /// The maps by which local(8) hands users on.
    private var mailboxMaps: [String] {
        ["mailbox_transport_maps", "fallback_transport_maps"].flatMap {
            mailboxes.value(of: $0).items.map(\.text)
        }
    }

    private func recipientTraits(_ table: LookupTable) -> [Trait] {
        first(addresses(routedBy: table).filter(isForeign)) {
            Trait(change: .recipient($0), who: "anyone, to recipients such as \($0)")
        }
    }

    private func senderTraits(_ table: LookupTable) -> [Trait] {
        first(addresses(routedBy: table)) {
            let who = $0.isEmpty ? "the null sender" : "senders such as \($0)"
            return Trait(change: .sender($0), who: "anyone with \(who)")
        }
    }

    private func first(_ addresses: some Sequence<String>, _ trait: (String) -> Trait) -> [Trait] {
        var found: [Trait] = []
        for address in addresses {
            let trait = trait(address)
            guard leaves(trait) else { continue }
            guard found.count < Self.routeLimit else {
                hasUntriedPatterns = true
                break
            }
            found.append(trait)
        }
        return found
    }

    private func leaves(_ trait: Trait) -> Bool {
        let session = Stranger.session(from: Stranger.addresses[0], usingTLS: false)
        return delivery(of: trait.applied(to: session)) == .leaves
    }

    /// Addresses that the rows of a transport(5), virtual(5) or canonical(5) map are about.
    private func addresses(routedBy table: LookupTable) -> some Sequence<String> {
        let keys: [String] =
            switch table.content {
            case .fixed(let entries, _): entries.map(\.key)
            default: []
            }
        let patterns = patternRules(table).flatMap {
            addresses(matching: $0.pattern.pattern, table, $0.entry)
        }
        return keys.lazy.filter { $0 != "*" }.map { key in
            if key == "<>" { return "" }
            if key.hasPrefix("@") { return "x7q\(key)" }
            if key.contains("@") { return key }
            return key.hasPrefix(".") ? "x7q@x7q\(key)" : "x7q@\(key)"
        } + patterns
    }

    // MARK: the header

    /// Whether `header_checks` stop the message by the Received line of this host, the only one that it must have.
    func isStoppedByHeaderChecks(_ session: Session) -> Bool {
        // What stops one client's mail need not stop another's.
        areSamplesStopped && isStopped(header: receivedLine(session))
    }

    func makeAreSamplesStopped() -> Bool {
        let options = values.value(of: "receive_override_options").items.map { $0.text.folded }
        guard !options.contains("no_header_body_checks") else { return false }
        return [
            "Received: from \(Stranger.name) (\(Stranger.name) [185.77.12.201])",
            "Received: from [93.184.77.19] (unknown [93.184.77.19])",
        ].allSatisfy(isStopped)
    }

    /// As smtpd writes it (smtpd.c).
    private func receivedLine(_ session: Session) -> String {
        let client = session.client
        let address = client.address.width == 32 ? "\(client.address)" : "IPv6:\(client.address)"
        return "Received: from \(session.helo ?? client.name) (\(client.name) [\(address)])\n\tby "
            + "\(values.text(of: "myhostname")) (\(values.text(of: "mail_name"))) with ESMTP id 4cX7q01x7qz1\n\t"
            + "for <\(session.recipient)>; Thu, 1 Jan 2026 00:00:00 +0000 (UTC)"
    }

    private func isStopped(header: String) -> Bool {
        rewriting.value(of: "header_checks").items.contains { item in
            guard case .found(let value, _) = host.tables.table(item.text).ask(header) else { return false }
            let action = value.prefix { $0 != " " }.uppercased()
            if action == "HOLD" { return host.keeps(by: item, parameter(of: item)) }
            let transport = value.dropFirst(action.count).drop { $0 == " " }.prefix { $0 != ":" }
            if action == "FILTER" { return isSink(transport: String(transport)) }
            return ["DISCARD", "REJECT", "REDIRECT"].contains(action)
        }
    }

    /// What a stranger says, so that a rule of `header_checks` finds it in the Received line.
    var headerTraits: [Trait] {
        let tables = rewriting.value(of: "header_checks").items.flatMap { host.tables.table($0.text).leaves }
        return tables.flatMap { table -> [Trait] in
            guard case .patterns(let rules) = table.content else { return [] }
            let texts = rules.prefix(Self.routeLimit).compactMap(\.pattern).flatMap {
                $0.pattern.samples(filling: []).prefix(4).map(\.text)
            }
            let words = texts.flatMap { $0.split { " ()<>[]\n\t".contains($0) }.map(String.init) }
            return Set(words).sorted().filter { $0.contains(".") || $0.contains("@") }.flatMap(headerTraits)
        }
    }

    private func headerTraits(_ word: String) -> [Trait] {
        if word.contains("@") {
            let address = word.hasPrefix("@") ? "x7q\(word)" : word
            return isForeign(address)
                ? [Trait(change: .recipient(address), who: "anyone, to recipients such as \(address)")] : []
        }
        let name = word.trimmingDots
        guard isHostName(name) else { return [] }
        return [Trait(change: .helo(name), who: "anyone who says HELO \(name)")] + nameTraits(name)
    }
}
