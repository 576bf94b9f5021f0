import HostIO
import MailModel
import Testing

@testable import Observation

@Suite("The units of systemd behind a mail port")
struct ListenerUnitTests: ListenerSample {
    @Test("A service of systemd with its socket, its package and its queue")
    func unit() async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd -q30m")
        for name in ["1abc-0001-2D-D", "1abc-0001-2D-H", "1abc-0003-2D-H"] {
            try host.write("/var/spool/exim4/input/\(name)", "")
        }
        try host.write("/var/spool/exim4/input/1abc-0003-2D-H", "1abc-0003-2D-H\n024  X-Relay-Test: token\n")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "exim4.service"),
            [
                (
                    sockets,
                    .prints(
                        "Id=exim4.socket\nActiveState=inactive\nUnitFileState=disabled\nTriggers=exim4.service\nListen=0.0.0.0:25 (Stream)\n"
                    )
                ),
                (
                    "\(service) exim4.service",
                    .prints(
                        "Id=exim4.service\nActiveState=active\nUnitFileState=enabled\nMainPID=812\nTriggeredBy=exim4.socket\n"
                    )
                ),
                (
                    "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState exim4.socket",
                    .prints("Id=exim4.socket\nActiveState=inactive\nUnitFileState=disabled\n")
                ),
                (
                    "/usr/bin/dpkg-query -S -- /usr/sbin/exim4",
                    .prints("exim4-daemon-light: /usr/sbin/exim4\n")
                ),
            ])
        #expect(
            seen?.origin
                == ProgramOrigin(
                    command: ["/usr/sbin/exim4", "-bd", "-q30m"], package: "exim4-daemon-light",
                    manager: .systemd([
                        UnitState(name: "exim4.service", active: "active", file: "enabled"),
                        UnitState(name: "exim4.socket", active: "inactive", file: "disabled"),
                    ]), queue: ForeignQueue(directory: "/var/spool/exim4/input", messages: 2, tests: 1)))
    }

    @Test("Services that systemd starts for one client each come and go, and are no part of what is stopped")
    func forEachClient() async throws {
        let host = try host()
        try process(host, 1, exe: "/usr/lib/systemd/systemd", command: "/sbin/init")
        let seen = await identified(
            host, listener("/usr/lib/systemd/systemd", 1, unit: "init.scope"),
            [
                (
                    sockets,
                    .prints(
                        "Id=exim4.socket\nActiveState=active\nUnitFileState=enabled\nTriggers=exim4@0-192.0.2.1:25-192.0.2.2:400.service\nListen=0.0.0.0:25 (Stream)\nAccept=yes\n"
                    )
                ),
                (
                    "\(service),ExecStart exim4@agent.service",
                    .prints(
                        "Id=exim4@agent.service\nExecStart={ path=/usr/sbin/exim4 ; argv[]=/usr/sbin/exim4 -bs ; ignore_errors=no ; }\n"
                    )
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "no path found")),
            ])
        #expect(
            seen?.origin?.manager
                == .systemd([UnitState(name: "exim4.socket", active: "active", file: "enabled")]))
        #expect(seen?.programName == "/usr/sbin/exim4")
    }

    @Test("A socket that systemd itself holds, until a client comes")
    func socketActivated() async throws {
        let host = try host()
        try process(host, 1, exe: "/usr/lib/systemd/systemd", command: "/sbin/init")
        let seen = await identified(
            host, listener("/usr/lib/systemd/systemd", 1, unit: "init.scope", address: .v6(high: 0, low: 0)),
            [
                (
                    sockets,
                    .prints(
                        "Id=dbus.socket\nActiveState=active\nListen=/run/dbus/system_bus_socket (Stream)\n\nId=smtpd.socket\nActiveState=active\nUnitFileState=enabled\nTriggers=smtpd.service\nListen=[::]:465 (Stream)\nListen=[::]:25 (Stream)\n"
                    )
                ),
                (
                    "\(service),ExecStart smtpd.service",
                    .prints(
                        "Id=smtpd.service\nActiveState=inactive\nUnitFileState=static\nMainPID=0\n"
                            + "ExecStart={ path=/lib/systemd/systemd-socket-proxyd ; "
                            + "argv[]=/lib/systemd/systemd-socket-proxyd 127.0.0.1:2525 ; ignore_errors=no ; }\n"
                    )
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "no path found")),
            ])
        #expect(
            seen?.origin?.manager
                == .systemd([
                    UnitState(name: "smtpd.service", active: "inactive", file: "static"),
                    UnitState(name: "smtpd.socket", active: "active", file: "enabled"),
                ]))
        #expect(seen?.origin?.forwardsTo == "127.0.0.1:2525")
        #expect(seen?.served == ["/lib/systemd/systemd-socket-proxyd", "127.0.0.1:2525"])
    }

    @Test(
        "A unit that ran and left programs behind is not stopped for one of them; one whose every process is the program is",
        arguments: [
            ("oneshot", "/usr/sbin/exim4", false), ("forking", "/usr/sbin/other", false),
            ("forking", "/usr/sbin/exim4", true),
        ])
    func withoutMainProcess(_ type: String, _ other: String, _ isManaged: Bool) async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        try process(host, 813, exe: other, command: other)
        for id in [812, 813] {
            try host.write("/proc/\(id)/cgroup", "0::/system.slice/rc-local.service\n")
        }
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "rc-local.service"),
            [
                (sockets, .prints("")),
                (
                    "\(service) rc-local.service",
                    .prints(
                        "Id=rc-local.service\nActiveState=active\nUnitFileState=enabled-runtime\nMainPID=0\nType=\(type)\n"
                    )
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        #expect((seen?.origin?.manager != nil) == isManaged)
        #expect(seen?.origin?.keeper == (isManaged ? nil : "rc-local.service"))
    }

    @Test("What starts a service by time or by path goes with it; a linked unit is known by its own file")
    func triggers() async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        try host.link("/etc/systemd/system/own.service", to: "/opt/own/own.service")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "own.service"),
            [
                (sockets, .prints("")),
                (
                    "\(service) own.service",
                    .prints(
                        "Id=own.service\nActiveState=active\nUnitFileState=enabled\nMainPID=812\nTriggeredBy=own.path own.timer\nFragmentPath=/etc/systemd/system/own.service\n"
                    )
                ),
                (
                    "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState own.path own.timer",
                    .prints(
                        "Id=own.path\nActiveState=active\nUnitFileState=enabled\n\nId=own.timer\nActiveState=active\nUnitFileState=static\n"
                    )
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        let manager = try #require(seen?.origin?.manager)
        #expect(
            manager.retirement.map { $0.joined(separator: " ") } == [
                "/bin/systemctl stop own.path own.timer own.service",
                "/bin/systemctl --quiet disable own.service own.path",
            ])
        #expect(
            manager.restoration.map { $0.joined(separator: " ") } == [
                "/bin/systemctl --quiet enable /opt/own/own.service own.path",
                "/bin/systemctl start own.path own.timer own.service",
            ])
    }

    @Test(
        "What stopping a unit does not reach is said",
        arguments: [
            ("KillMode=none\n", nil, "leaves its programs running"),
            ("WantedBy=mail.target\n", "own.service", "mail.target starts it again at boot"),
        ])
    func beyondItsUnit(_ property: String, _ managed: String?, _ note: String) async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "own.service"),
            [
                (sockets, .prints("")),
                (
                    "\(service) own.service",
                    .prints(
                        "Id=own.service\nActiveState=active\nUnitFileState=static\nMainPID=812\n\(property)")
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        #expect(seen?.origin?.manager?.name == managed)
        #expect(seen?.origin?.note?.contains(note) == true)
    }

    @Test(
        "Every link that disabling takes away is known, whoever made it, and nothing that its file would link anew"
    )
    func links() async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        let directory = "/etc/systemd/system"
        let file = "/usr/lib/systemd/system/own.service"
        try host.write(
            file,
            "[Unit]\nWants=own-log.service\n[Install]\nWantedBy=multi-user.target\nAlso=own-log.service\n")
        let wanted = [
            "\(directory)/hand.target.wants/own.service": file, "\(directory)/mta.service": file,
            "\(directory)/mail.target.requires/own-log.service": "../own-log.service",
        ]
        for (path, target) in wanted { try host.link(path, to: target) }
        try host.link(
            "\(directory)/other.target.wants/other.service", to: "/usr/lib/systemd/system/other.service")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "own.service"),
            [
                (sockets, .prints("")),
                (
                    "\(service) own.service",
                    .prints(
                        "Id=own.service\nActiveState=active\nUnitFileState=disabled\nMainPID=812\nFragmentPath=\(file)\nWantedBy=hand.target\n"
                    )
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        guard case .systemd(let units)? = seen?.origin?.manager else {
            Issue.record("no unit")
            return
        }
        #expect(units.first?.links == wanted)
        #expect(seen?.origin?.note == nil, "what wants it by a link alone does not start it again")
        #expect(
            units.first.map { ServiceManager.systemd([$0]) }?.restoration.map { $0.joined(separator: " ") }
                == [
                    "/bin/mkdir -p \(directory) \(directory)/hand.target.wants \(directory)/mail.target.requires",
                    "/bin/ln -sfn \(file) \(directory)/hand.target.wants/own.service",
                    "/bin/ln -sfn ../own-log.service \(directory)/mail.target.requires/own-log.service",
                    "/bin/ln -sfn \(file) \(directory)/mta.service",
                    "/bin/systemctl daemon-reload", "/bin/systemctl start own.service",
                ])
    }

    @Test(
        "A unit that requires it is stopped along with it and started again, and does not bring it back at boot"
    )
    func required() async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "own.service"),
            [
                (sockets, .prints("")),
                (
                    "\(service) own.service",
                    .prints(
                        "Id=own.service\nActiveState=active\nUnitFileState=disabled\nMainPID=812\nFragmentPath=/usr/lib/systemd/system/own.service\nRequiredBy=web.service off.service\n"
                    )
                ),
                (
                    "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState web.service off.service",
                    .prints(
                        "Id=web.service\nActiveState=active\nUnitFileState=enabled\n\nId=off.service\nActiveState=inactive\nUnitFileState=disabled\n"
                    )
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        let manager = try #require(seen?.origin?.manager)
        #expect(manager.name == "own.service")
        #expect(
            manager.retirement.map { $0.joined(separator: " ") } == [
                "/bin/systemctl stop own.service", "/bin/systemctl --quiet mask own.service",
            ])
        #expect(
            manager.restoration.map { $0.joined(separator: " ") } == [
                "/bin/systemctl --quiet unmask own.service", "/bin/systemctl start own.service web.service",
            ])
        let note = try #require(seen?.origin?.note)
        #expect(note.contains("web.service and off.service would start it again at boot, so it is masked"))
        #expect(note.contains("stopping it stops web.service as well"))
    }
}
