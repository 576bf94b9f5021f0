/// A control file with an entry a line (qmail-control(5); `control_readfile` in control.c).
///
/// Blanks at the end of a line do not count, those at its start do; empty lines and lines that begin with `#` are
/// no entries. A carriage return is part of the entry, which then matches nothing.
struct ControlFile: Sendable {
    struct Entry: Hashable, Sendable {
        /// As written, blanks at the end taken off.
        var text: String
        /// From 1.
        var line: Int
    }

    let entries: [Entry]

    init(_ bytes: [UInt8]) {
        var entries: [Entry] = []
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            var line = line
            while let last = line.last, last.isBlank { line = line.dropLast() }
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            entries.append(Entry(text: line.text, line: index + 1))
        }
        self.entries = entries
    }
}
