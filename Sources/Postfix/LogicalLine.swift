/// One logical line of a Postfix text file: a line and those that continue it.
///
/// Postfix joins a line with each following one that begins with white space; comment lines and blank
/// lines in between are skipped and do not end it (postconf(5), `readllines`).
package struct LogicalLine: Hashable, Sendable {
    /// What one physical line adds.
    package struct Piece: Hashable, Sendable {
        /// Counted from 1.
        package var line: Int
        /// The bytes of the file without the line's end.
        package var range: Range<Int>
    }

    package let pieces: [Piece]
    /// The joined text.
    package let bytes: [UInt8]
    /// Where each piece begins in the joined text: some lists go on over thousands of lines.
    private let starts: [Int]

    init(pieces: [Piece], bytes: [UInt8]) {
        self.pieces = pieces
        self.bytes = bytes
        var starts: [Int] = []
        starts.reserveCapacity(pieces.count)
        var start = 0
        for piece in pieces {
            starts.append(start)
            start += piece.range.count
        }
        self.starts = starts
    }

    /// The last piece that begins at a byte of the joined text or before it.
    private func piece(at offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }

    /// The physical line that the logical line begins on, from 1.
    package var firstLine: Int { pieces.first?.line ?? 0 }

    /// Where a byte of the joined text stands in the file.
    /// - Parameter offset: into ``bytes``; the end counts as the end of the last piece.
    package func place(of offset: Int) -> (line: Int, offset: Int) {
        guard let last = pieces.last else { return (0, 0) }
        guard offset < bytes.count else { return (last.line, last.range.upperBound) }
        let index = piece(at: offset)
        return (pieces[index].line, pieces[index].range.lowerBound + offset - starts[index])
    }

    /// The parts of the file that a range of the joined text covers, one for each physical line.
    package func places(of range: Range<Int>) -> [Piece] {
        var parts: [Piece] = []
        for index in piece(at: range.lowerBound)..<pieces.count {
            guard starts[index] < range.upperBound else { break }
            let piece = pieces[index]
            let overlap = range.clamped(to: starts[index]..<starts[index] + piece.range.count)
            guard !overlap.isEmpty else { continue }
            let base = piece.range.lowerBound - starts[index]
            parts.append(
                Piece(line: piece.line, range: overlap.lowerBound + base..<overlap.upperBound + base))
        }
        return parts
    }
}

/// Reads a text file into its logical lines; blank lines and comments between them are left out.
package func logicalLines(of bytes: [UInt8]) -> [LogicalLine] { Array(LogicalLines(bytes)) }

/// The logical lines of a text one after the other, for files of which all lines together are too much to hold.
package struct LogicalLines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var position = 0
    private var lineNumber = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The steps of Postfix's `readllines`.
    package mutating func next() -> LogicalLine? {
        while let line = nextJoined() {
            // Text that continues nothing is skipped, with a warning, by every Postfix program.
            if line.bytes.first?.isSpace == true { continue }
            return line
        }
        return nil
    }

    private mutating func nextJoined() -> LogicalLine? {
        var pieces: [LogicalLine.Piece] = []
        while position < bytes.count {
            let start = position
            let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
            position = end < bytes.count ? end + 1 : end
            lineNumber += 1
            let first = bytes[start..<end].first { !$0.isSpace }
            if let first, first != UInt8(ascii: "#") {
                pieces.append(LogicalLine.Piece(line: lineNumber, range: start..<end))
            }
            guard !pieces.isEmpty else { continue }
            guard position < bytes.count else { break }
            let following = bytes[position]
            if following != UInt8(ascii: "#"), !following.isSpace { break }
        }
        guard let first = pieces.first else { return nil }
        guard pieces.count > 1 else {
            return LogicalLine(pieces: pieces, bytes: Array(bytes[first.range]))
        }
        var joined: [UInt8] = []
        joined.reserveCapacity(pieces.reduce(0) { $0 + $1.range.count })
        for piece in pieces { joined += bytes[piece.range] }
        return LogicalLine(pieces: pieces, bytes: joined)
    }
}

/// The physical line of a file, without its end.
/// - Parameter number: counted from 1.
package func physicalLine(_ number: Int, of bytes: [UInt8]) -> [UInt8]? {
    guard number > 0 else { return nil }
    var start = 0
    for _ in 1..<number {
        guard let end = bytes[start...].firstIndex(of: 0x0a) else { return nil }
        start = end + 1
    }
    guard start < bytes.count else { return nil }
    var line = bytes[start..<(bytes[start...].firstIndex(of: 0x0a) ?? bytes.count)]
    if line.last == 0x0d { line = line.dropLast() }
    return Array(line)
}
