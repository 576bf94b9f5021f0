import MailModel

/// What the `mailserver` utility's own help says about how it is called.
///
/// The vendor's layout of that page is not published, and spellings differ between generations: options are
/// recognised by the words in their names, the words for the relaying modes by the argument that the help
/// shows behind the option.
struct MailserverHelp: Equatable, Sendable {
    var setRelay: String?
    var relayWords: [RelayingMode: String] = [:]
    var authType: String?
    var lockTime: String?
    var addToWhiteList: String?
    var removeFromWhiteList: String?
    /// `--info`; `nil` when the utility does not show its settings.
    var showSettings: String?

    init(parsing text: String) {
        let lines = text.split(whereSeparator: \.isNewline)
        let options = lines.flatMap(Self.options)
        let commands = options.filter { $0.hasPrefix("--") }
        let named = { (parts: [String]) -> (String) -> Bool in
            { option in
                let words = Set(option.lowercased().split { $0 == "-" || $0 == "_" }.map(String.init))
                return parts.allSatisfy { part in
                    part.split(separator: "|").contains { words.contains(String($0)) }
                }
            }
        }
        setRelay = commands.first(where: named(["set", "relay|relaying"]))
        let whiteList = ["white|whitelist"]
        addToWhiteList = commands.first(where: named(["add"] + whiteList))
        removeFromWhiteList = commands.first(where: named(["remove|del|delete"] + whiteList))
        authType = options.first(where: named(["auth", "type"]))
        lockTime = options.first(where: named(["lock", "time"]))
        showSettings = commands.first { $0.lowercased() == "--info" }
        if let setRelay { relayWords = Self.relayWords(of: setRelay, in: lines) }
    }

    /// Whether the text was a help page at all.
    var isEmpty: Bool {
        setRelay == nil && addToWhiteList == nil && removeFromWhiteList == nil && showSettings == nil
    }

    func commands(_ invocation: [String]) -> MailserverCommands {
        MailserverCommands(
            invocation: invocation, setRelay: setRelay, relayWords: relayWords, authType: authType,
            lockTime: lockTime, addToWhiteList: addToWhiteList, removeFromWhiteList: removeFromWhiteList)
    }

    /// The words of a line that start with a dash, without the brackets and commas round them.
    private static func options(_ line: Substring) -> [String] {
        line.split { " \t,[](){}<>|=".contains($0) }.filter { word in
            word.hasPrefix("-") && word.contains { $0.isLetter }
        }
        .map(String.init)
    }

    /// The words that the help shows behind the option, on its line or on the ones that continue it.
    private static func relayWords(of option: String, in lines: [Substring]) -> [RelayingMode: String] {
        guard let start = lines.firstIndex(where: { options($0).contains(option) }) else { return [:] }
        let following = lines[(start + 1)...].prefix { line in
            !line.drop(while: \.isWhitespace).hasPrefix("-")
        }
        let text = [String(lines[start]), following.joined(separator: " ")].joined(separator: " ")
        let behind = text.split(separator: option, maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        // "<open|auth|closed>": the bars tell an argument from a sentence in which "open" is only a word.
        let joined = behind.split(separator: "|").map { part in part.trimmed }.joined(separator: "|")
        let argument = joined.split(whereSeparator: \.isWhitespace).first { $0.contains("|") }
        return modes(argument ?? behind)
    }

    private static func modes(_ text: Substring) -> [RelayingMode: String] {
        let modes: [String: RelayingMode] = [
            "open": .open, "auth": .auth, "authorization": .auth, "closed": .closed, "close": .closed,
        ]
        var words: [RelayingMode: String] = [:]
        for word in text.split(whereSeparator: { !$0.isLetter && $0 != "-" && $0 != "_" }).map(String.init) {
            guard let mode = modes[word.lowercased()], words[mode] == nil else { continue }
            words[mode] = word
        }
        return words
    }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmed: String {
        var rest = Substring(self)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
