import Foundation
import MailModel
import Testing

@testable import Planning

@Suite("How a program is taken from port 25, and given it back")
struct Port25RetirementTests: Port25Sample {
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
