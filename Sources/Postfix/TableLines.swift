/// Hands out the pieces between separators, one after the other, empty ones left out.
///
/// Not split(separator:): the tables that this reads are read at every start, and it takes three times as long.
func forEachPiece(
    of bytes: UnsafeBufferPointer<UInt8>, between separator: Unicode.Scalar,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
) {
    let separator = UInt8(ascii: separator)
    var start = 0
    for index in bytes.indices where bytes[index] == separator {
        if start < index { body(UnsafeBufferPointer(rebasing: bytes[start..<index])) }
        start = index + 1
    }
    if start < bytes.count { body(UnsafeBufferPointer(rebasing: bytes[start...])) }
}

/// Hands out the lines of a table in the source.
func forEachLine(of table: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    var table = table
    table.withUTF8 { forEachPiece(of: $0, between: "\n", body) }
}
