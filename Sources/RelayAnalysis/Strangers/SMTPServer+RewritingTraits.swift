import MailModel
import Postfix

/// Recipients here whose mail goes where their own address says.
extension SMTPServer {
    /// Recipients whose address a map rewrites to one that the sender chose.
    var rewritingTraits: [Trait] {
        let copies = copyMaps.map(host.tables.table)
        let maps = Self.recipientMaps.flatMap { rewriting.value(of: $0).items }
            .map { host.tables.table($0.text) }
        return strayTraits + copyTraits
            + (copies + maps).flatMap { $0.leaves.flatMap(decodingTraits) + $0.pipes.flatMap(pipeTraits) }
            + maps.flatMap(\.leaves).flatMap(unreadTraits)
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
                guard isLed(inside), isChosen(value, by: rule.value) else { continue }
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
                return rewritingTargets(value).contains(target) && isLed(inside)
            }
        }
        guard let first = encoded[0], encoded[1] != nil else { return nil }
        return Trait(
            change: .recipient(first), who: "anyone, to every recipient, written as \(first)",
            isEverybodys: true)
    }

    /// Addresses that a chain of tables together leads wherever a stranger wants, though none of them does alone.
    private func pipeTraits(_ pipe: LookupTable) -> [Trait] {
        let encoded = [Stranger.recipient, Stranger.otherMailbox].map { target in
            inOwnDomains(keys(leadingTo: target, in: pipe)).first { address in
                guard case .found(let value, _) = pipe.ask(address) else { return false }
                let inside = resolver.resolve(address, assuming: given)
                return rewritingTargets(value).contains(target) && isLed(inside)
            }
        }
        guard let first = encoded[0], encoded[1] != nil else { return [] }
        return [
            Trait(
                change: .recipient(first), who: "anyone, to every recipient, written as \(first)",
                isEverybodys: true)
        ]
    }

    private static let keyLimit = 200

    /// What the table may be asked so that it answers with the target.
    private func keys(leadingTo target: String, in table: LookupTable) -> [String] {
        switch table.content {
        case .patterns(let rules):
            return rules.prefix(Self.keyLimit).flatMap { rule -> [String] in
                guard rule.kind == .rule, let pattern = rule.pattern, !pattern.isNegated else { return [] }
                return spellings(target, in: rule.value, pattern.pattern).flatMap {
                    pattern.pattern.samples(filling: [], holding: $0).map(\.text)
                }
            }
        case .union(let members): return members.flatMap { keys(leadingTo: target, in: $0) }
        case .pipe(let members):
            return members.reversed().reduce([target]) { targets, member in
                Array(targets.flatMap { keys(leadingTo: $0, in: member) }.prefix(Self.keyLimit))
            }
        case .fixed, .networks, .networkRules, .constant, .failing, .unreadable: return []
        }
    }

    /// Whether an answer names a foreign domain that the row which gave it does not: what an administrator wrote down
    /// is a forward, and so is what lies below a domain of this host's.
    func isChosen(_ answer: String, by row: String) -> Bool {
        let written = rewritingTargets(row).map { "." + $0.folded.replacing("@", with: ".") }
        return rewritingTargets(answer).contains { target in
            leadsElsewhere(target) && !written.contains { $0.hasSuffix("." + owner(of: target)) }
        }
    }

    /// Whether an address is in a domain that has nothing to do with this host's. One without a dot is nobody's.
    func leadsElsewhere(_ address: String) -> Bool {
        guard let at = address.lastIndex(of: "@"), address[at...].contains(where: { ".:".contains($0) })
        else {
            return false
        }
        return isForeign(address) && !declaredOwners.contains(owner(of: address))
    }

    private func owner(of address: String) -> String {
        let at = address.lastIndex(of: "@") ?? address.startIndex
        return ownerDomain(String(address[at...].dropFirst()).folded)
    }

    /// Whether what a map makes of a recipient counts: mail to a domain that is relayed for leaves in any case.
    private func isLed(_ inside: Destination) -> Bool {
        guard inside.addressClass == .relay else { return inside.isFinal }
        return rewrite(inside.address, trusting: []).map { isForeign($0.address) } ?? false
    }

    /// A row of `smtp_generic_maps` that gives the next host, as one elsewhere, a recipient whom this host took as its
    /// own.
    struct HandedOn {
        var parameters: ParameterValues
        var table: LookupTable
        var entry: Int
    }

    var handedOn: [HandedOn] {
        let session = Stranger.session(from: Stranger.addresses[0], usingTLS: false)
        let senders = Set(
            host.master.services.filter { $0.command == "smtp" && $0.type == "unix" }.map(\.name))
        return senders.sorted().flatMap { sender -> [HandedOn] in
            let parameters = host.values(ofDaemon: sender)
            let tables = parameters.value(of: "smtp_generic_maps").items.map { host.tables.table($0.text) }
            return tables.flatMap(\.leaves).flatMap { table -> [HandedOn] in
                patternRules(table) { table.entries[$0].value.contains("$") }.filter { pattern, entry in
                    decodedAddresses(pattern.pattern).contains { address in
                        let inside = resolver.resolve(address, assuming: given)
                        guard case .found(let value, entry) = table.ask(address),
                            inside.addressClass != .elsewhere,
                            transport(for: inside, session).name == sender
                        else { return false }
                        return isChosen(value, by: table.entries[entry].value)
                    }
                }.map { HandedOn(parameters: parameters, table: table, entry: $0.entry) }
            }
        }
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
