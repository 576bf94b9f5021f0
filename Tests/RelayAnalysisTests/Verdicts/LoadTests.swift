import MailModel
import Testing

/// What holds only while as many processes of a service are at work as there may be: master(8) then starts them with
/// `stress=yes` (STRESS_README). Measured on Postfix 3.7.11: with two processes, the second client of a stranger's own
/// gets what `stress` gives.
@Suite struct LoadTests {
    private let host = SampleHost().setting(
        "smtpd_relay_restrictions", "permit_mynetworks, $busy, reject_unauth_destination")

    @Test(arguments: [
        ("${stress?{check_client_access inline:{185.77.12=OK}}:{}}", RelayVerdict.partial),
        ("${stress?{check_client_access static:OK}:{}}", .open),
        ("${stress?{reject_unlisted_sender}:{}}", .closed),
        ("${stress?{}:{reject_unlisted_sender}}", .closed),
    ])
    func `Whom load lets in can make it`(value: String, verdict: RelayVerdict) throws {
        let host = host.setting("busy", value)
        let report = host.report
        #expect(report.verdict == verdict)
        guard verdict != .closed else { return }
        #expect(report.causes.allSatisfy { $0.opens.contains("as many processes") })
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test func `What is open at all times is so without a word about load`() {
        let report = host.setting("busy", "check_client_access static:OK").report
        #expect(report.verdict == .open && report.causes.allSatisfy { !$0.opens.contains("processes") })
    }

    @Test func `A service without a limit is never said to be at it`() {
        var host = host.setting("busy", "${stress?{check_client_access static:OK}:{}}")
        let line = "smtp inet n - y - - smtpd"
        let master = host.master
        host.master = master.replacing(line, with: "smtp inet n - y - 0 smtpd")
        #expect(host.report.verdict == .closed)
        host.master = master.replacing(line, with: "smtp inet n - y - 0 smtpd -o stress=yes")
        #expect(host.report.verdict == .open)
    }

    @Test func `Limits that follow the load change no verdict`() {
        let host = SampleHost().setting("smtpd_timeout", "${stress?10}${stress:300}s")
            .setting("smtpd_hard_error_limit", "${stress?1}${stress:20}")
        #expect(host.report.verdict == .closed && host.report.risks == SampleHost().report.risks)
    }
}
