extension Pattern {
    /// Texts that the expression matches, made from its own literals.
    /// - Parameter filling: what to put where the expression takes anything, such as a domain name.
    /// - Returns: at most 24, one for each alternative; each of them is checked to match.
    package func samples(filling: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for text in expand(root, filling) where !found.contains(text) {
            if case .match = search(text) { found.append(text) }
        }
        return found
    }

    private static let limit = 24
    /// Of a sample; counts in counts would multiply without end.
    private static let longest = 1000

    private func expand(_ node: Node, _ filling: [UInt8]) -> [[UInt8]] {
        switch node {
        case .empty, .start, .end, .boundary, .backReference, .look: return [[]]
        case .set(let set): return set.representative.map { [[$0]] } ?? []
        case .group(let inner, _): return expand(inner, filling)
        case .alternation(let branches):
            return Array(branches.flatMap { expand($0, filling) }.prefix(Self.limit))
        case .sequence(let parts):
            return parts.reduce([[]]) { texts, part in
                let ends = expand(part, filling)
                let joined = texts.lazy.flatMap { text in ends.lazy.map { text + $0 } }
                return Array(joined.filter { $0.count <= Self.longest }.prefix(Self.limit))
            }
        case .repetition(let inner, let least, let most, _):
            return repeated(inner, least, most, filling)
        }
    }

    private func repeated(_ inner: Node, _ least: Int, _ most: Int?, _ filling: [UInt8]) -> [[UInt8]] {
        if case .set(let set) = inner, filling.count >= least, filling.count <= most ?? .max,
            !filling.isEmpty,
            filling.allSatisfy(set.contains)
        {
            return [filling]
        }
        let once = expand(inner, filling)
        guard least > 0 else { return Array(([[]] + once).prefix(Self.limit)) }
        let count = min(least, 50)
        return once.filter { $0.count * count <= Self.longest }.map { text in
            (0..<count).reduce(into: []) { joined, _ in joined += text }
        }
    }
}
