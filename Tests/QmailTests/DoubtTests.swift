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
            "exec ncat -k -l 465 -e /var/qmail/bin/qmail-smtpd\n",
            "exec ncat -k -l 25 -e /var/qmail/bin/qmail-smtpd\n",
            "exec tcpserver 0 smtp /usr/local/bin/wrap /var/qmail/bin/qmail-smtpd\n",
            "exec tcpserver 0 smtp rblsmtpd -r zen.example wrap /var/qmail/bin/qmail-smtpd\n",
            "exec softlimit -m 9000000 wrap tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
            "exec /opt/wrap tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
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

    @Test(
        "What known programs are told is no program",
        arguments: [
            "softlimit -m 9000000 tcpserver 0 smtp rblsmtpd -r zen.example -rbl.example -b fixcrio",
            "env - PATH=/bin:/usr/bin setuidgid qmaild tcpserver -v 0 smtp rblsmtpd $BLACKLIST",
            "nice -n 5 setlock -n /run/lock chpst -u qmaild -m 9000000 tcpserver 0 smtp recordio env A=b",
            "tcpserver 0 smtp envdir env softlimit -m9000000 -f 100 setuidgid qmaild",
        ])
    func told(_ command: String) {
        let report = report("#!/bin/sh\nBLACKLIST=`cat list`\nexec \(command) /var/qmail/bin/qmail-smtpd\n")
        #expect(report.verdict == .closed, "\(report.causes)")
    }

    @Test("Options that commands make the values of leave the address and the port where they are")
    func madeByCommands() {
        for command in ["`cat /var/qmail/control/most`", "$(cat $(echo /var/qmail/control/most) | head -1)"] {
            for value in [command, "\"\(command)\""] {
                let script =
                    "#!/bin/sh\nMOST=\(value)\nNAME=\(value)\nif [ -z \"$MOST\" ]; then\nexit 1\nfi\n"
                    + "exec softlimit -m 9000000 tcpserver -v -R -l \"$NAME\" -c \"$MOST\" -u \(value) 0 smtp "
                    + "/var/qmail/bin/qmail-smtpd 2>&1\n"
                let report = report(script)
                #expect(report.verdict == .closed, "\(script)\(report.causes)")
                #expect(report.listeners.map(\.port) == [25])
                #expect(self.report("export RELAYCLIENT=\n" + script).verdict == .open)
            }
        }
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

    @Test(
        "RELAYCLIENT that a script hands on later, or by its interpreter, is open",
        arguments: [
            "export RELAYCLIENT\nRELAYCLIENT=\n\(start)", "#!/bin/sh -a\nRELAYCLIENT=\n\(start)",
            "set -a\nset -e\nRELAYCLIENT=\n\(start)",
        ])
    func later(_ script: String) {
        #expect(report(script).verdict == .open)
    }

    @Test(
        "What a script may set in a way that is not followed is unknown",
        arguments: [
            "export $(cat /etc/qmail.env)\n\(start)", "export `cat /etc/qmail.env`\n\(start)",
            "while read line; do export \"$line\"; done < /etc/qmail.env\n\(start)",
            "export RELAYCLIENT\n: ${RELAYCLIENT:=1}\n\(start)",
            "export RELAYCLIENT\nread RELAYCLIENT\n\(start)",
            "printf -v \"$NAME\" x\n\(start)", "command export RELAYCLIENT=\n\(start)",
            "case $1 in x) RELAYCLIENT=;; esac\n\(start)", "relay() {\nRELAYCLIENT=\n}\n\(start)",
            "for RELAYCLIENT in 1; do export RELAYCLIENT; done\n\(start)",
            "export RELAYCLIENT=\n[ -f /x ] && unset RELAYCLIENT\n\(start)",
            "export RELAYCLIENT=\nif [ -f /x ]; then\nunset RELAYCLIENT\nfi\n\(start)",
            "#!/usr/bin/execlineb -P\nexport RELAYCLIENT \"\"\ntcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
            "if [ -f /x ]; then exec tcpserver 0 smtp /var/qmail/bin/qmail-smtpd; fi\nRELAYCLIENT= \(start)",
            "exec tcpserver -x `cat rules` 0 smtp /var/qmail/bin/qmail-smtpd\n",
        ])
    func unfollowed(_ script: String) {
        #expect(report(script).verdict == .unknown)
    }

    @Test(
        "What scripts do without setting anything keeps them closed",
        arguments: [
            "#!/bin/sh -e\nexec 2>&1\nulimit -n 100\ncd /\numask 022\necho starting tcpserver\nsleep 1\n",
            "QMAILDUID=`id -u qmaild`\nNOFILESGID=`id -g qmaild`\n",
            "if [ -z \"$QMAILDUID\" ]; then\necho no user\nexit 1\nfi\n", "command -v tcpserver\n",
            "export PATH=\"/usr/local/bin:$PATH\"\nexport LANG TZ\n",
            "while ! test -f /ready; do sleep 1; done\n", "export RELAYCLIENT=\nunset RELAYCLIENT\n",
            "export RELAYCLIENT=\nexec env -i ", "export RELAYCLIENT=\nexec env -u RELAYCLIENT ",
        ])
    func harmless(_ script: String) {
        let start =
            script.hasPrefix("export RELAYCLIENT=\nexec") ? String(Self.start.dropFirst(5)) : Self.start
        #expect(report(script + start).verdict == .closed)
    }

    @Test(
        "The directory of variables is read whoever reads it, and is missed in a copy",
        arguments: [
            "s6-envdir ./env", "s6-envdir -i -- env", "chpst -e ./env", "chpst -m 100 -e env -u qmaild",
            "/usr/bin/chpst -Pe./env", "envdir env",
        ])
    func directories(_ wrapper: String) {
        let script = "exec \(wrapper) tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n"
        var copy = SampleQmail.configuration([
            Self.run: script, "/service/smtpd/env/RELAYCLIENT": "\n",
        ])
        copy.isCopy = true
        #expect(explainRelay(copy, trusted: []).verdict == .open)
        copy.files["/service/smtpd/env/RELAYCLIENT"] = nil
        #expect(explainRelay(copy, trusted: []).verdict == .unknown)
    }

    @Test(
        "An empty file of a variable takes it away, unless it is set behind that",
        arguments: [("", RelayVerdict.closed), ("env RELAYCLIENT= ", .open)])
    func emptyFile(_ behind: String, _ verdict: RelayVerdict) {
        let script =
            "export RELAYCLIENT=\nexec envdir ./env \(behind)tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n"
        let configuration = SampleQmail.configuration([
            Self.run: script, "/service/smtpd/env/RELAYCLIENT": "",
        ])
        #expect(explainRelay(configuration, trusted: []).verdict == verdict)
    }

    @Test("Rules that a copy does not have are unknown, and relative ones are those beside the script")
    func rules() {
        let script = "exec tcpserver -x tcp.smtp.cdb 0 smtp /var/qmail/bin/qmail-smtpd\n"
        var copy = SampleQmail.configuration([Self.run: script])
        copy.isCopy = true
        #expect(explainRelay(copy, trusted: []).verdict == .unknown)
        let rules = QmailConfiguration.File.content(
            FileContent(path: "/rules", bytes: Array(":allow,RELAYCLIENT=\"\"\n".utf8)))
        copy.files["/service/smtpd/tcp.smtp"] = rules
        #expect(explainRelay(copy, trusted: []).verdict == .open)
        var moved = SampleQmail.configuration([Self.run: "cd /etc/tcp\n\(script)"])
        moved.isCopy = true
        moved.files["/etc/tcp/tcp.smtp"] = rules
        #expect(explainRelay(moved, trusted: []).verdict == .open)
        #expect(moved.namedFiles.contains("/etc/tcp/tcp.smtp.cdb"))
    }

    @Test(
        "Another program on a port of mail in a copy is unknown, and no server is made up",
        arguments: [
            (run, "exec tcpserver -R 0 25 /usr/local/bin/magic-smtpd\n"),
            ("/etc/inetd.conf", "smtp stream tcp nowait root /usr/sbin/magic magic -bs\n"),
            ("/etc/xinetd.d/mail", "service smtp\n{\n server = /usr/sbin/magic\n}\n"),
            ("/etc/xinetd.conf", "includedir /etc/xinetd.d\nincludedir /opt/xinetd\n"),
            ("/etc/xinetd.d/mail", "service smtp\n{\n redirect = 192.0.2.1 25\n}\n"),
        ])
    func foreign(_ path: String, _ text: String) {
        var copy = SampleQmail.configuration([path: text])
        copy.isCopy = true
        let report = explainRelay(copy, trusted: [])
        #expect(report.verdict == .unknown)
        #expect(report.causes.first?.file == path)
        #expect(!report.risks.contains { $0.why.contains("nothing was found") })
    }

    @Test("RELAYCLIENT of a supervised process counts, until what it is started with is mended")
    func supervised() {
        let process = QmailConfiguration.RunningServer(
            processID: 7, command: ["tcpserver", "0", "smtp", "/var/qmail/bin/qmail-smtpd"],
            environment: ["RELAYCLIENT": ""], directory: "/service/smtpd", supervised: "/service/smtpd")
        let report = report(Self.start, running: [process])
        #expect(report.verdict == .open)
        #expect(report.causes.first?.file == "/proc/7/environ")
        var configuration = SampleQmail.configuration([Self.run: "export RELAYCLIENT=\n\(Self.start)"])
        configuration.running = [process]
        let repair = repairRelay(configuration, trusted: [])
        #expect(repair.repair.after.verdict == .closed)
        #expect(repair.restartedServices == ["/service/smtpd"])
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
