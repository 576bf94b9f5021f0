import MailModel
import Postfix

/// What asking a table gave.
enum Answer {
    /// The value, and which entry gave it, where there are entries.
    case found(String, entry: Int?)
    case missing
    /// The lookup fails: smtpd answers 451.
    case failure(String)
    /// What it would answer cannot be known here.
    case unreadable(String)
}

/// Whether a key is the whole name or address, or a part of it that only tables of fixed keys are asked for.
enum KeyPart { case whole, part }

/// A lookup table as smtpd asks it, with an index so that large tables are quick.
final class LookupTable {
    enum Content {
        /// By key; the positions take half the room as 32 bits.
        case fixed([TableEntry], index: [String: UInt32])
        case networks([TableEntry], index: NetworkIndex)
        /// With `IF`, `!`, or both, so that the order decides.
        case networkRules([NetworkRule])
        case patterns([PatternRule])
        case constant(String)
        case union([LookupTable])
        case pipe([LookupTable])
        case failing(String)
        case unreadable(String)
    }

    struct NetworkRule {
        var kind: RuleKind
        var network: IPNetwork?
        var isNegated: Bool
        var value: String
        var entry: Int
    }

    struct PatternRule {
        var kind: RuleKind
        /// `nil` for what is not understood.
        var pattern: TablePattern?
        var value: String
        var entry: Int
        /// Why Postfix skips the rule, where it does.
        var fault: String?

        func result(_ groups: [[UInt8]?]) -> String {
            guard value.utf8.contains(UInt8(ascii: "$")) else { return value }
            return (try? RuleResult(value))?.text(groups) ?? value
        }
    }

    /// What Postfix skips with a warning has a kind of its own, so that the rules keep the numbers of the entries.
    enum RuleKind { case rule, condition, endOfCondition, skipped }

    /// As written: `hash:/etc/postfix/access`.
    let name: String
    let content: Content
    /// The entries of the source, for quoting.
    let entries: [TableEntry]
    /// The file that the entries came from.
    let source: String?
    /// What a table that cannot be read answered to the keys of ordinary strangers.
    let known: [String: String]
    /// What patterns said before.
    private var answers: [String: Answer] = [:]

    init(
        name: String, content: Content, entries: [TableEntry], source: String?, known: [String: String] = [:]
    ) {
        self.name = name
        self.content = content
        self.entries = entries
        self.source = source
        self.known = known
    }

    func ask(_ key: String, _ part: KeyPart = .whole) -> Answer {
        switch content {
        case .fixed(let entries, let index):
            guard let position = index[key.folded].map(Int.init) else { return .missing }
            return .found(entries[position].value, entry: position)
        case .networks(let entries, let index):
            guard part == .whole, let address = IPAddress(key), let position = index.first(holding: address)
            else { return .missing }
            return .found(entries[position].value, entry: position)
        case .networkRules(let rules): return part == .whole ? ask(rules, key) : .missing
        case .patterns(let rules): return part == .whole ? askPatterns(rules, key) : .missing
        case .constant(let value): return .found(value, entry: nil)
        case .union(let members): return askUnion(members, key, part)
        case .pipe(let members): return askPipe(members, key, part)
        case .failing(let why): return .failure(why)
        case .unreadable(let why): return known[key.folded].map { .found($0, entry: nil) } ?? .unreadable(why)
        }
    }

    /// Whether any key at all might be found in the table.
    var canAnswer: Bool {
        switch content {
        case .fixed(let entries, _), .networks(let entries, _): !entries.isEmpty
        case .networkRules(let rules): !rules.isEmpty
        case .patterns(let rules): rules.contains { $0.kind == .rule }
        case .constant, .unreadable: true
        case .union(let members), .pipe(let members): members.contains { $0.canAnswer }
        case .failing: false
        }
    }

    /// The rules with a pattern that is not understood here.
    private(set) lazy var obscureRules: [PatternRule] = {
        guard case .patterns(let rules) = content else { return [] }
        return rules.filter { ($0.kind == .rule || $0.kind == .condition) && $0.pattern == nil }
    }()

    /// Whether a rule may hang on what others look for.
    private(set) lazy var hasConditions: Bool = {
        guard case .patterns(let rules) = content else { return false }
        return rules.contains { $0.kind == .condition || $0.pattern?.isNegated == true }
    }()

    /// The tables that this one is made of, or itself.
    var leaves: [LookupTable] {
        switch content {
        case .union(let members), .pipe(let members): members.flatMap(\.leaves)
        default: [self]
        }
    }

    /// The chains of tables in it, the answer of each of which is what the next one is asked.
    var pipes: [LookupTable] {
        switch content {
        case .pipe: [self]
        case .union(let members): members.flatMap(\.pipes)
        default: []
        }
    }

    private func ask(_ rules: [NetworkRule], _ key: String) -> Answer {
        guard let address = IPAddress(key) else { return .missing }
        var index = 0
        while index < rules.count {
            let rule = rules[index]
            index += 1
            guard rule.kind != .endOfCondition, let network = rule.network else { continue }
            // A rule says nothing of the other family, negated or not.
            let holds =
                network.address.width == address.width && network.contains(address) != rule.isNegated
            if rule.kind == .rule, holds { return .found(rule.value, entry: rule.entry) }
            if rule.kind == .condition, !holds { index = Self.endOfBlock(rules.map(\.kind), from: index) }
        }
        return .missing
    }

    /// The patterns of a long table are asked for the same keys again and again, each time from the first on.
    private func askPatterns(_ rules: [PatternRule], _ key: String) -> Answer {
        guard rules.count > 50 else { return ask(rules, key) }
        if let known = answers[key] { return known }
        let answer = ask(rules, key)
        if answers.count < 10_000 { answers[key] = answer }
        return answer
    }

    private func ask(_ rules: [PatternRule], _ key: String) -> Answer {
        let text = Array(key.utf8)
        var index = 0
        while index < rules.count {
            let rule = rules[index]
            index += 1
            guard rule.kind == .rule || rule.kind == .condition else { continue }
            // What is not understood is another question: see ``obscureRules``.
            guard let pattern = rule.pattern else {
                if rule.kind == .condition { index = Self.endOfBlock(rules.map(\.kind), from: index) }
                continue
            }
            let outcome = pattern.pattern.search(text)
            if case .undecided = outcome { return .unreadable("a pattern takes too long to decide") }
            var groups: [[UInt8]?] = []
            var holds = pattern.isNegated
            if case .match(let captured) = outcome {
                groups = captured
                holds.toggle()
            }
            holds = holds && pattern.isAlso(about: text)
            if rule.kind == .rule, holds {
                return .found(rule.result(groups), entry: rule.entry)
            }
            if rule.kind == .condition, !holds { index = Self.endOfBlock(rules.map(\.kind), from: index) }
        }
        return .missing
    }

    private static func endOfBlock(_ kinds: [RuleKind], from start: Int) -> Int {
        var depth = 1
        for index in start..<kinds.count {
            if kinds[index] == .condition { depth += 1 }
            if kinds[index] == .endOfCondition {
                depth -= 1
                if depth == 0 { return index + 1 }
            }
        }
        return kinds.count
    }

    private func askUnion(_ members: [LookupTable], _ key: String, _ part: KeyPart) -> Answer {
        var values: [String] = []
        for member in members {
            switch member.ask(key, part) {
            case .found(let value, _): values.append(value)
            case .missing: continue
            case .failure(let why): return .failure(why)
            case .unreadable(let why): return .unreadable(why)
            }
        }
        return values.isEmpty ? .missing : .found(values.joined(separator: ","), entry: nil)
    }

    private func askPipe(_ members: [LookupTable], _ key: String, _ part: KeyPart) -> Answer {
        var text = key
        for member in members {
            guard case .found(let value, _) = member.ask(text, part) else { return member.ask(text, part) }
            text = value
        }
        return .found(text, entry: nil)
    }
}
