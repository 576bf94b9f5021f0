import Execution
import MailModel
import Testing

@Suite("Judging from outside")
struct ConfirmationTests {
    private func endpoint(_ report: ProbeReport, _ change: (inout ProbeEndpoint) -> Void) -> ProbeReport {
        var report = report
        change(&report.endpoints[0])
        return report
    }

    @Test("Closed with hosted mail accepted is fixed")
    func fixed() {
        #expect(confirm(before: TestHost.report(.open), after: TestHost.report(.closed)) == .fixed)
    }

    @Test("A port that fell silent is worse, not closed")
    func silent() {
        let after = TestHost.report(.closed, banner: nil)
        guard case .worse(let losses) = confirm(before: TestHost.report(.open), after: after) else {
            Issue.record("not worse")
            return
        }
        #expect(losses == ["203.0.113.10 port 25 answered before and does not now"])
    }

    @Test("Login that vanished is worse")
    func login() {
        let after = endpoint(TestHost.report(.closed)) { $0.offersLogin = false }
        #expect(
            confirm(before: TestHost.report(.open), after: after)
                == .worse(["203.0.113.10 port 25 offered login before and does not now"]))
    }

    @Test("STARTTLS that is not announced any more is worse; one that was not asked about is no loss")
    func startTLS() {
        var before = TestHost.report(.open)
        before.endpoints.append(before.endpoints[0])
        before.endpoints[1].tls = .starttls
        #expect(confirm(before: before, after: TestHost.report(.closed)) == .fixed)
        let after = endpoint(TestHost.report(.closed)) { $0.offersStartTLS = false }
        #expect(
            confirm(before: before, after: after)
                == .worse(["203.0.113.10 port 25 offered STARTTLS before and does not now"]))
    }

    @Test("Where nobody may relay, with a login or without, a login that ends is what was asked for")
    func loginEnds() {
        let after = endpoint(TestHost.report(.closed)) { $0.offersLogin = false }
        #expect(confirm(before: TestHost.report(.closed), after: after, relaying: .closed) == .fixed)
    }

    @Test("Out of the harbour leads only what is seen to take hosted mail")
    func outOfTheHarbour() {
        var unasked = TestHost.report(.closed)
        #expect(confirm(before: unasked, after: unasked, leavesHarbour: true) == .fixed)
        unasked.hosted = nil
        unasked.hostedReason = "it has no mailbox"
        #expect(confirm(before: unasked, after: unasked) == .fixed)
        #expect(
            confirm(before: unasked, after: unasked, leavesHarbour: true)
                == .worse(["nothing shows that mail for this host is accepted (it has no mailbox)"]))
    }

    @Test("Hosted mail that was refused before as well is not our doing")
    func wasRefusedBefore() {
        let before = TestHost.report(.open, hosted: false)
        #expect(confirm(before: before, after: TestHost.report(.closed, hosted: false)) == .fixed)
    }

    @Test("A relay that was opened is worse")
    func opened() {
        #expect(
            confirm(before: TestHost.report(.closed), after: TestHost.report(.open))
                == .worse(["it relays for strangers, which it did not before"]))
    }

    @Test("Inconclusive and unreachable never pass", arguments: [ProbeVerdict.inconclusive, .unreachable])
    func cannotTell(verdict: ProbeVerdict) {
        guard case .cannotTell = confirm(before: nil, after: TestHost.report(verdict)) else {
            Issue.record("it passed")
            return
        }
    }

    @Test("Mail that the harbour had senders try again, and that is bounced now, is worse")
    func bouncedNow() {
        var before = TestHost.report(.closed, hosted: false)
        before.hosted?.reply = "450 4.1.1 User unknown in virtual mailbox table"
        #expect(confirm(before: before, after: before) == .fixed)
        let after = TestHost.report(.closed, hosted: false)
        #expect(
            confirm(before: before, after: after)
                == .worse(["mail for postmaster@hosted.example, which is hosted here, is not accepted"]))
    }
}
