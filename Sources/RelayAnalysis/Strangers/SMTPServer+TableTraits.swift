import MailModel
import Postfix

extension SMTPServer {
    /// One trait for each entry of a table that may do anything but refuse.
    /// - Parameter range: the entries to look at.
    func accessTraits(_ table: LookupTable, _ subject: Restriction.Subject, in range: Range<Int>) -> [Trait] {
        let obscure = unreadableTrait(table).map { [$0] } ?? []
        if case .unreadable = table.content {
            let known = table.known.filter { subject == .client && !isRefusal($0.value) }
            return known.keys.sorted().flatMap(clientTraits) + obscure
        }
        return readableTraits(table, subject, in: range) + obscure
    }

    private func readableTraits(
        _ table: LookupTable, _ subject: Restriction.Subject, in range: Range<Int>
    ) -> [Trait] {
        let isUseful = { (entry: Int) in range.contains(entry) && !self.isRefusal(table.entries[entry].value)
        }
        switch subject {
        case .client: return clientTraits(table, in: range, where: isUseful)
        case .reverseClient:
            return nameEntries(table, in: range, isUseful).map { key in
                Trait(
                    change: .reverseName(key.hasPrefix(".") ? "x7q" + key : key),
                    who: "clients whose reverse name is \(key)")
            }
        case .helo: return heloTraits(table, in: range, where: isUseful)
        case .sender:
            let traits = mailTraits(table, in: range, where: isUseful) { address, key in
                Trait(change: .sender(address), who: "anyone with \(senders(key, such: address))")
            }
            return traits + pairedSenders(traits, of: table)
        case .recipient:
            return mailTraits(table, in: range, where: isUseful) { address, key in
                guard isForeign(address) else { return nil }
                guard isBelowServed(address, named: key) else {
                    return Trait(
                        change: .recipient(address), who: "anyone, to \(recipients(key ?? address))")
                }
                // The host there is its administrator's, and may pass on what its user asks for.
                return allowsUntrustedRouting ? routedTrait(address) : nil
            }
        case .certificate:
            guard offersTLS, asksForCertificate else { return [] }
            return [Trait(change: .certificate(.any), who: "anyone with a TLS client certificate")]
        case .domain(let owner): return readableTraits(table, owner, in: range)
        case .login, .servers: return []
        }
    }

    /// How many patterns of one table that do anything but refuse are tried: each one is looked for in all of them.
    private static let patternLimit = 1000

    func isRefusal(_ value: String) -> Bool {
        switch action(of: value) {
        case .reject, .discard, .configurationError: true
        default: false
        }
    }

    /// Whether the result keeps mail from going on.
    func stops(_ value: String) -> Bool {
        switch action(of: value) {
        case .divert, .hold: true
        default: isRefusal(value)
        }
    }

    /// The rules of a pattern table with what they match: never more than the bounds of a judgement allow.
    func patternRules(
        _ table: LookupTable, where isUseful: (Int) -> Bool = { _ in true }
    ) -> [(pattern: TablePattern, entry: Int)] {
        guard case .patterns(let rules) = table.content else { return [] }
        let useful = rules.compactMap { rule -> (pattern: TablePattern, entry: Int)? in
            guard rule.kind == .rule, let pattern = rule.pattern, !pattern.isNegated, isUseful(rule.entry)
            else { return nil }
            return (pattern, rule.entry)
        }
        if useful.count > Self.patternLimit || useful.contains(where: \.pattern.needsMore) {
            leaveUntried(table)
        }
        return Array(useful.prefix(Self.patternLimit))
    }

    func leaveUntried(_ table: LookupTable) {
        hasUntriedPatterns = true
        untriedTables.insert(table.name)
    }

    private static let negatedLimit = 3

    /// What the conditions around a rule look for, and the rules before it that take whatever has none of something.
    private func conditions(around entry: Int, of table: LookupTable) -> [Pattern] {
        guard case .patterns(let rules) = table.content, table.hasConditions else { return [] }
        var open: [TablePattern?] = []
        for rule in rules.prefix(while: { $0.entry != entry }) {
            if rule.kind == .condition { open.append(rule.pattern) }
            if rule.kind == .endOfCondition { _ = open.popLast() }
        }
        let negated = rules.prefix(while: { $0.entry != entry }).filter {
            $0.kind == .rule && $0.pattern?.isNegated == true
        }
        return open.compactMap { $0 }.filter { !$0.isNegated }.map(\.pattern)
            + negated.prefix(Self.negatedLimit).compactMap { $0.pattern?.pattern }
    }

    /// Texts that a rule may match, alone and together with what the conditions around it look for.
    func texts(
        _ pattern: Pattern, _ table: LookupTable, _ entry: Int, filling fillings: [[UInt8]]
    ) -> [String] {
        let held = spellings(pattern, table.entries[entry].value) + [[:]]
        let own = held.flatMap { held in
            fillings.flatMap { pattern.samples(filling: $0, holding: held) }
        }.map(\.text)
        // What it matches cannot be made from it, which does not mean that it matches nothing.
        if own.isEmpty, !pattern.isImpossible { leaveUntried(table) }
        let around = conditions(around: entry, of: table).flatMap { $0.samples(filling: []) }.map(\.text)
        return own
            + around.flatMap { outer in
                own.flatMap { [$0 + outer, "\($0).\(outer)", outer + $0, "\(outer).\($0)"] }
            }
    }

    private func nameEntries(_ table: LookupTable, in range: Range<Int>, _ isUseful: (Int) -> Bool)
        -> [String]
    {
        guard case .fixed(let entries, _) = table.content else { return [] }
        return range.filter(isUseful).map { entries[$0].key }.filter { IPAddress($0) == nil }
    }

    func gives(_ table: LookupTable, _ key: String, _ entry: Int) -> Bool {
        // Asking the one pattern first spares asking all those before it.
        if case .patterns(let rules) = table.content, let pattern = rules[entry].pattern,
            case .noMatch = pattern.pattern.search(Array(key.utf8))
        {
            return false
        }
        if case .found(_, entry) = table.ask(key) { return true }
        return false
    }

    // MARK: HELO names and addresses

    private func heloTraits(_ table: LookupTable, in range: Range<Int>, where isUseful: (Int) -> Bool)
        -> [Trait]
    {
        var traits: [Trait] =
            values.isOn("smtpd_helo_required")
            ? [] : [Trait(change: .helo(nil), who: "anyone who says no HELO")]
        switch table.content {
        case .fixed(let entries, _):
            traits += range.filter(isUseful).flatMap { index -> [Trait] in
                let key = entries[index].key
                // A name below one that another rule refuses, such as one without a dot.
                let names =
                    hasBelow(key, entries) ? [key, "x7q.\(key)"] : [key.hasPrefix(".") ? "x7q\(key)" : key]
                return names.map { Trait(change: .helo($0), who: "anyone who says HELO \($0)") }
            }
        case .patterns:
            for (pattern, entry) in patternRules(table, where: isUseful) {
                let samples = texts(pattern.pattern, table, entry, filling: [[], Stranger.domain.bytes])
                let names = samples.flatMap { [$0] + nameVariants($0) }
                let name = telling(names, table, entry) { !$0.isEmpty && !$0.contains(" ") }
                guard let name else { continue }
                traits.append(Trait(change: .helo(name), who: "anyone who says a HELO name such as \(name)"))
            }
        case .networks(let entries, _):
            traits += range.filter(isUseful).compactMap { index in
                guard case .network(let network) = CIDRText(entries[index].key) else { return nil }
                return Trait(
                    change: .helo(network.first.description), who: "anyone who says HELO \(network.first)")
            }
        default: break
        }
        return traits
    }

    /// Whether what is below a key's domain is tried as well: it may pass where the domain itself does not, which is
    /// looked for only in tables of a size that somebody wrote by hand.
    private func hasBelow(_ key: String, _ entries: [TableEntry]) -> Bool {
        accessMatchesParents && entries.count <= 500 && isHostName(key)
    }

    private func mailTraits(
        _ table: LookupTable, in range: Range<Int>, where isUseful: (Int) -> Bool,
        _ make: (String, String?) -> Trait?
    ) -> [Trait] {
        switch table.content {
        case .fixed(let entries, _):
            return range.filter(isUseful).flatMap { index -> [Trait] in
                let key = entries[index].key
                var traits: [Trait] = []
                for address in addresses(forKey: key) where traits.isEmpty || hasBelow(key, entries) {
                    if let trait = make(address, key) { traits.append(trait) }
                }
                return traits
            }
        case .patterns:
            return patternRules(table, where: isUseful).compactMap { pattern, entry in
                // The empty address is the null sender, which has a key of its own.
                let keys = addresses(matching: pattern.pattern, table, entry) + [nullKey]
                func trait(_ key: String) -> Trait? { make(key == nullKey ? "" : key, nil) }
                return telling(keys, table, entry) { trait($0) != nil }.flatMap(trait)
            }
        default: return []
        }
    }

    /// Which senders a key of an access(5) table stands for; without one, those whom a pattern finds.
    private func senders(_ key: String?, such address: String) -> String {
        if address.isEmpty { return "the null sender" }
        guard let key else { return "a sender such as \(address)" }
        if key.hasSuffix("@") { return "a sender \(key)…" }
        return key.contains("@") ? "the sender \(key)" : "a sender in \(key)"
    }

    private func recipients(_ key: String) -> String {
        if key.hasSuffix("@") { return "recipients \(key)…" }
        return key.contains("@") || key.hasPrefix("/") ? "recipients such as \(key)" : "recipients in \(key)"
    }

    /// Recipients in domains that nobody declared, which a pattern of the maps of recipients lists.
    var listedRecipientTraits: [Trait] {
        let listed = relayRecipients + mailboxRecipients
        guard !listed.isEmpty else { return [] }
        let domains = [Stranger.domain] + undeclaredRelayDomains
        return listed.flatMap(\.leaves).flatMap { table in
            patternRules(table).compactMap { pattern, entry in
                let ours = addresses(matching: pattern.pattern, table, entry).filter {
                    $0.hasSuffix("@\(Stranger.domain)")
                }
                let all = domains.flatMap { domain in ours.map { $0.replacing(Stranger.domain, with: domain) }
                }
                let address = all.first { address in
                    let addressClass = resolver.resolve(address, assuming: given).addressClass
                    return gives(table, address, entry) && [.relay, .mailbox].contains(addressClass)
                }
                return address.map {
                    Trait(change: .recipient($0), who: "anyone, to recipients such as \($0)")
                }
            }
        }
    }

    private var nullKey: String { values.text(of: "smtpd_null_access_lookup_key") }

    private func addresses(forKey key: String) -> [String] {
        if key == nullKey { return [""] }
        // Access tables are asked for addresses as they are without their quotes.
        if key.contains("\"") { return [] }
        if key.hasSuffix("@") { return [key + Stranger.domain] }
        if key.hasPrefix("@") { return [] }
        if key.contains("@") { return [key].filter(hasPossibleDomain) }
        if key.hasPrefix(".") { return ["x7q@x7q\(key)"].filter(hasPossibleDomain) }
        return ["x7q@\(key)", accessMatchesParents ? "x7q@x7q.\(key)" : "x7q@\(key)"].filter(
            hasPossibleDomain)
    }

    /// Mail addresses that hold what the pattern looks for, the foreign ones first.
    func addresses(matching pattern: Pattern, _ table: LookupTable, _ entry: Int) -> [String] {
        let samples = texts(pattern, table, entry, filling: [Stranger.domain.bytes, [], "x7q".bytes])
        let below = { (text: String) in text + (text.hasSuffix(".") ? "" : ".") + Stranger.domain }
        let found = samples.flatMap { text -> [String] in
            let core = text.trimmingDots
            // A rule for the part before the sign, inside a condition on the domain behind it.
            if text.contains("@@") { return [text.replacing("@@", with: "@"), text] }
            if text.hasPrefix("@") {
                let domain = String(text.dropFirst())
                return ["x7q@\(below(domain))", "x7q@\(domain)", "x7q@not\(domain)"]
            }
            if text.hasSuffix("@") { return [text + Stranger.domain] }
            if text.contains("@") { return [text, below(text), "x7q\(text)"] }
            return [
                "x7q@not\(core)", "x7q@\(core).\(Stranger.domain)", "x7q@x7q.\(core)",
                "\(core)@\(Stranger.domain)",
                "x7q@\(core)",
            ]
        }
        let valid = found.filter(hasPossibleDomain)
        // A domain before the sign is hard to read where there is a plainer address.
        let isPlain = { (address: String) in !address.prefix { $0 != "@" }.contains(Stranger.domain) }
        return valid.filter(isPlain) + valid.filter { !isPlain($0) }
    }

    /// Whether trivial-rewrite takes what is behind the last sign for a domain, and leaves it as it is: smtpd refuses
    /// all else with 501, and a dot at its end is taken off.
    func hasPossibleDomain(_ address: String) -> Bool {
        guard let at = address.lastIndex(of: "@") else { return true }
        let domain = address[address.index(after: at)...]
        return domain.hasPrefix("[") || isHostName(String(domain))
    }

    /// Whether a key that names domains is about those below one that this host serves: they are its administrator's.
    private func isBelowServed(_ address: String, named key: String?) -> Bool {
        guard let key, !key.contains("@") || key.hasPrefix("@") else { return false }
        let domain = address.lastIndex(of: "@").map { String(address[address.index(after: $0)...]) } ?? ""
        if resolver.isOwn(name: domain) { return true }
        var rest = domain[...]
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            if resolver.serves(String(rest)) { return true }
        }
        return false
    }

    /// Whether mail to the address would leave this host: its domain is neither taken here nor declared.
    func isForeign(_ address: String) -> Bool {
        let destination = resolver.resolve(address, assuming: given)
        return destination.addressClass == .elsewhere && !destination.domain.isEmpty
    }
}

extension String {
    var trimmingDots: String {
        var rest = self[...]
        while rest.first == "." || rest.first == "@" { rest = rest.dropFirst() }
        while rest.last == "." || rest.last == "@" { rest = rest.dropLast() }
        return String(rest)
    }
}
