/// The edits that mend a file. A line keeps its number while others are mended: what is taken out is emptied.
extension Lines {
    mutating func remove(line number: Int) {
        guard lines.indices.contains(number - 1) else { return }
        lines[number - 1] = []
    }

    /// Takes a word and the white space before it out of a line; the line goes when it holds no other value.
    mutating func remove(word: String, fromLine number: Int) {
        guard let range = range(of: word, inLine: number, occurrence: 0) else { return }
        let line = lines[number - 1]
        let isFirstValue = Self.isAttributeName(line[..<range.lowerBound])
        if isFirstValue, line[range.upperBound...].allSatisfy(\.isSpace) {
            lines[number - 1] = []
            return
        }
        var start = range.lowerBound
        var end = range.upperBound
        if isFirstValue {
            while end < line.count, line[end].isBlank { end += 1 }
        } else {
            while start > 0, line[start - 1].isBlank { start -= 1 }
        }
        lines[number - 1].removeSubrange(start..<end)
    }

    /// Takes words at the end of a value out, as when a server loses its arguments.
    mutating func remove(words: [Word]) {
        for word in words.reversed() {
            guard let range = lastRange(of: word.text, inLine: word.line) else { continue }
            var start = range.lowerBound
            while start > 0, lines[word.line - 1][start - 1].isBlank { start -= 1 }
            lines[word.line - 1].removeSubrange(start..<range.upperBound)
        }
    }

    mutating func replace(_ word: Word, with text: String, occurrence: Int) {
        guard let range = range(of: word.text, inLine: word.line, occurrence: occurrence) else { return }
        lines[word.line - 1].replaceSubrange(range, with: Array(text.utf8))
    }

    mutating func insert(_ text: String, before word: Word) {
        guard let range = range(of: word.text, inLine: word.line, occurrence: 0) else { return }
        let line = lines[word.line - 1]
        // `server = …/qmail-smtpd` names the program that is started: the new one takes its place.
        let name = line.prefix { !$0.isSpace && $0 != UInt8(ascii: "=") }.text
        let isServer = words(of: line, number: 0).first?.text == "server" || name == "server"
        guard !isServer else {
            lines[word.line - 1].replaceSubrange(range, with: Array(text.utf8))
            let arguments = lines.indices.first {
                words(of: lines[$0], number: 0).first?.text == "server_args"
            }
            if let arguments, let equals = lines[arguments].firstIndex(of: UInt8(ascii: "=")) {
                lines[arguments].insert(contentsOf: Array(" \(word.text)".utf8), at: equals + 1)
            } else {
                let indent = line.prefix(while: \.isBlank).text
                lines[word.line - 1] += Array("\(indent)server_args     = \(word.text)\n".utf8)
            }
            return
        }
        lines[word.line - 1].insert(contentsOf: Array("\(text) ".utf8), at: range.lowerBound)
    }

    /// Takes `,NAME="value"` out of a rule of tcpserver.
    mutating func removeRuleSetting(_ name: String, fromLine number: Int) {
        guard lines.indices.contains(number - 1) else { return }
        let line = lines[number - 1]
        let needle = Array(",\(name)=".utf8)
        guard let start = line.indices.first(where: { line[$0...].starts(with: needle) }),
            start + needle.count < line.count
        else { return }
        let quote = line[start + needle.count]
        guard let end = line[(start + needle.count + 1)...].firstIndex(of: quote) else { return }
        lines[number - 1].removeSubrange(start...end)
    }

    /// Takes `: setenv = NAME value` out of a line of hosts.allow, which may go on behind a backslash.
    mutating func removeOption(_ option: String, naming name: String, fromLine number: Int) {
        guard lines.indices.contains(number - 1) else { return }
        let last = lastOfContinued(from: number - 1)
        var line = lines[(number - 1)...last].flatMap(\.self)
        let parts = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let part = parts.first(where: { $0.text.contains(option) && $0.text.contains(name) }),
            part.startIndex > 0
        else { return }
        let end = part.last == 0x0a ? part.endIndex - 1 : part.endIndex
        line.removeSubrange((part.startIndex - 1)..<end)
        let kept = Lines(line).lines
        let emptied = Array(repeating: [UInt8](), count: last - number + 2 - kept.count)
        lines.replaceSubrange((number - 1)...last, with: kept + emptied)
    }

    /// The last line that a backslash at its end makes one with the line at `index` (hosts_access(5)).
    func lastOfContinued(from index: Int) -> Int {
        var last = index
        while last + 1 < lines.count, lines[last].suffix(2).elementsEqual([UInt8(ascii: "\\"), 0x0a]) {
            last += 1
        }
        return last
    }

    /// Takes an assignment out of a script: the whole line where it says nothing else.
    mutating func removeAssignment(_ name: String, fromLine number: Int) {
        guard lines.indices.contains(number - 1) else { return }
        let found = words(of: lines[number - 1], number: number)
        let isAlone = found.allSatisfy {
            $0.text == "export" || $0.text.hasPrefix("\(name)=") || $0.text == name
        }
        if isAlone {
            lines[number - 1] = []
            return
        }
        guard let word = found.first(where: { $0.text.hasPrefix("\(name)=") }),
            let range = range(of: word.text, inLine: number, occurrence: 0)
        else { return }
        var end = range.upperBound
        while end < lines[number - 1].count, lines[number - 1][end].isBlank { end += 1 }
        lines[number - 1].removeSubrange(range.lowerBound..<end)
    }

    /// Takes a variable out of `Environment=` in a unit of systemd, which may go on behind a backslash; the setting goes
    /// with its last variable, since an empty one takes away what was set before it (systemd.exec(5)).
    mutating func removeVariable(_ name: String, fromUnitLine number: Int) {
        guard lines.indices.contains(number - 1) else { return }
        let last = lastOfContinued(from: number - 1)
        for index in (number - 1)...last {
            while let range = Self.unitWord(naming: name, in: lines[index]) {
                lines[index].removeSubrange(range)
            }
        }
        let setting = lines[(number - 1)...last].flatMap(\.self)
        let isEmpty = setting.split(separator: UInt8(ascii: "="), maxSplits: 1).dropFirst().allSatisfy {
            value in
            value.allSatisfy { $0.isSpace || $0 == UInt8(ascii: "\\") }
        }
        if isEmpty { for index in (number - 1)...last { lines[index] = [] } }
    }

    /// A word of a unit, with its quotes and the blanks behind it.
    private static func unitWord(naming name: String, in line: [UInt8]) -> Range<Int>? {
        let needle = Array("\(name)=".utf8)
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        for start in line.indices where line[start...].starts(with: needle) {
            let quote = start > 0 && quotes.contains(line[start - 1]) ? line[start - 1] : nil
            let first = quote == nil ? start : start - 1
            guard first == 0 || line[first - 1].isBlank || line[first - 1] == UInt8(ascii: "=") else {
                continue
            }
            var end = start + needle.count
            var open = quote
            while end < line.count, line[end] != 0x0a, open != nil || !line[end].isSpace {
                if line[end] == open {
                    open = nil
                } else if open == nil, quotes.contains(line[end]) {
                    open = line[end]
                }
                end += 1
            }
            while end < line.count, line[end].isBlank { end += 1 }
            return first..<end
        }
        return nil
    }

    /// Sets `disable = yes` in an entry of xinetd.
    /// - Parameter number: the line of the entry, or one in it.
    mutating func disable(entryAt number: Int) {
        let brace = UInt8(ascii: "{")
        let above = lines[..<min(number, lines.count)].lastIndex { $0.contains(brace) }
        // The line that names the service may stand before the brace.
        let isNamed = words(of: lines[min(number, lines.count) - 1], number: 0).first?.text == "service"
        let below = lines[(min(number, lines.count) - 1)...].firstIndex { $0.contains(brace) }
        guard let open = isNamed ? below : above else { return }
        let close = lines[open...].firstIndex { $0.first { !$0.isSpace } == UInt8(ascii: "}") } ?? lines.count
        for index in open..<close {
            let found = words(of: lines[index], number: index + 1)
            guard found.first?.text == "disable", let value = found.last, found.count > 1 else { continue }
            replace(value, with: "yes", occurrence: 0)
            return
        }
        lines[open] += Array("\tdisable\t\t= yes\n".utf8)
    }

    private func range(of word: String, inLine number: Int, occurrence: Int) -> Range<Int>? {
        let all = ranges(of: word, inLine: number)
        return all.indices.contains(occurrence) ? all[occurrence] : nil
    }

    private func lastRange(of word: String, inLine number: Int) -> Range<Int>? {
        ranges(of: word, inLine: number).last
    }

    /// Where a word stands as a whole: white space or `=` before it, white space behind it.
    private func ranges(of word: String, inLine number: Int) -> [Range<Int>] {
        guard lines.indices.contains(number - 1), !word.isEmpty else { return [] }
        let line = lines[number - 1]
        let bytes = Array(word.utf8)
        return line.indices.compactMap { start in
            let end = start + bytes.count
            guard end <= line.count, line[start..<end].elementsEqual(bytes),
                start == 0 || line[start - 1].isSpace || line[start - 1] == UInt8(ascii: "="),
                end == line.count || line[end].isSpace
            else { return nil }
            return start..<end
        }
    }

    /// Whether a line has nothing but the name of an attribute and its operator so far: `env =`, `env+=`.
    private static func isAttributeName(_ start: ArraySlice<UInt8>) -> Bool {
        let found = words(of: start, number: 0).map(\.text)
        switch found.count {
        case 1: return found[0].hasSuffix("=") && !found[0].dropLast().contains("=")
        case 2: return found[1] == "=" || found[1] == "+="
        default: return false
        }
    }
}
