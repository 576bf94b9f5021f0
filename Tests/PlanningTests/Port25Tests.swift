import Foundation
import MailModel
import Testing

@testable import Planning

@Suite("Who has port 25, and how it is put right")
struct Port25Tests {
    private static let postfix = ServiceManager.systemd([
        UnitState(name: "postfix.service", active: "failed", file: "enabled")
    ])
    private static let exim = ServiceManager.systemd([
        UnitState(name: "exim4.service", active: "active", file: "enabled"),
        UnitState(name: "exim4.socket", active: "active", file: "disabled"),
    ])

    private func listener(
        _ executable: String, _ address: IPAddress = .v4(0), port: Int = 25, served: [String] = [],
        origin: ProgramOrigin? = nil
    ) -> Listener {
        Listener(
            address: address, port: port, processID: 700, executable: executable, unit: nil, served: served,
            origin: origin)
    }

    private func master(_ address: IPAddress = .v4(0)) -> Listener {
        listener("/usr/lib/postfix/sbin/master", address)
    }

    private func foreign(_ manager: ServiceManager?, address: IPAddress = .v4(0), port: Int = 25) -> Listener
    {
        listener(
            "/usr/sbin/exim4", address, port: port,
            origin: ProgramOrigin(
                command: ["/usr/sbin/exim4", "-bd"], package: "exim4-daemon-light", manager: manager,
                queue: ForeignQueue(directory: "/var/spool/exim4/input", messages: 3)))
    }

    private func plan(
        _ listeners: [Listener], mta: MailTransferAgent = .postfix, service: ServiceManager? = postfix,
        unmanaged: UnmanagedPrograms = .areReported, files: [String: String] = [:],
        mainCF: String = HostFixture.mainCF, masterCF: String = HostFixture.masterCF, dissent: [Evidence] = []
    ) -> Plan {
        var host = HostFixture.host(
            postfix: .seen(HostFixture.postfix(mainCF: mainCF, masterCF: masterCF)),
            listeners: .seen(listeners))
        host.managedMTA = .seen(ManagedMTA(mta, evidence: [], service: service, dissent: dissent))
        host.superserverFiles = files.reduce(into: [:]) {
            $0[$1.key] = FileContent(path: $1.key, bytes: Array($1.value.utf8))
        }
        return makePlan(
            policy: HostFixture.policy(), state: host, agentVersion: "1.0.0", unmanaged: unmanaged)
    }

    private func finding(_ plan: Plan) throws -> Finding {
        try #require(plan.findings.first { $0.id == .port25 })
    }

    private func commands(_ plan: Plan) -> [String] {
        plan.changes.flatMap { change -> [String] in
            switch change.action {
            case .service(let service): service.commands.map { $0.joined(separator: " ") }
            case .edit(let edit): ["edit \(edit.path)"]
            case .hold: []
            case .plesk: ["plesk"]
            }
        }
    }

    @Test("A unit is stopped with its sockets, what was enabled is disabled, and Postfix is started")
    func unit() throws {
        let plan = plan([foreign(Self.exim), foreign(Self.exim, address: .v6(high: 0, low: 0))])
        #expect(
            commands(plan) == [
                "/bin/systemctl stop exim4.socket exim4.service",
                "/bin/systemctl --quiet disable exim4.service",
                "/bin/systemctl restart postfix.service",
            ])
        let finding = try finding(plan)
        #expect(finding.status == .drift)
        #expect(finding.notes == ["its queue is kept: 3 messages in /var/spool/exim4/input"])
        #expect(finding.evidence.first?.text.contains("package exim4-daemon-light") == true)
    }

    @Test("What was done is taken back to the state that was recorded, the last first")
    func reversal() {
        let changes = plan([foreign(Self.exim)]).changes.compactMap { change -> ServiceChange? in
            if case .service(let service) = change.action { service } else { nil }
        }
        let back = changes.reversed().compactMap(\.reversed).flatMap(\.commands).map {
            $0.joined(separator: " ")
        }
        #expect(
            back == [
                "/bin/systemctl stop postfix.service", "/bin/systemctl --quiet enable exim4.service",
                "/bin/systemctl start exim4.socket exim4.service",
            ])
    }

    @Test(
        "An entry of xinetd is disabled in its file, byte for byte, and xinetd reloaded before Postfix starts"
    )
    func xinetd() throws {
        let path = "/etc/xinetd.d/smtp"
        let text =
            "# caf\u{e9}\nservice smtp\n{\n\tserver\t= /usr/sbin/exim4\n\tserver_args = -bs\n\tdisable\t= no\n}\n"
        let exim = listener(
            "/usr/sbin/xinetd", served: ["/usr/sbin/exim4", "-bs"],
            origin: ProgramOrigin(
                command: ["/usr/sbin/exim4", "-bs"], manager: .xinetd(file: path, service: "smtp")))
        let plan = plan([exim], files: [path: text])
        #expect(
            commands(plan) == [
                "edit \(path)", "/bin/systemctl reload xinetd.service",
                "/bin/systemctl restart postfix.service",
            ])
        guard case .edit(let edit)? = plan.changes.first?.action else {
            Issue.record("the first change is no edit")
            return
        }
        #expect(String(decoding: edit.after, as: UTF8.self) == text.replacing("= no", with: "= yes"))
    }

    @Test(
        "The older managers are asked in their own words",
        arguments: [
            (
                ServiceManager.script(path: "/etc/init.d/exim4", isEnabled: true),
                ["/etc/init.d/exim4 stop", "/usr/sbin/update-rc.d exim4 disable"],
                ["/usr/sbin/update-rc.d exim4 enable", "/etc/init.d/exim4 start"]
            ),
            (
                .script(path: "/etc/rc.d/init.d/sendmail", isEnabled: true),
                ["/etc/rc.d/init.d/sendmail stop", "/sbin/chkconfig sendmail off"],
                ["/sbin/chkconfig sendmail on", "/etc/rc.d/init.d/sendmail start"]
            ),
            (.upstart(job: "exim"), ["/sbin/stop exim"], ["/sbin/start exim"]),
            (
                .systemd([UnitState(name: "smtp-once.service", active: "active", file: "transient")]),
                ["/bin/systemctl stop smtp-once.service"], []
            ),
            (
                .systemd([
                    UnitState(name: "a.service", active: "active", file: "masked"),
                    UnitState(name: "a.socket", active: "active", file: "enabled-runtime"),
                ]),
                ["/bin/systemctl stop a.socket a.service", "/bin/systemctl --quiet disable a.socket"],
                [
                    "/bin/systemctl --quiet enable --runtime a.socket",
                    "/bin/systemctl --quiet unmask a.service", "/bin/systemctl start a.socket a.service",
                    "/bin/systemctl --quiet mask a.service",
                ]
            ),
        ])
    func managers(_ manager: ServiceManager, _ stop: [String], _ start: [String]) {
        #expect(commands(plan([foreign(manager)])).dropLast() == stop[...])
        #expect(manager.restoration.map { $0.joined(separator: " ") } == start)
    }

    @Test(
        "A server of QMQP that Qmail left behind is switched off where Postfix is the MTA, and is Qmail's own elsewhere"
    )
    func queueProtocol() throws {
        let path = "/etc/xinetd.d/qmqp"
        let text =
            "service qmqp\n{\n\tport = 628\n\tserver = /var/qmail/bin/tcp-env\n\tserver_args = /var/qmail/bin/qmail-qmqpd\n}\n"
        let served = ["/var/qmail/bin/tcp-env", "/var/qmail/bin/qmail-qmqpd"]
        let qmqp = listener(
            "/usr/sbin/xinetd", port: 628, served: served,
            origin: ProgramOrigin(command: served, manager: .xinetd(file: path, service: "qmqp")))
        #expect(qmqp.mta == .qmail)
        let plan = plan([master(), qmqp], files: [path: text])
        #expect(try finding(plan).status == .drift)
        #expect(commands(plan).prefix(2) == ["edit \(path)", "/bin/systemctl reload xinetd.service"])
        let smtp = listener(
            "/usr/sbin/xinetd", served: ["/var/qmail/bin/tcp-env", "/var/qmail/bin/qmail-smtpd"])
        #expect(try finding(self.plan([smtp, qmqp], mta: .qmail, files: [path: text])).status == .ok)
    }

    @Test(
        "A masked unit of the MTA is unmasked, and masked again when that is taken back",
        arguments: [("masked", ""), ("masked-runtime", "--runtime ")])
    func masked(_ file: String, _ option: String) {
        let manager = ServiceManager.systemd([
            UnitState(name: "postfix.service", active: "inactive", file: file)
        ])
        let plan = plan([], service: manager)
        #expect(
            commands(plan) == [
                "/bin/systemctl --quiet unmask \(option)postfix.service",
                "/bin/systemctl restart postfix.service",
            ])
        #expect(
            manager.ending.map { $0.joined(separator: " ") } == [
                "/bin/systemctl stop postfix.service",
                "/bin/systemctl --quiet mask \(option)postfix.service",
            ])
    }

    @Test("What was disabled before it was masked is enabled, or it would be gone after the next boot")
    func disabledBehindMask() {
        var state = UnitState(name: "postfix.service", active: "inactive", file: "masked")
        state.isWantedBehindMask = false
        let manager = ServiceManager.systemd([state])
        let beginning = commands(plan([], service: manager))
        #expect(beginning.last == "/bin/systemctl --quiet enable postfix.service")
        let ending = manager.ending.suffix(2).map { $0.joined(separator: " ") }
        #expect(
            ending == [
                "/bin/systemctl --quiet disable postfix.service",
                "/bin/systemctl --quiet mask postfix.service",
            ])
    }

    @Test("A Postfix that is to listen on the loopback only takes nobody's place")
    func keptToLoopback() throws {
        let plan = plan(
            [master(.v4(127 << 24 | 1)), foreign(Self.exim, address: .v4(0xcb00_710a))],
            mainCF: HostFixture.mainCF + "inet_interfaces = 127.0.0.1\n")
        #expect(plan.changes.isEmpty && plan.relayAfter == .unknown)
        #expect(try finding(plan).notes.last?.contains("the other program is left alone") == true)
    }

    @Test("What nobody knows on a port for logins leaves the verdict open, and is left alone")
    func unknownBeside() throws {
        let odd = plan([master(), listener("/opt/odd/mailer", port: 465)])
        #expect(odd.changes.isEmpty && odd.relayBefore == .unknown && odd.relayAfter == .unknown)
        var instance = master()
        instance.port = 587
        instance.instance = "/etc/postfix-2"
        instance.origin = ProgramOrigin(command: [], keeper: "postmulti")
        let second = plan([master(), instance])
        #expect(second.changes.isEmpty && second.relayBefore == .unknown)
        #expect(try finding(second).status == .drift)
        #expect(plan([master(), listener("/usr/sbin/dovecot", port: 587)]).relayBefore == .closed)
    }

    @Test("A job of upstart is stopped, and its condition put out of use, in whatever way it is written")
    func upstart() throws {
        let path = "/etc/init/exim.conf"
        for (before, after) in [
            (
                "start on runlevel [2345]\nstop on runlevel [!2345]\n",
                "#start on runlevel [2345]\nstop on runlevel [!2345]\n"
            ),
            (
                "# start on nothing\nstart\ton (net-device-up\n    and (started dbus\n or x))\nexec /usr/sbin/exim4\n",
                "# start on nothing\n#start\ton (net-device-up\n#    and (started dbus\n# or x))\nexec /usr/sbin/exim4\n"
            ),
            ("start on a \\\n or b", "#start on a \\\n# or b"),
        ] {
            let plan = plan([foreign(.upstart(job: "exim"))], files: [path: before])
            #expect(commands(plan).dropLast() == ["edit \(path)", "/sbin/stop exim"])
            guard case .edit(let edit)? = plan.changes.first?.action else {
                Issue.record("the first change is no edit")
                continue
            }
            #expect(String(decoding: edit.after, as: UTF8.self) == after)
        }
        let manual = plan([foreign(.upstart(job: "exim"))], files: [path: "exec /usr/sbin/exim4 -bd\n"])
        #expect(commands(manual).first == "/sbin/stop exim")
    }

    @Test(
        "inetd and xinetd are told to read their files again as this host starts them",
        arguments: [
            (
                ["inetd": ["/bin/systemctl", "reload", "openbsd-inetd.service"]],
                "/bin/systemctl reload openbsd-inetd.service"
            ),
            (["inetd": ["/etc/init.d/openbsd-inetd", "reload"]], "/etc/init.d/openbsd-inetd reload"),
            ([:], "/bin/systemctl reload inetd.service"),
        ] as [([String: [String]], String)])
    func superserver(_ reloads: [String: [String]], _ command: String) throws {
        let path = "/etc/inetd.conf"
        let line = "smtp stream tcp nowait root /usr/sbin/exim4 exim4 -bs\n"
        var host = HostFixture.host(
            listeners: .seen([
                listener(
                    "/usr/sbin/inetd", served: ["/usr/sbin/exim4"],
                    origin: ProgramOrigin(command: [], manager: .inetd(file: path, line: 1)))
            ]))
        host.managedMTA = .seen(ManagedMTA(.postfix, evidence: [], service: Self.postfix))
        host.superserverFiles = [path: FileContent(path: path, bytes: Array(line.utf8))]
        host.superserverReloads = reloads
        let plan = makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0")
        #expect(commands(plan).prefix(2) == ["edit \(path)", command])
    }

    @Test("What nothing manages is reported with its command line, and ended only when asked for")
    func unmanaged() throws {
        let reported = plan([foreign(nil)])
        #expect(reported.changes.isEmpty)
        #expect(try finding(reported).status == .drift)
        #expect(try finding(reported).notes.first?.contains("/usr/sbin/exim4 -bd") == true)
        let ended = plan([foreign(nil)], unmanaged: .areEnded)
        #expect(commands(ended) == ["/bin/kill -TERM 700", "/bin/systemctl restart postfix.service"])
        #expect(
            try finding(ended).notes.contains(
                "a rollback does not start /usr/sbin/exim4 again; it was: /usr/sbin/exim4 -bd"))
    }

    @Test("What something would start again is never ended, and that is said")
    func kept() throws {
        let kept = listener(
            "/usr/sbin/exim4",
            origin: ProgramOrigin(command: ["/usr/sbin/exim4", "-bdf"], keeper: "supervise"))
        for unmanaged in [UnmanagedPrograms.areReported, .areEnded] {
            let plan = plan([kept], unmanaged: unmanaged)
            #expect(plan.changes.isEmpty)
            let note = try finding(plan).notes.first
            #expect(note?.hasPrefix("supervise may start /usr/sbin/exim4 again") == true)
        }
    }

    @Test("A proxy in front of the MTA is left alone, and what it means is said")
    func proxy() throws {
        let proxy = listener(
            "/usr/bin/docker-proxy",
            origin: ProgramOrigin(command: ["/usr/bin/docker-proxy"], forwardsTo: "172.17.0.2:25"))
        let plan = plan([proxy])
        #expect(plan.changes.isEmpty)
        #expect(try finding(plan).notes.first?.contains("172.17.0.2:25") == true)
        let inFront = self.plan(
            [master(.v4(127 << 24 | 1)), proxy], mainCF: HostFixture.mainCF + "inet_interfaces = 127.0.0.1\n")
        #expect(inFront.changes.isEmpty)
        #expect(try finding(inFront).notes.contains { $0.contains("cannot arrive") } == false)
    }

    @Test("Another program on some addresses only, while the MTA has the rest")
    func someAddresses() throws {
        let plan = plan([master(.v4(127 << 24 | 1)), foreign(Self.exim, address: .v4(0xcb00_710a))])
        #expect(commands(plan).count == 3)
        #expect(try finding(plan).status == .drift)
    }

    @Test(
        "What another program does with strangers is unknown while it has a port, whatever Postfix would do")
    func inPlace() throws {
        let relay = { (plan: Plan) in try #require(plan.findings.first { $0.id == .relay }) }
        let managed = plan([foreign(Self.exim)])
        #expect(managed.relayBefore == .unknown && managed.relayAfter == .closed)
        #expect(try relay(managed).status == .unknown)
        #expect(
            try relay(managed).actual
                == "closed: strangers are refused; but /usr/sbin/exim4 decides on its own")
        let left = plan([foreign(nil)])
        #expect(left.relayBefore == .unknown && left.relayAfter == .unknown)
        let beside = plan([master(), foreign(Self.exim, port: 587)])
        #expect(beside.relayBefore == .unknown && beside.relayAfter == .closed)
        let inside = plan([master(), foreign(nil, address: .v4(127 << 24 | 1))])
        #expect(inside.relayBefore == .closed)
        let open = plan([foreign(nil)], mainCF: HostFixture.mainCF + "mynetworks = 0.0.0.0/0 [::]/0\n")
        #expect(open.relayBefore == .open && open.relayAfter == .unknown)
        #expect(try relay(plan([foreign(nil)], mta: .msmtp, service: nil)).status == .unknown)
    }

    @Test("A sign that names another MTA is told, and does not stand against two that agree")
    func dissent() throws {
        let plan = plan([master()], dissent: [Evidence(file: "mailmng --features", text: "QMail")])
        #expect(try finding(plan).status == .ok)
        #expect(
            try finding(plan).notes == ["one sign names another MTA: mailmng --features: QMail"])
    }

    @Test("Where Plesk's MTA is not known, the reader learns where Plesk names it")
    func notKnown() throws {
        var host = HostFixture.host()
        host.managedMTA = .unseen("the sources disagree")
        let finding = try finding(
            makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0"))
        #expect(finding.status == .unknown)
        #expect(finding.notes.first == "the sources disagree")
        #expect(finding.notes.last?.contains("Add/Remove Components") == true)
    }

    @Test("A Postfix that is not to serve port 25 is not put in another program's place")
    func notConfigured() throws {
        let plan = plan([foreign(Self.exim)], masterCF: "submission inet n - n - - smtpd\n")
        #expect(plan.changes.isEmpty)
        #expect(plan.relayAfter == .unknown)
        #expect(try finding(plan).notes.last?.contains("smtp inet n - y - - smtpd") == true)
    }

    @Test(
        "Nobody there: the MTA is started; on the loopback only: it is restarted, unless its service says so"
    )
    func nobody() throws {
        let nobody = plan([])
        #expect(commands(nobody) == ["/bin/systemctl restart postfix.service"])
        #expect(try finding(nobody).actual == "nothing listens")
        let stale = plan([master(.v4(127 << 24 | 1))])
        #expect(commands(stale) == ["/bin/systemctl restart postfix.service"])
        #expect(
            try finding(stale).notes.first?.hasPrefix("postfix runs with other addresses") == true)
        // Not a matter of inet_interfaces.
        let loopback = plan(
            [master(.v4(127 << 24 | 1))], masterCF: "127.0.0.1:smtp inet n - n - - smtpd\n")
        #expect(loopback.changes.isEmpty)
        #expect(
            try finding(loopback).notes == [
                "postfix is to listen on the loopback only, as its configuration says: mail from outside cannot arrive. "
                    + "If it is to, set inet_interfaces = all in main.cf and restart Postfix"
            ])
    }

    @Test("On the other ports only another MTA is stopped: an IMAP server may offer submission")
    func submission() throws {
        let dovecot = listener(
            "/usr/sbin/dovecot", port: 587, origin: ProgramOrigin(command: [], manager: Self.exim))
        let kept = plan([master(), dovecot])
        #expect(kept.changes.isEmpty)
        #expect(try finding(kept).status == .ok)
        #expect(
            try finding(kept).notes == [
                "port 587 on 0.0.0.0 is served by /usr/sbin/dovecot, which is left alone"
            ])
        #expect(commands(plan([master(), foreign(Self.exim, port: 465)])).count == 3)
    }

    @Test("A host whose MTA only sends is said to be one, and nothing is put in its place")
    func msmtp() throws {
        let quiet = plan([], mta: .msmtp, service: nil)
        #expect(try finding(quiet).status == .ok)
        #expect(quiet.findings.first { $0.id == .relay }?.actual.contains("msmtp only sends") == true)
        #expect(quiet.relayBefore == .closed && quiet.relayAfter == .closed)
        let other = plan([foreign(Self.exim), foreign(Self.exim, port: 465)], mta: .msmtp, service: nil)
        #expect(try finding(other).status == .drift)
        #expect(other.relayBefore == .unknown && other.relayAfter == .closed)
        #expect(
            commands(other) == [
                "/bin/systemctl stop exim4.socket exim4.service",
                "/bin/systemctl --quiet disable exim4.service",
            ])
        #expect(try finding(other).notes.first == "its queue is kept: 3 messages in /var/spool/exim4/input")
        let left = plan([foreign(Self.exim), foreign(nil, port: 465)], mta: .msmtp, service: nil)
        #expect(commands(left).count == 2 && left.relayAfter == .unknown)
    }

    @Test("Nothing is stopped in favour of an MTA that could not start beside what stays")
    func obstacle() throws {
        let odd = listener("/opt/odd/mailer", .v4(0xcb00_710a), port: 587)
        let submission = HostFixture.masterCF + "submission inet n - n - - smtpd\n"
        for (beside, masterCF) in [(foreign(nil, port: 465), HostFixture.masterCF), (odd, submission)] {
            let plan = plan([foreign(Self.exim), beside], masterCF: masterCF)
            #expect(plan.changes.isEmpty && plan.relayAfter == .unknown)
            let note = try #require(try finding(plan).notes.last)
            #expect(note.hasPrefix("postfix could not start beside \(beside.programName)"))
        }
        // Postfix does not want the port, or the user lets it be taken.
        #expect(commands(plan([foreign(Self.exim), odd])).count == 3)
        #expect(
            commands(plan([foreign(Self.exim), foreign(nil, port: 465)], unmanaged: .areEnded)).count == 4)
    }

    @Test("A program is taken for gone back when it has every port again that it had")
    func ports() throws {
        let plan = plan([foreign(Self.exim), foreign(Self.exim, port: 465)])
        let services = plan.changes.compactMap { change -> ServiceChange? in
            if case .service(let service) = change.action { service } else { nil }
        }
        #expect(services.first == .retire(Self.exim, ports: [25, 465]))
        #expect(services.first?.reversed == .restore(Self.exim, ports: [25, 465]))
        // As an earlier release wrote it into its journal.
        let old = Data(#"{"retire":{"_0":{"upstart":{"job":"exim"}}}}"#.utf8)
        #expect(try JSONDecoder().decode(ServiceChange.self, from: old) == .retire(.upstart(job: "exim")))
    }

    @Test("Two lines of one file are put out of use by one edit")
    func twoLines() {
        let path = "/etc/inetd.conf"
        let text =
            "smtp stream tcp nowait root /usr/sbin/exim4 exim4 -bs\nsmtps stream tcp nowait root /usr/sbin/exim4 exim4\n"
        let inetd = { (port: Int, line: Int) in
            listener(
                "/usr/sbin/inetd", port: port, served: ["/usr/sbin/exim4"],
                origin: ProgramOrigin(command: [], manager: .inetd(file: path, line: line)))
        }
        let plan = plan([inetd(25, 1), inetd(465, 2)], files: [path: text])
        #expect(
            commands(plan) == [
                "edit \(path)", "/bin/systemctl reload inetd.service",
                "/bin/systemctl restart postfix.service",
            ])
        guard case .edit(let edit)? = plan.changes.first?.action else { return }
        #expect(String(decoding: edit.after, as: UTF8.self) == text.replacing("smtp", with: "#smtp"))
    }

    @Test("Another program under xinetd is not Qmail")
    func xinetdIsNotQmail() throws {
        let qmail = listener(
            "/usr/sbin/xinetd", served: ["/var/qmail/bin/tcp-env", "/var/qmail/bin/qmail-smtpd"])
        #expect(try finding(plan([qmail], mta: .qmail)).status == .ok)
        let exim = listener("/usr/sbin/xinetd", served: ["/usr/sbin/exim4", "-bs"])
        #expect(try finding(plan([exim], mta: .qmail)).status == .drift)
        #expect(try finding(plan([qmail])).status == .drift)
    }
}
