/// Where a piece of an effective value was written.
package enum TextOrigin: Hashable, Sendable {
    /// The value of a definition in `main.cf`, by its index.
    case main(Int)
    /// The value of an override in `master.cf`: the indices of the service and of the override.
    case override(service: Int, override: Int)
    /// The built-in default of a parameter.
    case builtIn(String)
}

/// Text that remembers, byte for byte, where it was written, so that a list item which came through
/// `$name` can be found, quoted and edited where it stands.
package struct SourcedText: Hashable, Sendable {
    /// Bytes from `start` on that follow one another in one place.
    package struct Run: Hashable, Sendable {
        package var start: Int
        package var origin: TextOrigin
        /// Of the first byte, in the origin's value.
        package var offset: Int
    }

    package private(set) var bytes: [UInt8]
    package private(set) var runs: [Run]

    package init() {
        bytes = []
        runs = []
    }

    package init(_ bytes: [UInt8], origin: TextOrigin) {
        self.bytes = bytes
        runs = [Run(start: 0, origin: origin, offset: 0)]
    }

    package var text: String { bytes.text }

    package var isEmpty: Bool { bytes.isEmpty }

    package func slice(_ range: Range<Int>) -> SourcedText {
        var part = SourcedText()
        part.bytes = Array(bytes[range])
        for (index, run) in runs.enumerated() {
            let end = index + 1 < runs.count ? runs[index + 1].start : bytes.count
            let overlap = range.clamped(to: run.start..<max(end, run.start))
            guard
                !overlap.isEmpty
                    || (range.isEmpty && run.start <= range.lowerBound && range.lowerBound <= end)
            else { continue }
            part.runs.append(
                Run(
                    start: overlap.lowerBound - range.lowerBound, origin: run.origin,
                    offset: run.offset + overlap.lowerBound - run.start))
            if range.isEmpty { break }
        }
        return part
    }

    package mutating func append(_ other: SourcedText) {
        guard !other.bytes.isEmpty else { return }
        for run in other.runs {
            runs.append(Run(start: run.start + bytes.count, origin: run.origin, offset: run.offset))
        }
        bytes += other.bytes
    }

    /// Whether the byte stands at the place after the one before it.
    private mutating func mergeRuns() {
        var merged: [Run] = []
        for run in runs {
            if let last = merged.last, last.origin == run.origin,
                last.offset + run.start - last.start == run.offset
            {
                continue
            }
            merged.append(run)
        }
        runs = merged
    }

    /// The same text with adjoining runs made one.
    package var merged: SourcedText {
        var copy = self
        copy.mergeRuns()
        return copy
    }

    /// The one place that all of a range stands at, or `nil` when it was put together from several.
    package func place(of range: Range<Int>) -> (origin: TextOrigin, range: Range<Int>)? {
        let part = slice(range).merged
        guard part.runs.count == 1, let run = part.runs.first else { return nil }
        return (run.origin, run.offset..<run.offset + range.count)
    }

    /// The place of the first byte of a range.
    package func firstPlace(of range: Range<Int>) -> (origin: TextOrigin, offset: Int)? {
        guard let run = runs.last(where: { $0.start <= range.lowerBound }) ?? runs.first else { return nil }
        return (run.origin, run.offset + range.lowerBound - run.start)
    }

    /// The parts of a range, one for each place.
    package func places(of range: Range<Int>) -> [(origin: TextOrigin, range: Range<Int>)] {
        let part = slice(range).merged
        return part.runs.enumerated().map { index, run in
            let end = index + 1 < part.runs.count ? part.runs[index + 1].start : part.bytes.count
            return (run.origin, run.offset..<run.offset + end - run.start)
        }
    }
}

/// One item of a list value.
package struct ListItem: Hashable, Sendable {
    package let list: SourcedText
    /// In the list's text.
    package let range: Range<Int>

    package var text: String { list.bytes[range].text }
    package var bytes: [UInt8] { Array(list.bytes[range]) }
}

/// The items of a list value as Postfix splits it: at commas and white space, braces kept together.
package func listItems(of value: SourcedText) -> [ListItem] {
    tokenRanges(in: value.bytes, separators: isListSeparator).map { ListItem(list: value, range: $0) }
}
