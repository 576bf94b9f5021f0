import MailModel
import Testing

@testable import Qmail

@Suite("What starts Qmail in a way that cannot be read")
struct DoubtTests {
    private static let run = "/service/smtpd/run"
    private static let start = "exec tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n"

    private func report(_ script: String, running: [QmailConfiguration.RunningServer] = []) -> RelayReport {
        var configuration = SampleQmail.configuration([Self.run: script])
        configuration.running = running
        return explainRelay(configuration, trusted: [])
    }

    @Test(
        "A script that hands RELAYCLIENT on by a way round is open",
        arguments: [
            "set -a\nRELAYCLIENT=\n\(start)",
            "if [ -f /x ]; then RELAYCLIENT=; export RELAYCLIENT; fi\n\(start)",
            "CMD=\"tcpserver 0 smtp env RELAYCLIENT= /var/qmail/bin/qmail-smtpd\"\nexec $CMD\n",
        ])
    func waysRound(_ script: String) {
        #expect(report(script).verdict == .open)
    }

    @Test(
        "What a script reads, evaluates, or starts in another way is unknown, and never closed",
        arguments: [
            ". /etc/qmail.env\n\(start)", "eval `cat /etc/qmail.env`\n\(start)",
            "exec tcpserver 0 smtp sh -c 'RELAYCLIENT= exec /var/qmail/bin/qmail-smtpd'\n",
            "exec tcpsvd 0 465 env RELAYCLIENT= /var/qmail/bin/qmail-smtpd\n",
            "exec tcpsvd 0 25 /var/qmail/bin/qmail-smtpd\n",
            "exec tcpserver 0 smtp /usr/local/bin/wrap /var/qmail/bin/qmail-smtpd\n",
        ])
    func unknown(_ script: String) {
        let report = report(script)
        #expect(report.verdict == .unknown)
        #expect(report.causes.first?.file == Self.run)
    }

    @Test("A comment that names a server is no service, and a plain script is closed")
    func plain() {
        #expect(report("# qmail-smtpd was here\nexec sleep 1\n").verdict == .closed)
        #expect(report(Self.start).verdict == .closed)
        #expect(report("set -e\nset -- 25\n\(Self.start)").verdict == .closed)
    }

    @Test("What runs tells what a script read", arguments: [true, false])
    func running(_ relays: Bool) {
        let process = QmailConfiguration.RunningServer(
            processID: 7, command: ["tcpserver", "0", "smtp", "/var/qmail/bin/qmail-smtpd"],
            environment: relays ? ["RELAYCLIENT": ""] : [:])
        #expect(
            report(". /etc/qmail.env\n\(Self.start)", running: [process]).verdict
                == (relays ? .open : .closed))
    }

    @Test("Carriage returns in a file of xinetd, and rules that tcprules refuses")
    func unread() {
        let entry = SampleQmail.xinetd().replacing("\n", with: "\r\n")
        let broken = explainRelay(
            SampleQmail.configuration(["/etc/xinetd.d/smtp_psa": entry]), trusted: [])
        #expect(broken.verdict == .broken)
        #expect(broken.causes.first?.text.contains("carriage return") == true)
        var copy = SampleQmail.configuration([
            Self.run: SampleQmail.run(options: "-x /etc/tcp.smtp.cdb"), "/etc/tcp.smtp": ":ALLOW\n",
        ])
        copy.isCopy = true
        #expect(explainRelay(copy, trusted: []).verdict == .unknown)
    }

    @Test("An entry of Plesk's that starts something else is unknown")
    func entry() {
        let configuration = SampleQmail.configuration([
            "/etc/xinetd.d/smtp_psa": "service smtp\n{\n server = /usr/local/sbin/start-smtpd\n}\n",
            "/etc/xinetd.d/submission_psa": SampleQmail.xinetd(),
        ])
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .unknown)
        #expect(report.causes.first?.text.contains("/usr/local/sbin/start-smtpd") == true)
    }
}
