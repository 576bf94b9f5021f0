/// What stands in place of a secret.
private let mask = Array("***".utf8)

/// A text from a configuration, or a line of it, without the passwords that may stand in it.
///
/// Masked are: the password in a URL (`pgsql://user:…@host`), the values of `static:` and `inline:` tables that
/// hold a login (`static:user:…`) and are none of access(5), the value of a parameter that is a password by its name (`password = …`,
/// `hosts_password: …`), the login of a command (`curl -u user:…`), and what a comment says after the word. What is
/// continued on further lines (postconf(5)) is masked there as well. Names of files and tables are no secrets, and stay.
/// - Returns: As many lines as there were.
package func withoutSecrets(_ text: some Sequence<UInt8>) -> [UInt8] {
    let text = Array(text)
    var secrets: [Range<Int>] = []
    var statement: Range<Int>?
    for line in splitLines(text) {
        let range = line.startIndex..<line.endIndex
        if isComment(line) {
            secrets += afterSecretWord(line)
        }
        // A comment between the lines of a statement does not end it, and may stand inside of a table in braces.
        let isContinued = isComment(line) || line.first.map(isBlank) ?? false
        if let begun = statement, isContinued {
            statement = begun.lowerBound..<range.upperBound
        } else {
            if let statement { secrets += inStatement(text[statement]) }
            statement = range
        }
        secrets += namedValues(line) + passwordsOfURLs(line) + loginsOfCommand(line)
    }
    if let statement { secrets += inStatement(text[statement]) }
    return masked(text, secrets)
}

package func withoutSecrets(_ text: String) -> String {
    String(decoding: withoutSecrets(text.utf8), as: UTF8.self)
}

/// A text from a configuration as it may be shown: without secrets, and safe to print.
package func shownText(_ text: String) -> String { printableText(withoutSecrets(text.utf8)) }

/// The text with a mask for each secret: one on every line that it takes, whose beginning and end stay.
private func masked(_ text: [UInt8], _ secrets: [Range<Int>]) -> [UInt8] {
    var output: [UInt8] = []
    var position = 0
    for secret in secrets.sorted(by: { ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound) }) {
        guard secret.upperBound > position else { continue }
        let start = max(position, secret.lowerBound)
        // What overlaps has its mask already.
        let isCovered = secret.lowerBound < position
        output += text[position..<start]
        for (number, line) in splitLines(Array(text[start..<secret.upperBound])).enumerated() {
            let blanks = number == 0 ? [] : Array(line.prefix(while: isBlank))
            let ending = Array(line.reversed().prefix(while: isEnd).reversed())
            let isEmpty = line.count <= blanks.count + ending.count
            output += isEmpty || number == 0 && isCovered ? ending : blanks + mask + ending
        }
        position = secret.upperBound
    }
    return output + text[position...]
}

// MARK: - Lines

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

private func isEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

private func isComment(_ line: ArraySlice<UInt8>) -> Bool {
    line.first { !isBlank($0) } == UInt8(ascii: "#")
}

/// The words of a line, by where they stand.
private func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split { $0 <= 0x20 }
}

private func name(_ word: ArraySlice<UInt8>) -> String {
    String(decoding: word, as: UTF8.self).lowercased()
}

/// Whether the value of a parameter of that name is a secret; not one that names a table, a file or a limit.
private func isSecret(_ name: String) -> Bool {
    let words = [
        "password", "passwd", "secret", "passphrase", "token", "credential", "credentials", "apikey",
        "api_key",
    ]
    return words.contains { name == $0 || name.hasSuffix("_" + $0) }
        || ["pass", "pw"].contains { name.hasSuffix("_" + $0) } || ["pass", "pw", "pwd"].contains(name)
}

/// `password = …`, `-o x_password=…`, `{ x_password = … }`: to the end of the brace, of the option or of the line.
private func namedValues(_ line: ArraySlice<UInt8>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for sign in line.indices where line[sign] == UInt8(ascii: "=") || line[sign] == UInt8(ascii: ":") {
        let before = line[..<sign].reversed().drop(while: isBlank)
        let word = before.prefix { !isBlank($0) && !"-{,;#".utf8.contains($0) }
        guard isSecret(name(ArraySlice(word.reversed()))),
            let start = line[(sign + 1)...].firstIndex(where: { !isBlank($0) })
        else { continue }
        let rest = line[start...]
        let isBraced = line[..<sign].contains(UInt8(ascii: "{"))
        let isOption = !isBraced && words(line[..<sign]).contains { $0.elementsEqual("-o".utf8) }
        let length = rest.prefix { byte in
            isBraced ? !isEnd(byte) && byte != UInt8(ascii: "}") : isOption ? byte > 0x20 : !isEnd(byte)
        }
        let value = isBraced ? length.reversed().drop(while: isBlank).count : length.count
        if value > 0 { found.append(start..<start + value) }
    }
    return found
}

/// What a comment says after a word such as `password`.
private func afterSecretWord(_ line: ArraySlice<UInt8>) -> [Range<Int>] {
    let words = words(line)
    let said = words.map { word in
        name(word.drop { $0 == UInt8(ascii: "#") }).filter { $0 != ":" && $0 != "=" }
    }
    guard let place = said.firstIndex(where: isSecret), place + 1 < words.count else { return [] }
    return [words[place + 1].startIndex..<words[words.count - 1].endIndex]
}

private func passwordsOfURLs(_ line: ArraySlice<UInt8>) -> [Range<Int>] {
    let separator = Array("://".utf8)
    var found: [Range<Int>] = []
    var position = line.startIndex
    while let sign = line[position...].firstRange(of: separator) {
        position = sign.upperBound
        let rest = line[position...].prefix {
            $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ",")
        }
        guard let at = rest.lastIndex(of: UInt8(ascii: "@")),
            let colon = rest[..<at].firstIndex(of: UInt8(ascii: ":"))
        else { continue }
        found.append(colon + 1..<at)
        position = at
    }
    return found
}

/// `-u user:…`, `--user user:…`, `--password …`, as programs are called by pipe(8).
private func loginsOfCommand(_ line: ArraySlice<UInt8>) -> [Range<Int>] {
    let words = words(line)
    return zip(words, words.dropFirst()).compactMap { option, value in
        switch name(option) {
        case "-u", "--user": value.firstIndex(of: UInt8(ascii: ":")).map { $0 + 1..<value.endIndex }
        case "--password", "--passwd", "--pass", "--token": value.startIndex..<value.endIndex
        default: nil
        }
    }
}

// MARK: - Statements

/// What a statement has on its further lines, and tables that may go over several.
private func inStatement(_ statement: ArraySlice<UInt8>) -> [Range<Int>] {
    var found = tableContents(statement)
    // The value of `x_password =` may begin on the next line.
    let firstLine = statement.prefix { !isEnd($0) }
    if let sign = firstLine.firstIndex(of: UInt8(ascii: "=")), firstLine.endIndex < statement.endIndex,
        isSecret(name(ArraySlice(firstLine[..<sign].reversed().drop(while: isBlank).reversed())))
    {
        found.append(firstLine.endIndex..<statement.endIndex)
    }
    return found
}

private func tableContents(_ statement: ArraySlice<UInt8>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for type in ["static:", "inline:"].map({ Array($0.utf8) }) {
        var position = statement.startIndex
        while let sign = statement[position...].firstRange(of: type) {
            position = sign.upperBound
            let rest = statement[position...].drop { $0 <= 0x20 }
            let value = tableValue(rest)
            let before = statement[..<sign.lowerBound]
            let line = before[(before.lastIndex(where: isEnd).map { $0 + 1 } ?? before.startIndex)...]
            guard isLogin(value, after: line, isBraced: rest.first == UInt8(ascii: "{")) else { continue }
            found.append(value.startIndex..<value.endIndex)
            position = value.endIndex
        }
    }
    return found
}

/// Whether a value of a table is a login, by what stands before the table on its line.
///
/// An action such as `static:OK` has no colon; in braces, as in `${name?{static:OK}:{}}`, what follows them is none
/// of it. What `check_client_access` and the like look up is told to clients.
private func isLogin(_ value: ArraySlice<UInt8>, after before: ArraySlice<UInt8>, isBraced: Bool) -> Bool {
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    let isInside = before.count { $0 == open } > before.count { $0 == close }
    let own = isInside && !isBraced ? value.prefix { $0 != close } : value
    guard own.contains(UInt8(ascii: ":")) else { return false }
    let word = before.reversed().drop { isBlank($0) || $0 == open }.prefix {
        !isBlank($0) && !"{,=".utf8.contains($0)
    }
    let lookup = name(ArraySlice(word.reversed()))
    return !(lookup.hasPrefix("check_") && lookup.hasSuffix("_access"))
}

/// A word, or what stands in the braces that begin there; to the end where they are not closed.
private func tableValue(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard rest.first == UInt8(ascii: "{") else {
        return rest.prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "{") }
    }
    var depth = 0
    for index in rest.indices {
        if rest[index] == UInt8(ascii: "{") { depth += 1 }
        if rest[index] == UInt8(ascii: "}") { depth -= 1 }
        if depth == 0 { return rest[(rest.startIndex + 1)..<index] }
    }
    return rest.dropFirst()
}
