package import MailModel

/// What the page about a host is made of.
package struct HostReport: Sendable {
    /// A probe, and when it was made.
    package struct SeenFromOutside: Sendable, Equatable {
        package var when: Timestamp
        package var report: ProbeReport

        package init(when: Timestamp, report: ProbeReport) {
            self.when = when
            self.report = report
        }
    }

    package var status: HostStatus
    package var judgement: StatusJudgement
    /// Above how many messages the policy warns.
    package var queueLimit: Int
    /// `nil` where the host was never asked from outside.
    package var probe: SeenFromOutside?
    /// The change sets, newest first.
    package var changes: [ChangeDetails]
    /// How many older ones are not among ``changes``.
    package var olderChanges: Int

    package init(
        status: HostStatus, judgement: StatusJudgement, queueLimit: Int, probe: SeenFromOutside?,
        changes: [ChangeDetails], olderChanges: Int
    ) {
        self.status = status
        self.judgement = judgement
        self.queueLimit = queueLimit
        self.probe = probe
        self.changes = changes
        self.olderChanges = olderChanges
    }
}

/// `agent.report/1`: what the page says first, and where it is.
package func reportDocument(_ report: HostReport, file: String) -> JSONValue {
    .object([
        .init("format", .string("agent.report/1")), .init("file", .string(file)),
        .init("verdict", .string(Headline(report).words.word.lowercased())),
        .init("level", .string(report.judgement.level.word.lowercased())),
        .init("reasons", .strings(report.judgement.reasons)),
    ])
}

/// What the page says first.
enum Headline: Equatable {
    case open, closed, closedByConfiguration, broken, unknown

    init(_ report: HostReport) {
        let seen = report.probe?.report.verdict
        switch (report.status.plan.relayBefore, seen) {
        case (.open, _), (.partial, _), (_, .open): self = .open
        case (.broken, _): self = .broken
        case (.closed, .closed): self = .closed
        case (.closed, _): self = .closedByConfiguration
        default: self = .unknown
        }
    }

    var mark: Mark {
        switch self {
        case .open, .broken: .bad
        case .closed, .closedByConfiguration: .good
        case .unknown: .unsure
        }
    }

    /// The word after the mark, and what it means for the host.
    var words: (word: String, meaning: String) {
        switch self {
        case .open: ("Open", "relays mail for strangers.")
        case .closed:
            ("Closed", "refuses to relay for strangers, by its configuration and as seen from outside.")
        case .closedByConfiguration:
            (
                "Closed",
                "refuses to relay for strangers by its configuration. No probe from outside confirms it yet."
            )
        case .broken: ("Broken", "would not start its mail server, or refuses everyone.")
        case .unknown: ("Unknown", "could not be judged.")
        }
    }
}

/// A sign that stands beside a word: colour is never the only carrier.
enum Mark: String {
    case good, bad, unsure, none

    var glyph: String {
        switch self {
        case .good: "✓"
        case .bad: "✗"
        case .unsure: "?"
        case .none: "·"
        }
    }
}
