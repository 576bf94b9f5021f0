/// What stands in place of a secret.
private let mask = Array("***".utf8)

/// A line of a configuration without the passwords that may stand in it.
///
/// Masked are: the password in a URL (`pgsql://user:…@host`), the values of `static:` and `inline:` tables that
/// hold a login (`static:user:…`), and the value of a parameter that is a password by its name (`password = …`,
/// `hosts_password: …`). Names of files and tables are no secrets, and stay.
package func withoutSecrets(_ line: some Sequence<UInt8>) -> [UInt8] {
    var line = Array(line)
    maskNamedValue(&line)
    maskURLs(&line)
    maskTables(&line)
    return line
}

/// A text from a configuration without the passwords that may stand in it.
package func withoutSecrets(_ text: String) -> String {
    String(decoding: withoutSecrets(text.utf8), as: UTF8.self)
}

/// A text from a configuration as it may be shown: without secrets, and safe to print.
package func shownText(_ text: String) -> String { printableText(withoutSecrets(text.utf8)) }

private func maskNamedValue(_ line: inout [UInt8]) {
    guard let sign = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else {
        return
    }
    let words = line[..<sign].split { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: "-") }
    guard let name = words.last.map({ String(decoding: $0, as: UTF8.self).lowercased() }),
        isSecret(name), let start = line[(sign + 1)...].firstIndex(where: { $0 != 0x20 && $0 != 0x09 })
    else { return }
    let end = line.lastIndex { ![0x0A, 0x0D].contains($0) }.map { $0 + 1 } ?? line.count
    guard start < end else { return }
    line.replaceSubrange(start..<end, with: mask)
}

/// Whether the value of a parameter of that name is a secret; not one that names a table, a file or a limit.
private func isSecret(_ name: String) -> Bool {
    ["password", "passwd", "secret", "passphrase", "token"].contains {
        name == $0 || name.hasSuffix("_" + $0)
    }
        || ["pass", "pw"].contains { name.hasSuffix("_" + $0) } || name == "pass" || name == "pwd"
}

private func maskURLs(_ line: inout [UInt8]) {
    let separator = Array("://".utf8)
    var position = 0
    while let found = line[position...].firstRange(of: separator) {
        position = found.upperBound
        let rest = line[position...].prefix {
            $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ",")
        }
        guard let at = rest.lastIndex(of: UInt8(ascii: "@")),
            let colon = rest[..<at].firstIndex(of: UInt8(ascii: ":"))
        else { continue }
        line.replaceSubrange(colon + 1..<at, with: mask)
        position = colon + 1 + mask.count
    }
}

private func maskTables(_ line: inout [UInt8]) {
    for (type, isEnd) in tables {
        var position = 0
        while let found = line[position...].firstRange(of: Array(type.utf8)) {
            position = found.upperBound
            let value = line[position...].prefix { !isEnd($0) }
            // A login has a user and a password; an action such as static:OK has neither.
            guard value.contains(UInt8(ascii: ":")) else { continue }
            line.replaceSubrange(value.startIndex..<value.endIndex, with: mask)
            position += mask.count
        }
    }
}

private let tables: [(String, @Sendable (UInt8) -> Bool)] = [
    ("static:", { $0 <= 0x20 || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "{") }),
    ("static:{", { $0 == UInt8(ascii: "}") || $0 == 0x0A }),
    ("inline:{", { $0 == UInt8(ascii: "}") || $0 == 0x0A }),
]
