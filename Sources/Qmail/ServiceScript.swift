import MailModel

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
    /// Whether `env` sets RELAYCLIENT on the way, after whatever was taken away.
    private(set) var isSetByEnv = false
    /// The directories that `envdir` reads, as written.
    private(set) var environmentDirectories: [String] = []
    /// The variables that are taken out of what the script itself was given.
    private var removed: Set<String> = []
    /// Whether nothing of that is left (`env -i`).
    private var removesAll = false
    /// A command that may set anything: `. FILE`, `eval`, and what names RELAYCLIENT in a way that is not read here.
    private(set) var unknown: Word?
    /// The directory that the server is started in, as written, where the script changes it.
    private(set) var directory: String?

    init(_ bytes: [UInt8]) {
        var assigned: [String: Setting] = [:]
        // Exported before they have a value.
        var exported: Set<String> = []
        var (interpreter, exportsAll) = Self.interpreter(bytes)
        unknown = interpreter
        var depth = 0
        var scanner = ShellWords(bytes)
        for (command, isJoined) in scanner.commands() {
            let leading = command.prefix { Self.leading.contains($0.text) }
            depth += Self.depth(command)
            let isConditional = isJoined || depth > 0 || !leading.isEmpty
            var words = command.dropFirst(leading.count).flatMap { Self.substituted($0, assigned) }
            var own: [Setting] = []
            if server.isEmpty || ServerChain(words)?.endpoint != nil,
                Self.isUnknown(words, isConditional: isConditional, isFirst: server.isEmpty)
            {
                unknown = unknown ?? words.first
            }
            if words.first?.text == "set" {
                exportsAll = Self.exportsAll(words) ?? exportsAll
            }
            if words.first?.text == "cd", server.isEmpty { directory = words.last?.text }
            let isExport = ["export", "declare", "typeset"].contains(words.first?.text)
            if isExport || words.first?.text == "unset" {
                for word in words.dropFirst() where !word.text.hasPrefix("-") {
                    let setting = Self.setting(word)
                    environment.removeAll { $0.name == setting?.name ?? word.text }
                    if isExport {
                        exported.insert(setting?.name ?? word.text)
                    } else {
                        removed.insert(word.text)
                        exported.remove(word.text)
                    }
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
                    } else if exportsAll || exported.contains(setting.name) {
                        environment.append(setting)
                    }
                }
                continue
            }
            guard server.isEmpty, !Self.onlyNames(words),
                let index = words.firstIndex(where: \.isConnectionServer)
            else { continue }
            // What stands between tcpserver and the server counts as well.
            let before = words[..<(ServerChain(words)?.place ?? index)]
            removed.formUnion(before.removalsOfEnv.names)
            removesAll = before.removalsOfEnv.isAll
            let taken = before.removalsOfEnv.names
            environment = (environment + own).filter { !removesAll && !taken.contains($0.name) }
            let set = before.settingsOfEnv.compactMap(Self.setting)
            isSetByEnv = set.contains { $0.name == QmailConfiguration.variable }
            environment += set
            environmentDirectories = before.environmentDirectories.map(\.text)
            server = Array(words[index...])
        }
    }

    /// Whether a variable that the script was given does not reach the server.
    func takesAway(_ name: String) -> Bool { removesAll || removed.contains(name) }

    // MARK: - What is not read

    /// Words of the shell that a command may stand behind.
    private static let leading: Set<String> = [
        "if", "then", "elif", "else", "while", "until", "do", "!", "{", "(",
    ]

    /// Commands that show or look for what they name, and do not start it.
    private static func onlyNames(_ words: [Word]) -> Bool {
        switch words.first?.text {
        case "echo", "test", "[", "[[", "logger", "which", "type": true
        case "command": ["-v", "-V"].contains(words.dropFirst().first?.text)
        default: false
        }
    }

    private static func depth(_ command: [Word]) -> Int {
        switch command.first?.text {
        case "if", "while", "until", "for", "case", "{", "(": 1
        case "fi", "done", "esac", "}", ")": -1
        default: 0
        }
    }

    /// Whether a command may give the server a variable, or take one away, and cannot be followed here. What is a
    /// program of its own cannot: it has its own environment.
    private static func isUnknown(_ words: [Word], isConditional: Bool, isFirst: Bool) -> Bool {
        guard let first = words.first?.text else { return false }
        let mentions = words.contains { word in
            let ends = onlyNames(words) ? ["=", ":="] : [""]
            return ends.contains { word.text.contains(QmailConfiguration.variable + $0) }
        }
        switch first {
        case ".", "source", "eval", "case", "function", "select", "alias", "builtin": return true
        case "command": return !onlyNames(words)
        case "printf" where words.dropFirst().first?.text.hasPrefix("-v") == true: return true
        case "unset": return mentions && isConditional
        case "export", "declare", "typeset":
            // A name that is made of something else may be any.
            return words.dropFirst().contains { word in
                !word.text.hasPrefix("-") && !isName(word.text.prefix { $0 != "=" })
            }
        default: break
        }
        if words.prefix(2).contains(where: { $0.text.contains("()") }) { return true }
        if words.contains(where: \.isConnectionServer), !onlyNames(words) { return !isFirst }
        return mentions && !words.allSatisfy { setting($0) != nil }
    }

    /// The interpreter where it is no shell, and whether it exports all that is set (`#!/bin/sh -a`).
    private static func interpreter(_ bytes: [UInt8]) -> (unknown: Word?, exportsAll: Bool) {
        let words = Qmail.words(of: bytes.prefix { $0 != 0x0a }, number: 1)
        guard let first = words.first, first.text.hasPrefix("#!") else { return (nil, false) }
        let shells: Set<String> = ["sh", "bash", "dash", "ash", "ksh", "zsh"]
        let isShell = words.prefix(2).contains { shells.contains($0.text.baseName) }
        return (isShell ? nil : first, exportsAll(words) == true)
    }

    /// What the options of `set` say of `-a`; `nil` where they do not name it.
    private static func exportsAll(_ words: [Word]) -> Bool? {
        var isOn: Bool?
        for (index, word) in words.enumerated().dropFirst() {
            let isLetters = word.text.dropFirst().allSatisfy(\.isLetter)
            if isLetters, word.text.contains("a"), word.text.hasPrefix("-") { isOn = true }
            if isLetters, word.text.contains("a"), word.text.hasPrefix("+") { isOn = false }
            if word.text == "allexport" { isOn = !words[index - 1].text.hasPrefix("+") }
        }
        return isOn
    }

    private static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.first, first.isLetter || first == "_" else { return false }
        return text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }

    private static func setting(_ word: Word) -> Setting? {
        guard let equals = word.text.firstIndex(of: "=") else { return nil }
        let name = word.text[..<equals]
        guard isName(name) else { return nil }
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
}

extension ArraySlice<Word> {
    /// The words of `env NAME=value program` that set something (env(1)).
    var settingsOfEnv: [Word] {
        var isInEnv = false
        var isRemoved = false
        return filter { word in
            // What `-u` takes away is named by the next word.
            if isRemoved {
                isRemoved = false
                return false
            }
            isRemoved = isInEnv && ["-u", "--unset"].contains(word.text)
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

    /// The directories that `envdir`, `s6-envdir` and `chpst -e` read, as written.
    var environmentDirectories: [Word] {
        indices.compactMap { index in
            switch self[index].text.baseName {
            case "envdir", "s6-envdir":
                self[(index + 1)...].first { !$0.text.hasPrefix("-") }
            case "chpst": directoryOfChpst(from: index + 1)
            default: nil
            }
        }
    }

    /// The value of `-e` among the options of chpst(8), which may stand together.
    private func directoryOfChpst(from start: Int) -> Word? {
        var index = start
        while index < endIndex, self[index].text.hasPrefix("-"), self[index].text != "--" {
            let letters = self[index].text.dropFirst()
            let option = letters.firstIndex { "uUbe/nlLmdopfcrtC".contains($0) }
            let rest = option.map { letters[letters.index(after: $0)...] } ?? ""
            if let option, letters[option] == "e" {
                if !rest.isEmpty { return Word(text: String(rest), line: self[index].line) }
                return index + 1 < endIndex ? self[index + 1] : nil
            }
            index += option != nil && rest.isEmpty ? 2 : 1
        }
        return nil
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
    private var done: [(words: [Word], isJoined: Bool)] = []
    /// Whether what comes next depends on what was before (`&&`, `||`), or has a shell of its own (`|`).
    private var isJoined = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The commands: lines joined at a backslash, split at `;`, `&` and `|`, words without their quotes.
    mutating func commands() -> [(words: [Word], isJoined: Bool)] {
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
            if byte != UInt8(ascii: ";") { isJoined = true }
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
        if !command.isEmpty {
            done.append((command, isJoined))
            isJoined = false
        }
        command = []
    }
}
