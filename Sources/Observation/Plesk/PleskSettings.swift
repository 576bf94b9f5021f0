package import MailModel

/// The settings of Plesk's mail server that decide who may relay.
package struct PleskSettings: Sendable, Equatable {
    package var relaying: Observed<RelayingMode>
    package var logins: Observed<LoginTypes>
    /// In the order Plesk keeps them, duplicates included; POP locks are not part of it.
    package var whiteList: Observed<[WhiteListEntry]>
    /// Sender domains.
    package var blackList: Observed<[String]>
    /// The addresses that POP logins have opened the relay for, until their lock ends.
    package var popLocks: Observed<[WhiteListEntry]>
    /// Whether the name of a mailbox without its domain is a login.
    package var shortLoginNames: Observed<Bool>

    package init(
        relaying: Observed<RelayingMode>, logins: Observed<LoginTypes>,
        whiteList: Observed<[WhiteListEntry]>, blackList: Observed<[String]>,
        popLocks: Observed<[WhiteListEntry]>, shortLoginNames: Observed<Bool>
    ) {
        self.relaying = relaying
        self.logins = logins
        self.whiteList = whiteList
        self.blackList = blackList
        self.popLocks = popLocks
        self.shortLoginNames = shortLoginNames
    }

    /// Whether anything that a policy judges is missing.
    var isIncomplete: Bool { relaying.value == nil || logins.value == nil || whiteList.value == nil }
}

extension PleskSettings {
    /// Reads the rows of either layout: `ServiceNodeConfiguration`, else `misc` (Plesk 8 to 10).
    init(_ answer: DatabaseAnswer) {
        let values = Self.values(answer)
        let locks = answer.rows(.whiteList)
        self.init(
            relaying: values.flatMap(relayingMode), logins: values.flatMap(loginTypes),
            whiteList: locks.flatMap { entries($0, permanence: "1") },
            blackList: answer.rows(.blackList).map { rows in rows.compactMap(\.first) },
            popLocks: locks.flatMap { entries($0, permanence: "0") },
            // In `misc` on every layout; where there is no such row, nothing was allowed.
            shortLoginNames: answer.rows(.miscSettings).map { rows in
                rows.contains { $0.count == 2 && $0[0] == "allow_short_pop3_names" && $0[1] == "enabled" }
            })
    }

    private static func values(_ answer: DatabaseAnswer) -> Observed<[String: String]> {
        // Without word from the new layout, rows of the old one may be what an upgrade left behind.
        guard answer.sections[.nodeSettings] != nil else {
            return .unseen(answer.problem ?? "Plesk's database did not give the settings of its mail server")
        }
        let sections = [answer.rows(.nodeSettings), answer.rows(.miscSettings)]
        let dictionaries = sections.compactMap(\.value).map { rows in
            Dictionary(
                rows.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        }
        if let speaking = dictionaries.first(where: { $0["relay"] != nil }) { return .seen(speaking) }
        let problem = sections.compactMap(\.reason).first
        return .unseen(
            dictionaries.isEmpty
                ? problem ?? "Plesk's database was not read"
                : "Plesk's database holds no relaying setting")
    }
}

extension Observed {
    func flatMap<Other: Sendable>(_ transform: (Value) -> Observed<Other>) -> Observed<Other> {
        switch self {
        case .seen(let value): transform(value)
        case .unseen(let reason): .unseen(reason)
        }
    }
}

private func relayingMode(_ values: [String: String]) -> Observed<RelayingMode> {
    let word = values["relay"] ?? ""
    guard let mode = RelayingMode(rawValue: word) else {
        return .unseen("Plesk's database has the relaying mode \"\(word)\", which is not known")
    }
    return .seen(mode)
}

private func loginTypes(_ values: [String: String]) -> Observed<LoginTypes> {
    // The names have a negative sense: 0 is "not disabled".
    let enabled = { (name: String) -> Bool? in
        switch values[name]?.lowercased() {
        case "0", "false": true
        case "1", "true": false
        default: nil
        }
    }
    guard let smtp = enabled("disable_smtp_auth"), let pop = enabled("disable_pop_auth") else {
        return .unseen("Plesk's database does not say which logins let a client relay")
    }
    return .seen(LoginTypes(smtp: smtp, pop: pop, popLockMinutes: values["poplock_time"].flatMap { Int($0) }))
}

/// The rows of `smtp_poplocks` whose third column, "`lock_time` is NULL", is `permanence`.
private func entries(_ rows: [[String]], permanence: String) -> Observed<[WhiteListEntry]> {
    var entries: [WhiteListEntry] = []
    for row in rows {
        guard row.count == 3, row[2] == "0" || row[2] == "1" else {
            return .unseen("a row of Plesk's white list is not understood: \(row.joined(separator: " "))")
        }
        guard row[2] == permanence else { continue }
        guard let entry = WhiteListEntry(address: row[0], mask: row[1]) else {
            return .unseen("an entry of Plesk's white list is not understood: \(row[0])/\(row[1])")
        }
        entries.append(entry)
    }
    return .seen(entries)
}

extension WhiteListEntry {
    /// - Parameter mask: a prefix length, or a mask in dotted form.
    /// - Returns: `nil` when it is not a network.
    init?(address: String, mask: String) {
        guard let ip = IPAddress(address) else { return nil }
        let prefix: Int
        if let number = Int(mask) {
            prefix = number
        } else if case .v4(let bits) = IPAddress(mask), case .v4 = ip, ~bits & (~bits &+ 1) == 0 {
            prefix = (~bits).leadingZeroBitCount
        } else {
            return nil
        }
        guard let network = IPNetwork(ip, prefix: prefix) else { return nil }
        self.init(network: network, text: "\(address)/\(prefix)")
    }

    /// Reads `address/prefix` as Plesk prints it, with or without spaces round the slash.
    init?(printed text: Substring) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.split(separator: " ").joined(separator: " ") }
        guard let address = parts.first, parts.count <= 2, let ip = IPAddress(address) else { return nil }
        self.init(address: address, mask: parts.count == 2 ? parts[1] : String(ip.width))
    }
}
