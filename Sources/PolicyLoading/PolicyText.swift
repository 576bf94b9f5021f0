internal import MailModel

/// Reads the bytes of a policy file as text that may be handed to the YAML parser.
///
/// Refused here, before any parsing: files that are too large or empty, bytes that are not UTF-8, control
/// characters, line breaks that editors do not count, and the private use area, which this module needs.
/// - Returns: the text without a byte order mark; `nil` when `diagnostics` says why not.
func readText(_ file: PolicyFile, into diagnostics: inout [Diagnostic]) -> String? {
    let start = SourceLocation(file: file.path, line: 1, column: 1)
    guard !file.bytes.isEmpty else {
        diagnostics.append(Diagnostic("the file is empty", at: start, remedy: "Begin it with `version: 1`."))
        return nil
    }
    guard file.bytes.count <= PolicyLimits.fileSizeInBytes else {
        let summary =
            "the file has \(file.bytes.count) bytes; a policy has at most \(PolicyLimits.fileSizeInBytes)"
        diagnostics.append(Diagnostic(summary, at: start))
        return nil
    }
    let bytes = file.bytes.starts(with: [0xef, 0xbb, 0xbf]) ? file.bytes.dropFirst(3) : file.bytes[...]
    guard let text = String(validating: bytes, as: UTF8.self) else {
        // The repaired text is the same up to the first bad byte, which becomes U+FFFD.
        let sound = validPrefix(of: bytes)
        diagnostics.append(
            Diagnostic(
                "this is not UTF-8", at: endOfText(sound, in: file.path),
                remedy: "Save the file as UTF-8 in the editor."))
        return nil
    }
    guard let stray = text.unicodeScalars.firstIndex(where: isOutOfPlace) else { return text }
    let scalar = text.unicodeScalars[stray]
    let code = String(scalar.value, radix: 16, uppercase: true)
    let name = "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
    diagnostics.append(
        Diagnostic(
            "the character \(name) cannot stand in a policy", at: endOfText(text[..<stray], in: file.path),
            remedy: "Delete it, or type it again."))
    return nil
}

private func validPrefix(of bytes: ArraySlice<UInt8>) -> Substring {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var sound = String.UnicodeScalarView()
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { sound.append(scalar) }
    return Substring(String(sound))
}

/// Whether a character has no business in a policy, written out or as an escape.
func isOutOfPlace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d: false
    case 0x00...0x1f, 0x7f...0x9f, 0x2028, 0x2029, 0xe000...0xf8ff, 0xfeff, 0xfffe, 0xffff: true
    default: false
    }
}

/// Where the character after `text` stands.
private func endOfText(_ text: Substring, in path: String) -> SourceLocation {
    var line = 1
    var column = 1
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
        if scalar == "\n" || scalar == "\r" {
            if !(scalar == "\n" && previous == "\r") { line += 1 }
            column = 1
        } else {
            column += 1
        }
        previous = scalar
    }
    return SourceLocation(file: path, line: line, column: column)
}
