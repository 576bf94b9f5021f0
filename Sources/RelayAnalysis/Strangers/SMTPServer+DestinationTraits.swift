import MailModel
import Postfix

extension SMTPServer {
    /// A foreign domain that a name in `relay_domains` takes in, where the name is so short that nobody can
    /// mean all of it.
    func undeclaredDomain(_ text: String) -> String? {
        let name = text.trimmingDots
        let labels = name.split(separator: ".")
        guard isHostName(name), !isLocalName(name) else { return nil }
        guard labels.count == 1 || isPublicSuffix(labels) else { return nil }
        // Where subdomains do not match, a bare name is only itself.
        let domain = "relay-check-x7q.\(name)"
        guard resolver.resolve("x7q@\(domain)", assuming: given).addressClass == .relay else { return nil }
        return domain
    }

    /// `co.uk` and its like.
    private func isPublicSuffix(_ labels: [Substring]) -> Bool {
        labels.count == 2 && labels[1].count == 2
            && ["co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "gob", "gouv", "mil"]
                .contains(labels[0])
    }

    /// Whether a name is in no public name space, so that no stranger has it.
    func isLocalName(_ name: String) -> Bool {
        let last = String(name.split(separator: ".").last ?? "")
        // Every public top-level domain is of letters alone, or encoded (RFC 3696, section 2).
        let isPublic = last.utf8.allSatisfy(\.isLetter) || last.hasPrefix("xn--")
        return !isPublic || Self.localNames.contains(last)
    }

    private static let localNames: Set<String> = [
        // Postfix's own words, which get into lists by `$name`.
        "all", "any", "none", "no", "yes", "subnet", "class", "loopback-only",
        "localhost", "localdomain", "local", "lan", "internal", "intranet", "home", "corp", "private", "arpa",
    ]

    /// Domains that a table of a class list takes in although its keys do not name them.
    func domainTraits(_ table: LookupTable, of list: DomainList) -> [Trait] {
        switch table.content {
        case .patterns(let rules):
            let obscure = list.parameter == "relay_domains" ? unreadableTrait(table) : nil
            return (obscure.map { [$0] } ?? [])
                + rules.prefix(3000).compactMap { rule in
                    guard rule.kind == .rule, let pattern = rule.pattern, !pattern.isNegated else {
                        return nil
                    }
                    guard let domain = foreignDomain(pattern.pattern, table, rule.entry) else { return nil }
                    let key = table.entries[rule.entry].key
                    return Trait(
                        change: .recipient("x7q@\(domain)"),
                        who: "anyone, to every domain that matches \(key)")
                }
        case .fixed(let entries, _):
            guard list.parameter == "relay_domains" else { return [] }
            return entries.prefix(20000).compactMap { entry in
                guard let domain = undeclaredDomain(entry.key) else { return nil }
                return Trait(
                    change: .recipient("x7q@\(domain)"), who: "anyone, to every domain below \(entry.key)")
            }
        case .unreadable:
            guard list.parameter == "relay_domains" else { return [] }
            return unreadableTrait(table).map { [$0] } ?? []
        case .networks, .networkRules, .constant, .union, .pipe, .failing: return []
        }
    }

    /// A domain that the pattern matches and that its own text does not name.
    private func foreignDomain(_ pattern: Pattern, _ table: LookupTable, _ entry: Int) -> String? {
        let cores = pattern.samples(filling: []).map { $0.text.trimmingDots.folded }
            .filter { $0.split(separator: ".").count >= 2 }
        let fillings = pattern.samples(filling: Stranger.domain.bytes).map(\.text) + cores
        let candidates = fillings.flatMap { text -> [String] in
            let core = text.trimmingDots
            return ["\(core).\(Stranger.domain)", "not\(core)", "x7q\(core)", core, "x7q\(text)"]
        }
        return candidates.first { domain in
            guard isHostName(domain), !cores.contains(where: { domain == $0 || domain.hasSuffix("." + $0) })
            else {
                return false
            }
            guard case .found(_, entry) = table.ask(domain) else { return false }
            return true
        }
    }

    /// Recipients whose address a map rewrites to one that the sender chose.
    var rewritingTraits: [Trait] {
        strayTraits + copyTraits + copyMaps.flatMap { host.tables.table($0).leaves }.flatMap(decodingTraits)
            + Self.recipientMaps.flatMap { parameter in
                rewriting.value(of: parameter).items.flatMap { item in
                    host.tables.table(item.text).leaves.flatMap { decodingTraits($0) + unreadTraits($0) }
                }
            }
    }

    /// What a map of patterns might do that is not understood, or not there to be read. Rows of fixed keys lead to
    /// addresses that somebody wrote down; only patterns take them from the recipient.
    private func unreadTraits(_ table: LookupTable) -> [Trait] {
        let isPatternFile = TableName(table.name).map { TableName.patternTypes.contains($0.type) } ?? false
        let why: String
        switch table.content {
        case .unreadable(let reason) where isPatternFile:
            why = "whom \(table.name) leads elsewhere, which cannot be read here (\(reason))"
        case .patterns:
            guard
                let rule = table.obscureRules.first(where: { $0.kind == .condition || $0.value.contains("$") }
                )
            else { return [] }
            why =
                "whom \(table.entries[rule.entry].key) of \(table.name) leads elsewhere, which is not understood here"
        default: return []
        }
        return [
            Trait(
                change: .ledOut("x7q@\(hostedDomain)", by: table.name), who: "anyone, to recipients \(why)")
        ]
    }

    private func decodingTraits(_ table: LookupTable) -> [Trait] {
        guard case .patterns(let rules) = table.content else { return [] }
        return rules.prefix(1000).compactMap { rule in
            // Only a result that takes its domain from the recipient can lead anywhere.
            guard rule.kind == .rule, rule.value.contains("$"), let pattern = rule.pattern, !pattern.isNegated
            else { return nil }
            if let trait = decodingTrait(rule.value, pattern.pattern, table, rule.entry) { return trait }
            for address in decodedAddresses(pattern.pattern) {
                guard case .found(let value, rule.entry) = table.ask(address) else { continue }
                let inside = resolver.resolve(address, assuming: given)
                guard inside.addressClass != .elsewhere, rewritingTargets(value).contains(where: isForeign)
                else { continue }
                return Trait(change: .recipient(address), who: "anyone, to recipients such as \(address)")
            }
            return nil
        }
    }

    /// A rule by which every address there is can be written as one of this host's.
    private func decodingTrait(_ value: String, _ pattern: Pattern, _ table: LookupTable, _ entry: Int)
        -> Trait?
    {
        let encoded = [Stranger.recipient, Stranger.otherMailbox].map { target in
            spellings(target, in: value, pattern).lazy.flatMap { held in
                self.inOwnDomains(pattern.samples(filling: [], holding: held).map(\.text))
            }.first { address in
                guard case .found(let value, entry) = table.ask(address) else { return false }
                let inside = self.resolver.resolve(address, assuming: self.given)
                return rewritingTargets(value).contains(target) && inside.addressClass != .elsewhere
            }
        }
        guard let first = encoded[0], encoded[1] != nil else { return nil }
        return Trait(
            change: .recipient(first), who: "anyone, to every recipient, written as \(first)",
            isEverybodys: true)
    }

    /// What the groups of a rule must hold so that it leads to the address.
    func spellings(_ target: String, in value: String, _ pattern: Pattern) -> [[Int: [UInt8]]] {
        let found = rewritingTargets(value).compactMap { try? RuleResult($0) }.flatMap {
            $0.groups(spelling: target, mustBeAll: true)
        }.filter { held in !held.isEmpty && held.allSatisfy { pattern.canHold($0.value, group: $0.key) } }
        return Array(found.prefix(40))
    }

    /// Addresses in the domains of this host that the pattern matches.
    private func decodedAddresses(_ pattern: Pattern) -> [String] {
        let samples = pattern.samples(filling: Stranger.domain.bytes) + pattern.samples(filling: "x7q".bytes)
        return inOwnDomains(samples.map(\.text))
    }

    private func inOwnDomains(_ texts: [String]) -> [String] {
        let domains = resolver.lists.flatMap(\.list.patterns).compactMap { pattern -> String? in
            if case .literal(let text) = pattern.content, isHostName(text) { text } else { nil }
        }
        return texts.flatMap { text -> [String] in
            guard let at = text.lastIndex(of: "@") else { return domains.prefix(20).map { "\(text)@\($0)" } }
            return [text] + domains.prefix(20).map { text[...at] + $0 }
        }
    }
}
