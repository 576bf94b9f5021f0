import MailModel
import Testing

@testable import Qmail

@Suite("hosts.allow, as libwrap reads it")
struct HostsAllowTests {
    private static let xinetd = "/etc/xinetd.d/smtp_psa"

    private func configuration(_ rules: String) -> QmailConfiguration {
        SampleQmail.configuration([Self.xinetd: SampleQmail.xinetd(), "/etc/hosts.allow": rules])
    }

    @Test(
        "Whom a rule with RELAYCLIENT is for",
        arguments: [
            ("tcp-env: 198.51.100.0/255.255.255.0", "clients in 198.51.100.0/24"),
            ("tcp-env: 0.0.0.0/0.0.0.0", "every client"), ("tcp-env: ALL EXCEPT 10.", "every client"),
            ("tcp-env: 198.51.100.0/23", "clients in 198.51.100.0/23"),
            ("tcp-env: 198.51.100.0/255.255.0.255", "clients in 198.51.100.0/16"),
            ("tcp-env: [2001:db8::]/32", "clients in 2001:db8::/32"),
            ("tcp-env: [2001:db8::7]", "clients in 2001:db8::7/128"),
            ("tcp-env@203.0.113.10: 192.0.2.", "clients in 192.0.2.0/24"),
            ("ALL EXCEPT sshd: 192.0.2.7", "clients in 192.0.2.7/32"),
            ("tcp-env: .isp.example", "clients whose reverse name ends in .isp.example"),
            ("tcp-env: KNOWN", "every client that has a reverse name"),
            ("tcp-env: UNKNOWN", "clients without a reverse name"),
            ("tcp-env: 192.0.*", "clients whose name or address is like 192.0.*"),
            ("tcp-env: /etc/relays", "clients that /etc/relays names"),
            ("tcp-env: @office", "clients in the netgroup office"),
        ])
    func clients(_ rule: String, _ opens: String) {
        let report = explainRelay(configuration("\(rule) : setenv = RELAYCLIENT\n"), trusted: [])
        #expect(report.verdict == (opens == "every client" ? .open : .partial))
        #expect(report.causes.first?.opens == opens)
        #expect(report.causes.first?.culprit == "RELAYCLIENT")
        #expect(report.causes.first?.remedy == "take RELAYCLIENT out of the rule")
    }

    @Test(
        "What another program, a stranger to libwrap, or an earlier rule has does not count",
        arguments: [
            "sshd: ALL : setenv = RELAYCLIENT\n", "ALL EXCEPT tcp-env: ALL : setenv = RELAYCLIENT\n",
            "tcp-env: ALL\ntcp-env: ALL : setenv = RELAYCLIENT\n", "# tcp-env: ALL : setenv = RELAYCLIENT\n",
            "tcp-env: 127. [::1] : setenv = RELAYCLIENT\n",
        ])
    func closed(_ rules: String) {
        #expect(explainRelay(configuration(rules), trusted: []).verdict == .closed)
    }

    @Test("A mend takes the option out, and leaves every other byte and line as it is")
    func repair() throws {
        let rules =
            "# ours\ntcp-env: 203.0.113.0/255.255.255.0, \\\n  [2001:db8::]/32 : severity mail.info : \\\n"
            + "  setenv = RELAYCLIENT : banners /etc/b\nALL: 127.\n"
        let repair = repairRelay(configuration(rules), trusted: []).repair
        let edit = try #require(repair.edits.first)
        #expect(repair.edits.count == 1 && repair.after.verdict == .closed)
        #expect(
            edit.after.text
                == "# ours\ntcp-env: 203.0.113.0/255.255.255.0, \\\n  [2001:db8::]/32 : severity mail.info "
                + ": banners /etc/b\nALL: 127.\n")
        let last = repairRelay(configuration("tcp-env: ALL : setenv RELAYCLIENT x\n"), trusted: []).repair
        #expect(last.edits.first?.after.text == "tcp-env: ALL \n")
    }
}
