extension UInt8 {
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    var isSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }

    /// The lower-case letter of an ASCII upper-case one, as qmail's `case_lowerb` folds.
    var lowercased: UInt8 { (0x41...0x5a).contains(self) ? self | 0x20 : self }
}

extension Sequence<UInt8> {
    /// The bytes as text for people and for comparison; what is not UTF-8 becomes U+FFFD.
    var text: String { String(decoding: Array(self), as: UTF8.self) }
}

extension String {
    /// ASCII letters in lower case, everything else untouched.
    var folded: String { String(decoding: utf8.map(\.lowercased), as: UTF8.self) }

    /// The name of a program without its directories.
    var baseName: String { split(separator: "/").last.map(String.init) ?? self }
}

/// A file as its lines, each with its line end, so that joining them gives the same bytes.
struct Lines: Sendable {
    var lines: [[UInt8]]

    init(_ bytes: [UInt8]) {
        lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map { Array($0) + [0x0a] }
        // After the last line feed nothing follows; without one, the last line has no end.
        if let last = lines.indices.last {
            lines[last].removeLast()
            if lines[last].isEmpty { lines.removeLast() }
        }
    }

    /// Without the lines that were emptied, line end included.
    var bytes: [UInt8] { lines.flatMap(\.self) }

    /// The text of a line without its end, by its number from 1.
    func text(_ number: Int) -> String {
        guard lines.indices.contains(number - 1) else { return "" }
        var line = lines[number - 1][...]
        if line.last == 0x0a { line = line.dropLast() }
        if line.last == 0x0d { line = line.dropLast() }
        return line.text
    }
}

/// A word of a file with the place where it stands.
struct Word: Hashable, Sendable {
    var text: String
    /// From 1.
    var line: Int

    /// sslserver takes the same words as tcpserver, and is it over TLS; tcpsvd and s6-tcpserver take them in the same
    /// order, behind options of their own.
    var isConnectionServer: Bool {
        ["tcpserver", "sslserver", "tcpsvd", "sslsvd", "s6-tcpserver"].contains(text.baseName)
    }
}

/// Splits at white space.
func words(of line: some Sequence<UInt8>, number: Int) -> [Word] {
    Array(line).split(whereSeparator: \.isSpace).map { Word(text: $0.text, line: number) }
}
