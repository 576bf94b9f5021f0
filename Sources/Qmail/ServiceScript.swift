/// A start script (`run`) that calls tcpserver, as far as it can be read without a shell: commands of words,
/// settings of variables, and nothing that depends on a condition.
struct ServiceScript: Sendable {
    struct Setting: Hashable, Sendable {
        var name: String
        var value: String
        var line: Int
    }

    /// The variables that are exported, or set in front of the command.
    private(set) var environment: [Setting] = []
    /// The command that starts tcpserver, from that word on.
    private(set) var server: [Word] = []
    /// The directories that `envdir` reads, as written.
    private(set) var environmentDirectories: [String] = []
    /// The variables that are taken out of what the script itself was given.
    private var removed: Set<String> = []
    /// Whether nothing of that is left (`env -i`).
    private var removesAll = false
    /// A command that may set anything: `. FILE`, `eval`.
    private(set) var unknown: Word?

    init(_ bytes: [UInt8]) {
        var assigned: [String: Setting] = [:]
        var exportsAll = false
        for command in Self.commands(bytes) {
            var words = command.drop { ["then", "else", "do", "{", "("].contains($0.text) }
                .flatMap { Self.substituted($0, assigned) }
            var own: [Setting] = []
            if [".", "source", "eval"].contains(words.first?.text) { unknown = unknown ?? words.first }
            if words.first?.text == "set" {
                exportsAll = words.contains { ["-a", "allexport"].contains($0.text) }
            }
            let isExport = ["export", "declare", "typeset"].contains(words.first?.text)
            if isExport || words.first?.text == "unset" {
                for word in words.dropFirst() where !word.text.hasPrefix("-") {
                    let setting = Self.setting(word)
                    environment.removeAll { $0.name == setting?.name ?? word.text }
                    if !isExport { removed.insert(word.text) }
                    guard isExport, let known = setting ?? assigned[word.text] else { continue }
                    environment.append(known)
                }
                continue
            }
            while let word = words.first, let setting = Self.setting(word) {
                own.append(setting)
                words.removeFirst()
            }
            if words.isEmpty {
                // A variable that is exported already is exported with its new value.
                for setting in own {
                    assigned[setting.name] = setting
                    if let index = environment.firstIndex(where: { $0.name == setting.name }) {
                        environment[index] = setting
                    } else if exportsAll {
                        environment.append(setting)
                    }
                }
                continue
            }
            guard server.isEmpty, let index = words.firstIndex(where: \.isConnectionServer)
            else { continue }
            // What stands between tcpserver and the server counts as well.
            let before = words[..<(ServerChain(words)?.place ?? index)]
            environment += own + before.settingsOfEnv.compactMap(Self.setting)
            removed.formUnion(before.removalsOfEnv.names)
            removesAll = before.removalsOfEnv.isAll
            environmentDirectories = before.environmentDirectories.map(\.text)
            server = Array(words[index...])
        }
    }

    /// Whether a variable that the script was given does not reach the server.
    func takesAway(_ name: String) -> Bool { removesAll || removed.contains(name) }

    private static func setting(_ word: Word) -> Setting? {
        guard let equals = word.text.firstIndex(of: "=") else { return nil }
        let name = word.text[..<equals]
        guard let first = name.first, first.isLetter || first == "_",
            name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else { return nil }
        return Setting(
            name: String(name), value: String(word.text[word.text.index(after: equals)...]), line: word.line)
    }

    /// The words of the variable's value; a word that is no variable, or none that is known, stays.
    private static func substituted(_ word: Word, _ values: [String: Setting]) -> [Word] {
        guard word.text.hasPrefix("$") else { return [word] }
        let name = word.text.dropFirst().filter { $0 != "{" && $0 != "}" }
        guard let setting = values[name] else { return [word] }
        return setting.value.split(separator: " ").map { Word(text: String($0), line: word.line) }
    }

    /// The commands: lines joined at a backslash, split at `;`, `&` and `|`, words without their quotes.
    private static func commands(_ bytes: [UInt8]) -> [[Word]] {
        var scanner = ShellWords(bytes)
        return scanner.commands()
    }
}

extension ArraySlice<Word> {
    /// The words of `env NAME=value program` that set something (env(1)).
    var settingsOfEnv: [Word] {
        var isInEnv = false
        return filter { word in
            let isSetting = word.text.contains("=") && !word.text.hasPrefix("/")
            if word.text.baseName == "env" {
                isInEnv = true
            } else if !isSetting, !word.text.hasPrefix("-") {
                isInEnv = false
            }
            return isInEnv && isSetting
        }
    }

    /// What `env -i`, `env -` and `env -u NAME` take away (env(1)).
    var removalsOfEnv: (names: [String], isAll: Bool) {
        var names: [String] = []
        var isAll = false
        for index in indices where self[index].text.baseName == "env" {
            var next = index + 1
            while next < endIndex, self[next].text.hasPrefix("-") {
                if ["-", "-i", "--ignore-environment"].contains(self[next].text) { isAll = true }
                if self[next].text == "-u", next + 1 < endIndex {
                    next += 1
                    names.append(self[next].text)
                }
                next += 1
            }
        }
        return (names, isAll)
    }

    /// The directories that `envdir` reads, as written.
    var environmentDirectories: [Word] {
        indices.filter { self[$0].text.baseName == "envdir" && indices.contains($0 + 1) }.map { self[$0 + 1] }
    }
}

/// Splits a script into commands of words; quotes are taken off, expansions stay as they are written.
private struct ShellWords {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var word: [UInt8]?
    private var wordLine = 1
    private var command: [Word] = []
    private var done: [[Word]] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func commands() -> [[Word]] {
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\"): escape()
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): quoted(by: byte)
            case UInt8(ascii: "#") where word == nil: skipComment()
            case 0x0a:
                endCommand()
                line += 1
            case UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "&"): separator(byte)
            case _ where byte.isSpace: endWord()
            default: append(byte)
            }
        }
        endCommand()
        return done
    }

    /// `2>&1` is part of a word; elsewhere these end a command.
    private mutating func separator(_ byte: UInt8) {
        if byte == UInt8(ascii: "&"), word?.last == UInt8(ascii: ">") {
            append(byte)
        } else {
            endCommand()
        }
    }

    private mutating func append(_ byte: UInt8) {
        if word == nil { wordLine = line }
        word = (word ?? []) + [byte]
    }

    private mutating func escape() {
        guard index < bytes.count else { return }
        let byte = bytes[index]
        index += 1
        if byte == 0x0a { line += 1 } else { append(byte) }
    }

    private mutating func quoted(by quote: UInt8) {
        if word == nil { (word, wordLine) = ([], line) }
        while index < bytes.count, bytes[index] != quote {
            if quote == UInt8(ascii: "\""), bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                index += 1
            }
            if bytes[index] == 0x0a { line += 1 }
            word?.append(bytes[index])
            index += 1
        }
        index += 1
    }

    private mutating func skipComment() {
        while index < bytes.count, bytes[index] != 0x0a { index += 1 }
    }

    private mutating func endWord() {
        if let word { command.append(Word(text: word.text, line: wordLine)) }
        word = nil
    }

    private mutating func endCommand() {
        endWord()
        if !command.isEmpty { done.append(command) }
        command = []
    }
}
