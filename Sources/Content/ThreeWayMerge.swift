/// Takes over what changed from `base` to `ours` into `theirs`, line by line, as diff3(1) does.
///
/// - Parameters:
///   - base: What both changes began with.
///   - ours: The content whose difference to the base is wanted.
///   - theirs: What somebody else made of the base.
/// - Returns: `nil` when both changed the same lines, or lines next to each other, in different ways.
package func threeWayMerge(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> [UInt8]? {
    let lines = splitLines(base)
    var left = replacements(lines, splitLines(ours))[...]
    var right = replacements(lines, splitLines(theirs))[...]
    var merged: [UInt8] = []
    var line = 0
    while let next = [left.first, right.first].compactMap({ $0 }).min(by: { $0.start < $1.start }) {
        if let one = left.first, let other = right.first, one.touches(other) {
            guard one == other else { return nil }
            left.removeFirst()
            right.removeFirst()
        } else if left.first == next {
            left.removeFirst()
        } else {
            right.removeFirst()
        }
        merged += lines[line..<next.start].joined()
        merged += next.lines.joined()
        line = next.end
    }
    return merged + lines[line...].joined()
}

/// Lines of the base, from `start` up to `end`, and what stands in their place.
private struct Replacement: Equatable {
    var start: Int
    var end: Int
    var lines: [ArraySlice<UInt8>]

    /// Whether both change a line, or lines without another one between them.
    func touches(_ other: Replacement) -> Bool { start <= other.end && other.start <= end }
}

private func replacements(
    _ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]
) -> [Replacement] {
    var found: [Replacement] = []
    var isOpen = false
    var position = 0
    for row in diffRows(old, new) {
        if row.side == .both {
            isOpen = false
            position += 1
            continue
        }
        if !isOpen { found.append(Replacement(start: position, end: position, lines: [])) }
        isOpen = true
        if row.side == .added {
            found[found.count - 1].lines.append(row.line)
        } else {
            position += 1
            found[found.count - 1].end = position
        }
    }
    return found
}
