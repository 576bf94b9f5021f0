import MailModel

/// What `mailserver --info` prints, as far as it can be understood with certainty.
///
/// The layout is not published, so nothing is guessed: a line that does not fit makes the whole answer
/// unseen. It is asked only when Plesk's database cannot be read.
enum MailserverReport {
    /// Reads a list that stands alone, an entry a line.
    static func whiteList(_ text: String) -> Observed<[WhiteListEntry]> {
        var entries: [WhiteListEntry] = []
        for line in contentLines(text) {
            guard let entry = WhiteListEntry(printed: line) else {
                return .unseen("the white list that mailserver --info prints is not understood")
            }
            entries.append(entry)
        }
        // No line at all may be an empty list or a utility that printed nothing: only the first complies.
        guard !entries.isEmpty || says(success: text) else {
            return .unseen("mailserver --info printed no white list")
        }
        return .seen(entries)
    }

    /// Reads the relaying mode from lines of `Label: value`.
    static func relaying(_ text: String) -> Observed<RelayingMode> {
        let values = contentLines(text).compactMap { line -> String? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let label = parts[0].lowercased().split { !$0.isLetter }
            guard label.contains("relay") || label.contains("relaying") else { return nil }
            return parts[1].trimmed.lowercased()
        }
        guard values.count == 1, let value = values.first, let mode = modes[value] else {
            return .unseen("the relaying mode that mailserver --info prints is not understood")
        }
        return .seen(mode)
    }

    /// Reads the logins from the line `Authorization type: …` in the utility's own words.
    static func logins(_ text: String) -> Observed<LoginTypes> {
        let values = labelled(text)
        let type = values.first { $0.label.contains("auth") || $0.label.contains("authorization") }?.value
        let minutes = values.first { $0.label.contains("lock") && $0.label.contains("time") }?.value
        let lock = minutes.flatMap { Int($0) }
        switch type {
        case "both": return .seen(LoginTypes(smtp: true, pop: true, popLockMinutes: lock))
        case "smtp": return .seen(LoginTypes(smtp: true, pop: false, popLockMinutes: lock))
        case "pop3": return .seen(LoginTypes(smtp: false, pop: true, popLockMinutes: lock))
        case "none": return .seen(LoginTypes(smtp: false, pop: false, popLockMinutes: lock))
        default: return .unseen("the logins that mailserver --info prints are not understood")
        }
    }

    private static let modes: [String: RelayingMode] = [
        "open": .open, "auth": .auth, "closed": .closed, "open relay": .open,
        "authorization is required": .auth,
    ]

    private static func labelled(_ text: String) -> [(label: Set<String>, value: String)] {
        contentLines(text).compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let words = parts[0].lowercased().split { !$0.isLetter }.map(String.init)
            return (Set(words), parts[1].trimmed.lowercased())
        }
    }

    private static func contentLines(_ text: String) -> [Substring] {
        text.split(whereSeparator: \.isNewline)
            .filter { line in !line.allSatisfy(\.isWhitespace) && !line.hasPrefix("SUCCESS:") }
    }

    private static func says(success text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("SUCCESS:") }
    }
}
