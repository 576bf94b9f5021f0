/// Plesk's relaying mode, in Plesk's own words (`open`, `auth`, `closed`; plesk.md 2.1).
package enum RelayingMode: String, Sendable, CaseIterable, Codable {
    case open, auth, closed

    /// The words of Plesk's own page.
    package var pageLabel: String {
        switch self {
        case .open: "open relay"
        case .auth: "authorization is required"
        case .closed: "closed"
        }
    }
}

/// Which logins let a client relay in `auth` mode.
package struct LoginTypes: Hashable, Sendable, Codable {
    package var smtp: Bool
    /// POP-before-SMTP.
    package var pop: Bool
    /// How long a POP login opens the relay to its address.
    package var popLockMinutes: Int?

    package init(smtp: Bool, pop: Bool, popLockMinutes: Int?) {
        self.smtp = smtp
        self.pop = pop
        self.popLockMinutes = popLockMinutes
    }

    /// The value of `-auth-type`; `nil` when neither login is on.
    package var authType: String? {
        switch (smtp, pop) {
        case (true, true): "both"
        case (true, false): "smtp"
        case (false, true): "pop3"
        case (false, false): nil
        }
    }
}

/// What Plesk itself says of its mail server.
package struct PleskState: Sendable, Equatable {
    /// `18.0.62`.
    package var version: String
    /// `PRODUCT_ROOT_D`.
    package var root: String
    package var commands: MailserverCommands
    package var relaying: Observed<RelayingMode>
    package var logins: Observed<LoginTypes>
    /// In the order Plesk keeps them, duplicates included; POP locks are not part of it.
    package var whiteList: Observed<[WhiteListEntry]>
    /// Sender domains.
    package var blackList: Observed<[String]>
    /// The addresses that POP logins have opened the relay for, until their lock ends.
    package var popLocks: Observed<[WhiteListEntry]>
    /// Whether the name of a mailbox without its domain is a login (`allow_short_pop3_names`).
    package var shortLoginNames: Observed<Bool>
    /// Why Plesk must not be changed at this moment (its installer is at work); `nil` when it may.
    package var busy: String?

    package init(
        version: String, root: String, commands: MailserverCommands, relaying: Observed<RelayingMode>,
        logins: Observed<LoginTypes>, whiteList: Observed<[WhiteListEntry]>,
        blackList: Observed<[String]>, popLocks: Observed<[WhiteListEntry]> = .seen([]),
        shortLoginNames: Observed<Bool> = .seen(false), busy: String?
    ) {
        self.version = version
        self.root = root
        self.commands = commands
        self.relaying = relaying
        self.logins = logins
        self.whiteList = whiteList
        self.blackList = blackList
        self.popLocks = popLocks
        self.shortLoginNames = shortLoginNames
        self.busy = busy
    }
}

extension PleskState {
    /// The networks that POP locks let relay; Plesk itself writes a lock for the one address that logged in. `nil`
    /// where no lock counts, or it was not seen whether one does.
    package var wideLocks: [WhiteListEntry]? {
        guard let locks = popLocks.value, logins.value?.pop == true, relaying.value != .closed else {
            return nil
        }
        return locks.filter { $0.network.prefix < $0.network.address.width }
    }

    /// Whether a command of Plesk's can switch POP before SMTP off.
    package var canSwitchPopOff: Bool { commands.setRelay != nil && commands.authType != nil }
}

/// A permanent entry of the white list.
package struct WhiteListEntry: Hashable, Sendable, Codable {
    /// As Plesk has it, host bits included.
    package var network: IPNetwork
    /// `address/prefix` as Plesk's command takes it back.
    package var text: String

    package init(network: IPNetwork, text: String) {
        self.network = network
        self.text = text
    }
}

/// How this Plesk's `mailserver` utility is called, found out from its help.
package struct MailserverCommands: Hashable, Sendable, Codable {
    /// The absolute program and its first arguments: `/usr/sbin/plesk bin mailserver`, or
    /// `/usr/local/psa/bin/mailserver.sh` on the oldest.
    package var invocation: [String]
    /// `--set-relay`; `nil` when the help does not offer it.
    package var setRelay: String?
    /// The words that the help gives for the modes, by mode.
    package var relayWords: [RelayingMode: String]
    /// `-auth-type`; `nil` when the help does not offer it.
    package var authType: String?
    /// `-lock-time`; `nil` when the help does not offer it.
    package var lockTime: String?
    package var addToWhiteList: String?
    package var removeFromWhiteList: String?

    package init(
        invocation: [String], setRelay: String?, relayWords: [RelayingMode: String], authType: String?,
        lockTime: String?, addToWhiteList: String?, removeFromWhiteList: String?
    ) {
        self.invocation = invocation
        self.setRelay = setRelay
        self.relayWords = relayWords
        self.authType = authType
        self.lockTime = lockTime
        self.addToWhiteList = addToWhiteList
        self.removeFromWhiteList = removeFromWhiteList
    }
}
