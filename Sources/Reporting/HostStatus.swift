package import MailModel

/// What monitoring wants to know of a host, at one moment.
package struct HostStatus: Sendable, Equatable {
    package struct LastProbe: Sendable, Equatable {
        package var when: Timestamp
        package var verdict: ProbeVerdict

        package init(when: Timestamp, verdict: ProbeVerdict) {
            self.when = when
            self.verdict = verdict
        }
    }

    /// What the journal and the store tell.
    package struct Journal: Sendable, Equatable {
        /// The newest probe that was kept.
        package var lastProbe: LastProbe?
        package var lastChange: ChangeSummary?
        /// Change sets that were cut off, and wait for `agent recover`.
        package var interrupted: [Int]
        /// When the open confirm window goes back by itself; `nil` when none is open.
        package var windowDeadline: Timestamp?
        /// How often what was changed within the last day was undone by Plesk or somebody else.
        package var undone: Int
        /// On disk; 0 when there is no store yet.
        package var storeSizeInBytes: Int
        /// Why nothing of all this could be read; `nil` where it was.
        package var unread: String?

        package init(
            lastProbe: LastProbe? = nil, lastChange: ChangeSummary? = nil, interrupted: [Int] = [],
            windowDeadline: Timestamp? = nil, undone: Int = 0, storeSizeInBytes: Int = 0,
            unread: String? = nil
        ) {
            self.lastProbe = lastProbe
            self.lastChange = lastChange
            self.interrupted = interrupted
            self.windowDeadline = windowDeadline
            self.undone = undone
            self.storeSizeInBytes = storeSizeInBytes
            self.unread = unread
        }
    }

    package var plan: Plan
    /// `nil` when the queue could not be seen.
    package var queue: QueueCount?
    package var journal: Journal

    package init(plan: Plan, queue: QueueCount?, journal: Journal) {
        self.plan = plan
        self.queue = queue
        self.journal = journal
    }
}

/// What monitoring alerts on beside the policy.
package struct StatusThresholds: Sendable, Equatable {
    /// Of the messages in the queue.
    package var queueWarning: ThresholdRange
    package var queueCritical: ThresholdRange?
    /// Of the age of the last probe, in seconds; without them an old probe is no matter.
    package var probeAgeWarning: ThresholdRange?
    package var probeAgeCritical: ThresholdRange?

    package init(
        queueWarning: ThresholdRange, queueCritical: ThresholdRange? = nil,
        probeAgeWarning: ThresholdRange? = nil, probeAgeCritical: ThresholdRange? = nil
    ) {
        self.queueWarning = queueWarning
        self.queueCritical = queueCritical
        self.probeAgeWarning = probeAgeWarning
        self.probeAgeCritical = probeAgeCritical
    }
}

/// How much a person is needed, in the words and numbers of the monitoring plugins.
package enum StatusLevel: Int, Sendable, CaseIterable {
    case ok = 0
    case warning, critical, unknown

    package var word: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }

    /// What a person should hear of first: what could not be seen may hide anything, but what is known to be
    /// wrong does not become better by it.
    fileprivate var urgency: Int {
        switch self {
        case .ok: 0
        case .unknown: 1
        case .warning: 2
        case .critical: 3
        }
    }
}

/// A level with the reasons for it, the most urgent first; `ok` has none.
package struct StatusJudgement: Sendable, Equatable {
    package var level: StatusLevel
    /// Without full stops.
    package var reasons: [String]
}

extension HostStatus {
    package func judged(by thresholds: StatusThresholds) -> StatusJudgement {
        var found = relayReasons + findingReasons + journalReasons
        found += queueReasons(thresholds) + probeAgeReasons(thresholds)
        let ranked = found.enumerated().sorted {
            ($1.element.level.urgency, $0.offset) < ($0.element.level.urgency, $1.offset)
        }.map(\.element)
        return StatusJudgement(level: ranked.first?.level ?? .ok, reasons: ranked.map(\.text))
    }

    private typealias Reason = (level: StatusLevel, text: String)

    private var relayReasons: [Reason] {
        var reasons: [Reason] = []
        switch plan.relayBefore {
        case .open: reasons.append((.critical, "open relay: any stranger can relay"))
        case .partial: reasons.append((.critical, "open relay: certain strangers can relay"))
        case .broken: reasons.append((.critical, "the mail server would not start, or refuses everyone"))
        case .closed, .unknown, nil: break
        }
        if let probe = journal.lastProbe, probe.verdict == .open {
            reasons.append((.critical, "the last probe, of \(probe.when.rfc3339), saw an open relay"))
        }
        return reasons
    }

    /// Each finding that is not as the policy wants it; the relay's own is told by its verdict.
    private var findingReasons: [Reason] {
        plan.findings.compactMap { finding -> Reason? in
            switch finding.status {
            case .ok: return nil
            case .unknown where finding.actual == "not seen":
                return (.unknown, "\(finding.id.rawValue) could not be seen")
            case .unknown: return (.unknown, "\(finding.id.rawValue): \(finding.actual)")
            case .drift where finding.id == .relay || finding.id == .queue: return nil
            case .drift where finding.id == .harbour: return (.warning, finding.actual)
            case .drift: return (.warning, "\(finding.id.rawValue): \(finding.actual)")
            }
        }
    }

    private var journalReasons: [Reason] {
        var reasons: [Reason] = []
        if let unread = journal.unread { reasons.append((.unknown, unread)) }
        if !journal.interrupted.isEmpty {
            let names = journal.interrupted.map(String.init).joined(separator: ", ")
            reasons.append((.critical, "change \(names) was interrupted: run `agent recover`"))
        }
        if let deadline = journal.windowDeadline {
            reasons.append((.warning, "a change goes back at \(deadline.rfc3339) unless it is confirmed"))
        }
        if journal.undone > 0 {
            let times = journal.undone == 1 ? "once" : "\(journal.undone) times"
            reasons.append((.warning, "what agent changed was undone \(times) within a day"))
        }
        return reasons
    }

    private func queueReasons(_ thresholds: StatusThresholds) -> [Reason] {
        guard let messages = queue?.total else { return [] }
        let text = "\(messages) messages in the queue"
        if thresholds.queueCritical?.alerts(at: messages) == true { return [(.critical, text)] }
        return thresholds.queueWarning.alerts(at: messages) ? [(.warning, text)] : []
    }

    private func probeAgeReasons(_ thresholds: StatusThresholds) -> [Reason] {
        guard thresholds.probeAgeWarning != nil || thresholds.probeAgeCritical != nil else { return [] }
        guard let age = probeAgeInSeconds else { return [(.unknown, "no probe has been made yet")] }
        let text = "the last probe is \(age) seconds old"
        if thresholds.probeAgeCritical?.alerts(at: age) == true { return [(.critical, text)] }
        return thresholds.probeAgeWarning?.alerts(at: age) == true ? [(.warning, text)] : []
    }

    var probeAgeInSeconds: Int? {
        journal.lastProbe.map { max(0, Int((plan.created.microseconds - $0.when.microseconds) / 1_000_000)) }
    }
}
