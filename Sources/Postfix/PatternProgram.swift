/// A pattern as steps that can be followed all at once, for those that neither look around nor refer back.
struct PatternProgram {
    enum Step {
        /// Takes a byte of the set, and goes on to the next step.
        case take(ByteSet)
        /// Goes on at either of the two.
        case fork(Int, Int)
        case go(Int)
        case start, end
        case boundary(Pattern.Presence)
        case match
    }

    private(set) var steps: [Step] = []
    private(set) var hasBoundary = false

    /// Counts in counts would multiply without end.
    private static let longest = 2000

    /// - Returns: `nil` for a pattern that is not regular, or too long.
    init?(_ root: Pattern.Node) {
        guard append(root) else { return nil }
        steps.append(.match)
    }

    private mutating func append(_ node: Pattern.Node) -> Bool {
        guard steps.count < Self.longest else { return false }
        switch node {
        case .empty: return true
        case .set(let set): steps.append(.take(set))
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .boundary(let presence):
            hasBoundary = true
            steps.append(.boundary(presence))
        case .group(let inner, _): return append(inner)
        case .sequence(let parts): return parts.allSatisfy { append($0) }
        case .alternation(let branches): return append(branches[...])
        case .repetition(let inner, let least, let most, _): return append(inner, least, most)
        case .backReference, .look: return false
        }
        return true
    }

    private mutating func append(_ branches: ArraySlice<Pattern.Node>) -> Bool {
        guard let first = branches.first else { return true }
        guard branches.count > 1 else { return append(first) }
        let fork = steps.count
        steps.append(.fork(fork + 1, 0))
        guard append(first) else { return false }
        let jump = steps.count
        steps.append(.go(0))
        steps[fork] = .fork(fork + 1, steps.count)
        guard append(branches.dropFirst()) else { return false }
        steps[jump] = .go(steps.count)
        return true
    }

    private mutating func append(_ inner: Pattern.Node, _ least: Int, _ most: Int?) -> Bool {
        for _ in 0..<least { guard append(inner) else { return false } }
        guard let most else {
            let fork = steps.count
            steps.append(.fork(fork + 1, 0))
            guard append(inner) else { return false }
            steps.append(.go(fork))
            steps[fork] = .fork(fork + 1, steps.count)
            return true
        }
        var forks: [Int] = []
        for _ in least..<max(least, most) {
            forks.append(steps.count)
            steps.append(.fork(steps.count + 1, 0))
            guard append(inner) else { return false }
        }
        for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        return true
    }
}
