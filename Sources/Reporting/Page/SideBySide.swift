/// A row of a difference laid out in two columns; `nil` on the side that has no such line.
struct SideBySideRow: Equatable {
    struct Line: Equatable {
        var number: Int
        var text: String
    }

    var before: Line?
    var after: Line?

    var isChange: Bool { before?.text != after?.text }
}

/// The hunks of a unified diff, as ``unifiedDiff(path:before:after:context:)`` prints one, in two columns: what was replaced
/// stands beside what replaced it.
/// - Returns: No hunk for a text that has none.
func sideBySide(_ unified: String) -> [[SideBySideRow]] {
    var hunks: [Hunk] = []
    for line in unified.split(separator: "\n", omittingEmptySubsequences: false) {
        if let start = line.wholeMatch(of: /@@ -(\d+),\d+ \+(\d+),\d+ @@/) {
            hunks.append(Hunk(before: Int(start.1) ?? 1, after: Int(start.2) ?? 1))
        } else if !hunks.isEmpty, !line.isEmpty {
            hunks[hunks.count - 1].take(line)
        }
    }
    return hunks.map(\.finished)
}

private struct Hunk {
    /// The numbers of the next lines.
    var before: Int
    var after: Int
    private var rows: [SideBySideRow] = []
    private var removed: [SideBySideRow.Line] = []
    private var added: [SideBySideRow.Line] = []

    init(before: Int, after: Int) {
        self.before = before
        self.after = after
    }

    mutating func take(_ line: Substring) {
        let text = String(line.dropFirst())
        switch line.first {
        case "-":
            removed.append(.init(number: before, text: text))
            before += 1
        case "+":
            added.append(.init(number: after, text: text))
            after += 1
        case " ":
            rows = finished
            (removed, added) = ([], [])
            rows.append(
                .init(before: .init(number: before, text: text), after: .init(number: after, text: text)))
            before += 1
            after += 1
        default: break
        }
    }

    var finished: [SideBySideRow] {
        rows
            + (0..<max(removed.count, added.count)).map { index in
                SideBySideRow(
                    before: removed.indices.contains(index) ? removed[index] : nil,
                    after: added.indices.contains(index) ? added[index] : nil)
            }
    }
}
