import MailModel
import Postfix

extension SMTPServer {
    /// Recipients that are taken as this host's although nobody declared their domain.
    var destinationTraits: [Trait] {
        domainTraits + (allowsUntrustedRouting ? routedTraits : []) + rewritingTraits
    }

    /// Recipients in domains that nobody declared, and that the class lists take.
    var domainTraits: [Trait] {
        var traits: [Trait] = []
        for (list, _) in resolver.lists {
            for pattern in list.patterns where !pattern.isNegated {
                switch pattern.content {
                case .literal(let text):
                    guard list.parameter == "relay_domains", let domain = undeclaredDomain(text) else {
                        continue
                    }
                    traits.append(
                        Trait(
                            change: .recipient("x7q@\(domain)"), who: "anyone, to every domain below \(text)")
                    )
                case .table(let table): traits += table.leaves.flatMap { domainTraits($0, of: list) }
                case .unreadable, .failing: continue
                }
            }
        }
        return traits
    }

    /// `user%elsewhere@relay.domain`, which the relay domain's host may send on.
    var routedTraits: [Trait] {
        guard let relay = resolver.lists.first(where: { $0.addressClass == .relay })?.list
        else { return [] }
        return relay.patterns.prefix(50).flatMap { pattern -> [Trait] in
            let domains: [String] =
                switch pattern.content {
                // A name that is this host's own may still have others below it.
                case .literal(let text): [text, "x7q." + text.trimmingDots]
                case .table(let table): table.leaves.flatMap(relayedDomains)
                case .failing, .unreadable: []
                }
            return domains.map { $0.hasPrefix(".") ? "x7q" + $0 : $0 }.filter(isHostName).map {
                routedTrait("@\($0)")
            }
        }
    }

    /// Some of the domains that a table of `relay_domains` takes in.
    private func relayedDomains(_ table: LookupTable) -> [String] {
        guard case .patterns = table.content else { return table.entries.prefix(5).map(\.key) }
        return patternRules(table).prefix(5).flatMap { rule in
            texts(rule.pattern.pattern, table, rule.entry, filling: [[]]).map(\.trimmingDots).flatMap {
                [$0, "x7q." + $0]
            }
        }
    }

    /// - Parameter address: one in the domain whose host may send on.
    func routedTrait(_ address: String) -> Trait {
        let domain =
            address.lastIndex(of: "@").map { String(address[address.index(after: $0)...]) } ?? address
        return Trait(
            change: .recipient("x7q%\(Stranger.domain)@\(domain)"),
            who: "anyone, with recipients such as user%elsewhere@\(domain)")
    }

    /// Domains nobody declared that a short name in `relay_domains` takes in.
    var undeclaredRelayDomains: [String] {
        resolver.lists.filter { $0.addressClass == .relay }.flatMap(\.list.patterns).compactMap { pattern in
            guard !pattern.isNegated, case .literal(let text) = pattern.content else { return nil }
            return undeclaredDomain(text)
        }
    }
}
