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
            unknown = unknown ?? words[..<index].unknownProgram
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
        // What a command prints is not known, and one word in quotes.
        guard let setting = values[name], !["`", "$("].contains(where: setting.value.contains) else {
            return [word]
        }
        return setting.value.split(separator: " ").map { Word(text: String($0), line: word.line) }
    }
}
