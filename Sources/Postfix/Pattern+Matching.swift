extension Pattern {
    /// What a search found.
    package enum Outcome: Hashable, Sendable {
        /// Somewhere in the text: the captured groups, from 1, `nil` for one that took no part.
        case match([[UInt8]?])
        case noMatch
        /// Too much work: text or pattern is beyond the bounds.
        case undecided
    }

    /// Searches a text, as Postfix does, from every position.
    /// - Parameter text: a lookup key; of more than 1,000 bytes nothing is decided.
    package func search(_ text: [UInt8]) -> Outcome {
        guard text.count <= 1000 else { return .undecided }
        let starts = 0...(isAnchored ? 0 : text.count)
        guard let first = starts.first(where: { canBegin(at: $0, in: text) }) else { return .noMatch }
        var matcher = PatternMatcher(text: text, groupCount: groupCount)
        for start in first...starts.upperBound where canBegin(at: start, in: text) {
            matcher.reset()
            if matcher.match(root, at: start, { _, _ in true }) { return .match(matcher.captures()) }
            if matcher.isExhausted { return .undecided }
        }
        return .noMatch
    }

    private func canBegin(at position: Int, in text: [UInt8]) -> Bool {
        guard let firstBytes else { return true }
        return position < text.count && firstBytes.contains(text[position])
    }
}

/// A backtracking matcher with a bound on its steps, so that no table can hold up a judgement.
private struct PatternMatcher {
    typealias Continuation = (inout PatternMatcher, Int) -> Bool

    let text: [UInt8]
    var groups: [Range<Int>?]
    var stepsLeft = 200_000

    init(text: [UInt8], groupCount: Int) {
        self.text = text
        groups = Array(repeating: nil, count: groupCount + 1)
    }

    var isExhausted: Bool { stepsLeft <= 0 }

    mutating func reset() { for index in groups.indices { groups[index] = nil } }

    func captures() -> [[UInt8]?] { groups.dropFirst().map { range in range.map { Array(text[$0]) } } }

    mutating func match(_ node: Pattern.Node, at position: Int, _ next: Continuation) -> Bool {
        stepsLeft -= 1
        guard stepsLeft > 0 else { return false }
        switch node {
        case .empty: return next(&self, position)
        case .set(let set):
            guard position < text.count, set.contains(text[position]) else { return false }
            return next(&self, position + 1)
        case .start: return position == 0 && next(&self, position)
        case .end: return position == text.count && next(&self, position)
        case .boundary(let presence):
            return isBoundary(position) == (presence == .present) && next(&self, position)
        case .group(let inner, let index): return matchGroup(inner, index, at: position, next)
        case .alternation(let branches):
            for branch in branches where match(branch, at: position, next) { return true }
            return false
        case .sequence(let parts): return matchSequence(parts[...], at: position, next)
        case .repetition(let inner, let least, let most, let isLazy):
            if case .set(let set) = inner {
                return matchRun(of: set, least, most ?? .max, isLazy: isLazy, at: position, next)
            }
            return matchRepetition(inner, least, most ?? .max, isLazy: isLazy, at: position, next)
        case .backReference(let index):
            guard index < groups.count, let range = groups[index] else { return false }
            let end = position + range.count
            guard end <= text.count, text[position..<end].elementsEqual(text[range]) else { return false }
            return next(&self, end)
        case .look(let inner, let direction, let presence):
            return look(inner, direction, at: position) == (presence == .present) && next(&self, position)
        }
    }

    private func isBoundary(_ position: Int) -> Bool {
        let before = position > 0 && ByteSet.word.contains(text[position - 1])
        let after = position < text.count && ByteSet.word.contains(text[position])
        return before != after
    }

    private mutating func matchGroup(
        _ inner: Pattern.Node, _ index: Int?, at position: Int, _ next: Continuation
    ) -> Bool {
        guard let index else { return match(inner, at: position, next) }
        let before = groups[index]
        let matched = match(inner, at: position) { matcher, end in
            let saved = matcher.groups[index]
            matcher.groups[index] = position..<end
            if next(&matcher, end) { return true }
            matcher.groups[index] = saved
            return false
        }
        if !matched { groups[index] = before }
        return matched
    }

    private mutating func matchSequence(
        _ parts: ArraySlice<Pattern.Node>, at position: Int, _ next: Continuation
    ) -> Bool {
        guard let first = parts.first else { return next(&self, position) }
        return match(first, at: position) { matcher, end in
            matcher.matchSequence(parts.dropFirst(), at: end, next)
        }
    }

    private mutating func matchRun(
        of set: ByteSet, _ least: Int, _ most: Int, isLazy: Bool, at position: Int, _ next: Continuation
    ) -> Bool {
        var longest = 0
        while longest < most, position + longest < text.count, set.contains(text[position + longest]) {
            longest += 1
        }
        guard longest >= least else { return false }
        for step in 0...(longest - least) {
            stepsLeft -= 1
            guard stepsLeft > 0 else { return false }
            if next(&self, position + (isLazy ? least + step : longest - step)) { return true }
        }
        return false
    }

    private mutating func matchRepetition(
        _ inner: Pattern.Node, _ least: Int, _ most: Int, isLazy: Bool, at position: Int, _ next: Continuation
    ) -> Bool {
        if least == 0, isLazy || most == 0, next(&self, position) { return true }
        if most > 0 {
            let matched = match(inner, at: position) { matcher, end in
                // An empty round would go on for ever.
                guard end > position || least > 0 else { return false }
                return matcher.matchRepetition(
                    inner, max(least - 1, 0), most == .max ? .max : most - 1, isLazy: isLazy, at: end, next)
            }
            if matched { return true }
        }
        return least == 0 && !isLazy && most > 0 && next(&self, position)
    }

    private mutating func look(_ inner: Pattern.Node, _ direction: Pattern.Direction, at position: Int)
        -> Bool
    {
        switch direction {
        case .ahead: return match(inner, at: position) { _, _ in true }
        case .behind:
            for start in 0...position where match(inner, at: start, { _, end in end == position }) {
                return true
            }
            return false
        }
    }
}
