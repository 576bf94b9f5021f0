/// The programs that serve one connection, each of which starts the next: `tcp-env`, `relaylock`, `qmail-smtpd`
/// and the programs that check its logins.
struct ServerChain: Hashable, Sendable {
    enum Server: String, Hashable, Sendable {
        case smtp = "qmail-smtpd"
        case qmtp = "qmail-qmtpd"
        case qmqp = "qmail-qmqpd"
    }

    /// How a client logs in.
    enum Login: Hashable, Sendable {
        case none
        /// A program checks name and password.
        case checked
        /// `true`, which is content with every password, stands where the checking program belongs: in this place
        /// among ``ServerChain/arguments``.
        case everyPassword(Int)
        /// The SMTP AUTH patch takes the first word for the host's name, and the one in this place for the checker.
        case hostNameMissing(Int)
    }

    let server: Server
    let words: [Word]
    private let position: Int
    /// Where it is started, for the files that it names by a relative path.
    let home: String?

    /// - Returns: `nil` when none of the programs is a server of Qmail.
    init?(_ words: [Word], home: String? = nil) {
        guard let position = words.firstIndex(where: { Server(rawValue: $0.text.baseName) != nil }),
            let server = Server(rawValue: words[position].text.baseName)
        else { return nil }
        self.server = server
        self.words = words
        self.position = position
        self.home = home
    }

    var serverWord: Word { words[position] }

    /// The place of the server among the words.
    var place: Int { position }

    /// What `env` sets for the server.
    var settings: [Word] { wrappers.settingsOfEnv }

    /// What `env` takes away from it.
    var removals: (names: [String], isAll: Bool) { wrappers.removalsOfEnv }

    /// What `envdir` reads for it.
    var environmentDirectories: [String] { wrappers.environmentDirectories.map(\.text) }

    private var wrappers: ArraySlice<Word> { words[..<position] }

    /// Plesk's own gatekeeper, which lets the white list and the POP locks relay.
    var hasRelayLock: Bool { wrappers.contains { $0.text.baseName == "relaylock" } }

    /// Whether Plesk wrote it: its gatekeeper, or its checker of logins.
    var isPlesk: Bool {
        words.contains { ["relaylock", "smtp_auth", "cmd5checkpw"].contains($0.text.baseName) }
    }

    /// Whether the reverse name of a client is looked up, so that rules by name can match (tcpserver, tcp-env).
    var looksUpNames: Bool { !hasOption("H") }

    /// Whether a client's own identd is asked, so that rules by user can match.
    var asksIdent: Bool { !hasOption("R") }

    private func hasOption(_ letter: Character) -> Bool {
        wrappers.contains { word in
            word.text.hasPrefix("-") && !word.text.hasPrefix("--") && word.text.contains(letter)
        }
    }

    /// Programs whose part in this is not known here.
    var unknownWrappers: [Word] {
        let known: Set<String> = [
            "tcp-env", "tcpserver", "tcpsvd", "sslsvd", "s6-tcpserver", "relaylock", "rblsmtpd", "env",
            "envdir", "softlimit", "setuidgid",
            "envuidgid", "fixcrio", "tcpd", "recordio", "argv0", "nice", "sslserver", "tlswrapper", "stunnel",
            "chpst",
            "s6-envdir", "s6-softlimit", "s6-setuidgid",
        ]
        let start = Self.endpoint(of: wrappers).map { $0.upperBound + 1 } ?? wrappers.startIndex
        let bare = wrappers[Swift.min(start, wrappers.endIndex)...].unknownBareProgram
        return [bare].compactMap(\.self)
            + wrappers.indices.filter { index in
                // What tcpserver and envdir are told is no program.
                Self.endpoint(of: wrappers)?.contains(index) != true
                    && !(index > 0 && words[index - 1].text.baseName == "envdir")
            }
            .map { words[$0] }.filter {
                ["sh", "bash", "dash", "s6-tcpserver-access"].contains($0.text.baseName)
                    || $0.text.hasPrefix("/") && !known.contains($0.text.baseName)
            }
    }

    /// Arguments behind the server, up to what belongs to the shell.
    var arguments: [Word] {
        Array(
            words[(position + 1)...].prefix { word in
                !word.text.hasPrefix(">") && !word.text.hasPrefix("2>") && !word.text.hasPrefix("<")
            })
    }

    /// What the SMTP AUTH patches make of the arguments; the server without the patch takes none.
    /// - Parameter disguised: As ``QmailConfiguration/disguised``.
    func login(_ disguised: [String: String]) -> Login {
        guard server == .smtp, let first = arguments.first else { return .none }
        let isTrue = { (word: Word) in [word.text, disguised[word.text]].contains { $0?.baseName == "true" } }
        let isPath = first.text.hasPrefix("/")
        if isPath, isPlesk { return pleskLogin(isTrue) }
        if isPath, isTrue(first) { return .everyPassword(0) }
        if isPath {
            // Up to release 0.31 the patch wants the host's name first; without it, the second word checks.
            guard arguments.count == 2, isTrue(arguments[1]) else { return .checked }
            return .hostNameMissing(1)
        }
        guard arguments.count > 1 else { return .none }
        return isTrue(arguments[1]) ? .everyPassword(1) : .checked
    }

    /// Plesk's build takes pairs: a checker, and the program that it starts when the password is right.
    private func pleskLogin(_ isTrue: (Word) -> Bool) -> Login {
        for index in stride(from: 0, to: arguments.count, by: 2) where isTrue(arguments[index]) {
            return .everyPassword(index)
        }
        return .checked
    }

    /// The rules that tcpserver was given (`-x`).
    var rulesPath: String? {
        guard let home, let path = writtenRulesPath, !path.hasPrefix("/") else { return writtenRulesPath }
        return "\(home)/\(path.hasPrefix("./") ? String(path.dropFirst(2)) : path)"
    }

    /// The instructions of tcpsvd for its clients, in a format of their own (ipsvd-instruct(5)).
    var instructions: Word? {
        guard wrappers.contains(where: { ["tcpsvd", "sslsvd"].contains($0.text.baseName) }) else {
            return nil
        }
        let option = wrappers.firstIndex { $0.text.hasPrefix("-") && ["i", "x"].contains($0.text.last) }
        return option.flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
    }

    private var writtenRulesPath: String? {
        guard instructions == nil else { return nil }
        guard let option = wrappers.firstIndex(where: { $0.text == "-x" || $0.text.hasPrefix("-x/") }) else {
            // Options may stand together: -vRHx FILE.
            guard let joint = wrappers.firstIndex(where: { $0.text.hasPrefix("-") && $0.text.hasSuffix("x") })
            else { return nil }
            return words.indices.contains(joint + 1) ? words[joint + 1].text : nil
        }
        if words[option].text != "-x" { return String(words[option].text.dropFirst(2)) }
        return words.indices.contains(option + 1) ? words[option + 1].text : nil
    }

    /// The address and the port that tcpserver is bound to, and whether it is.
    var endpoint: (address: String, port: String)? {
        Self.endpoint(of: wrappers).map { (words[$0.upperBound - 1].text, words[$0.upperBound].text) }
    }

    /// The places of tcpserver, its options, the address and the port.
    static func endpoint(of words: ArraySlice<Word>) -> ClosedRange<Int>? {
        guard let start = words.firstIndex(where: \.isConnectionServer) else { return nil }
        let withValue: Set<Character> =
            words[start].text.baseName == "s6-tcpserver"
            ? ["c", "C", "b", "G", "g", "u"]
            : ["c", "x", "B", "u", "g", "b", "l", "t", "C", "i", "e", "w"]
        var index = start + 1
        while index < words.endIndex, words[index].text.hasPrefix("-"), words[index].text != "--" {
            let letters = words[index].text.dropFirst()
            // The value of an option is the rest of its word, or else the next word.
            let takesNext = letters.firstIndex(where: withValue.contains).map {
                letters.index(after: $0) == letters.endIndex
            }
            index += takesNext == true ? 2 : 1
        }
        if index < words.endIndex, words[index].text == "--" { index += 1 }
        return index + 1 < words.endIndex ? start...(index + 1) : nil
    }
}
