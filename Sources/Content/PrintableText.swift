/// Bytes from a file or the network as text that is safe on a terminal and in JSON.
///
/// Control characters (tabs excepted), invisible format characters and bytes that are not UTF-8 come out
/// as `\xNN`: nothing reaches the terminal raw, and two different contents never look alike.
package func printableText(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var text = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
        // Most of a text; the properties of a scalar are looked up in tables.
        if (0x20...0x7e).contains(bytes[index]) {
            text.append(Unicode.Scalar(bytes[index]))
            index += 1
            continue
        }
        let length = scalarLength(at: index, in: bytes)
        guard length > 0,
            let scalar = String(decoding: bytes[index..<index + length], as: UTF8.self).unicodeScalars.first,
            isHarmless(scalar)
        else {
            for byte in bytes[index..<index + max(length, 1)] {
                text.append(contentsOf: escaped(byte).unicodeScalars)
            }
            index += max(length, 1)
            continue
        }
        text.append(scalar)
        index += length
    }
    return String(text)
}

private func escaped(_ byte: UInt8) -> String {
    "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

/// The length of the well-formed UTF-8 sequence at `index` (RFC 3629 section 4), or 0.
private func scalarLength(at index: Int, in bytes: [UInt8]) -> Int {
    let length =
        switch bytes[index] {
        case 0x00...0x7f: 1
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 0
        }
    guard length > 0, index + length <= bytes.count else { return 0 }
    return String(validating: bytes[index..<index + length], as: UTF8.self) == nil ? 0 : length
}

private func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control: scalar == "\t"
    // Bidirectional overrides and their like can make a line read as another one.
    case .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
}
