extension Pattern {
    /// Texts that the expression matches, made from its own literals.
    /// - Parameters:
    ///   - filling: what to put where the expression takes anything, such as a domain name.
    ///   - held: what groups must hold, by their numbers.
    /// - Returns: at most 24, one for each alternative; each of them is checked to match.
    package func samples(filling: [UInt8], holding held: [Int: [UInt8]] = [:]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for text in expand(root, filling, held) where !found.contains(text) {
            guard case .match(let groups) = search(text) else { continue }
            if held.allSatisfy({ groups[$0.key - 1] ?? [] == $0.value }) { found.append(text) }
        }
        return found
    }

    /// Whether the text is one that a group can hold, whatever is around it.
    package func canHold(_ text: [UInt8], group: Int) -> Bool {
        guard let inner = Self.group(group, in: root) else { return false }
        let whole = Pattern(root: .sequence([.start, inner, .end]), groupCount: groupCount)
        // A group that need not take part holds nothing then.
        if case .noMatch = whole.search(text) { return text.isEmpty }
        return true
    }

    private static func group(_ wanted: Int, in node: Node) -> Node? {
        switch node {
        case .group(let inner, let index): index == wanted ? inner : group(wanted, in: inner)
        case .alternation(let parts), .sequence(let parts):
            parts.lazy.compactMap { group(wanted, in: $0) }.first
        case .repetition(let inner, _, _, _), .look(let inner, _, _): group(wanted, in: inner)
        case .empty, .set, .start, .end, .boundary, .backReference: nil
        }
    }

    private static let limit = 24
    /// Of a sample; counts in counts would multiply without end.
    private static let longest = 1000

    private func expand(_ node: Node, _ filling: [UInt8], _ held: [Int: [UInt8]]) -> [[UInt8]] {
        switch node {
        case .empty, .start, .end, .boundary, .backReference, .look: return [[]]
        case .set(let set): return set.representative.map { [[$0]] } ?? []
        case .group(let inner, let index):
            if let index, let text = held[index] { return [text] }
            return expand(inner, filling, held)
        case .alternation(let branches):
            return Array(branches.flatMap { expand($0, filling, held) }.prefix(Self.limit))
        case .sequence(let parts):
            return parts.reduce([[]]) { texts, part in
                let ends = expand(part, filling, held)
                let joined = texts.lazy.flatMap { text in ends.lazy.map { text + $0 } }
                return Array(joined.filter { $0.count <= Self.longest }.prefix(Self.limit))
            }
        case .repetition(let inner, let least, let most, _):
            return repeated(inner, least, most, filling, held)
        }
    }

    private func repeated(
        _ inner: Node, _ least: Int, _ most: Int?, _ filling: [UInt8], _ held: [Int: [UInt8]]
    ) -> [[UInt8]] {
        if case .set(let set) = inner, filling.count >= least, filling.count <= most ?? .max,
            !filling.isEmpty,
            filling.allSatisfy(set.contains)
        {
            return [filling]
        }
        let once = expand(inner, filling, held)
        guard least > 0 else { return Array(([[]] + once).prefix(Self.limit)) }
        let count = min(least, 50)
        return once.filter { $0.count * count <= Self.longest }.map { text in
            (0..<count).reduce(into: []) { joined, _ in joined += text }
        }
    }
}
