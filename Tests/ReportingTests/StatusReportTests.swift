import MailModel
import Reporting
import Testing

@Suite("Thresholds as monitoring plugins write them")
struct ThresholdRangeTests {
    @Test(
        "A range alerts outside, with @ inside (guidelines, table 3)",
        arguments: [
            ("10", [-1, 11], [0, 10]), ("10:", [-3, 9], [10, 4000]), ("~:10", [11], [-4000, 10]),
            ("10:20", [9, 21], [10, 20]), ("@10:20", [10, 20], [9, 21]), ("0", [-1, 1], [0]),
            (":10", [-1, 11], [0, 10]), ("1.5", [-1, 2], [0, 1]), ("-0.5:.5", [-1, 1], [0]),
        ])
    func alerts(text: String, alerting: [Int], quiet: [Int]) throws {
        let range = try #require(ThresholdRange(text))
        #expect(alerting.allSatisfy(range.alerts))
        #expect(!quiet.contains(where: range.alerts))
        #expect(range.text == text)
    }

    @Test(
        "What is no range is refused",
        arguments: ["", "@", "x", "-1", "5:3", "1:2:3", ":", "~", "nan", "0x5", "1e3", "1.5.1", " 5", "@@1"])
    func refused(text: String) { #expect(ThresholdRange(text) == nil) }
}

@Suite("Status for monitoring")
struct StatusReportTests {
    private static let noon = Timestamp(seconds: 1_795_000_000)

    private func status(
        relay: RelayVerdict = .closed, drift: [Finding.ID] = [], unknown: [Finding.ID] = [],
        queue: Int? = 7, mta: MailTransferAgent = .postfix, journal: HostStatus.Journal = journal()
    ) -> HostStatus {
        let findings = Finding.ID.allCases.map { id in
            Finding(
                id: id, status: drift.contains(id) ? .drift : unknown.contains(id) ? .unknown : .ok,
                wanted: "wanted", actual: unknown.contains(id) ? "not seen" : "actual", why: "why")
        }
        let plan = Plan(
            created: Self.noon, agentVersion: "1.2.3",
            host: HostIdentity(name: "mx.example", machineID: nil, plesk: "18.0.62", mta: mta),
            policy: PolicyIdentity(path: "built in", sha256: "00"), fingerprint: "sha256:00",
            relayBefore: relay, relayAfter: relay, findings: findings, changes: [])
        return HostStatus(
            plan: plan, queue: queue.map { QueueCount(messagesByQueue: ["deferred": $0]) }, journal: journal)
    }

    private static func journal(
        probe: ProbeVerdict? = nil, interrupted: [Int] = [], window: Timestamp? = nil, undone: Int = 0
    ) -> HostStatus.Journal {
        HostStatus.Journal(
            lastProbe: probe.map { .init(when: noon.advanced(bySeconds: -3600), verdict: $0) },
            lastChange: nil, interrupted: interrupted, windowDeadline: window, undone: undone,
            storeSizeInBytes: 4096)
    }

    private let thresholds = StatusThresholds(queueWarning: ThresholdRange(upTo: 1000))

    private func level(_ status: HostStatus) -> StatusLevel { status.judged(by: thresholds).level }

    @Test("A relay, a broken server, and an interrupted change are critical")
    func critical() {
        #expect(level(status(relay: .open, drift: [.relay])) == .critical)
        #expect(level(status(relay: .partial, drift: [.relay])) == .critical)
        #expect(level(status(relay: .broken, drift: [.relay])) == .critical)
        #expect(level(status(journal: Self.journal(probe: .open))) == .critical)
        #expect(level(status(journal: Self.journal(interrupted: [4]))) == .critical)
    }

    @Test("Other drift, a long queue, an open window and a Plesk that undoes changes are warnings")
    func warning() {
        #expect(level(status(drift: [.whiteList])) == .warning)
        #expect(level(status(queue: 1001)) == .warning)
        #expect(level(status(journal: Self.journal(window: Self.noon))) == .warning)
        #expect(level(status(journal: Self.journal(undone: 1))) == .warning)
    }

    @Test("What could not be seen is unknown, and never hides what is known to be wrong")
    func unknown() {
        #expect(level(status(unknown: [.port25])) == .unknown)
        #expect(level(status(drift: [.whiteList], unknown: [.port25])) == .warning)
        #expect(level(status(queue: 1000)) == .ok)
        var seen = status(unknown: [.relay])
        seen.plan.findings[2].actual = "closed; but exim decides on its own"
        #expect(
            seen.judged(by: thresholds).reasons == ["relay: closed; but exim decides on its own"])
    }

    @Test("Of a host that takes no mail in that is said, and not that strangers are refused")
    func sendsOnly() {
        let host = status(mta: .msmtp)
        #expect(
            renderStatus(host, host.judged(by: thresholds))
                == "RELAY OK: msmtp only sends: this host takes no mail in, 7 messages in the queue")
    }

    @Test("The age of the last probe alerts only where it was asked for")
    func probeAge() {
        var asked = thresholds
        asked.probeAgeWarning = ThresholdRange(upTo: 600)
        asked.probeAgeCritical = ThresholdRange(upTo: 7200)
        let old = status(journal: Self.journal(probe: .closed))
        #expect(level(old) == .ok)
        #expect(old.judged(by: asked).level == .warning)
        #expect(status().judged(by: asked).reasons == ["no probe has been made yet"])
    }

    @Test("A plugin's line has the most urgent reason first, and performance data with thresholds")
    func nagios() {
        let status = status(
            relay: .open, drift: [.relay, .whiteList], unknown: [.port25], queue: 1200,
            journal: Self.journal(probe: .closed, window: Self.noon.advanced(bySeconds: 90)))
        #expect(
            renderNagiosStatus(status, status.judged(by: thresholds), thresholds: thresholds) == """
                RELAY CRITICAL: open relay: any stranger can relay; white-list: actual; a change goes back at \
                \(Self.noon.advanced(bySeconds: 90).rfc3339) unless it is confirmed; 1200 messages in the \
                queue; port-25 could not be seen | 'open'=1;;0;0; 'queue'=1200;1000;;0; 'drift'=2;;;0; \
                'unknown'=1;;;0; 'probe_age'=3600s;;;0; 'window'=90s;;;0; 'undone'=0;;;0; 'store'=4096B;;;0;

                """)
    }

    @Test("Words of the host cannot end the plugin's text early or reach the terminal raw")
    func hostile() {
        var status = status(drift: [.whiteList])
        status.plan.findings[1].actual = "a|b\u{1b}[31m\nc"
        let line = renderNagiosStatus(status, status.judged(by: thresholds), thresholds: thresholds)
        #expect(line.split(separator: "|").count == 2)
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(!line.contains("\u{1b}"))
    }

    @Test("Metrics have one line a state, and no timestamps")
    func prometheus() {
        let status = status(relay: .partial, journal: Self.journal(probe: .closed, window: Self.noon))
        let text = renderPrometheusStatus(status, status.judged(by: thresholds))
        let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(samples.allSatisfy { $0.split(separator: " ").count == 2 })
        #expect(samples.contains("relay_agent_relay_verdict{verdict=\"partial\"} 1"))
        #expect(samples.contains("relay_agent_relay_verdict{verdict=\"open\"} 0"))
        #expect(samples.contains("relay_agent_queue_messages{queue=\"deferred\"} 7"))
        #expect(samples.contains("relay_agent_last_probe_timestamp_seconds 1794996400"))
        #expect(samples.contains("relay_agent_info{version=\"1.2.3\",plesk=\"18.0.62\",mta=\"postfix\"} 1"))
    }
}
