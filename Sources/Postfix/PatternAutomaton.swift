/// A pattern that is followed byte by byte, so that several can be followed through one text at once.
///
/// Its states are made when they are first come to.
package struct PatternAutomaton {
    private struct State: Hashable {
        /// The steps that wait for a byte, before what hangs on the byte that follows.
        var steps: [Int]
        var before: Neighbour
    }

    private enum Neighbour: Hashable { case nothing, word, other }

    /// Where every text begins.
    package static let start = 0
    /// What follows does not matter: the text has what is looked for.
    package static let matched = -1

    private static let unknown: Int32 = -2

    private let program: PatternProgram
    private var states: [State] = []
    private var numbers: [State: Int] = [:]
    /// For each state in turn, what follows each byte of ASCII; ``unknown`` where nobody asked.
    private var next: [Int32] = []
    private var endings: [Bool?] = []
    /// Whether a pattern has more states than are followed; what is said of it from then on is not to be relied on.
    package private(set) var isOverflowing = false

    private var isAnchored = false

    private static let stateLimit = 3000

    /// - Returns: `nil` for a pattern that refers back, looks around, or is too long.
    package init?(_ pattern: Pattern) {
        guard let program = PatternProgram(pattern.root) else { return nil }
        self.program = program
        _ = number(State(steps: [], before: .nothing))
        isAnchored = isBoundToStart()
    }

    /// The state after one more byte, of ASCII.
    package mutating func step(_ state: Int, _ byte: UInt8) -> Int {
        guard state != Self.matched else { return state }
        let known = next[state << 7 | Int(byte)]
        if known != Self.unknown { return Int(known) }
        let (reached, isMatch) = reach(states[state], byte)
        let made: Int
        if isMatch {
            made = Self.matched
        } else {
            let steps = reached.filter { step in
                if case .take(let set) = program.steps[step] { set.contains(byte) } else { false }
            }.map { $0 + 1 }
            let isWord = program.hasBoundary && ByteSet.word.contains(byte)
            made = number(State(steps: steps.sorted(), before: isWord ? .word : .other))
        }
        next[state << 7 | Int(byte)] = Int32(made)
        return made
    }

    /// Whether a text that ends in the state has what is looked for.
    package mutating func accepts(_ state: Int) -> Bool {
        if state == Self.matched { return true }
        if let known = endings[state] { return known }
        let (_, isMatch) = reach(states[state], nil)
        endings[state] = isMatch
        return isMatch
    }

    /// Whether no text that goes on from the state can have it.
    package func isHopeless(_ state: Int) -> Bool {
        guard state != Self.matched, state != Self.start, states[state].steps.isEmpty else { return false }
        return isAnchored
    }

    /// Whether it begins nowhere but where the text does.
    private func isBoundToStart() -> Bool {
        let (reached, isMatch) = reach(State(steps: [], before: .other), nil)
        let (others, isOtherMatch) = reach(State(steps: [], before: .other), UInt8(ascii: "a"))
        return !isMatch && !isOtherMatch && reached.isEmpty && others.isEmpty
    }

    /// Which bytes the pattern does not tell apart have the same answers here.
    package func traits(of byte: UInt8) -> [Bool] {
        var traits = program.hasBoundary ? [ByteSet.word.contains(byte)] : []
        for case .take(let set) in program.steps { traits.append(set.contains(byte)) }
        return traits
    }

    private mutating func number(_ state: State) -> Int {
        if let known = numbers[state] { return known }
        guard states.count < Self.stateLimit else {
            isOverflowing = true
            return Self.start
        }
        numbers[state] = states.count
        states.append(state)
        endings.append(nil)
        next += repeatElement(Self.unknown, count: 128)
        return states.count - 1
    }

    /// The steps that take a byte, and whether there is nothing left to find.
    /// - Parameter byte: what follows; `nil` at the end.
    private func reach(_ state: State, _ byte: UInt8?) -> (steps: [Int], isMatch: Bool) {
        var seen: Set<Int> = []
        var open = state.steps + [0]
        var taking: [Int] = []
        while let step = open.popLast() {
            guard seen.insert(step).inserted else { continue }
            switch program.steps[step] {
            case .take: taking.append(step)
            case .fork(let first, let second): open += [first, second]
            case .go(let other): open.append(other)
            case .start: if state.before == .nothing { open.append(step + 1) }
            case .end: if byte == nil { open.append(step + 1) }
            case .boundary(let presence):
                let isWord = byte.map(ByteSet.word.contains) ?? false
                if (isWord != (state.before == .word)) == (presence == .present) { open.append(step + 1) }
            case .match: return ([], true)
            }
        }
        return (taking, false)
    }
}
