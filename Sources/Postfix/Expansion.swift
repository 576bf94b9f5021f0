/// Postfix's `mac_expand`: `$name`, `${name}`, `$(name)`, `${name?x}`, `${name:x}`, `${name?{x}:{y}}` and
/// `${{x} == {y} ? {a} : {b}}` with the operators `== != < <= >= >` and the suffix `level`.
struct Expansion {
    let values: ParameterValues
    /// Why a Postfix program would stop with a fatal error.
    private(set) var fault: String?
    private var level = 0
    /// Bytes put together so far: each reference may double them, which no level bounds.
    private var size = 0
    private static let largest = 16 << 20

    init(values: ParameterValues) { self.values = values }

    private static let dollar = UInt8(ascii: "$")

    mutating func expand(_ text: SourcedText, into result: inout SourcedText) {
        let bytes = text.bytes
        var index = 0
        var literal = 0
        while index < bytes.count, fault == nil {
            guard bytes[index] == Self.dollar else {
                index += 1
                continue
            }
            if index + 1 < bytes.count, bytes[index + 1] == Self.dollar {
                result.append(text.slice(literal..<index + 1))
                index += 2
                literal = index
                continue
            }
            result.append(text.slice(literal..<index))
            guard let expression = expressionRange(in: bytes, after: index + 1) else {
                fault = "truncated macro reference: \"\(text.text)\""
                return
            }
            guard !expression.inner.isEmpty else {
                fault = "empty macro name: \"\(text.text)\""
                return
            }
            evaluate(text.slice(expression.inner), into: &result)
            index = expression.end
            literal = index
        }
        if fault == nil { result.append(text.slice(literal..<bytes.count)) }
        size += bytes.count
        if size > Self.largest { fault = "the value is larger than \(Self.largest >> 20) MiB" }
    }

    /// What follows a `$`: the inside of the parentheses or braces, or a plain name.
    private func expressionRange(in bytes: [UInt8], after start: Int) -> (inner: Range<Int>, end: Int)? {
        let pairs = [("{", "}"), ("(", ")")] as [(Unicode.Scalar, Unicode.Scalar)]
        let open = start < bytes.count ? bytes[start] : 0
        guard let close = pairs.first(where: { UInt8(ascii: $0.0) == open }).map({ UInt8(ascii: $0.1) })
        else {
            let end = bytes[start...].firstIndex { !$0.isNameByte } ?? bytes.count
            return (start..<end, end)
        }
        guard let end = closing(bytes[start], close, in: bytes, after: start + 1) else { return nil }
        return (start + 1..<end, end + 1)
    }

    private func closing(_ open: UInt8, _ close: UInt8, in bytes: [UInt8], after start: Int) -> Int? {
        var depth = 1
        for index in start..<max(bytes.count, start) {
            if bytes[index] == open { depth += 1 }
            if bytes[index] == close {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private mutating func evaluate(_ expression: SourcedText, into result: inout SourcedText) {
        level += 1
        defer { level -= 1 }
        guard level <= 100 else {
            fault = "unreasonable macro call nesting: \"\(expression.text)\""
            return
        }
        var cursor = skipSpace(in: expression.bytes, from: 0)
        if cursor < expression.bytes.count, expression.bytes[cursor] == UInt8(ascii: "{") {
            guard let truth = comparison(expression, &cursor) else { return }
            finish(expression, from: cursor, isSet: truth, plain: truth ? "true" : "", into: &result)
        } else {
            named(expression, from: cursor, into: &result)
        }
    }

    private mutating func named(_ expression: SourcedText, from start: Int, into result: inout SourcedText) {
        let bytes = expression.bytes
        var cursor = start
        while cursor < bytes.count, bytes[cursor].isNameByte { cursor += 1 }
        let name = bytes[start..<cursor].text
        cursor = skipSpace(in: bytes, from: cursor)
        let raw = values.rawValue(of: name)
        guard cursor < bytes.count else {
            if let raw { expand(raw, into: &result) }
            return
        }
        guard bytes[cursor] == UInt8(ascii: "?") || bytes[cursor] == UInt8(ascii: ":") else {
            fault = "attribute name syntax error at: \"\(expression.text)\""
            return
        }
        finish(expression, from: cursor, isSet: raw?.isEmpty == false, plain: "", into: &result)
    }

    /// What follows a name or a comparison: nothing, `?x`, `:x` or `?{x}:{y}`.
    private mutating func finish(
        _ expression: SourcedText, from start: Int, isSet: Bool, plain: String, into result: inout SourcedText
    ) {
        let bytes = expression.bytes
        var cursor = start
        guard cursor < bytes.count else {
            result.append(SourcedText(plain.bytes, origin: .builtIn("")))
            return
        }
        let first = bytes[cursor]
        guard first == UInt8(ascii: "?") || first == UInt8(ascii: ":") else {
            fault = "\"?\" or \":\" expected at: \"\(expression.text)\""
            return
        }
        cursor += 1
        guard let branch = operand(expression, &cursor) else { return }
        if isSet == (first == UInt8(ascii: "?")) { expand(branch, into: &result) }
        guard cursor < bytes.count, fault == nil else { return }
        guard first == UInt8(ascii: "?"), bytes[cursor] == UInt8(ascii: ":") else {
            fault = "\":\" expected at: \"\(expression.text)\""
            return
        }
        cursor += 1
        guard let other = operand(expression, &cursor) else { return }
        if !isSet { expand(other, into: &result) }
        if cursor < bytes.count, fault == nil { fault = "unexpected input at: \"\(expression.text)\"" }
    }

    /// `{text}`, or all the rest where there is no brace.
    private mutating func operand(_ expression: SourcedText, _ cursor: inout Int) -> SourcedText? {
        let bytes = expression.bytes
        let start = skipSpace(in: bytes, from: cursor)
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else {
            let rest = expression.slice(cursor..<bytes.count)
            cursor = bytes.count
            return rest
        }
        return braced(expression, at: start, &cursor)
    }

    private mutating func braced(
        _ expression: SourcedText, at start: Int, _ cursor: inout Int
    ) -> SourcedText? {
        let bytes = expression.bytes
        guard let end = closing(UInt8(ascii: "{"), UInt8(ascii: "}"), in: bytes, after: start + 1) else {
            fault = "unbalanced {} in attribute expression: \"\(expression.text)\""
            return nil
        }
        cursor = skipSpace(in: bytes, from: end + 1)
        return expression.slice(start + 1..<end)
    }

    private mutating func comparison(_ expression: SourcedText, _ cursor: inout Int) -> Bool? {
        let bytes = expression.bytes
        guard let left = braced(expression, at: cursor, &cursor) else { return nil }
        let operatorStart = cursor
        while cursor < bytes.count, "<>!=?+-*/~&|%".utf8.contains(bytes[cursor]) { cursor += 1 }
        let symbol = bytes[operatorStart..<cursor].text
        let suffixStart = cursor
        while cursor < bytes.count, bytes[cursor].isLetter || bytes[cursor].isDigit { cursor += 1 }
        let suffix = bytes[suffixStart..<cursor].text
        cursor = skipSpace(in: bytes, from: cursor)
        guard let relation = Relation(rawValue: symbol), suffix.isEmpty || suffix == "level",
            cursor < bytes.count, bytes[cursor] == UInt8(ascii: "{"),
            let right = braced(expression, at: cursor, &cursor)
        else {
            fault = fault ?? "relational operator expected at: \"\(expression.text)\""
            return nil
        }
        var leftText = SourcedText()
        var rightText = SourcedText()
        expand(left, into: &leftText)
        expand(right, into: &rightText)
        guard fault == nil else { return nil }
        if suffix.isEmpty,
            let number = [leftText, rightText].first(where: { $0.isNumber && Int($0.text) == nil }),
            leftText.isNumber, rightText.isNumber
        {
            fault = "mac_exp_eval: bad conversion: \(number.text)"
            return nil
        }
        guard let order = suffix.isEmpty ? compare(leftText, rightText) : compareLevels(leftText, rightText)
        else {
            fault = "malformed compatibility level syntax: \"\(leftText.text)\""
            return nil
        }
        return relation.holds(order)
    }

    private func compare(_ left: SourcedText, _ right: SourcedText) -> Int? {
        if left.isNumber, right.isNumber, let first = Int(left.text), let second = Int(right.text) {
            return first == second ? 0 : first < second ? -1 : 1
        }
        if left.bytes == right.bytes { return 0 }
        return left.bytes.lexicographicallyPrecedes(right.bytes) ? -1 : 1
    }

    private func compareLevels(_ left: SourcedText, _ right: SourcedText) -> Int? {
        guard let first = compatibilityLevel(left.text), let second = compatibilityLevel(right.text) else {
            return nil
        }
        return first == second ? 0 : first < second ? -1 : 1
    }

    private func skipSpace(in bytes: [UInt8], from start: Int) -> Int {
        bytes[start...].firstIndex { !$0.isSpace } ?? bytes.count
    }
}

extension SourcedText {
    fileprivate var isNumber: Bool { !isEmpty && bytes.allSatisfy(\.isDigit) }
}

private enum Relation: String {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case greater = ">"

    func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greaterOrEqual: order >= 0
        case .greater: order > 0
        }
    }
}

/// `3`, `3.6` or `3.6.1` as a number that orders levels.
/// - Returns: `nil` when malformed.
package func compatibilityLevel(_ text: String) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(parts.count) else { return nil }
    var level = 0
    for index in 0..<3 {
        guard index < parts.count else {
            level *= 1024
            continue
        }
        // Only what comes behind the first dot has a limit of its own (compat_level.c).
        guard let part = parts[index], (0..<(index == 0 ? 1 << 43 : 1024)).contains(part) else { return nil }
        level = level * 1024 + part
    }
    return level
}
