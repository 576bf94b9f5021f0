/// Reads `[…]` of a regular expression, from behind the opening bracket.
struct BracketReader {
    typealias Fault = Pattern.Fault

    let bytes: [UInt8]
    private(set) var position: Int
    let dialect: Pattern.Dialect
    let ignoresCase: Bool
    private var set = ByteSet()

    init(bytes: [UInt8], position: Int, dialect: Pattern.Dialect, ignoresCase: Bool) {
        self.bytes = bytes
        self.position = position
        self.dialect = dialect
        self.ignoresCase = ignoresCase
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Leaves the position behind the closing bracket.
    mutating func read() throws(Fault) -> ByteSet {
        let isInverted = current == UInt8(ascii: "^")
        if isInverted { position += 1 }
        var isFirst = true
        while let byte = current {
            if byte == UInt8(ascii: "]"), !isFirst {
                position += 1
                if ignoresCase { set = set.ignoringCase }
                return isInverted ? set.inverted : set
            }
            try readMember(isFirst: isFirst)
            isFirst = false
        }
        throw .invalid("a bracket that is not closed")
    }

    private mutating func readMember(isFirst: Bool) throws(Fault) {
        let isHyphen = current == UInt8(ascii: "-")
        switch try member() {
        case .set(let other): set.formUnion(other)
        case .byte(let low):
            // POSIX has a hyphen of its own at the beginning and at the end alone.
            if isHyphen, !isFirst, dialect == .regexp, let next = current, next != UInt8(ascii: "]") {
                throw .invalid("a range without a beginning")
            }
            guard current == UInt8(ascii: "-"), position + 1 < bytes.count,
                bytes[position + 1] != UInt8(ascii: "]")
            else { return set.insert(low) }
            position += 1
            guard case .byte(let high) = try member() else { throw .notUnderstood }
            try add(low, high)
        }
    }

    private mutating func add(_ low: UInt8, _ high: UInt8) throws(Fault) {
        // glibc makes capitals of a pattern whose case does not matter before it reads ranges.
        let isFolded = dialect == .regexp && ignoresCase
        let first = isFolded ? low.uppercased : low
        let last = isFolded ? high.uppercased : high
        guard first <= last else { throw .invalid("a range that ends before it begins") }
        set.formUnion(ByteSet(first...last))
    }

    private enum Member {
        case byte(UInt8)
        case set(ByteSet)
    }

    private mutating func member() throws(Fault) -> Member {
        guard let byte = current else { throw .invalid("a bracket that is not closed") }
        position += 1
        if byte == UInt8(ascii: "["), let next = current {
            if next == UInt8(ascii: ":") { return .set(try namedClass()) }
            // A collating element, or an equivalence class.
            if next == UInt8(ascii: ".") || next == UInt8(ascii: "=") { throw .notUnderstood }
        }
        // In POSIX brackets a backslash is a byte like any other.
        guard byte == UInt8(ascii: "\\"), dialect == .pcre else { return .byte(byte) }
        guard let next = current else { throw .invalid("a bracket that is not closed") }
        position += 1
        switch next {
        case UInt8(ascii: "d"): return .set(.digits)
        case UInt8(ascii: "w"): return .set(.word)
        case UInt8(ascii: "s"): return .set(.space)
        case UInt8(ascii: "t"): return .byte(0x09)
        case UInt8(ascii: "n"): return .byte(0x0a)
        case UInt8(ascii: "r"): return .byte(0x0d)
        default:
            if next.isLetter || next.isDigit { throw .notUnderstood }
            return .byte(next)
        }
    }

    /// `[:alpha:]`, from the first colon on.
    private mutating func namedClass() throws(Fault) -> ByteSet {
        guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "]")), close > position + 1,
            bytes[close - 1] == UInt8(ascii: ":")
        else { throw .notUnderstood }
        let name = bytes[position + 1..<close - 1]
        position = close + 1
        if let known = Self.classes[name.text] { return known }
        let isPCREsOwn = ["word", "ascii"].contains(name.text) || !name.allSatisfy(\.isLetter)
        if dialect == .pcre, isPCREsOwn { throw .notUnderstood }
        throw .invalid("there is no class [:\(name.text):]")
    }

    private static let classes: [String: ByteSet] = {
        var alphanumeric = ByteSet.letters
        alphanumeric.formUnion(.digits)
        let lower = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z"))
        let upper = ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        let punctuation = ByteSet((0x21...0x7e).filter { !alphanumeric.contains($0) })
        return [
            "alpha": .letters, "digit": .digits, "alnum": alphanumeric, "space": .space,
            "lower": lower, "upper": upper, "punct": punctuation, "print": ByteSet(0x20...0x7e),
            "graph": ByteSet(0x21...0x7e), "blank": ByteSet([0x09, 0x20]),
            "cntrl": ByteSet(0x00...0x1f), "xdigit": ByteSet("0123456789abcdefABCDEF".utf8),
        ]
    }()
}
