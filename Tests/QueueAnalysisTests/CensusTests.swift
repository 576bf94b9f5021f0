import MailModel
import Testing

@testable import QueueAnalysis

@Suite("What floods a queue")
struct CensusTests {
    private func report(_ samples: [(SampleMessage, Int)], warnAbove: Int = 100) -> QueueReport {
        var census = QueueCensus(rules: sampleRules, now: Timestamp(seconds: 10))
        for (sample, count) in samples {
            for _ in 0..<count { census.add(sample.message, size: 1000) }
        }
        var report = QueueReport(
            mta: .postfix, observedAt: Timestamp(seconds: 10),
            count: QueueCount(messagesByQueue: ["deferred": samples.map(\.1).reduce(0, +)]),
            warnAbove: warnAbove)
        census.complete(&report)
        return report
    }

    private let relayed = SampleMessage(client: "198.51.100.7")
    private let stolen = SampleMessage(client: "198.51.100.9", login: "bob@second.example")
    private let script = SampleMessage(user: 10_003, script: "10003:mail.php")
    private let bounce = SampleMessage(sender: "")
    private let honest = SampleMessage(client: "203.0.113.5", login: "alice@hosted.example")

    @Test("The largest source gives the verdict, and an honest login is no cause")
    func verdicts() {
        #expect(report([(relayed, 200), (honest, 5)]).verdict == .relayed)
        #expect(report([(stolen, 200), (honest, 5)]).verdict == .stolenLogin)
        #expect(report([(script, 200), (honest, 5)]).verdict == .script)
        #expect(report([(bounce, 200), (honest, 5)]).verdict == .bounceStorm)
        #expect(report([(SampleMessage(client: "127.0.0.1"), 200)]).verdict == .nothingStandsOut)
        #expect(report([(relayed, 50)]).verdict == .notFlooded)
        let mixed = report([(relayed, 30), (stolen, 90), (script, 60), (bounce, 40), (honest, 10)])
        #expect(mixed.causes.map(\.kind) == [.login, .local, .bounce, .relayed])
        #expect(mixed.verdict == .stolenLogin && !mixed.isRelay)
        #expect(mixed.causes.first?.who == "bob@second.example")
    }

    @Test("A cause names what selects exactly its messages")
    func selections() throws {
        for sample in [relayed, stolen, script, bounce] {
            let cause = try #require(report([(sample, 200), (honest, 5)]).causes.first)
            let selection = try MessageSelection(parsing: cause.selection)
            #expect(selection.matches(sampleRules.origin(of: sample.message)))
            for other in [relayed, stolen, script, bounce, honest] where other.message != sample.message {
                #expect(!selection.matches(sampleRules.origin(of: other.message)))
            }
        }
    }

    @Test("Each origin is counted with its messages, bytes and recipients")
    func origins() {
        let report = report([(SampleMessage(client: "198.51.100.7", to: ["a@x.example", "b@x.example"]), 3)])
        let part = report.origins[.relayed]
        #expect(part?.messages == 3 && part?.bytes == 3000 && part?.recipients == 6)
        #expect(part?.first == Timestamp(microseconds: 1_000_000))
        let domains = report.tops.first { $0.property == .recipientDomain }
        #expect(domains?.entries.map(\.value) == ["x.example"] && domains?.entries.first?.messages == 3)
        #expect(report.ageCounts == [3, 0, 0, 0, 0])
    }

    @Test("Subjects are alike but for their numbers and spaces")
    func subjects() {
        #expect(commonSubject(Array("Invoice  4711 of\t2026".utf8)) == "Invoice # of #")
    }

    @Test("A million different values are counted in the room of a few thousand, the frequent ones rightly")
    func bounded() {
        var tally = Tally(capacity: 100)
        for number in 0..<100_000 {
            tally.add("frequent")
            tally.add("rare \(number)")
        }
        let top = tally.top(1, of: .subject)
        #expect(top.entries == [.init(value: "frequent", messages: 100_000)])
        #expect(top.messages == 200_000 && !top.isExact)
    }
}

@Suite("Selecting messages")
struct MessageSelectionTests {
    private let message = sampleRules.origin(
        of: SampleMessage(
            client: "198.51.100.7", login: "bob@second.example", sender: "Bob@Second.Example",
            to: ["x@third.example"], subject: "You have won", arrived: 1_795_512_725_340_983
        ).message)

    @Test(
        "By one property",
        arguments: [
            ("client=198.51.100.7", true), ("client=198.51.100.0/24", true), ("client=192.0.2.0/24", false),
            ("login=bob@second.example", true), ("login=bob", false), ("user=33", false),
            ("sender=bob@second.example", true), ("sender=@second.example", true), ("sender=@example", false),
            ("sender=<>", false), ("recipient=@third.example", true), ("recipient=y@third.example", false),
            ("subject=have won", true), ("origin=login", true), ("origin=relayed", false),
            ("since=2026-11-24T09:32:05Z", true), ("since=2026-11-24T09:32:06Z", false),
            ("until=2026-11-24T09:32:06Z", true), ("until=2026-11-24T09:32:05Z", false),
        ])
    func single(term: String, isMatch: Bool) throws {
        #expect(try MessageSelection(parsing: [term]).matches(message) == isMatch)
    }

    @Test("By several, all of which must hold")
    func several() throws {
        #expect(try MessageSelection(parsing: ["origin=login", "client=198.51.100.7"]).matches(message))
        #expect(try !MessageSelection(parsing: ["origin=login", "client=192.0.2.1"]).matches(message))
    }

    @Test(
        "What selects nothing in particular is refused",
        arguments: [
            [], ["client"], ["client="], ["client=x"], ["colour=red"], ["origin=x"], ["since=yesterday"],
        ])
    func refused(texts: [String]) {
        #expect(throws: Failure.self) { try MessageSelection(parsing: texts) }
    }
}

@Suite("The mail log")
struct MailLogTests {
    private func report(_ lines: [String]) -> MailLogReport {
        var census = MailLogCensus(rules: sampleRules)
        for line in lines { census.add(Array(line.utf8)[...]) }
        return census.report(path: "/var/log/mail.log", bytes: 1, isWhole: true)
    }

    private func entries(_ report: MailLogReport, _ property: MessageProperty) -> [String: Int] {
        let top = report.tops.first { $0.property == property }
        return Dictionary(uniqueKeysWithValues: (top?.entries ?? []).map { ($0.value, $0.messages) })
    }

    @Test("Logins, strangers' networks and local users are counted, in both forms of the time")
    func postfix() {
        let report = report([
            "Nov 24 09:32:05 mail postfix/smtpd[7]: 5A99C5AA1DB: client=unknown[203.0.113.77]",
            "Nov  4 09:32:07 mail postfix/submission/smtpd[9]: 6E9: client=vm[203.0.113.77], sasl_method=PLAIN, sasl_username=alice@hosted.example",
            "2026-11-24T09:32:08.764+00:00 mail postfix/pickup[12]: C090F5AA1EC: uid=33 from=<www>",
            "Nov 24 09:32:08 mail postfix/smtpd[7]: 5A9: client=localhost[127.0.0.1]",
            "Nov 24 09:32:08 mail postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.77]: 454 4.7.1",
            "Nov 24 09:32:08 mail postfix/qmgr[7]: 5A9: from=<a@b>, size=1, nrcpt=1 (queue active)", "", "x",
        ])
        #expect(entries(report, .login) == ["alice@hosted.example": 1])
        #expect(entries(report, .network) == ["203.0.113.0/24": 1])
        #expect(entries(report, .user) == ["www-data": 1])
        #expect(report.first == "Nov 24 09:32:05")
    }

    @Test("Of Plesk's Qmail, logins by smtp_auth and local users by qmail-send")
    func qmail() {
        let report = report([
            "Jul 18 15:03:07 mail smtp_auth: SMTP user bob@second.example : /var/qmail/mailnames/second.example/bob logged in from (null)@(null) [198.51.100.7]",
            "Jul 18 15:03:07 mail qmail: 1121698987.1 info msg 2996948: bytes 9073 from <> qp 19514 uid 33",
        ])
        #expect(entries(report, .login) == ["bob@second.example": 1])
        #expect(entries(report, .user) == ["www-data": 1])
    }
}
