/// What waits in the queue of the MTA, and who put it there.
package struct QueueReport: Sendable, Equatable {
    /// Messages of one kind.
    package struct Part: Sendable, Equatable {
        package var messages = 0
        package var bytes = 0
        /// Envelope recipients that are still to be reached.
        package var recipients = 0
        /// When the first and the last of them came in.
        package var first: Timestamp?
        package var last: Timestamp?

        package init() {}
    }

    /// The most frequent values of one property.
    package struct TopList: Sendable, Equatable {
        package struct Entry: Sendable, Equatable {
            package var value: String
            package var messages: Int

            package init(value: String, messages: Int) {
                self.value = value
                self.messages = messages
            }
        }

        package var property: MessageProperty
        package var entries: [Entry]
        /// Messages that have the property at all.
        package var messages: Int
        /// Whether the entries are counted exactly; else each may have a few more.
        package var isExact: Bool

        package init(property: MessageProperty, entries: [Entry], messages: Int, isExact: Bool) {
            self.property = property
            self.entries = entries
            self.messages = messages
            self.isExact = isExact
        }
    }

    package var mta: MailTransferAgent
    package var observedAt: Timestamp
    package var count: QueueCount
    /// Messages above which the policy calls the queue flooded.
    package var warnAbove: Int
    /// Messages whose files were read.
    package var examined = Part()
    /// Messages that left while the queue was read.
    package var gone = 0
    /// Files that are no whole queue files.
    package var unreadable = 0
    /// Messages by the hours that they have waited, up to and without the bound; the last band has none.
    package var ages: [(hours: Int?, messages: Int)] {
        zip(Self.ageBounds.map { $0 } + [nil], ageCounts).map { (hours: $0, messages: $1) }
    }
    package var ageCounts = [Int](repeating: 0, count: Self.ageBounds.count + 1)
    package var origins: [MessageOrigin: Part] = [:]
    package var tops: [TopList] = []
    /// What stands out, the largest first.
    package var causes: [QueueCause] = []
    /// Whether strangers could relay, by the configuration at this moment.
    package var relay: RelayVerdict?
    /// When the last change of this program closed a relay, if one did.
    package var closedAt: Timestamp?
    package var log: MailLogReport?

    package static let ageBounds = [1, 6, 24, 72]

    package init(mta: MailTransferAgent, observedAt: Timestamp, count: QueueCount, warnAbove: Int) {
        self.mta = mta
        self.observedAt = observedAt
        self.count = count
        self.warnAbove = warnAbove
    }

    package var isFlooded: Bool { count.total > warnAbove }

    package var verdict: QueueVerdict {
        guard isFlooded else { return .notFlooded }
        return causes.first?.kind.verdict ?? .nothingStandsOut
    }

    /// Whether what floods the queue was relayed by strangers; when something else does, the host is not to be
    /// repaired as an open relay.
    package var isRelay: Bool { verdict == .relayed }
}

/// What messages are counted by.
package enum MessageProperty: String, Sendable, CaseIterable {
    case client, network, login, user, script, sender
    case senderDomain = "sender-domain"
    case recipientDomain = "recipient-domain"
    case subject
}

/// What the queue is flooded with.
package enum QueueVerdict: String, Sendable, CaseIterable {
    case notFlooded = "not-flooded"
    case relayed = "relayed-by-strangers"
    case stolenLogin = "stolen-login"
    case script = "local-script"
    case bounceStorm = "bounce-storm"
    case nothingStandsOut = "nothing-stands-out"
}

/// One source of many messages.
package struct QueueCause: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case relayed, login, local, bounce

        package var verdict: QueueVerdict {
            switch self {
            case .relayed: .relayed
            case .login: .stolenLogin
            case .local: .script
            case .bounce: .bounceStorm
            }
        }
    }

    package var kind: Kind
    /// The login, or the user and script; `nil` where the kind says it all.
    package var who: String?
    package var part: QueueReport.Part
    /// From how many client networks they came, counted up to 100.
    package var networks: Int
    /// What `agent queue hold` selects them by.
    package var selection: [String]

    package init(
        kind: Kind, who: String?, part: QueueReport.Part, networks: Int, selection: [String]
    ) {
        self.kind = kind
        self.who = who
        self.part = part
        self.networks = networks
        self.selection = selection
    }
}

/// What the mail log says of who hands mail in, also of what has left already.
package struct MailLogReport: Sendable, Equatable {
    package var path: String
    /// What was rotated away from it last, and was read before it.
    package var rotated: String?
    /// Of both.
    package var bytes: Int
    /// As the log writes the times of its first and last line.
    package var first: String?
    package var last: String?
    /// Messages by login, by client without a login, by local user id.
    package var tops: [QueueReport.TopList]
    package var isWhole: Bool

    package init(
        path: String, rotated: String?, bytes: Int, first: String?, last: String?,
        tops: [QueueReport.TopList], isWhole: Bool
    ) {
        self.path = path
        self.rotated = rotated
        self.bytes = bytes
        self.first = first
        self.last = last
        self.tops = tops
        self.isWhole = isWhole
    }
}
