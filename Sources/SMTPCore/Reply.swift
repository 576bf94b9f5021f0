/// One answer of an SMTP server (RFC 5321 section 4.2), as it came: bytes, not text.
package struct Reply: Hashable, Sendable {
    /// The three digits of the last line, 0 to 999. Servers are not held to RFC 5321's first digits.
    package var code: Int
    /// What follows the code on each line, without the separator and the end of line.
    package var lines: [[UInt8]]

    package init(code: Int, lines: [[UInt8]]) {
        self.code = code
        self.lines = lines
    }

    /// A reply as written in a log or a document: `250-first`, `250 last`, lines joined by a line feed.
    package init(_ code: Int, _ text: String) {
        self.init(
            code: code,
            lines: text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.utf8) })
    }

    package var isPositive: Bool { (200...299).contains(code) }
    package var isIntermediate: Bool { (300...399).contains(code) }
    package var isTransient: Bool { (400...499).contains(code) }
    package var isPermanent: Bool { (500...599).contains(code) }

    /// What Postfix would have said without `soft_bounce`, where that can be seen: it makes each 5xx a 4xx, of which some are
    /// nobody's own (404 of 504). 450, 451, 452, 454 and 455 have a meaning by themselves.
    package var beforeSoftBounce: Reply {
        let softened = [400, 401, 402, 403, 404, 430, 434, 435, 438, 453, 456]
        return softened.contains(code) ? Reply(code: code + 100, lines: lines) : self
    }

    /// The status of RFC 3463 that begins the text, if there is one: `4.7.1`.
    package var enhancedStatus: EnhancedStatus? {
        lines.last.flatMap { EnhancedStatus(prefixOf: $0) }
    }

    /// Every line with its code, joined by a line feed; bytes that are not UTF-8 are replaced, control
    /// characters are kept: whoever shows it escapes them.
    package var text: String { textLines.joined(separator: "\n") }

    /// How much of its beginning and of its end is kept, in bytes each.
    static let excerptLimit = 512

    /// As much of it as is kept: whole, unless a server says more than any has to say. Then its first lines and the last
    /// one, which has the status; so what sixty tests have heard on every port stays small, whatever comes.
    package var excerpt: Reply {
        guard lines.reduce(0, { $0 + $1.count }) > Self.excerptLimit, let last = lines.last else {
            return self
        }
        var left = Self.excerptLimit
        var first: [[UInt8]] = []
        for line in lines.dropLast() where left > 0 {
            first.append(Array(line.prefix(left)))
            // An empty line has its weight, too.
            left -= line.count + 16
        }
        return Reply(code: code, lines: first + [Array(last.prefix(Self.excerptLimit))])
    }

    /// What ``text`` joins.
    package var textLines: [String] {
        let digits = String(code)
        let prefix = String(repeating: "0", count: 3 - digits.count) + digits
        return lines.indices.map { index in
            prefix + (index == lines.count - 1 ? " " : "-") + String(decoding: lines[index], as: UTF8.self)
        }
    }

    /// The text of all lines in lower case, for looking words up in it.
    package var lowercasedText: String {
        lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ").lowercased()
    }
}

/// A status code of RFC 3463: class, subject, detail.
package struct EnhancedStatus: Hashable, Sendable {
    package var statusClass: Int
    package var subject: Int
    package var detail: Int

    package init(_ statusClass: Int, _ subject: Int, _ detail: Int) {
        self.statusClass = statusClass
        self.subject = subject
        self.detail = detail
    }

    /// Reads `5.7.1` at the start of a reply's text, or qmail's `(#5.7.1)` at its end.
    package init?(prefixOf text: [UInt8]) {
        var text = text[...]
        if let hash = text.lastIndex(of: UInt8(ascii: "#")), text.last == UInt8(ascii: ")") {
            text = text[(hash + 1)...].dropLast()
        }
        let word = text.prefix { $0 != UInt8(ascii: " ") }
        let numbers = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(
            Self.number)
        guard numbers.count == 3, let first = numbers[0], let second = numbers[1], let third = numbers[2],
            [2, 4, 5].contains(first)
        else { return nil }
        self.init(first, second, third)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
