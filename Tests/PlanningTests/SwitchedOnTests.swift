import MailModel
import Testing

@testable import Planning

@Suite("An MTA of Plesk's that is merely off")
struct SwitchedOnTests {
    private static let service = ServiceManager.systemd([
        UnitState(name: "postfix.service", active: "active", file: "enabled")
    ])

    private func plan(_ mainCF: String, _ masterCF: String, listeners: [Listener] = []) -> Plan {
        var host = HostFixture.host(
            postfix: .seen(HostFixture.postfix(mainCF: mainCF, masterCF: masterCF)),
            listeners: .seen(listeners))
        host.managedMTA = .seen(ManagedMTA(.postfix, evidence: [], service: Self.service))
        return makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0")
    }

    private func edits(_ plan: Plan) -> [String] {
        plan.changes.compactMap { change in
            guard case .edit(let edit) = change.action else { return nil }
            return String(decoding: edit.after, as: UTF8.self)
        }
    }

    private func isStarted(_ plan: Plan) -> Bool {
        plan.changes.last.map { change in
            if case .service(.start) = change.action { true } else { false }
        } ?? false
    }

    @Test("The loopback alone becomes all interfaces, the commented service is one again, each by one edit")
    func postfix() throws {
        let loopback = HostFixture.mainCF + "inet_interfaces = loopback-only\n"
        let off = "#" + HostFixture.masterCF
        let all = loopback.replacing("loopback-only", with: "all")
        let local = HostFixture.listener("/usr/lib/postfix/sbin/master", address: .v4(127 << 24 | 1))
        for (main, master, expected) in [
            (loopback, HostFixture.masterCF, [all]), (HostFixture.mainCF, off, [HostFixture.masterCF]),
            (loopback, "# \t" + HostFixture.masterCF, [all, HostFixture.masterCF]),
            (HostFixture.mainCF, "127.0.0.1:" + HostFixture.masterCF, [HostFixture.masterCF]),
            (loopback, "localhost:" + HostFixture.masterCF, [all, HostFixture.masterCF]),
            (
                HostFixture.mainCF,
                "[::1]:smtp inet n - n - - smtpd\n  -o x=y\n127.0.0.1:" + HostFixture.masterCF,
                ["#[::1]:smtp inet n - n - - smtpd\n#  -o x=y\n" + HostFixture.masterCF]
            ),
            (
                HostFixture.mainCF, String(HostFixture.delivery.dropLast()),
                [
                    HostFixture.delivery
                        + "smtp      inet  n       -       -       -       -       smtpd\n"
                ]
            ),
        ] {
            let plan = plan(main, master, listeners: main == loopback ? [local] : [])
            #expect(edits(plan) == expected)
            #expect(isStarted(plan))
            #expect(plan.relayAfter == .closed)
            #expect(!plan.changes.contains { $0.action == .service(.reloadPostfix) })
        }
    }

    @Test("What strangers could use once the port is served is closed by the same edit, or not served")
    func exposed() throws {
        let open = HostFixture.mainCF.replacing(
            "mynetworks = 127.0.0.0/8",
            with: "inet_interfaces = loopback-only\nmynetworks = 0.0.0.0/0 127.0.0.0/8")
        let closing = plan(open, HostFixture.masterCF)
        #expect(
            edits(closing) == [
                HostFixture.mainCF.replacing(
                    "mynetworks = 127.0.0.0/8", with: "inet_interfaces = all\nmynetworks = 127.0.0.0/8")
            ])
        #expect(closing.relayAfter == .closed && isStarted(closing))
        let unknown = plan(
            HostFixture.mainCF.replacing(
                "permit_mynetworks,", with: "check_client_access mysql:/etc/postfix/db,")
                + "inet_interfaces = loopback-only\n",
            HostFixture.masterCF)
        #expect(edits(unknown).isEmpty)
    }

    @Test(
        "What keeps Plesk's entry of xinetd off is taken out, where it stands",
        arguments: [
            ("defaults\n{\n disabled = smtp ftp\n}\n", "", "defaults\n{\n disabled = ftp\n}\n", ""),
            ("defaults\n{\n enabled = ftp\n}\n", "", "defaults\n{\n enabled = smtp ftp\n}\n", ""),
            ("", " disable\t= yes\n", "", " disable\t= no\n"),
        ])
    func qmail(_ defaults: String, _ own: String, _ defaultsAfter: String, _ ownAfter: String) throws {
        let entry = { (line: String) in
            "service smtp\n{\n\(line) server = /var/qmail/bin/tcp-env\n"
                + " server_args = /var/qmail/bin/relaylock /var/qmail/bin/qmail-smtpd\n}\n"
        }
        let files = [
            "/var/qmail/control/me": "mx.hosted.example\n",
            "/var/qmail/control/rcpthosts": "hosted.example\n",
            "/var/qmail/control/virtualdomains": "hosted.example:1\n",
            "/etc/xinetd.conf": defaults, "/etc/xinetd.d/smtp_psa": entry(own),
        ]
        var host = HostFixture.host(listeners: .seen([]))
        host.managedMTA = .seen(ManagedMTA(.qmail, evidence: [], service: Self.service))
        host.qmail = .seen(
            QmailConfiguration(
                files: files.reduce(into: [:]) {
                    $0[$1.key] = .content(FileContent(path: $1.key, bytes: Array($1.value.utf8)))
                }, isCopy: false, whiteList: []))
        let plan = makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0")
        #expect(edits(plan) == [own.isEmpty ? defaultsAfter : entry(ownAfter)])
        #expect(isStarted(plan))
        #expect(plan.findings.first { $0.id == .port25 }?.notes.first?.contains("smtp_psa off") == true)
    }

    /// A Qmail whose tcpserver is supervised, put down, and would relay as its script says.
    private func putDown(script: String) -> HostState {
        let path = "/service/qmail-smtpd"
        let files = [
            "/var/qmail/control/me": "mx.hosted.example\n",
            "/var/qmail/control/rcpthosts": "hosted.example\n",
            "/var/qmail/control/virtualdomains": "hosted.example:1\n", "\(path)/run": script,
        ]
        var managed = ManagedMTA(.qmail, evidence: [], service: Self.service)
        managed.downServers = [
            SupervisedDirectory(path: path, control: "/usr/bin/svc", isEnabled: true, isWanted: false)
        ]
        managed.supervisors = [
            .systemd([UnitState(name: "svscan.service", active: "active", file: "disabled")])
        ]
        var qmail = QmailConfiguration(
            files: files.reduce(into: [:]) {
                $0[$1.key] = .content(FileContent(path: $1.key, bytes: Array($1.value.utf8)))
            }, isCopy: false, whiteList: [])
        qmail.idle = ["\(path)/run"]
        var host = HostFixture.host(listeners: .seen([]))
        host.managedMTA = .seen(managed)
        host.qmail = .seen(qmail)
        return host
    }

    private static let tcpserver = "exec tcpserver 0 smtp /var/qmail/bin/qmail-smtpd 2>&1\n"

    @Test("A tcpserver that is put down is started before Qmail, and its supervisor at the next boot as well")
    func supervised() throws {
        let state = putDown(script: "#!/bin/sh\n" + Self.tcpserver)
        let plan = makePlan(policy: HostFixture.policy(), state: state, agentVersion: "1.0.0")
        let commands = plan.changes.flatMap { change -> [String] in
            guard case .service(let service) = change.action else { return [] }
            return service.commands.map { $0.joined(separator: " ") }
        }
        #expect(
            commands == [
                "/usr/bin/svc -u /service/qmail-smtpd", "/bin/systemctl restart postfix.service",
                "/bin/systemctl --quiet enable svscan.service",
            ])
        #expect(plan.relayAfter == .closed)
    }

    @Test("A tcpserver that is put down and would let strangers relay stays down")
    func relayingWhenUp() throws {
        let script = "#!/bin/sh\nexport RELAYCLIENT=\n" + Self.tcpserver
        let plan = makePlan(
            policy: HostFixture.policy(), state: putDown(script: script), agentVersion: "1.0.0")
        #expect(!isStarted(plan))
        #expect(
            plan.findings.first { $0.id == .port25 }?.notes.contains { $0.contains("is put down") } == true)
    }
}
