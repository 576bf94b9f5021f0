/// New bytes for a range of a file.
package struct TextEdit: Hashable, Sendable {
    package var range: Range<Int>
    package var replacement: [UInt8]

    package init(_ range: Range<Int>, _ replacement: String) {
        self.range = range
        self.replacement = Array(replacement.utf8)
    }

    package init(insert text: String, at offset: Int) {
        self.init(offset..<offset, text)
    }
}

/// Applies edits to a file; of two that overlap the first in the list is applied.
/// - Returns: the new bytes; every byte outside the edits is as it was.
package func applying(_ edits: [TextEdit], to bytes: [UInt8]) -> [UInt8] {
    // Sorted, and none overlaps another: only the nearest can collide with the next one.
    var accepted: [TextEdit] = []
    for edit in edits where edit.range.lowerBound >= 0 && edit.range.upperBound <= bytes.count {
        let index = accepted.firstIndex(notBefore: edit)
        let near = accepted[max(0, index - 2)..<min(accepted.count, index + 2)]
        let collides = near.contains { other in
            edit == other || edit.range.overlaps(other.range)
                || (edit.range.isEmpty && other.range.lowerBound < edit.range.lowerBound
                    && edit.range.lowerBound < other.range.upperBound)
                || (edit.range.lowerBound == other.range.lowerBound
                    && edit.range.isEmpty == other.range.isEmpty)
        }
        if !collides { accepted.insert(edit, at: index) }
    }
    var result: [UInt8] = []
    var position = 0
    for edit in accepted {
        guard edit.range.lowerBound >= position else { continue }
        result += bytes[position..<edit.range.lowerBound]
        result += edit.replacement
        position = edit.range.upperBound
    }
    result += bytes[position...]
    return result
}

extension [TextEdit] {
    /// Where an edit belongs in a sorted list.
    fileprivate func firstIndex(notBefore edit: TextEdit) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            let other = self[middle].range
            if (other.lowerBound, other.upperBound) < (edit.range.lowerBound, edit.range.upperBound) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

/// The edit that takes an item out of a list value, with the separators that belong to it.
///
/// A physical line that continues a value and holds nothing else goes with its line end; the line that the
/// value begins on stays.
/// - Parameters:
///   - item: where it stands in the file, on one physical line.
///   - bytes: the file.
package func removal(ofListItem item: Range<Int>, in bytes: [UInt8]) -> TextEdit {
    let newline: UInt8 = 0x0a
    var end = item.upperBound
    while end < bytes.count, bytes[end] != newline, isListSeparator(bytes[end]) { end += 1 }
    let endsLine = end == bytes.count || bytes[end] == newline
    guard endsLine else { return TextEdit(item.lowerBound..<end, "") }
    var start = item.lowerBound
    while start > 0, bytes[start - 1] != newline, isListSeparator(bytes[start - 1]) { start -= 1 }
    let beginsLine = start == 0 || bytes[start - 1] == newline
    if beginsLine, start > 0 { return TextEdit(start..<min(end + 1, bytes.count), "") }
    let isAfterName = !beginsLine && bytes[start - 1] == UInt8(ascii: "=")
    // `name = ` keeps the space that was written before the item.
    return TextEdit((isAfterName ? item.lowerBound : start)..<item.upperBound, "")
}

extension MainCF {
    /// The edit that gives a parameter a new value where it is defined, or defines it at the end.
    ///
    /// The definition that counts is edited; `name =` stays as it was spelt, and so do the line's end and any
    /// comment between continuation lines that the value no longer needs.
    package func setting(_ name: String, to value: String) -> [TextEdit] {
        guard let definition = definition(of: name) else { return [appending("\(name) = \(value)")] }
        let parts = definition.line.places(of: definition.valueRange)
        guard let first = parts.first else {
            let place = definition.line.place(of: definition.valueRange.lowerBound).offset
            let needsSpace = place > 0 && bytes[place - 1] == UInt8(ascii: "=") && !value.isEmpty
            return [TextEdit(insert: (needsSpace ? " " : "") + value, at: place)]
        }
        // The lines that continue the old value go whole, so that nothing of it is left.
        // Of a value that goes on, the first line's carriage return is part of the text and not of the value.
        let keepsReturn = parts.count > 1 && bytes[first.range.upperBound - 1] == 0x0d
        let firstRange = first.range.lowerBound..<first.range.upperBound - (keepsReturn ? 1 : 0)
        return [TextEdit(firstRange, value)]
            + parts.dropFirst().map { part in
                let start = (bytes[..<part.range.lowerBound].lastIndex(of: 0x0a) ?? -1) + 1
                let end = bytes[part.range.upperBound...].firstIndex(of: 0x0a).map { $0 + 1 } ?? bytes.count
                return TextEdit(start..<end, "")
            }
    }

    /// The edit that adds a line at the end, with the line ends that the file has.
    package func appending(_ line: String) -> TextEdit {
        let usesCRLF = bytes.firstIndex(of: 0x0a).map { $0 > 0 && bytes[$0 - 1] == 0x0d } ?? false
        let lineEnd = usesCRLF ? "\r\n" : "\n"
        let needsEnd = !bytes.isEmpty && bytes.last != 0x0a
        return TextEdit(insert: (needsEnd ? lineEnd : "") + line + lineEnd, at: bytes.count)
    }
}

extension MasterCF {
    /// The edit that gives an override a new value.
    package func setting(_ override: Override, of service: Service, to value: String) -> [TextEdit] {
        let parts = service.line.places(of: override.valueRange)
        guard let first = parts.first else {
            // What stands before an empty value tells its line; what stands behind it may be on the next one.
            let before = service.line.place(of: override.valueRange.lowerBound - 1).offset
            return [TextEdit(insert: value, at: before + 1)]
        }
        return [TextEdit(first.range, value)] + parts.dropFirst().map { TextEdit($0.range, "") }
    }

    /// The edits that take an override away; a line that holds nothing else goes with it.
    package func removing(_ override: Override, of service: Service) -> [TextEdit] {
        service.line.places(of: override.range).map { part in
            let lineStart = (bytes[..<part.range.lowerBound].lastIndex(of: 0x0a) ?? -1) + 1
            let lineEnd = bytes[part.range.upperBound...].firstIndex(of: 0x0a) ?? bytes.count
            var start = part.range.lowerBound
            while start > lineStart, bytes[start - 1].isSpace { start -= 1 }
            let isLast = bytes[part.range.upperBound..<lineEnd].allSatisfy(\.isSpace)
            if start == lineStart, isLast { return TextEdit(lineStart..<min(lineEnd + 1, bytes.count), "") }
            if start == lineStart {
                var end = part.range.upperBound
                while end < lineEnd, bytes[end].isSpace { end += 1 }
                return TextEdit(part.range.lowerBound..<end, "")
            }
            return TextEdit(start..<part.range.upperBound, "")
        }
    }
}
