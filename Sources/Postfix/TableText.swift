package import MailModel

/// Reads the text source of a lookup table.
///
/// `hash`, `btree`, `lmdb`, `cdb`, `dbm`, `sdbm`, `texthash`: `key value` as postmap(1) reads it, keys in
/// lower case. `cidr`, `regexp`, `pcre`: one entry a rule in order, with the pattern as the key exactly as
/// written, `!` and flags included; `IF pattern` and `ENDIF` are entries of their own.
/// - Parameters:
///   - type: the table's type.
///   - bytes: the file.
/// - Returns: the entries in the order of the file; lines that Postfix skips with a warning are left out.
package func parseTable(type: String, bytes: [UInt8]) -> [TableEntry] {
    let entry: (LogicalLine) -> TableEntry? =
        switch type {
        case "cidr": cidrEntry
        case "regexp", "pcre": patternEntry
        default: postmapEntry
        }
    var entries: [TableEntry] = []
    for line in LogicalLines(bytes) { if let entry = entry(line) { entries.append(entry) } }
    return entries
}

private func postmapEntry(_ line: LogicalLine) -> TableEntry? {
    let bytes = line.bytes
    var end = bytes.count
    while end > 0, bytes[end - 1].isSpace { end -= 1 }
    var index = 0
    var key: [UInt8] = []
    var hasCapitals = false
    // postmap reads a key in double quotes, so that it can hold white space; `\` takes one byte as it is.
    var isQuoted = false
    while index < end, isQuoted || !bytes[index].isSpace {
        if bytes[index] == UInt8(ascii: "\"") {
            isQuoted.toggle()
            key.append(bytes[index])
        } else {
            key.append(bytes[index].lowercased)
            hasCapitals = hasCapitals || key.last != bytes[index]
        }
        index += 1
    }
    while index < end, bytes[index].isSpace { index += 1 }
    guard !key.isEmpty, index < end else { return nil }
    return TableEntry(
        key: key.text, value: bytes[index..<end].text, line: line.firstLine, hasCapitals: hasCapitals)
}

private func cidrEntry(_ line: LogicalLine) -> TableEntry? {
    let bytes = line.bytes
    if let condition = conditional(bytes) {
        return TableEntry(key: condition, value: "", line: line.firstLine)
    }
    var index = 0
    while index < bytes.count, bytes[index] == UInt8(ascii: "!") || bytes[index].isSpace { index += 1 }
    while index < bytes.count, !bytes[index].isSpace { index += 1 }
    let value = bytes[index...].trimmingSpace()
    guard !value.isEmpty else { return nil }
    return TableEntry(
        key: String(decoding: bytes[..<index].filter { !$0.isSpace }, as: UTF8.self), value: value.text,
        line: line.firstLine)
}

/// `IF pattern`, `ENDIF`: in upper case, with what follows.
private func conditional(_ bytes: [UInt8]) -> String? {
    guard let first = bytes.first, [UInt8(ascii: "E"), UInt8(ascii: "I")].contains(first & ~0x20) else {
        return nil
    }
    for word in ["ENDIF", "IF"] {
        let head = bytes.prefix(word.utf8.count).map { $0.isLetter ? $0 & ~0x20 : $0 }
        guard head.text == word else { continue }
        let rest = bytes.dropFirst(word.utf8.count)
        guard rest.first.map({ !$0.isLetter && !$0.isDigit }) ?? true else { continue }
        let pattern = Array(rest.trimmingSpace()).text
        return pattern.isEmpty ? word : "\(word) \(pattern)"
    }
    return nil
}

private func patternEntry(_ line: LogicalLine) -> TableEntry? {
    let bytes = line.bytes
    if let condition = conditional(bytes) {
        return TableEntry(key: condition, value: "", line: line.firstLine)
    }
    guard let end = patternEnd(bytes) else { return nil }
    return TableEntry(
        key: bytes[..<end].text, value: bytes[end...].trimmingSpace().text, line: line.firstLine)
}

/// Where `!/pattern/flags` ends.
private func patternEnd(_ bytes: [UInt8]) -> Int? {
    var index = 0
    while index < bytes.count, bytes[index] == UInt8(ascii: "!") || bytes[index].isSpace { index += 1 }
    guard index < bytes.count, !bytes[index].isLetter, !bytes[index].isDigit else { return nil }
    let delimiter = bytes[index]
    index += 1
    while index < bytes.count, bytes[index] != delimiter {
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard index < bytes.count else { return nil }
    index += 1
    while index < bytes.count, !bytes[index].isSpace { index += 1 }
    return index
}
