/// The difference of two contents in the unified format of diff(1).
/// - Parameters:
///   - path: The file, named on both header lines.
///   - context: Unchanged lines shown round each change.
/// - Returns: An empty string when nothing differs; one sentence for contents that are no text. Bytes are printed
///   by ``printableText(_:)``, and without secrets: a line is masked by what stands before it in its file.
package func unifiedDiff(path: String, before: [UInt8], after: [UInt8], context: Int = 3) -> String {
    guard before != after else { return "" }
    guard !before.contains(0), !after.contains(0) else {
        return "Binary file \(path) differs (\(before.count) bytes before, \(after.count) after)\n"
    }
    let rows = diffRows(splitLines(before), splitLines(after))
    let (shownBefore, shownAfter) = (splitLines(withoutSecrets(before)), splitLines(withoutSecrets(after)))
    var output = ["--- \(path)", "+++ \(path)"]
    for hunk in hunks(in: rows, context: context) {
        let slice = rows[hunk]
        let earlier = rows[..<hunk.lowerBound]
        let oldCount = slice.count { $0.side != .added }
        let newCount = slice.count { $0.side != .removed }
        // A side without lines is named by the line before it (POSIX diff -u).
        let oldStart = earlier.count { $0.side != .added } + (oldCount == 0 ? 0 : 1)
        let newStart = earlier.count { $0.side != .removed } + (newCount == 0 ? 0 : 1)
        output.append("@@ -\(oldStart),\(oldCount) +\(newStart),\(newCount) @@")
        for row in slice {
            let hasNewline = row.line.last == UInt8(ascii: "\n")
            let old = row.oldIndex.map { shownBefore[$0] }
            // Where it is a secret on one side alone, it is none to show.
            let shown =
                old.flatMap { $0 == row.line ? nil : $0 } ?? row.newIndex.map { shownAfter[$0] } ?? row.line
            output.append(row.side.rawValue + printableText(hasNewline ? shown.dropLast() : shown))
            if !hasNewline { output.append("\\ No newline at end of file") }
        }
    }
    return output.joined(separator: "\n") + "\n"
}

enum DiffSide: String {
    case removed = "-"
    case added = "+"
    case both = " "
}

struct DiffRow {
    var side: DiffSide
    var line: ArraySlice<UInt8>
    /// Which line of the old content it is, and of the new one, from 0.
    var oldIndex: Int?
    var newIndex: Int?
}

func splitLines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
        lines.append(bytes[start...index])
        start = index + 1
    }
    if start < bytes.count { lines.append(bytes[start...]) }
    return lines
}

func diffRows(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) -> [DiffRow] {
    let difference = new.difference(from: old)
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in difference {
        switch change {
        case .remove(let offset, _, _): removed.insert(offset)
        case .insert(let offset, _, _): added.insert(offset)
        }
    }
    var rows: [DiffRow] = []
    var oldIndex = 0
    var newIndex = 0
    while oldIndex < old.count || newIndex < new.count {
        if oldIndex < old.count, removed.contains(oldIndex) {
            rows.append(DiffRow(side: .removed, line: old[oldIndex], oldIndex: oldIndex))
            oldIndex += 1
        } else if newIndex < new.count, added.contains(newIndex) {
            rows.append(DiffRow(side: .added, line: new[newIndex], newIndex: newIndex))
            newIndex += 1
        } else {
            rows.append(DiffRow(side: .both, line: old[oldIndex], oldIndex: oldIndex, newIndex: newIndex))
            oldIndex += 1
            newIndex += 1
        }
    }
    return rows
}

/// Ranges of rows that hold a change and its context, merged where they touch.
private func hunks(in rows: [DiffRow], context: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for (index, row) in rows.enumerated() where row.side != .both {
        let range = max(0, index - context)..<min(rows.count, index + context + 1)
        if let last = ranges.last, range.lowerBound <= last.upperBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
    }
    return ranges
}
