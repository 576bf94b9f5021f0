import MailModel
import Postfix

/// Whom the rules of several tables have to let in together: each list may ask its own tables, and a sender, say, is one
/// address for all of them.
extension SMTPServer {
    /// How many rules are followed at once; longer tables hardly let anybody in by two of them.
    private static let ruleLimit = 60

    /// Strangers whom no single rule makes, but what all the tables about them say.
    func witnessTraits(_ subject: Restriction.Subject) -> [Trait] {
        let tables = asked(about: subject)
        let hasPatterns = tables.contains { if case .patterns = $0.content { true } else { false } }
        guard hasPatterns || tables.filter(letsAnybodyIn).count > 1 else { return [] }
        return shapes(subject).flatMap { shape in
            texts(tables, shape, subject).compactMap { trait($0, subject, shape) }
        }
    }

    private func letsAnybodyIn(_ table: LookupTable) -> Bool {
        table.leaves.contains { leaf in
            switch leaf.content {
            case .fixed, .patterns: leaf.entries.contains { !isRefusal($0.value) }
            case .networks, .networkRules, .constant, .union, .pipe, .failing, .unreadable: false
            }
        }
    }

    /// What a text is made as.
    private enum Shape: String, CaseIterable {
        case mailbox =
            "^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z][a-z]+$"
        case name = "^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z][a-z]+$"
        case word = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
        case address =
            "^([1-9]|[1-9][0-9]|1[0-9][0-9]|2[01][0-9])(\\.([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])){3}$"
        case literal =
            "^\\[([1-9]|[1-9][0-9]|1[0-9][0-9]|2[01][0-9])(\\.([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9])){3}\\]$"

        /// As the expressions above are ours, they can be read.
        var pattern: Pattern? { try? Pattern(rawValue.bytes, dialect: .pcre) }
    }

    private func shapes(_ subject: Restriction.Subject) -> [Shape] {
        switch subject {
        case .sender, .recipient: [.mailbox]
        case .client: [.name, .address]
        case .reverseClient: [.name]
        case .helo: [.name, .word, .literal, .address]
        case .certificate, .login, .servers, .domain: []
        }
    }

    private func trait(_ text: String, _ subject: Restriction.Subject, _ shape: Shape) -> Trait? {
        switch subject {
        case .sender:
            return Trait(
                change: .sender(text),
                who: text.isEmpty ? "anyone with the null sender" : "anyone with a sender such as \(text)")
        case .recipient:
            guard isForeign(text) else { return nil }
            return Trait(change: .recipient(text), who: "anyone, to recipients such as \(text)")
        case .client where shape == .address:
            guard let address = IPAddress(text), !host.isTrusted(address) else { return nil }
            return Trait(
                change: .client(Client(address: address, name: Stranger.name)),
                who: "clients with addresses such as \(text)")
        case .client:
            guard !resolver.isOwn(name: text), !isLocalName(text) else { return nil }
            return Trait(change: .name(text), who: "clients with verified names such as \(text)")
        case .reverseClient:
            return Trait(change: .reverseName(text), who: "clients with reverse names such as \(text)")
        case .helo: return Trait(change: .helo(text), who: "anyone who says a HELO name such as \(text)")
        case .certificate, .login, .servers, .domain: return nil
        }
    }

    private func texts(_ tables: [LookupTable], _ shape: Shape, _ subject: Restriction.Subject) -> [String] {
        let own =
            shape == .address || ![.recipient, .client].contains(subject) ? [] : Array(ownDomains.prefix(8))
        let key = Host.WitnessKey(
            subject: subject, shape: shape.rawValue, tables: tables.map(\.name), excluded: own,
            matchesParents: accessMatchesParents)
        let made = host.witnesses[key] ?? makeTexts(tables, shape, subject, excluding: own)
        host.witnesses[key] = made
        if !made.isComplete {
            let undecided = tables.filter { table in
                if case .patterns = table.content { letsAnybodyIn(table) } else { false }
            }
            if undecided.count > 1 { undecided.forEach(leaveUntried) }
        }
        return made.texts
    }

    private func makeTexts(
        _ tables: [LookupTable], _ shape: Shape, _ subject: Restriction.Subject, excluding own: [String]
    ) -> (texts: [String], isComplete: Bool) {
        guard let pattern = shape.pattern else { return ([], false) }
        // What is the host's own is nobody's to have, or no way out.
        let others = own.compactMap { Self.pattern("(^|[.@])\(Self.escaped($0))$") }
        let followed = tables.map { self.rules($0, subject) }
        var search = WitnessSearch(
            followed.compactMap { $0 },
            shape: [.init(pattern: pattern)] + others.map { .init(pattern: $0, isNegated: true) })
        let texts = search.texts { Self.familiar($0, shape) }
        return (texts, search.isExhaustive && followed.allSatisfy { $0 != nil })
    }

    /// Texts of the same kind with domains that there are.
    private static func familiar(_ text: String, _ shape: Shape) -> [String] {
        switch shape {
        case .mailbox, .name:
            let local = text.lastIndex(of: "@").map { String(text[...$0]) } ?? ""
            let stem = text.lastIndex(of: ".").map { String(text[...$0]) } ?? text
            return [local.isEmpty ? Stranger.name : local + Stranger.domain]
                + ["com", "net", "de"].map { stem + $0 }
        case .word, .address, .literal: return []
        }
    }

    /// The tables that are asked about somebody, wherever in the lists.
    private func asked(about subject: Restriction.Subject) -> [LookupTable] {
        var names: [String] = []
        func collect(_ restrictions: [Restriction], _ bare: Restriction.Subject?, _ depth: Int) {
            for restriction in restrictions {
                let (asked, name): (Restriction.Subject?, String) =
                    switch restriction.kind {
                    case .access(let subject, let table): (subject, table)
                    case .bareTable(let table): (bare, table)
                    default: (nil, "")
                    }
                guard let asked else { continue }
                if asked == subject, !names.contains(name) { names.append(name) }
                guard depth < 3 else { continue }
                let values = host.tables.table(name).leaves.lazy.flatMap { $0.entries.prefix(Self.ruleLimit) }
                for value in Set(values.map(\.value)) {
                    if case .restrictions(let inner) = action(of: value) { collect(inner, asked, depth + 1) }
                }
            }
        }
        for stage in stages { collect(lists[stage] ?? [], self.subject(of: stage), 0) }
        for name in classes.keys.sorted() { collect(classes[name] ?? [], nil, 0) }
        return names.map(host.tables.table)
    }

    /// - Returns: `nil` for a table whose rules cannot all be followed.
    private func rules(_ table: LookupTable, _ subject: Restriction.Subject) -> WitnessSearch.Rules? {
        switch table.content {
        case .patterns(let rules): return self.rules(rules)
        case .fixed(let entries, _):
            guard entries.count <= Self.ruleLimit else { return nil }
            // The whole address is looked for first, then its domain and those above it, each longer than the next.
            let sorted = entries.sorted {
                ($0.key.contains("@") ? 1 : 0, $0.key.count) > ($1.key.contains("@") ? 1 : 0, $1.key.count)
            }
            return sorted.compactMap { entry in
                guard let pattern = pattern(ofKey: entry.key.folded, subject) else { return nil }
                return .init(conditions: [.init(pattern: pattern)], isRefusal: isRefusal(entry.value))
            }
        case .constant, .networks, .networkRules: return []
        case .union, .pipe, .failing, .unreadable: return nil
        }
    }

    private func rules(_ rules: [LookupTable.PatternRule]) -> WitnessSearch.Rules? {
        guard rules.count <= Self.ruleLimit else { return nil }
        var made: WitnessSearch.Rules = []
        var open: [[WitnessSearch.Condition]] = []
        var isWhole = true
        for rule in rules {
            switch rule.kind {
            case .endOfCondition: _ = open.popLast()
            case .skipped: continue
            case .rule, .condition:
                // What is not understood is another question.
                if rule.pattern != nil, rule.pattern?.conditions == nil { isWhole = false }
                guard let conditions = rule.pattern?.conditions?.map(WitnessSearch.Condition.init) else {
                    if rule.kind == .condition { open.append([Self.never]) }
                    continue
                }
                if rule.kind == .condition {
                    open.append(conditions)
                } else {
                    made.append(
                        .init(conditions: open.joined() + conditions, isRefusal: isRefusal(rule.value)))
                }
            }
        }
        return isWhole ? made : nil
    }

    private static let never = WitnessSearch.Condition(pattern: Pattern.nothing)

    private static func pattern(_ text: String) -> Pattern? { try? Pattern(text.bytes, dialect: .pcre) }

    private static func escaped(_ text: String) -> String {
        text.map { $0.isLetter || $0.isNumber ? "\($0)" : "\\\($0)" }.joined()
    }

    /// What a text is like that a key of a table is looked up for (access(5)).
    private func pattern(ofKey key: String, _ subject: Restriction.Subject) -> Pattern? {
        let isMail = subject == .sender || subject == .recipient
        if key.hasSuffix("@") { return isMail ? Self.pattern("^" + Self.escaped(key)) : nil }
        if key.contains("@") { return isMail ? Self.pattern("^\(Self.escaped(key))$") : nil }
        if key.allSatisfy({ $0.isNumber || $0 == "." }) {
            return Self.pattern("^\(Self.escaped(key))(\\.|$)")
        }
        let before = isMail ? "@" : "^"
        if key.hasPrefix(".") {
            guard !accessMatchesParents else { return nil }
            return Self.pattern("\(before).+\(Self.escaped(key))$")
        }
        return Self.pattern(before + (accessMatchesParents ? "(.+\\.)?" : "") + Self.escaped(key) + "$")
    }
}
