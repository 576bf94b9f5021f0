import Content
import Execution
import HostIO
import MailModel
import Observation
import Qmail
import QueueAnalysis
import Recording
import RelayAnalysis

extension Host {
    /// What tells where a message came from, by the policy and the configuration.
    func originRules(_ state: HostState) -> OriginRules {
        let allowed = policy.whiteList.allowed(on: state.observedAt.day)
        let own = (interfaceNetworks() ?? []).map { IPNetwork($0.address) }
        // A list of domains that opens the relay does not say which domains are served.
        let report = state.postfix.value.map { explainRelay($0, trusted: allowed, deferred: .leaves) }
        let causes = report?.causes ?? []
        return OriginRules(
            trusted: allowed + own,
            served: servedDomains(state, without: Set(causes.map(\.parameter))),
            userNames: userNames(liveInstruments(terminal)))
    }

    /// Counts the queue and reads every message in it, and the mail log where there is one.
    /// - Parameter closedAt: When the last change closed a relay that had been open; `nil` in it where none did.
    func reportQueue(_ state: HostState, closedAt: Observed<Timestamp?>) throws(Failure) -> QueueReport {
        let instruments = liveInstruments(terminal)
        let mta = state.managedMTA.value?.mta ?? .postfix
        let count = try countedQueue(of: mta)
        var report = QueueReport(
            mta: mta, observedAt: state.observedAt, count: count, warnAbove: policy.queue.warnAbove)
        report.relay = plan(for: state).relayBefore
        report.closedAt = closedAt.value ?? nil
        var rules = originRules(state)
        // Neither its envelope nor its Received line tells a login, as far as is known of Plesk's Qmail.
        if mta == .qmail, report.relay == .closed, closedAt.reason == nil {
            rules.onlyLoginsSince = report.closedAt ?? Timestamp(microseconds: 0)
        }
        var census = QueueCensus(rules: rules, now: state.observedAt)
        var progress = Progress(of: "messages", in: count.total, terminal)
        let take = { (reading: QueueReading) in
            switch reading {
            case .message(let message, _, _, let size): census.add(message, size: size)
            case .moving: report.gone += 1
            case .unreadable: report.unreadable += 1
            }
            progress.step()
        }
        let problem =
            mta == .qmail
            ? readQmailQueue(instruments, take)
            : readPostfixQueue(instruments) { reading in
                take(reading)
                return true
            }
        if let problem { throw unseenQueue(problem) }
        census.complete(&report)
        report.count.files = QueueCount.Files(report.examined)
        report.log = readLog(rules, instruments)
        return report
    }

    func countedQueue(of mta: MailTransferAgent, withFiles: Bool = false) throws(Failure) -> QueueCount {
        switch countQueue(of: mta, withFiles: withFiles, liveInstruments(terminal)) {
        case .seen(let count): return count
        case .unseen(let reason): throw unseenQueue(reason)
        }
    }

    private func readLog(_ rules: OriginRules, _ instruments: Observation.Instruments) -> MailLogReport? {
        guard let path = mailLogPath(instruments) else { return nil }
        var census = MailLogCensus(rules: rules)
        let rotated = rotatedLogPath(of: path, instruments)
        var bytes = 0
        var isWhole = true
        for path in [rotated, path].compactMap(\.self) {
            var progress = Progress(of: "MiB of \(path)", in: 0, terminal)
            let (size, problem) = readMailLog(
                path, instruments,
                progress: { done, size in
                    progress.total = size >> 20
                    progress.reach(done >> 20)
                }
            ) { census.add($0) }
            bytes += size
            guard let problem else { continue }
            terminal.say("warning: \(problem)")
            isWhole = false
        }
        return census.report(path: path, rotated: rotated, bytes: bytes, isWhole: isWhole)
    }
}

func unseenQueue(_ reason: String) -> Failure {
    Failure(
        .failed, "the queue cannot be read", detail: reason,
        remedy: "Run it as root, on the host whose MTA keeps the queue.")
}

/// Says on stderr how far something long has come, every two seconds.
struct Progress {
    var total: Int
    private let unit: String
    private let terminal: Terminal
    private var done = 0
    private var last = ContinuousClock.now

    init(of unit: String, in total: Int, _ terminal: Terminal) {
        self.unit = unit
        self.total = total
        self.terminal = terminal
    }

    mutating func step() {
        done += 1
        if done % 256 == 0 { reach(done) }
    }

    mutating func reach(_ count: Int) {
        done = count
        guard last.duration(to: .now) > .seconds(2) else { return }
        last = .now
        terminal.say("  \(done) of \(max(total, done)) \(unit) …")
    }
}

extension Store {
    /// When the last change closed a relay that had been open.
    func lastClosing() throws(Failure) -> Timestamp? {
        try changeSets(limit: 1000).first { row in
            row.kind == .apply && (row.relayBefore == .open || row.relayBefore == .partial) && row.isInEffect
        }?.finished
    }
}

extension QueueCount.Files {
    /// What the files themselves say, which is surer than their inodes.
    fileprivate init(_ examined: QueueReport.Part) {
        self.init()
        bytes = examined.bytes
        oldest = examined.first
        newest = examined.last
    }
}
