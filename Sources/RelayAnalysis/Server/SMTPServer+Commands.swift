import Postfix

/// What smtpd hears when a client speaks: `smtpd_command_filter` may put other words into its mouth before any list is
/// asked, and what `smtpd_noop_commands` names does nothing (postconf(5); smtpd.c, `smtpd_proto`).
extension SMTPServer {
    /// A session as it is after the filter; `nil` where no mail can be sent with it, in whichever of the ways to write
    /// a command.
    func asHeard(_ session: Session) -> Session? {
        var session = session
        if Self.greetings.allSatisfy(ignores) { session.helo = nil }
        guard !commandFilters.isEmpty else { return session }
        if let name = session.helo {
            session.helo = heard("EHLO \(name)").flatMap(greeting) ?? name
        }
        guard let sender = heardPath(session.sender, of: "MAIL FROM:"),
            let recipient = heardPath(session.recipient, of: "RCPT TO:")
        else { return nil }
        session.sender = sender
        session.recipient = recipient
        return session
    }

    /// What the filter puts in the place of a command.
    private func heard(_ command: String) -> String? {
        commandFilters.lazy.compactMap { table -> String? in
            if case .found(let text, _) = table.ask(command) { text } else { nil }
        }.first
    }

    /// The address of a command behind the filter, from the first spelling that it leaves such a command.
    private func heardPath(_ address: String, of verb: String) -> String? {
        let paths = values.isOn("strict_rfc821_envelopes") ? ["<\(address)>"] : ["<\(address)>", address]
        return paths.flatMap { ["\(verb)\($0)", "\(verb) \($0)"] }.lazy.compactMap { command in
            guard let text = self.heard(command) else { return address }
            return self.path(text, of: verb.folded)
        }.first
    }

    private func greeting(_ command: String) -> String? {
        let words = command.split(separator: " ").map(String.init)
        guard words.count > 1, ["helo", "ehlo"].contains(words[0].folded) else { return nil }
        return words[1]
    }

    /// The address of a command, with or without its brackets.
    private func path(_ command: String, of verb: String) -> String? {
        guard command.folded.hasPrefix(verb) else { return nil }
        let rest = command.dropFirst(verb.count).drop { $0 == " " }
        guard rest.first == "<" else { return String(rest.prefix { $0 != " " }) }
        return rest.lastIndex(of: ">").map { String(rest[..<$0].dropFirst()) }
    }

    private static let greetings = ["HELO", "EHLO"]

    /// Whether smtpd answers 250 to a command and does nothing, before it looks what it is.
    func ignores(_ command: String) -> Bool { ignoring(command) != nil }

    /// The pattern by which it does.
    func ignoring(_ command: String) -> ListPattern? {
        guard case .match(let index, _) = ignoredCommands.match(command.folded) else { return nil }
        return ignoredCommands.patterns[index]
    }

    /// Why nobody can hand over a message: a command that it takes does nothing. BDAT does what DATA does.
    var commandFault: (why: String, place: Place)? {
        let hasChunking = !hiddenKeywords.contains("chunking") && !ignores("BDAT")
        let needed =
            ["MAIL", "RCPT"] + (hasChunking ? [] : ["DATA"])
            + (values.isOn("smtpd_helo_required") && Self.greetings.allSatisfy(ignores) ? Self.greetings : [])
        let ignored = needed.lazy.compactMap { command in
            self.ignoring(command).map {
                ("\(command) does nothing, so that no mail is taken", $0.place)
            }
        }.first
        return ignored ?? filterFault
    }

    private var filterFault: (why: String, place: Place)? {
        guard !commandFilters.isEmpty else { return nil }
        let said = [
            ("MAIL", "MAIL FROM:", [Stranger.sender, ""]),
            ("RCPT", "RCPT TO:", [Stranger.recipient, "postmaster@\(hostedDomain)"]),
        ]
        return said.first { _, verb, paths in paths.allSatisfy { heardPath($0, of: verb) == nil } }.map {
            let name = "smtpd_command_filter"
            return (
                "\($0.0) becomes another command, so that no mail is taken",
                host.quoting.definition(of: name, in: values)
            )
        }
    }
}
