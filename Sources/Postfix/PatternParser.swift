/// Reads the text of a regular expression.
///
/// What regcomp(3) of glibc or PCRE, whichever the dialect stands for, refuses to compile is told apart from what is
/// only not read here: Postfix skips the one with a warning, and the other may match anything.
struct PatternParser {
    typealias Node = Pattern.Node
    typealias Fault = Pattern.Fault

    let bytes: [UInt8]
    let dialect: Pattern.Dialect
    /// Until the end of the group, once `(?i)` has changed it.
    var ignoresCase: Bool
    private(set) var groupCount = 0
    private var openGroups = 0
    private var highestReference = 0
    var position = 0
    private var depth = 0

    init(bytes: [UInt8], dialect: Pattern.Dialect, ignoresCase: Bool) {
        self.bytes = bytes
        self.dialect = dialect
        self.ignoresCase = ignoresCase
    }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func parse() throws(Fault) -> Node {
        let node = try alternation()
        guard position == bytes.count else { throw .invalid("a parenthesis closes nothing") }
        guard highestReference <= groupCount else {
            throw .invalid("\\\(highestReference) refers to a group that is not there")
        }
        return node
    }

    private mutating func alternation() throws(Fault) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth < 50 else { throw .notUnderstood }
        let first = try sequence()
        var branches = [first]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? first : .alternation(branches)
    }

    private mutating func sequence() throws(Fault) -> Node {
        var parts: [Node] = []
        while let byte = current, byte != UInt8(ascii: "|"), !closesGroup(byte) {
            parts.append(try repetition(of: try atom()))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    /// POSIX takes a parenthesis that closes nothing as it is.
    private func closesGroup(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ")") && (openGroups > 0 || dialect == .pcre)
    }

    private mutating func repetition(of atom: Node) throws(Fault) -> Node {
        var node = atom
        var isRepeated = false
        while let limits = try limits() {
            switch atom {
            case .start, .end, .boundary: throw .invalid("a repetition of nothing")
            default: break
            }
            if isRepeated, dialect == .pcre {
                // Of counts behind one another, PCRE takes more than PCRE2.
                throw limits.isCounted ? .notUnderstood : .invalid("a repetition of a repetition")
            }
            isRepeated = true
            var isLazy = false
            if dialect == .pcre {
                isLazy = take("?")
                // A possessive repetition matches less than a greedy one.
                if !isLazy, current == UInt8(ascii: "+") { throw .notUnderstood }
            }
            node = .repetition(node, atLeast: limits.least, atMost: limits.most, isLazy: isLazy)
        }
        return node
    }

    private typealias Limits = (least: Int, most: Int?, isCounted: Bool)

    /// Takes `*`, `+`, `?` or a count, where one stands here.
    private mutating func limits() throws(Fault) -> Limits? {
        if take("*") { return (0, nil, false) }
        if take("+") { return (1, nil, false) }
        if take("?") { return (0, 1, false) }
        return current == UInt8(ascii: "{") ? try countedLimits() : nil
    }

    /// `{2}`, `{2,}`, `{2,5}`; what is none of them is an error in POSIX, and in PCRE text.
    private mutating func countedLimits() throws(Fault) -> Limits? {
        guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else {
            guard dialect == .pcre else { throw .invalid("a brace that is not closed") }
            return nil
        }
        let text = bytes[position + 1..<close]
        let parts = text.split(
            separator: UInt8(ascii: ","), maxSplits: 1, omittingEmptySubsequences: false)
        guard !text.isEmpty, parts.allSatisfy({ $0.allSatisfy(\.isDigit) }) else {
            guard dialect == .pcre else { throw .invalid("a count that is none") }
            // Newer releases of PCRE2 take white space in a count.
            if text.allSatisfy({ $0.isDigit || $0.isSpace || $0 == UInt8(ascii: ",") }), !text.isEmpty {
                throw .notUnderstood
            }
            return nil
        }
        // Of PCRE2, newer releases take a count without a beginning as one from nought.
        if parts[0].isEmpty, dialect == .pcre { throw .notUnderstood }
        let numbers = parts.map { Int($0.text) ?? ($0.isEmpty ? 0 : .max) }
        guard numbers.allSatisfy({ $0 <= 1000 }) else { throw .notUnderstood }
        position = close + 1
        guard numbers.count == 2 else { return (numbers[0], numbers[0], true) }
        guard !parts[1].isEmpty else { return (numbers[0], nil, true) }
        guard numbers[0] <= numbers[1] else { throw .invalid("a count that ends before it begins") }
        return (numbers[0], numbers[1], true)
    }

    private mutating func atom() throws(Fault) -> Node {
        guard let byte = current else { throw .notUnderstood }
        position += 1
        switch byte {
        case UInt8(ascii: "^"): return .start
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "."): return .set(.all)
        case UInt8(ascii: "["): return try bracket()
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "\\"): return try escape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            throw .invalid("a repetition of nothing")
        case UInt8(ascii: "{"):
            position -= 1
            guard dialect == .pcre, try countedLimits() == nil else {
                throw .invalid("a repetition of nothing")
            }
            position += 1
            return literal(byte)
        default: return literal(byte)
        }
    }

    func literal(_ byte: UInt8) -> Node {
        let set = ByteSet([byte])
        return .set(ignoresCase ? set.ignoringCase : set)
    }

    private mutating func group() throws(Fault) -> Node {
        let outerCase = ignoresCase
        var index: Int?
        let opening: Opening
        if dialect == .pcre, current == UInt8(ascii: "?") || current == UInt8(ascii: "*") {
            guard take("?") else { throw .notUnderstood }
            opening = try extendedOpening()
        } else {
            opening = .counted
        }
        switch opening {
        case .remark: return .empty
        case .counted:
            groupCount += 1
            index = groupCount
        case .plain, .look: break
        }
        openGroups += 1
        let inner = try alternation()
        openGroups -= 1
        ignoresCase = outerCase
        guard take(")") else { throw .invalid("a parenthesis that is not closed") }
        if case .look(let direction, let presence) = opening { return .look(inner, direction, presence) }
        return .group(inner, index: index)
    }

    private mutating func escape() throws(Fault) -> Node {
        guard let byte = current else { throw .notUnderstood }
        position += 1
        if byte.isDigit, byte != UInt8(ascii: "0") { return try reference(byte) }
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
        guard dialect == .pcre else {
            if byte == UInt8(ascii: "`") { return .start }
            if byte == UInt8(ascii: "'") { return .end }
            // glibc takes any other byte as it is: `\d` is the letter d. Where case does not matter it makes capitals
            // of the text and of the pattern, but not of what a backslash stands before.
            return ignoresCase && byte != byte.uppercased ? .set(ByteSet()) : literal(byte)
        }
        return byte.isLetter || byte.isDigit ? try letterEscape(byte) : literal(byte)
    }

    private mutating func reference(_ digit: UInt8) throws(Fault) -> Node {
        // With more digits PCRE may mean a byte by its number.
        if dialect == .pcre, current?.isDigit == true { throw .notUnderstood }
        let number = Int(digit - 0x30)
        highestReference = max(highestReference, number)
        return .backReference(number)
    }

    private mutating func letterEscape(_ letter: UInt8) throws(Fault) -> Node {
        switch letter {
        case UInt8(ascii: "x"): return literal(try byteByNumber())
        case UInt8(ascii: "Q"): return try quotedText()
        case UInt8(ascii: "h"): return .set(ByteSet([0x09, 0x20, 0xa0]))
        case UInt8(ascii: "d"): return .set(.digits)
        case UInt8(ascii: "D"): return .set(ByteSet.digits.inverted)
        case UInt8(ascii: "A"): return .start
        case UInt8(ascii: "z"), UInt8(ascii: "Z"): return .end
        case UInt8(ascii: "t"): return .set(ByteSet([0x09]))
        case UInt8(ascii: "n"): return .set(ByteSet([0x0a]))
        case UInt8(ascii: "r"): return .set(ByteSet([0x0d]))
        default: throw .notUnderstood
        }
    }

    private mutating func bracket() throws(Fault) -> Node {
        if dialect == .pcre, try isClassOutsideBrackets() {
            throw .invalid("a class such as [:alpha:] outside brackets")
        }
        var reader = BracketReader(
            bytes: bytes, position: position, dialect: dialect, ignoresCase: ignoresCase)
        let set = try reader.read()
        position = reader.position
        return .set(set)
    }

    /// `[:alpha:]` alone: what PCRE takes for a mistake, and POSIX for a set of letters.
    private func isClassOutsideBrackets() throws(Fault) -> Bool {
        guard let first = current, ":.=".utf8.contains(first),
            let close = bytes[position...].dropFirst().firstIndex(of: UInt8(ascii: "]")),
            close > position + 1, bytes[close - 1] == first
        else { return false }
        guard first == UInt8(ascii: ":"), bytes[position + 1..<close - 1].allSatisfy(\.isLetter) else {
            throw .notUnderstood
        }
        return true
    }
}
