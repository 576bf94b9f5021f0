/// A regular expression of a `regexp:` or `pcre:` table (regexp_table(5), pcre_table(5)).
///
/// What POSIX extended expressions and the common part of PCRE have: alternation, groups, back references,
/// classes, repetition (greedy, lazy), anchors, `\d \w \s \b`, look-ahead and look-behind. Anything else is
/// not understood, and then it is not known what it matches.
package struct Pattern: Hashable, Sendable {
    indirect enum Node: Hashable, Sendable {
        case empty
        case set(ByteSet)
        case start, end
        case boundary(Presence)
        case group(Node, index: Int?)
        case alternation([Node])
        case sequence([Node])
        case repetition(Node, atLeast: Int, atMost: Int?, isLazy: Bool)
        case backReference(Int)
        case look(Node, Direction, Presence)
    }

    enum Presence: Sendable { case present, absent }

    enum Direction: Sendable { case ahead, behind }

    /// Which syntax and defaults the text has.
    package enum Dialect: Sendable { case regexp, pcre }

    let root: Node
    package let groupCount: Int
    /// Whether it can match at the beginning of a text alone.
    let isAnchored: Bool
    /// The bytes that a match can begin with; `nil` when it can be empty or is not known.
    let firstBytes: ByteSet?

    /// Why a text is no pattern.
    package enum Fault: Error, Hashable {
        /// It has something that is not read here, and may match anything.
        case notUnderstood
        /// Postfix cannot make a pattern of it either: it warns, and skips the rule.
        case invalid(String)
    }

    package init(_ text: [UInt8], dialect: Dialect, ignoresCase: Bool = true) throws(Fault) {
        var parser = PatternParser(bytes: text, dialect: dialect, ignoresCase: ignoresCase)
        let root = try parser.parse()
        self.init(root: root, groupCount: parser.groupCount)
    }

    init(root: Node, groupCount: Int) {
        self.root = root
        self.groupCount = groupCount
        isAnchored = Self.isAnchored(root)
        firstBytes = Self.firstBytes(of: root)
    }

    /// What matches no text at all.
    package static let nothing = Pattern(root: .set(ByteSet()), groupCount: 0)

    /// Whether it matches no text at all, as `\d` in a table of POSIX expressions.
    package var isImpossible: Bool { Self.isImpossible(root) }

    private static func isImpossible(_ node: Node) -> Bool {
        switch node {
        case .set(let set): set.isEmpty
        case .group(let inner, _), .look(let inner, _, .present): isImpossible(inner)
        case .sequence(let parts): parts.contains(where: isImpossible)
        case .alternation(let branches): branches.allSatisfy(isImpossible)
        case .repetition(let inner, let least, _, _): least > 0 && isImpossible(inner)
        case .empty, .start, .end, .boundary, .backReference, .look: false
        }
    }

    /// `^(?!not this)that` as what it must not match and what it must.
    fileprivate var partsByLook: [(pattern: Pattern, isNegated: Bool)] {
        guard case .sequence(let nodes) = root, case .start? = nodes.first else { return [(self, false)] }
        var rest = nodes.dropFirst()
        var parts: [(pattern: Pattern, isNegated: Bool)] = []
        while case .look(let inner, .ahead, let presence)? = rest.first {
            let part = Pattern(root: .sequence([.start, inner]), groupCount: groupCount)
            parts.append((part, presence == .absent))
            rest = rest.dropFirst()
        }
        if parts.isEmpty { return [(self, false)] }
        if !rest.isEmpty {
            parts.append((Pattern(root: .sequence([.start] + rest), groupCount: groupCount), false))
        }
        return parts
    }

    private static func isAnchored(_ node: Node) -> Bool {
        switch node {
        case .start: true
        case .sequence(let parts): parts.first.map(isAnchored) ?? false
        case .group(let inner, _): isAnchored(inner)
        case .alternation(let branches): branches.allSatisfy(isAnchored)
        default: false
        }
    }

    private static func firstBytes(of node: Node) -> ByteSet? {
        switch node {
        case .set(let set): return set
        case .group(let inner, _): return firstBytes(of: inner)
        case .sequence(let parts):
            // What takes no bytes of its own leaves the choice to what follows.
            let first = parts.first { part in
                switch part {
                case .boundary, .look, .start: false
                default: true
                }
            }
            return first.flatMap(firstBytes)
        case .alternation(let branches):
            var union = ByteSet()
            for branch in branches {
                guard let bytes = firstBytes(of: branch) else { return nil }
                union.formUnion(bytes)
            }
            return union
        case .repetition(let inner, let least, _, _): return least > 0 ? firstBytes(of: inner) : nil
        case .empty, .start, .end, .boundary, .backReference, .look: return nil
        }
    }
}

/// One line of a `regexp:` or `pcre:` table, `!/pattern/flags`.
package struct TablePattern: Hashable, Sendable {
    package let pattern: Pattern
    package let isNegated: Bool
    /// What stands behind `!` in a `regexp:` table, as in `/this/!/not that/`.
    private let second: [TablePattern]

    /// - Parameter key: as ``parseTable(type:bytes:)`` gives it.
    package init(key: String, dialect: Pattern.Dialect) throws(Pattern.Fault) {
        var bytes = Array(key.utf8)[...]
        var isNegated = false
        while let first = bytes.first, first == UInt8(ascii: "!") || first.isSpace {
            if first == UInt8(ascii: "!") { isNegated.toggle() }
            bytes = bytes.dropFirst()
        }
        guard let delimiter = bytes.first,
            let end = Self.end(of: bytes.dropFirst(), delimiter: delimiter)
        else { throw .notUnderstood }
        let flags = bytes[(end + 1)...].prefix { dialect == .pcre || $0 != UInt8(ascii: "!") }
        let rest = bytes[flags.endIndex...]
        let options = try Self.options(flags, dialect)
        var inner = Array(bytes[bytes.index(after: bytes.startIndex)..<end])
        if options.isSpaced { inner = Self.withoutSpace(inner) }
        if options.isAnchored { inner = Array("^(?:".utf8) + inner + Array(")".utf8) }
        pattern = try Pattern(inner, dialect: dialect, ignoresCase: options.ignoresCase)
        self.isNegated = isNegated
        second = rest.isEmpty ? [] : [try TablePattern(key: rest.text, dialect: dialect)]
        if second.contains(where: { !$0.second.isEmpty }) { throw .notUnderstood }
    }

    /// Whether a text must hold what a second expression looks for as well.
    package var needsMore: Bool { second.contains { !$0.isNegated } }

    /// Whether a text that comes to the second expression, where there is one, is what the rule is about.
    package func isAlso(about text: [UInt8]) -> Bool {
        second.allSatisfy { other in
            switch other.pattern.search(text) {
            case .match: !other.isNegated
            case .noMatch: other.isNegated
            case .undecided: true
            }
        }
    }

    /// The expressions that a text has to match, or must not, one by one, so that each can be followed by itself where it
    /// looks around at its beginning alone.
    /// - Returns: `nil` where they cannot be told apart.
    package var conditions: [(pattern: Pattern, isNegated: Bool)]? {
        let parts = pattern.partsByLook
        guard !isNegated || parts.count == 1 else { return nil }
        let own = parts.map { ($0.pattern, $0.isNegated != isNegated) }
        return own + second.map { ($0.pattern, $0.isNegated) }
    }

    private struct Options {
        var ignoresCase = true
        /// White space in the expression is there to be read, and means nothing.
        var isSpaced = false
        var isAnchored = false
    }

    private static func options(
        _ flags: ArraySlice<UInt8>, _ dialect: Pattern.Dialect
    ) throws(Pattern.Fault) -> Options {
        var options = Options()
        for flag in flags {
            let letter = Unicode.Scalar(flag)
            switch (dialect, letter) {
            case (_, "i"): options.ignoresCase.toggle()
            case (.pcre, "x"): options.isSpaced.toggle()
            case (.pcre, "A"): options.isAnchored.toggle()
            // These matter only for text with line ends, which no lookup key of smtpd has.
            case (_, "m"), (.pcre, "s"), (.pcre, "E"), (.pcre, "X"): continue
            case (_, "x"), (.pcre, "U"): throw .notUnderstood
            default:
                guard flag.isLetter else { throw .notUnderstood }
                throw .invalid("there is no flag \(letter)")
            }
        }
        return options
    }

    /// What is left of an expression with the flag `x` (pcrepattern(3)): no space and no comment, but what is escaped
    /// or in brackets.
    private static func withoutSpace(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var isInBrackets = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\\") {
                kept += bytes[(index - 1)..<min(index + 1, bytes.count)]
                index += 1
                continue
            }
            if !isInBrackets, byte == UInt8(ascii: "#") {
                index = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                continue
            }
            if byte == UInt8(ascii: "[") { isInBrackets = true }
            if byte == UInt8(ascii: "]") { isInBrackets = false }
            if isInBrackets || !byte.isSpace { kept.append(byte) }
        }
        return kept
    }

    /// The first delimiter that is not escaped. What follows it are flags, in `regexp:` also `!` and a second expression.
    private static func end(of bytes: ArraySlice<UInt8>, delimiter: UInt8) -> Int? {
        var index = bytes.startIndex
        while index < bytes.endIndex, bytes[index] != delimiter {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index < bytes.endIndex ? index : nil
    }
}
