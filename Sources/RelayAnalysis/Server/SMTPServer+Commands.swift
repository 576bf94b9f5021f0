import Postfix

/// What smtpd hears when a client speaks: `smtpd_command_filter` may put other words into its mouth before any list is
/// asked (postconf(5); smtpd.c, `smtpd_cmd_filter`).
extension SMTPServer {
    /// A session as it is after the filter. A command that becomes another one, or none, stays what it was: whoever
    /// says it otherwise may get past the filter.
    func asHeard(_ session: Session) -> Session {
        guard !commandFilters.isEmpty else { return session }
        func heard(_ command: String) -> String? {
            commandFilters.lazy.compactMap { table -> String? in
                if case .found(let text, _) = table.ask(command) { text } else { nil }
            }.first
        }
        var other = session
        if let name = session.helo {
            other.helo = heard("EHLO \(name)").flatMap(greeting) ?? name
        }
        other.sender =
            heard("MAIL FROM:<\(session.sender)>").flatMap { path($0, of: "mail from:") } ?? session.sender
        other.recipient =
            heard("RCPT TO:<\(session.recipient)>").flatMap { path($0, of: "rcpt to:") } ?? session.recipient
        return other
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
}
