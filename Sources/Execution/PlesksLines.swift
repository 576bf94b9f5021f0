import MailModel
import Recording

/// A line of `main.cf` with its line break, and whether it belongs to a parameter of which Plesk's relay settings give
/// the value.
private struct MarkedLine {
    var bytes: ArraySlice<UInt8>
    var isPlesks: Bool

    var isContinuation: Bool { bytes.first == UInt8(ascii: " ") || bytes.first == UInt8(ascii: "\t") }
    var isEmpty: Bool { bytes.first == UInt8(ascii: "\n") }
    var text: ArraySlice<UInt8> { bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes }
}

private func markedLines(_ bytes: [UInt8]) -> [MarkedLine] {
    var lines: [MarkedLine] = []
    var isPlesks = false
    var rest = bytes[...]
    while !rest.isEmpty {
        let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
        var line = MarkedLine(bytes: rest[..<end], isPlesks: false)
        if line.bytes.first != UInt8(ascii: "#"), !line.isEmpty {
            if !line.isContinuation { isPlesks = isPlesksParameter(line.bytes) }
            line.isPlesks = isPlesks
        }
        lines.append(line)
        rest = rest[end...]
    }
    return lines
}

private func isPlesksParameter(_ line: ArraySlice<UInt8>) -> Bool {
    let name = String(
        decoding: line.prefix { $0 > UInt8(ascii: " ") && $0 != UInt8(ascii: "=") }, as: UTF8.self)
    return name == "mynetworks" || name.hasPrefix("smtpd_sasl_")
        || (name.hasPrefix("smtpd_") && name.hasSuffix("_restrictions"))
}

/// Whether two contents of a file differ in nothing but what Plesk's relay settings write there. Of files other than
/// `main.cf` that Plesk writes, no line is known to be somebody else's.
func differByPleskAlone(_ path: String, _ old: [UInt8], _ new: [UInt8]) -> Bool {
    guard path.hasSuffix("/main.cf") else { return true }
    func others(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        markedLines(bytes).filter { !$0.isPlesks && !$0.isEmpty }.map(\.text)
    }
    return others(old) == others(new)
}

/// The old content of `main.cf` with what else was changed in it while Plesk gave its parameters new values.
/// - Returns: `nil` where a line would come between a parameter and its continuation.
func takeOverOthersLines(into old: [UInt8], from new: [UInt8]) -> [UInt8]? {
    let newLines = markedLines(new)
    var left = markedLines(old)[...]
    let difference = newLines.filter { !$0.isPlesks }.map(\.text)
        .difference(from: left.filter { !$0.isPlesks }.map(\.text))
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in difference {
        switch change {
        case .remove(let offset, _, _): removed.insert(offset)
        case .insert(let offset, _, _): added.insert(offset)
        }
    }
    var result: [UInt8] = []
    func append(_ line: MarkedLine) {
        if let last = result.last, last != UInt8(ascii: "\n") { result.append(UInt8(ascii: "\n")) }
        result += line.bytes
    }
    var oldIndex = 0
    /// Goes on to the next line of others that stays, past Plesk's lines.
    func appendNext() {
        while let line = left.popFirst() {
            if line.isPlesks {
                append(line)
                continue
            }
            oldIndex += 1
            if removed.contains(oldIndex - 1) { continue }
            append(line)
            return
        }
    }
    var newIndex = 0
    for (position, line) in newLines.enumerated() where !line.isPlesks {
        newIndex += 1
        guard added.contains(newIndex - 1) else {
            appendNext()
            continue
        }
        if position > 0, newLines[position - 1].isPlesks {
            while let next = left.first, next.isPlesks {
                append(next)
                left.removeFirst()
            }
        }
        if let next = left.first, next.isPlesks, next.isContinuation { return nil }
        append(line)
    }
    appendNext()
    return result
}

/// What a file is brought back to.
struct ImageToReturnTo {
    var bytes: [UInt8]
    /// Whether these are not the first image's bytes, since somebody else wrote as well.
    var hasOthersLines = false
}

extension [RecordedStep] {
    /// The first image of a file, with whatever somebody else changed in it while Plesk's commands of this change set
    /// ran.
    /// - Parameter now: What the file holds. What is not in it any more was Plesk's own, and went with its setting.
    func imageToReturnTo(
        _ image: RecordedStep, now: [UInt8]?, in store: Store
    ) throws(Failure) -> ImageToReturnTo {
        guard let path = image.row.path, let digest = image.row.beforeDigest else {
            return ImageToReturnTo(bytes: [])
        }
        let old = try store.content(digest)
        let own = beforeGoingBack
        guard let plesk = own.first(where: { $0.action.kind == .plesk }),
            let left = own.first(where: {
                $0.row.path == path && $0.action.kind == .backup && $0.row.number > plesk.row.number
            })?.row.beforeDigest, left != digest
        else { return ImageToReturnTo(bytes: old) }
        let new = try store.content(left)
        if let now, differByPleskAlone(path, old, now) { return ImageToReturnTo(bytes: old) }
        guard !differByPleskAlone(path, old, new), let merged = takeOverOthersLines(into: old, from: new)
        else { return ImageToReturnTo(bytes: old) }
        return ImageToReturnTo(bytes: merged, hasOthersLines: true)
    }
}
