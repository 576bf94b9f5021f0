extension UInt8 {
    /// Whether C's `isspace` holds in the POSIX locale.
    package var isSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }

    /// Whether Postfix splits text at the byte: of what C calls space it leaves out form feed and vertical tab.
    var isBlank: Bool { isSpace && self != 0x0b && self != 0x0c }

    package var isDigit: Bool { (0x30...0x39).contains(self) }

    package var isLetter: Bool { (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) }

    /// The lower-case letter of an ASCII upper-case one; any other byte as it is.
    package var lowercased: UInt8 { (0x41...0x5a).contains(self) ? self | 0x20 : self }

    /// The capital of an ASCII lower-case letter; any other byte as it is.
    var uppercased: UInt8 { (0x61...0x7a).contains(self) ? self & ~0x20 : self }

    /// Whether Postfix takes the byte as part of a parameter name after `$`.
    var isNameByte: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
}

extension Sequence<UInt8> {
    /// The bytes as text for people and for comparison; what is not UTF-8 becomes U+FFFD.
    package var text: String { String(decoding: Array(self), as: UTF8.self) }
}

extension String {
    package var bytes: [UInt8] { Array(utf8) }

    /// ASCII letters in lower case, everything else untouched, as Postfix folds names.
    package var folded: String {
        utf8.contains { (0x41...0x5a).contains($0) }
            ? String(decoding: utf8.map(\.lowercased), as: UTF8.self) : self
    }
}

extension [UInt8] {
    /// Whether the word is in it.
    package func holds(_ word: [UInt8]) -> Bool { self[...].position(of: word) != nil }
}

extension ArraySlice<UInt8> {
    /// Where the word is first. The generic `firstRange(of:)` takes longer than all else that a small host needs.
    package func position(of word: [UInt8]) -> Int? {
        guard let first = word.first, count >= word.count else { return word.isEmpty ? startIndex : nil }
        let found = withUnsafeBufferPointer { bytes in
            (0...bytes.count - word.count).first { start in
                bytes[start] == first && word.indices.allSatisfy { bytes[start + $0] == word[$0] }
            }
        }
        return found.map { startIndex + $0 }
    }
}

extension Collection<UInt8> where SubSequence == Self {
    func trimmingLeadingSpace() -> Self { drop { $0.isSpace } }
}

extension BidirectionalCollection<UInt8> where SubSequence == Self {
    func trimmingSpace() -> Self {
        var rest = trimmingLeadingSpace()
        while let last = rest.last, last.isSpace { rest = rest.dropLast() }
        return rest
    }
}

/// Splits as Postfix's `mystrtokq` does: at any of `separators`, but not inside braces.
/// - Returns: the ranges of the tokens, in the indices of `bytes`.
package func tokenRanges(
    in bytes: [UInt8], separators: (UInt8) -> Bool, braces: Braces = .quote
) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var index = 0
    while index < bytes.count {
        while index < bytes.count, separators(bytes[index]) { index += 1 }
        guard index < bytes.count else { break }
        let start = index
        var level = 0
        while index < bytes.count {
            let byte = bytes[index]
            if braces == .quote, byte == UInt8(ascii: "{") {
                level += 1
            } else if level > 0, byte == UInt8(ascii: "}") {
                level -= 1
            } else if level == 0, separators(byte) {
                break
            }
            index += 1
        }
        ranges.append(start..<index)
    }
    return ranges
}

/// Whether `{ … }` keeps separators inside it from splitting.
package enum Braces: Sendable {
    case quote, ordinary
}

/// Whether Postfix's lists are split at the byte: comma and blanks (`CHARS_COMMA_SP`).
package func isListSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte.isBlank }
