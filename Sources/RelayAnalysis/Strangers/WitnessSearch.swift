import Postfix

/// Looks for texts, such as senders, that several tables at once let through, each by this rule or that.
///
/// Every pattern is followed byte by byte through one text, all of them together, the shortest texts first. What is found
/// are texts alone: whether they relay is judged like that of any other stranger.
struct WitnessSearch {
    /// What a rule asks of a text; all of it has to hold.
    struct Condition {
        var pattern: Pattern
        var isNegated = false
    }

    struct Rule {
        var conditions: [Condition]
        /// A text whose first rule this is leads nowhere.
        var isRefusal: Bool
    }

    /// The rules of a table; the first that holds decides.
    typealias Rules = [Rule]

    private struct Follower {
        var pattern: Pattern
        var automaton: PatternAutomaton
        /// Which table it is of; the shape of the text is no table's.
        var table: Int
    }

    private struct Literal {
        var follower: Int
        var isNegated: Bool
    }

    private struct Node {
        var states: [Int]
        var parent: Int
        var byte: UInt8
    }

    /// Where all followers are. Hashed in one piece: each number by itself would take longer than the following.
    private struct Place: Hashable {
        var states: [Int]

        func hash(into hasher: inout Hasher) {
            states.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    private var followers: [Follower] = []
    private var tables: [[(literals: [Literal], isRefusal: Bool)]] = []
    private var shape: [Literal] = []
    /// Whether each text that there is was looked at, for what the rules tell apart.
    private(set) var isExhaustive = true

    /// How often a pattern is followed over a byte before the search is given up: some hundredths of a second.
    private static let workLimit = 6_000_000
    private static let nodeLimit = 12_000
    private static let textLimit = 48
    private static let lengthLimit = 120
    /// What follows a rule that has decided is not followed any more.
    private static let settled = -2

    /// - Parameter shape: what a text has to be like.
    init(_ tables: [Rules], shape conditions: [Condition]) {
        shape = conditions.compactMap { literal($0, table: -1) }
        for (table, rules) in tables.enumerated() {
            self.tables.append(
                rules.compactMap { rule in
                    let literals = rule.conditions.compactMap { literal($0, table: table) }
                    guard literals.count == rule.conditions.count else { return nil }
                    return (literals, rule.isRefusal)
                })
        }
    }

    private mutating func literal(_ condition: Condition, table: Int) -> Literal? {
        // Many rules may stand between one `if` and its `endif`.
        let known = followers.firstIndex { $0.table == table && $0.pattern == condition.pattern }
        if let known { return Literal(follower: known, isNegated: condition.isNegated) }
        guard let automaton = PatternAutomaton(condition.pattern) else {
            isExhaustive = false
            return nil
        }
        followers.append(Follower(pattern: condition.pattern, automaton: automaton, table: table))
        return Literal(follower: followers.count - 1, isNegated: condition.isNegated)
    }

    /// - Parameter familiar: texts that people would rather use, to take the place of one where no rule tells them apart.
    /// - Returns: texts of the shape, one for each way in which the rules of all tables may decide together without a
    ///   refusal.
    mutating func texts(familiar: (String) -> [String]) -> [String] {
        let bytes = distinctBytes()
        var nodes = [Node(states: followers.map { _ in PatternAutomaton.start }, parent: -1, byte: 0)]
        var seen: Set<Place> = [Place(states: nodes[0].states)]
        var outcomes: Set<[Int]> = []
        var texts: [String] = []
        var depths = [0]
        var index = 0
        let cost = bytes.count * max(1, followers.count)
        while index < nodes.count, texts.count < Self.textLimit {
            guard index * cost < Self.workLimit else {
                isExhaustive = false
                break
            }
            let states = nodes[index].states
            if let outcome = outcome(of: states), outcomes.insert(outcome).inserted {
                let text = text(nodes, index)
                texts.append(familiar(text).first { self.outcome(of: $0) == outcome } ?? text)
            }
            if depths[index] < Self.lengthLimit {
                for byte in bytes {
                    guard let next = step(states, byte), seen.insert(Place(states: next)).inserted else {
                        continue
                    }
                    guard nodes.count < Self.nodeLimit else {
                        isExhaustive = false
                        break
                    }
                    nodes.append(Node(states: next, parent: index, byte: byte))
                    depths.append(depths[index] + 1)
                }
            }
            index += 1
        }
        if texts.count >= Self.textLimit || followers.contains(where: \.automaton.isOverflowing) {
            isExhaustive = false
        }
        return texts
    }

    /// - Returns: `nil` where nothing that is looked for comes of it.
    private mutating func step(_ states: [Int], _ byte: UInt8) -> [Int]? {
        var next = states
        for literal in shape {
            let state = followers[literal.follower].automaton.step(states[literal.follower], byte)
            next[literal.follower] = state
            let isLost =
                literal.isNegated
                ? state == PatternAutomaton.matched : followers[literal.follower].automaton.isHopeless(state)
            if isLost { return nil }
        }
        var isAnyNew = false
        for index in states.indices where states[index] >= 0 && followers[index].table >= 0 {
            next[index] = followers[index].automaton.step(states[index], byte)
            isAnyNew = isAnyNew || next[index] == PatternAutomaton.matched
        }
        // What has matched before has had its say.
        guard isAnyNew else { return next }
        for (table, rules) in tables.enumerated() {
            let decided = rules.firstIndex { rule in
                rule.literals.allSatisfy { !$0.isNegated && next[$0.follower] == PatternAutomaton.matched }
            }
            guard let decided else { continue }
            if rules[decided].isRefusal, rules[..<decided].allSatisfy(\.isRefusal) { return nil }
            let last = rules[decided].literals.map(\.follower).max() ?? 0
            for (index, follower) in followers.enumerated()
            where follower.table == table && index > last {
                next[index] = Self.settled
            }
        }
        return next
    }

    /// Which rule of each table decides about the text; `nil` for one that is not of the shape, or refused.
    private mutating func outcome(of states: [Int]) -> [Int]? {
        for literal in shape {
            let state = states[literal.follower]
            guard state != Self.settled,
                followers[literal.follower].automaton.accepts(state) != literal.isNegated
            else { return nil }
        }
        let accepted = states.indices.map { index in
            states[index] != Self.settled && followers[index].automaton.accepts(states[index])
        }
        func holds(_ literal: Literal) -> Bool {
            states[literal.follower] != Self.settled && accepted[literal.follower] != literal.isNegated
        }
        var outcome: [Int] = []
        for rules in tables {
            let first = rules.firstIndex { $0.literals.allSatisfy(holds) }
            if let first, rules[first].isRefusal { return nil }
            outcome.append(first ?? -1)
        }
        return outcome
    }

    private mutating func outcome(of text: String) -> [Int]? {
        var states = followers.map { _ in PatternAutomaton.start }
        for byte in text.utf8 {
            guard let next = step(states, byte) else { return nil }
            states = next
        }
        return outcome(of: states)
    }

    private func text(_ nodes: [Node], _ last: Int) -> String {
        var bytes: [UInt8] = []
        var index = last
        while nodes[index].parent >= 0 {
            bytes.append(nodes[index].byte)
            index = nodes[index].parent
        }
        return String(decoding: bytes.reversed(), as: UTF8.self)
    }

    /// One byte for all those that no pattern tells apart.
    private func distinctBytes() -> [UInt8] {
        var known: Set<[Bool]> = []
        return Self.alphabet.filter { byte in
            known.insert(followers.flatMap { $0.automaton.traits(of: byte) }).inserted
        }
    }

    /// What names and addresses are made of, the most usual first.
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789.@-_:+=%!#$&'*/?^`{|}~[]".utf8)
}
