/// What PCRE has beyond POSIX, as far as it is read here (pcre2pattern(3)).
extension PatternParser {
    /// What a parenthesis begins.
    enum Opening {
        case counted, plain
        case look(Pattern.Direction, Pattern.Presence)
        /// Nothing: a comment, or options for what follows.
        case remark
    }

    /// What stands behind `(?` (pcre2pattern(3)).
    mutating func extendedOpening() throws(Fault) -> Opening {
        if take(":") { return .plain }
        if take("=") { return .look(.ahead, .present) }
        if take("!") { return .look(.ahead, .absent) }
        if take("#") {
            guard skip(to: ")") else { throw .invalid("a comment that is not closed") }
            return .remark
        }
        if take("'") { return try named(until: "'") }
        if take("P") {
            guard take("<") else { throw .notUnderstood }
            return try named(until: ">")
        }
        guard take("<") else { return try options() }
        if take("=") { return .look(.behind, .present) }
        if take("!") { return .look(.behind, .absent) }
        return try named(until: ">")
    }

    private mutating func named(until end: Unicode.Scalar) throws(Fault) -> Opening {
        let name = bytes[position...].prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
        position = name.endIndex
        guard name.first.map({ !$0.isDigit }) == true, take(end) else { throw .notUnderstood }
        return .counted
    }

    /// `(?i)` for the rest of the group, `(?i:…)` for one of its own.
    private mutating func options() throws(Fault) -> Opening {
        var isOn = true
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "i"): ignoresCase = isOn
            // These matter only for text with line ends, which no lookup key of smtpd has.
            case UInt8(ascii: "m"), UInt8(ascii: "s"): continue
            case UInt8(ascii: "-") where isOn: isOn = false
            case UInt8(ascii: ":"): return .plain
            case UInt8(ascii: ")"): return .remark
            default: throw .notUnderstood
            }
        }
        throw .invalid("a parenthesis that is not closed")
    }

    private mutating func skip(to end: Unicode.Scalar) -> Bool {
        guard let found = bytes[position...].firstIndex(of: UInt8(ascii: end)) else { return false }
        position = found + 1
        return true
    }

    /// `\x40` or `\x{40}`.
    mutating func byteByNumber() throws(Fault) -> UInt8 {
        let isBraced = take("{")
        let digits = bytes[position...].prefix { Int(String(UnicodeScalar($0)), radix: 16) != nil }
        let text = (isBraced ? digits : digits.prefix(2)).text
        guard let byte = UInt8(text, radix: 16) else { throw .notUnderstood }
        position += text.utf8.count
        guard !isBraced || take("}") else { throw .notUnderstood }
        return byte
    }

    /// What stands between `\Q` and `\E` is text.
    mutating func quotedText() throws(Fault) -> Node {
        let end = bytes[position...].firstRange(of: Array("\\E".utf8))
        let text = bytes[position..<(end?.lowerBound ?? bytes.count)]
        position = end?.upperBound ?? bytes.count
        // A repetition would be of the last letter alone.
        if let next = current, "*+?{".utf8.contains(next) { throw .notUnderstood }
        return text.isEmpty ? .empty : .sequence(text.map(literal))
    }
}
