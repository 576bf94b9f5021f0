import MailModel
import Testing

@testable import Planning

@Suite("An MTA of Plesk's that runs, and what starts it at boot")
struct Port25BootTests: Port25Sample {
    @Test(
        "What would be gone after the next boot is enabled, and put back by a rollback",
        arguments: [
            (
                ServiceManager.systemd([
                    UnitState(name: "postfix.service", active: "active", file: "disabled")
                ]), ["/bin/systemctl --quiet enable postfix.service"],
                ["/bin/systemctl --quiet disable postfix.service"]
            ),
            (
                .systemd([UnitState(name: "postfix.service", active: "active", file: "masked")]),
                ["/bin/systemctl --quiet unmask postfix.service"],
                ["/bin/systemctl --quiet mask postfix.service"]
            ),
            (
                .script(path: "/etc/init.d/postfix", isEnabled: false),
                ["/usr/sbin/update-rc.d postfix enable"], ["/usr/sbin/update-rc.d postfix disable"]
            ),
        ])
    func enabled(service: ServiceManager, forth: [String], back: [String]) throws {
        let plan = plan([master()], service: service)
        #expect(commands(plan) == forth)
        #expect(try finding(plan).status == .drift)
        #expect(
            try finding(plan).notes.last?.contains("after the next boot nobody would serve port 25") == true)
        let reversed = plan.changes.compactMap { change -> ServiceChange? in
            guard case .service(let service) = change.action else { return nil }
            return service.reversed
        }
        #expect(reversed.flatMap(\.commands).map { $0.joined(separator: " ") } == back)
    }

    @Test("What is enabled, what is started by another, and what does not run are no findings of their own")
    func others() throws {
        for file in ["enabled", "static", "enabled-runtime", "generated", ""] {
            let unit = UnitState(name: "postfix.service", active: "active", file: file)
            let plan = plan([master()], service: .systemd([unit]))
            #expect(plan.isEmpty)
            #expect(try finding(plan).status == .ok)
        }
        let off = UnitState(name: "postfix.service", active: "inactive", file: "disabled")
        #expect(
            commands(plan([], service: .systemd([off]))) == [
                "/bin/systemctl restart postfix.service", "/bin/systemctl --quiet enable postfix.service",
            ])
    }

    @Test("A supervised program is stopped and switched off by its supervisor, and brought back by it")
    func supervised() throws {
        for (control, forth, back) in [
            ("/usr/bin/svc", "/usr/bin/svc -d", "/usr/bin/svc -u"),
            ("/usr/bin/sv", "/usr/bin/sv down", "/usr/bin/sv up"),
            ("/usr/bin/s6-svc", "/usr/bin/s6-svc -wD -T 30000 -d", "/usr/bin/s6-svc -u"),
        ] {
            let directory = SupervisedDirectory(path: "/service/exim", control: control, isEnabled: true)
            let plan = plan([foreign(.supervised(directory))])
            #expect(
                commands(plan) == [
                    "\(forth) /service/exim", "/bin/touch /service/exim/down",
                    "/bin/systemctl restart postfix.service",
                ])
            #expect(
                ServiceManager.supervised(directory).restoration.map { $0.joined(separator: " ") } == [
                    "/bin/rm -f /service/exim/down", "\(back) /service/exim",
                ])
        }
    }

    @Test(
        "A supervised tcpserver of Qmail's that waits for its port is part of what is started, and of what is taken back"
    )
    func servers() throws {
        let path = "/service/qmail-smtpd"
        var host = HostFixture.host(listeners: .seen([foreign(Self.exim)]))
        var managed = ManagedMTA(
            .qmail, evidence: [],
            service: .systemd([UnitState(name: "qmail.service", active: "active", file: "enabled")]))
        managed.servers = [SupervisedDirectory(path: path, control: "/usr/bin/svc", isEnabled: true)]
        host.managedMTA = .seen(managed)
        let plan = makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0")
        #expect(
            commands(plan).suffix(2) == ["/bin/systemctl restart qmail.service", "/usr/bin/svc -u \(path)"])
        guard case .service(let last)? = plan.changes.last?.action else {
            Issue.record("the last change is no service")
            return
        }
        #expect(last.reversed?.commands == [["/usr/bin/svc", "-d", path]])
        #expect(last.afterReversal?.commands == [["/usr/bin/svc", "-u", path]])
    }
}
