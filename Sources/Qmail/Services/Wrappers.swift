/// Programs that start the next one, as words of a command.
extension ArraySlice<Word> {
    /// How many words a program takes for itself in front of the next one.
    private struct Usage {
        /// The letters of the options that have a value.
        var valued = ""
        var words = 0
    }

    private static let usages: [String: Usage] = [
        "tcp-env": .init(valued: "t"), "relaylock": .init(), "rblsmtpd": .init(valued: "rat"),
        "softlimit": .init(valued: "acdflmoprst"), "s6-softlimit": .init(valued: "acdflmoprst"),
        "setuidgid": .init(words: 1), "s6-setuidgid": .init(words: 1), "envuidgid": .init(words: 1),
        "envdir": .init(words: 1), "s6-envdir": .init(valued: "L", words: 1), "env": .init(valued: "uCS"),
        "fixcrio": .init(), "recordio": .init(), "tcpd": .init(), "nice": .init(valued: "n"),
        "chpst": .init(valued: "uUbe/nlLmdopfrcCt"), "pgrphack": .init(), "nohup": .init(), "setsid": .init(),
        "setlock": .init(words: 1), "exec": .init(valued: "a"),
    ]

    /// The first program among them whose part in this is not known, written without a path: what has one is known for a
    /// program wherever it stands. Behind a word that cannot be followed there may be more.
    var unknownBareProgram: Word? {
        guard let word = unknownProgram, !word.text.contains("/") else { return nil }
        return word
    }

    /// The first program among them whose part in this is not known, as far as they can be followed.
    var unknownProgram: Word? {
        var index = startIndex
        while index < endIndex {
            let word = self[index]
            // What the shell puts there, and options and settings, are no program's name.
            guard let first = word.text.first, !"$`-\"'(".contains(first), !word.text.contains("=") else {
                return nil
            }
            guard let usage = Self.usages[word.text.baseName] else {
                return Self.opaque.contains(word.text.baseName) ? nil : word
            }
            index += 1
            while index < endIndex, self[index].text.hasPrefix("-") || isSettingOfEnv(index, of: word) {
                let letters = self[index].text.dropFirst()
                let valued = letters.firstIndex { usage.valued.contains($0) }
                let takesNext =
                    self[index].text.hasPrefix("-")
                    && valued.map { letters.index(after: $0) == letters.endIndex } == true
                index += takesNext ? 2 : 1
            }
            index += usage.words
        }
        return nil
    }

    private func isSettingOfEnv(_ index: Int, of program: Word) -> Bool {
        program.text.baseName == "env" && self[index].text.contains("=")
    }

    /// Those that are known, and whose words are not told apart here.
    private static let opaque: Set<String> = [
        "argv0", "sslserver", "tlswrapper", "stunnel", "tcpserver", "tcpsvd", "sslsvd", "s6-tcpserver", "sh",
        "bash", "dash", "s6-tcpserver-access",
    ]
}
