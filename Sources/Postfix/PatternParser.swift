/// Reads the text of a regular expression.
struct PatternParser {
    let bytes: [UInt8]
    let dialect: Pattern.Dialect
    let ignoresCase: Bool
    private(set) var groupCount = 0
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8], dialect: Pattern.Dialect, ignoresCase: Bool) {
        self.bytes = bytes
        self.dialect = dialect
        self.ignoresCase = ignoresCase
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func parse() -> Pattern.Node? {
        guard let node = alternation(), position == bytes.count else { return nil }
        return node
    }

    private mutating func alternation() -> Pattern.Node? {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50, let first = sequence() else { return nil }
        var branches = [first]
        while take("|") {
            guard let next = sequence() else { return nil }
            branches.append(next)
        }
        return branches.count == 1 ? first : .alternation(branches)
    }

    private mutating func sequence() -> Pattern.Node? {
        var parts: [Pattern.Node] = []
        while let byte = current, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            guard let atom = atom(), let repeated = repetition(of: atom) else { return nil }
            parts.append(repeated)
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func repetition(of atom: Pattern.Node) -> Pattern.Node? {
        var node = atom
        while let byte = current {
            let limits: (Int, Int?)
            switch byte {
            case UInt8(ascii: "*"): limits = (0, nil)
            case UInt8(ascii: "+"): limits = (1, nil)
            case UInt8(ascii: "?"): limits = (0, 1)
            case UInt8(ascii: "{"):
                guard let counted = countedLimits() else { return node }
                limits = counted
                position -= 1
            default: return node
            }
            position += 1
            var isLazy = false
            if dialect == .pcre {
                isLazy = take("?")
                // A possessive repetition matches less than a greedy one: not understood.
                if !isLazy, current == UInt8(ascii: "+") { return nil }
            }
            node = .repetition(node, atLeast: limits.0, atMost: limits.1, isLazy: isLazy)
        }
        return node
    }

    /// `{2}`, `{2,}`, `{2,5}`; leaves the position behind the brace.
    private mutating func countedLimits() -> (Int, Int?)? {
        guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let parts = bytes[position + 1..<close].split(
            separator: UInt8(ascii: ","), maxSplits: 1, omittingEmptySubsequences: false
        ).map(\.text)
        guard let least = Int(parts[0]), least <= 1000 else { return nil }
        var most: Int? = least
        if parts.count == 2 {
            most = parts[1].isEmpty ? nil : Int(parts[1])
            if !parts[1].isEmpty, most == nil { return nil }
        }
        position = close + 1
        return (least, most)
    }

    private mutating func atom() -> Pattern.Node? {
        guard let byte = current else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "^"): return .start
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "."): return .set(.all)
        case UInt8(ascii: "["): return bracket()
        case UInt8(ascii: "("): return group()
        case UInt8(ascii: "\\"): return escape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): return nil
        default: return literal(byte)
        }
    }

    private func literal(_ byte: UInt8) -> Pattern.Node {
        let set = ByteSet([byte])
        return .set(ignoresCase ? set.ignoringCase : set)
    }

    private mutating func group() -> Pattern.Node? {
        var index: Int?
        var look: (Pattern.Direction, Pattern.Presence)?
        if dialect == .pcre, take("?") {
            if take(":") {
                index = nil
            } else if take("=") {
                look = (.ahead, .present)
            } else if take("!") {
                look = (.ahead, .absent)
            } else if take("<") {
                if take("=") { look = (.behind, .present) } else if take("!") { look = (.behind, .absent) }
                if look == nil { return nil }
            } else {
                return nil
            }
        } else {
            groupCount += 1
            index = groupCount
        }
        guard let inner = alternation(), take(")") else { return nil }
        return look.map { .look(inner, $0.0, $0.1) } ?? .group(inner, index: index)
    }

    private mutating func escape() -> Pattern.Node? {
        guard let byte = current else { return nil }
        position += 1
        if byte.isDigit, byte != UInt8(ascii: "0") { return .backReference(Int(byte - 0x30)) }
        switch byte {
        case UInt8(ascii: "w"): return .set(.word)
        case UInt8(ascii: "W"): return .set(ByteSet.word.inverted)
        case UInt8(ascii: "s"): return .set(.space)
        case UInt8(ascii: "S"): return .set(ByteSet.space.inverted)
        case UInt8(ascii: "b"): return .boundary(.present)
        case UInt8(ascii: "B"): return .boundary(.absent)
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            return dialect == .regexp ? .boundary(.present) : literal(byte)
        default: break
        }
        guard dialect == .pcre, byte.isLetter else { return byte.isLetter ? nil : literal(byte) }
        switch byte {
        case UInt8(ascii: "d"): return .set(.digits)
        case UInt8(ascii: "D"): return .set(ByteSet.digits.inverted)
        case UInt8(ascii: "A"): return .start
        case UInt8(ascii: "z"), UInt8(ascii: "Z"): return .end
        case UInt8(ascii: "t"): return .set(ByteSet([0x09]))
        case UInt8(ascii: "n"): return .set(ByteSet([0x0a]))
        case UInt8(ascii: "r"): return .set(ByteSet([0x0d]))
        default: return nil
        }
    }

    private mutating func bracket() -> Pattern.Node? {
        let isInverted = take("^")
        var set = ByteSet()
        var isFirst = true
        while let byte = current {
            if byte == UInt8(ascii: "]"), !isFirst {
                position += 1
                if ignoresCase { set = set.ignoringCase }
                return .set(isInverted ? set.inverted : set)
            }
            isFirst = false
            guard let member = bracketMember() else { return nil }
            switch member {
            case .set(let other): set.formUnion(other)
            case .byte(let low):
                guard current == UInt8(ascii: "-"), position + 1 < bytes.count,
                    bytes[position + 1] != UInt8(ascii: "]")
                else {
                    set.insert(low)
                    continue
                }
                position += 1
                guard case .byte(let high) = bracketMember(), low <= high else { return nil }
                set.formUnion(ByteSet(low...high))
            }
        }
        return nil
    }

    private enum Member {
        case byte(UInt8)
        case set(ByteSet)
    }

    private mutating func bracketMember() -> Member? {
        guard let byte = current else { return nil }
        position += 1
        if byte == UInt8(ascii: "["), current == UInt8(ascii: ":") {
            guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let name = bytes[position..<close].text
            position = close + 1
            return Self.classes[name].map(Member.set)
        }
        // In POSIX brackets a backslash is a byte like any other.
        guard byte == UInt8(ascii: "\\"), dialect == .pcre, let next = current else { return .byte(byte) }
        position += 1
        switch next {
        case UInt8(ascii: "d"): return .set(.digits)
        case UInt8(ascii: "w"): return .set(.word)
        case UInt8(ascii: "s"): return .set(.space)
        case UInt8(ascii: "t"): return .byte(0x09)
        case UInt8(ascii: "n"): return .byte(0x0a)
        case UInt8(ascii: "r"): return .byte(0x0d)
        default: return next.isLetter || next.isDigit ? nil : .byte(next)
        }
    }

    private static let classes: [String: ByteSet] = {
        var alphanumeric = ByteSet.letters
        alphanumeric.formUnion(.digits)
        let lower = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z"))
        let upper = ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        let punctuation = ByteSet((0x21...0x7e).filter { !alphanumeric.contains($0) })
        return [
            ":alpha:": .letters, ":digit:": .digits, ":alnum:": alphanumeric, ":space:": .space,
            ":lower:": lower, ":upper:": upper, ":punct:": punctuation, ":print:": ByteSet(0x20...0x7e),
            ":graph:": ByteSet(0x21...0x7e), ":blank:": ByteSet([0x09, 0x20]),
            ":cntrl:": ByteSet(0x00...0x1f), ":xdigit:": ByteSet("0123456789abcdefABCDEF".utf8),
        ]
    }()
}
