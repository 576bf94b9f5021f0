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
        let fillings: [[UInt8]] = [Stranger.domain.bytes, [], "xqx".bytes]
        let candidates = fillings.flatMap { pattern.samples(filling: $0) }.map(\.text.folded).flatMap {
            text -> [String] in
            let core = text.trimmingDots
            return ["\(core).\(Stranger.domain)", "not\(core)", "x7q\(core)", core, "x7q\(text)"]
        }
        return candidates.first { domain in
            guard isHostName(domain), !isLocalName(domain), !names(domain, pattern) else { return false }
            guard case .found(_, entry) = table.ask(domain) else { return false }
            return true
        }
    }

    /// Whether the text of a pattern names the domain, or others of the same owner: whoever has `example.net` has what
    /// is below it as well, and nobody has all of `co.uk`.
    func names(_ domain: String, _ pattern: Pattern) -> Bool {
        pattern.samples(filling: []).map { $0.text.trimmingDots.folded }.contains { core in
            core.contains(".") && ownerDomain(core) == ownerDomain(domain)
        }
    }

    /// The part of a name that somebody registered.
    func ownerDomain(_ name: String) -> String {
        let labels = name.split(separator: ".")
        return labels.suffix(isPublicSuffix(Array(labels.suffix(2))) ? 3 : 2).joined(separator: ".")
    }

    func makeDeclaredOwners() -> Set<String> {
        let names = resolver.lists.flatMap(\.list.patterns).compactMap { pattern -> String? in
            guard case .literal(let text) = pattern.content, !pattern.isNegated else { return nil }
            return text.trimmingDots
        }
        return Set(names.filter { $0.contains(".") }.map(ownerDomain))
    }
}
