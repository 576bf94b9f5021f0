import MailModel
import Testing

@testable import Qmail

@Suite struct ExplainRelayTests: ExplainedSample {
    @Test("A vouched network may relay")
    func vouched() throws {
        let office = try #require(IPNetwork(.v4(0xc000_0200), prefix: 24))
        let configuration = SampleQmail.withRules("192.0.2.:allow,RELAYCLIENT=\"\"\n")
        #expect(explainRelay(configuration, trusted: []).verdict == .partial)
        #expect(explainRelay(configuration, trusted: [office]).verdict == .closed)
        #expect(repairRelay(configuration, trusted: [office]).repair.edits.isEmpty)
    }

    @Test("Rules that were edited and not compiled do not count, and that is said")
    func outdated() {
        var configuration = SampleQmail.withRules(":allow\n")
        configuration.files["/etc/tcp.smtp"] = .content(
            FileContent(path: "/etc/tcp.smtp", bytes: Array(":allow,RELAYCLIENT=\"\"\n".utf8)))
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .closed)
        #expect(report.risks.contains { $0.kind == "rules" && $0.file == "/etc/tcp.smtp" })
    }

    @Test("A copy may have its tables in source form only")
    func copy() {
        let files: [String: String?] = ["morercpthosts": "third.test\n"]
        #expect(explainRelay(SampleQmail.configuration(files), trusted: []).verdict == .closed)
        let copy = SampleQmail.configuration(files, isCopy: true)
        let report = explainRelay(copy, trusted: [])
        #expect(report.verdict == .partial)
        #expect(report.risks.contains { $0.kind == "morercpthosts" && $0.why.contains("not in the copy") })
    }

    @Test("Without relaylock Plesk's settings do not count, and that is said")
    func relaylock() {
        let configuration = SampleQmail.configuration([
            Self.xinetd: SampleQmail.xinetd(
                arguments: SampleQmail.chain.replacing("/var/qmail/bin/relaylock ", with: ""))
        ])
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .closed)
        #expect(report.risks.map(\.kind) == ["relaylock"])
    }

    @Test("A catch-all is a risk where it forwards to another host, not where it forwards to a hosted domain")
    func catchAlls() {
        let catchAll = "/var/qmail/mailnames/example.net/.qmail-default"
        for (text, lines) in [
            ("&all@third.test\n", [1]), ("# ours\nall@third.test\n&alice@example.net\n", [2]),
            ("./Maildir/\n", []),
        ] {
            let configuration = SampleQmail.configuration([
                Self.xinetd: SampleQmail.xinetd(), catchAll: text,
            ])
            let risks = explainRelay(configuration, trusted: []).risks
            #expect(risks.filter { $0.kind == "catch-all" && $0.file == catchAll }.map(\.line) == lines)
        }
    }

    @Test("relaylock lets Plesk's white list relay")
    func whiteList() throws {
        let everywhere = try #require(IPNetwork(.v4(0), prefix: 0))
        let configuration = SampleQmail.configuration(
            [Self.xinetd: SampleQmail.xinetd()],
            whiteList: [WhiteListEntry(network: everywhere, text: "0.0.0.0/0")])
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .open)
        #expect(report.causes.map(\.kind) == ["white-list"])
    }

    @Test("relaylock lets whoever is in the network of a POP lock relay, where the chain has it")
    func popLocks() throws {
        let network = try #require(IPNetwork("198.51.100.0/24"))
        let lock = WhiteListEntry(network: network, text: "198.51.100.0/24")
        for (arguments, verdict) in [
            (SampleQmail.chain, RelayVerdict.partial), ("/var/qmail/bin/qmail-smtpd", .closed),
        ] {
            var configuration = SampleQmail.configuration([
                Self.xinetd: SampleQmail.xinetd(arguments: arguments)
            ])
            configuration.popLocks = [lock]
            let report = explainRelay(configuration, trusted: [])
            #expect(report.verdict == verdict)
            #expect(report.causes.map(\.opens) == (verdict == .closed ? [] : ["clients in 198.51.100.0/24"]))
            #expect(report.causes.allSatisfy { $0.text == "POP lock for 198.51.100.0/24" })
            #expect(explainRelay(configuration, trusted: [network]).verdict == .closed)
        }
    }

    @Test(
        "What a supervisor or xinetd has in its environment, its servers have, unless a script takes it away")
    func starters() {
        let run = "/service/smtpd/run"
        func report(_ text: String, starter: String, process: Int = 7) -> RelayReport {
            var configuration = SampleQmail.configuration(
                starter == "xinetd" ? [Self.xinetd: text] : [run: text, "/etc/tcp.smtp": ":allow\n"])
            configuration.starters = [.init(name: starter, processID: process, unit: nil, value: "")]
            return explainRelay(configuration, trusted: [])
        }
        let xinetd = report(SampleQmail.xinetd(), starter: "xinetd")
        #expect(xinetd.verdict == .open)
        #expect(xinetd.causes.map(\.file) == ["/proc/7/environ"])
        let plain = "exec tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n"
        #expect(report(plain, starter: "/service/smtpd").causes.map(\.file) == ["/proc/7/environ"])
        #expect(report(plain, starter: "/service/other").verdict == .closed)
        for script in [
            "unset RELAYCLIENT\n" + plain,
            "exec env -i PATH=/bin tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
            "exec env -u RELAYCLIENT tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
        ] {
            #expect(report(script, starter: "/service/smtpd").verdict == .closed, "\(script)")
        }
    }

    @Test("What keeps one of Plesk's entries off is named by its line, wherever it stands")
    func switchedOff() {
        let conf = "/etc/xinetd.conf"
        for (defaults, own, file, line) in [
            ("", "yes", Self.xinetd, 6), ("disabled = smtp", "no", conf, 3), ("enabled = ftp", "no", conf, 3),
            ("enabled = ftp smtp", "no", nil, nil),
        ] as [(String, String, String?, Int?)] {
            let text = SampleQmail.xinetd().replacing("disable         = no", with: "disable = \(own)")
            let report = explainRelay(
                SampleQmail.configuration([Self.xinetd: text, conf: "defaults\n{\n\(defaults)\n}\n"]),
                trusted: [])
            let off = report.risks.filter { $0.kind == "switched-off" }
            #expect(off.map(\.file) == (file == nil ? [] : [file]))
            #expect(off.first?.line == line)
        }
    }

    @Test("What nothing runs is not judged, and named")
    func idle() {
        let path = "/service/old/run"
        var configuration = Self.plain([
            path: SampleQmail.run(port: "587", export: "export RELAYCLIENT=", options: "-v")
        ])
        #expect(explainRelay(configuration, trusted: []).verdict == .open)
        configuration.idle = [path]
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .closed)
        #expect(report.listeners.map(\.port) == [25])
        #expect(report.risks.map(\.file) == [path])
        #expect(report.risks.first?.why.contains("it would serve port 587") == true)
    }

    @Test("Files of patches are named as what they may be, and what tcpserver is told is no unknown program")
    func patched() {
        let configuration = SampleQmail.configuration([
            "relaymailfrom": "@example.net\n", "/etc/tcp.smtp": ":allow\n",
            "/service/smtpd/run": "exec envdir /etc/env tcpserver -x /etc/tcp.smtp -c 20 0 25 /opt/odd "
                + "/var/qmail/bin/qmail-smtpd\n",
        ])
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .unknown)
        #expect(report.risks.map(\.kind) == ["relaymailfrom"])
        #expect(report.causes.map(\.kind) == ["wrapper"])
        #expect(report.causes.first?.text.contains("/opt/odd") == true)
    }

    @Test("A tcpserver that was started by hand is judged as it runs, and nothing of it is edited")
    func running() {
        var configuration = SampleQmail.configuration(["/etc/tcp.smtp": ":allow\n"])
        configuration.running = [
            .init(
                processID: 77,
                command: ["tcpserver", "-x", "/etc/tcp.smtp", "0", "25", "/var/qmail/bin/qmail-smtpd"],
                environment: ["PATH": "/bin", "RELAYCLIENT": ""])
        ]
        configuration.running.append(configuration.running[0])
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .open && report.listeners.map(\.service) == ["process 77"])
        #expect(report.causes.map(\.file) == ["/proc/77/environ"] && report.risks.isEmpty)
        let repair = repairRelay(configuration, trusted: []).repair
        #expect(repair.edits.isEmpty)
        #expect(repair.notes.contains { $0.contains("start it again without") })
        configuration.files.merge(SampleQmail.configuration([Self.xinetd: SampleQmail.xinetd()]).files) { $1 }
        #expect(explainRelay(configuration, trusted: []).verdict == .closed, "the port is another's")
    }

    @Test(
        "RELAYCLIENT is found wherever env, envdir or hosts.allow give it, and taken out there",
        arguments: [
            ["/service/smtpd/run": "exec tcpserver -R 0 25 env RELAYCLIENT= /var/qmail/bin/qmail-smtpd\n"],
            [
                "/service/smtpd/run": "exec tcpserver 0 smtp envdir ./env /var/qmail/bin/qmail-smtpd\n",
                "/service/smtpd/env/RELAYCLIENT": "\n",
            ],
            [
                "/service/smtpd/run":
                    "exec envdir /etc/mail-env tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
                "/etc/mail-env/RELAYCLIENT": "\n",
            ],
            [
                xinetd: "service smtp\n{\n server = /usr/bin/env\n"
                    + " server_args = RELAYCLIENT= /var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n}\n"
            ],
            [
                "/etc/inetd.conf": "smtp stream tcp nowait qmaild /usr/bin/env env RELAYCLIENT= "
                    + "/var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n"
            ],
            [
                "/etc/inetd.conf": "smtp stream tcp nowait qmaild /usr/sbin/tcpd /var/qmail/bin/tcp-env "
                    + "/var/qmail/bin/qmail-smtpd\n",
                "/etc/hosts.allow": "# ours\ntcp-env: ALL : \\\n   setenv = RELAYCLIENT\nALL: 127.\n",
            ],
        ])
    func everywhere(files: [String: String]) {
        let configuration = SampleQmail.configuration(files)
        #expect(explainRelay(configuration, trusted: []).verdict == .open)
        let repair = repairRelay(configuration, trusted: []).repair
        #expect(repair.after.verdict == .closed, "\(repair.notes)")
        let edit = repair.edits.first
        #expect(repair.edits.count == 1 && edit?.after.text.contains("RELAYCLIENT") == false)
        if edit?.path == "/etc/hosts.allow" {
            #expect(edit?.after.text == "# ours\ntcp-env: ALL \nALL: 127.\n")
        }
    }
}
