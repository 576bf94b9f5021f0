import MailModel
import Testing

@testable import Qmail

@Suite("hosts.allow, as libwrap reads it")
struct HostsAllowTests {
    private static let inetd = [
        "/etc/inetd.conf": "smtp stream tcp nowait root /usr/sbin/tcpd /var/qmail/bin/tcp-env "
            + "/var/qmail/bin/qmail-smtpd\n"
    ]

    private func configuration(_ rules: String, _ files: [String: String] = inetd) -> QmailConfiguration {
        SampleQmail.configuration(files.merging(["/etc/hosts.allow": rules]) { first, _ in first })
    }

    /// Measured with xinetd 2.3.15.4 on Debian 12: `twist` is obeyed, `setenv` does not reach the server.
    @Test("xinetd obeys the rules and keeps its environment; a tcpd that it starts hands its own on")
    func xinetd() {
        let rules = "tcp-env: ALL : setenv = RELAYCLIENT\n"
        let path = "/etc/xinetd.d/smtp_psa"
        let plain = configuration(rules, [path: SampleQmail.xinetd()])
        #expect(explainRelay(plain, trusted: []).verdict == .closed)
        let tcpd =
            "service smtp\n{\n server = /usr/sbin/tcpd\n"
            + " server_args = /var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n}\n"
        #expect(explainRelay(configuration(rules, [path: tcpd]), trusted: []).verdict == .open)
        let open =
            "service smtp\n{\n server = /var/qmail/bin/tcp-env\n"
            + " server_args = env RELAYCLIENT= /var/qmail/bin/qmail-smtpd\n"
        let denied = "tcp-env: 192.0.2. \ntcp-env: ALL : deny\n"
        #expect(explainRelay(configuration(denied, [path: open + "}\n"]), trusted: []).verdict == .partial)
        let unwrapped = open + " flags = NOLIBWRAP\n}\n"
        #expect(explainRelay(configuration(denied, [path: unwrapped]), trusted: []).verdict == .open)
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
