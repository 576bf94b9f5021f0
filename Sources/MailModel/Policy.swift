/// What must hold on the host. It names ends, never commands.
package struct Policy: Sendable, Equatable {
    /// Plesk's relaying modes that a policy may ask for (article 1394, step 1).
    package enum Relaying: String, Sendable, CaseIterable {
        case authorizationRequired = "authorization-required"
        case closed
    }

    /// What becomes of a flooded queue.
    package enum Flood: String, Sendable, CaseIterable {
        case report, hold
    }

    /// What follows when an apply broke mail.
    package enum MailBroken: String, Sendable, CaseIterable {
        case automatic, harbour
        case rollBack = "roll-back"
        case keep
    }

    /// What follows when no vantage can tell whether an apply worked.
    package enum Unconfirmed: String, Sendable, CaseIterable {
        case keep
        case rollBack = "roll-back"
        case harbour
    }

    package struct WhiteList: Sendable, Equatable {
        /// Every entry of the white list must lie inside one of these.
        package var within: [IPNetwork]
        /// Entries beyond ``within`` that an administrator answers for.
        package var vouched: [VouchedNetwork]

        package init(within: [IPNetwork], vouched: [VouchedNetwork] = []) {
            self.within = within
            self.vouched = vouched
        }

        /// The networks whose clients are not strangers on `day`.
        package func allowed(on day: CalendarDay) -> [IPNetwork] {
            within + vouched.filter { $0.holds(on: day) }.map(\.network)
        }
    }

    package struct Queue: Sendable, Equatable {
        /// Messages.
        package var warnAbove: Int
        package var flood: Flood

        package init(warnAbove: Int, flood: Flood) {
            self.warnAbove = warnAbove
            self.flood = flood
        }
    }

    package struct Probe: Sendable, Equatable {
        package var from: VantageAddress
        package var ports: [Int]

        package init(from: VantageAddress, ports: [Int]) {
            self.from = from
            self.ports = ports
        }
    }

    package struct AfterApply: Sendable, Equatable {
        package var mailBroken: MailBroken
        package var unconfirmed: Unconfirmed

        package init(mailBroken: MailBroken, unconfirmed: Unconfirmed) {
            self.mailBroken = mailBroken
            self.unconfirmed = unconfirmed
        }
    }

    package struct Backups: Sendable, Equatable {
        /// Change sets.
        package var keepLast: Int
        package var keepWithinDays: Int

        package init(keepLast: Int, keepWithinDays: Int) {
            self.keepLast = keepLast
            self.keepWithinDays = keepWithinDays
        }
    }

    package var relaying: Relaying
    package var whiteList: WhiteList
    package var queue: Queue
    package var probe: Probe
    package var afterApply: AfterApply
    package var backups: Backups
    /// Where it was read: the file, then each drop-in in the order read. Empty for the built-in default.
    package var files: [PolicyFile]

    package init(
        relaying: Relaying, whiteList: WhiteList, queue: Queue, probe: Probe, afterApply: AfterApply,
        backups: Backups, files: [PolicyFile]
    ) {
        self.relaying = relaying
        self.whiteList = whiteList
        self.queue = queue
        self.probe = probe
        self.afterApply = afterApply
        self.backups = backups
        self.files = files
    }
}

/// A file that a policy was read from.
package struct PolicyFile: Sendable, Equatable {
    package var path: String
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// A network that an administrator answers for, with a reason and an optional last day.
package struct VouchedNetwork: Sendable, Equatable {
    package var network: IPNetwork
    package var reason: String
    /// The last day on which it holds; `nil` for no end.
    package var until: CalendarDay?
    /// Where it is written.
    package var location: SourceLocation

    package init(network: IPNetwork, reason: String, until: CalendarDay?, location: SourceLocation) {
        self.network = network
        self.reason = reason
        self.until = until
        self.location = location
    }

    package func holds(on day: CalendarDay) -> Bool {
        until.map { day <= $0 } ?? true
    }
}
