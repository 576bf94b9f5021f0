import HostIO
import MailModel
import Testing

@testable import Observation

@Suite("What a program on a mail port is, and what manages it")
struct IdentifyListenerTests {
    private let sockets =
        "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState,Triggers,Listen *.socket"
    private let service =
        "/usr/bin/systemctl show --property=Id,ActiveState,UnitFileState,MainPID,Type,KillMode,TriggeredBy,WantedBy,RequiredBy,RequisiteOf,BoundBy,ConsistsOf,UpheldBy,SourcePath,FragmentPath"

    /// A host with systemd and dpkg.
    private func host() throws -> HostDirectory {
        let host = try HostDirectory()
        try host.directory("/run/systemd/system")
        try host.program("/usr/bin/systemctl")
        try host.program("/usr/bin/dpkg-query")
        return host
    }

    private func process(_ host: borrowing HostDirectory, _ id: Int, exe: String, command: String) throws {
        try host.link("/proc/\(id)/exe", to: exe)
        try host.write("/proc/\(id)/cmdline", command.replacing(" ", with: "\u{0}") + "\u{0}")
    }

    private func listener(_ executable: String, _ process: Int, unit: String?, address: IPAddress = .v4(0))
        -> Listener
    {
        Listener(address: address, port: 25, processID: process, executable: executable, unit: unit)
    }

    private func identified(
        _ host: borrowing HostDirectory, _ listener: Listener, _ answers: [(String, ScriptedPrograms.Answer)]
    ) async -> Listener? {
        let programs = ScriptedPrograms(answers)
        return await Observation.identified([listener], Instruments(host.root, programs)).first
    }

    @Test(
        "A further instance of Postfix is another program, which no unit is stopped for; the host's own is not",
        arguments: [
            ("/usr/lib/postfix/sbin/master -w", "MAIL_CONFIG=/etc/postfix-2", "/etc/postfix-2"),
            ("/usr/lib/postfix/sbin/master -c /etc/postfix-3 -w", "LANG=C", "/etc/postfix-3"),
            ("/usr/lib/postfix/sbin/master -w", "MAIL_CONFIG=/etc/postfix", nil),
            ("/usr/lib/postfix/sbin/master -w", "MAIL_CONFIG=/etc/postfix/", nil),
            ("/usr/lib/postfix/sbin/master -w", "LANG=C", nil),
        ])
    func furtherInstance(_ command: String, _ environment: String, _ instance: String?) async throws {
        let host = try host()
        let master = "/usr/lib/postfix/sbin/master"
        for directory in ["/etc/postfix", "/etc/postfix-2", "/etc/postfix-3"] {
            try host.directory(directory)
        }
        try process(host, 812, exe: master, command: command)
        try host.write("/proc/812/environ", "PATH=/usr/bin\0\(environment)\0")
        let found = await identified(
            host, listener(master, 812, unit: "postfix@-.service"),
            [
                (sockets, .prints("")),
                ("/usr/bin/dpkg-query -S -- \(master)", .prints("postfix: \(master)\n")),
            ])
        let seen = try #require(found)
        #expect(seen.instance == instance)
        #expect(seen.mta == (instance == nil ? .postfix : nil))
        #expect(seen.origin?.manager == nil && seen.origin?.keeper == instance.map { _ in "postmulti" })
        #expect(seen.programName == instance.map { "\(master) of \($0)" } ?? master)
    }

    @Test("A Postfix that has another /etc/postfix under the same name is another program")
    func otherMountNamespace() async throws {
        let master = "/usr/lib/postfix/sbin/master"
        for (path, instance) in [("/etc/postfix", nil), ("/srv/other", "/proc/812/root/etc/postfix")] {
            let host = try host()
            try host.directory("/etc/postfix")
            try host.directory("/srv/other")
            try process(host, 812, exe: master, command: "\(master) -w")
            try host.write("/proc/812/environ", "MAIL_CONFIG=/etc/postfix\0")
            try host.link("/proc/812/root/etc/postfix", to: host.root + path)
            let found = await identified(
                host, listener(master, 812, unit: "postfix@-.service"),
                [
                    (sockets, .prints("")),
                    ("/usr/bin/dpkg-query -S -- \(master)", .prints("postfix: \(master)\n")),
                ])
            #expect(found?.instance == instance)
        }
    }

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
        "What runs in a login, or beside the main program of a service, is managed by nobody",
        arguments: [
            ("session-3.scope", nil as String?), ("user@1000.service", nil),
            ("cron.service", "more than this program"),
        ])
    func unmanaged(_ unit: String, _ note: String?) async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        try process(host, 300, exe: "/usr/sbin/cron", command: "/usr/sbin/cron -f")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: unit),
            [
                (sockets, .prints("")),
                (
                    "\(service) cron.service",
                    .prints("Id=cron.service\nActiveState=active\nUnitFileState=enabled\nMainPID=300\n")
                ),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        #expect(seen?.origin?.manager == nil)
        #expect(seen?.origin?.command == ["/usr/sbin/exim4", "-bd"])
        if let note { #expect(seen?.origin?.note?.contains(note) == true) }
    }

    @Test("What a supervisor started is kept running by it, whatever unit that is in")
    func supervised() async throws {
        let host = try host()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bdf")
        try host.write("/proc/812/stat", "812 (exim4) S 300 812 812 0 -1 0\n")
        try host.write("/proc/300/comm", "runsv\n")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "runit.service"),
            [(sockets, .prints("")), ("/usr/bin/dpkg-query …", .exits(1, output: "", error: ""))])
        #expect(seen?.origin?.manager == nil && seen?.origin?.keeper == "runsv")
    }

    @Test("What xinetd serves is read from its files: Qmail is Qmail, another program is not")
    func xinetd() async throws {
        let host = try host()
        try process(host, 400, exe: "/usr/sbin/xinetd", command: "/usr/sbin/xinetd -stayalive")
        let xinetd = listener("/usr/sbin/xinetd", 400, unit: "xinetd.service")
        try host.write(
            "/etc/xinetd.d/smtp_psa",
            "service smtp\n{\n server = /var/qmail/bin/tcp-env\n server_args = /var/qmail/bin/qmail-smtpd\n}\n"
        )
        let qmail = await identified(host, xinetd, [])
        #expect(qmail?.mta == .qmail && qmail?.origin == nil)
        let other =
            "service smtp\n{\n server = /usr/sbin/exim4\n server_args = -bs\n redirect = 127.0.0.1 2525\n}\n"
        try host.write("/etc/xinetd.d/smtp_psa", other)
        let answers: [(String, ScriptedPrograms.Answer)] = [
            (sockets, .prints("")), ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
        ]
        // Plesk's own entry is not disabled for a program that is merely not known.
        let own = await identified(host, xinetd, answers)
        #expect(own?.origin?.manager == nil && own?.origin?.keeper == "xinetd")
        try host.write("/etc/xinetd.d/smtp", other)
        let exim = await identified(
            host, xinetd,
            [(sockets, .prints("")), ("/usr/bin/dpkg-query …", .exits(1, output: "", error: ""))])
        #expect(exim?.mta == nil)
        #expect(exim?.origin?.manager == .xinetd(file: "/etc/xinetd.d/smtp", service: "smtp"))
        #expect(exim?.origin?.forwardsTo == "127.0.0.1:2525")
        // Without an entry that has the port, xinetd itself is never stopped for it.
        try host.write("/etc/xinetd.d/smtp_psa", "")
        try host.write(
            "/etc/xinetd.d/smtp", "service smtp\n{\n bind = mail.hosted.example\n server = /bin/x\n}\n")
        let hidden = await identified(host, xinetd, answers)
        #expect(hidden?.origin?.manager == nil && hidden?.origin?.keeper == "xinetd")
        #expect(hidden?.origin?.note?.contains("no entry in its usual files") == true)
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

    @Test(
        "A server of Qmail that systemd starts for a client is Qmail's, and another program where Postfix is the MTA"
    )
    func socketOfQmail() async throws {
        let host = try host()
        try process(host, 1, exe: "/usr/lib/systemd/systemd", command: "/sbin/init")
        let answers: [(String, ScriptedPrograms.Answer)] = [
            (
                sockets,
                .prints(
                    "Id=smtp.socket\nActiveState=active\nUnitFileState=enabled\nListen=0.0.0.0:25 (Stream)\n")
            ),
            (
                "\(service),ExecStart smtp@agent.service",
                .prints(
                    "Id=smtp@agent.service\nExecStart={ path=/x ; argv[]=/x/tcp-env /x/qmail-smtpd ; ignore_errors=no ; }\n"
                )
            ),
            ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
        ]
        let socket = listener("/usr/lib/systemd/systemd", 1, unit: "init.scope")
        let seen = try #require(await identified(host, socket, answers))
        #expect(seen.mta == .qmail && seen.origin == nil)
        let beside = await Observation.identified(
            [seen], besides: .postfix, Instruments(host.root, ScriptedPrograms(answers)))
        #expect(beside.first?.origin?.manager?.name == "smtp.socket")
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

    @Test(
        "A script that may run the program in a loop is named; a shell at a terminal is not",
        arguments: [
            ("/bin/sh /root/loop.sh", "`/bin/sh /root/loop.sh` (pid 811)"), ("-bash", nil), ("bash -l", nil),
        ])
    func loop(_ parent: String, _ keeper: String?) async throws {
        let host = try host()
        try process(host, 811, exe: "/usr/bin/dash", command: parent)
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bdf")
        try host.write("/proc/812/stat", "812 (exim4) S 811 812 812 0\n")
        try host.write("/proc/811/comm", "loop.sh\n")
        let seen = await identified(
            host, listener("/usr/sbin/exim4", 812, unit: "session-3.scope"),
            [(sockets, .prints("")), ("/usr/bin/dpkg-query …", .exits(1, output: "", error: ""))])
        #expect(seen?.origin?.manager == nil && seen?.origin?.keeper == keeper)
    }

    @Test("Another MTA of Plesk's that has a port is looked up as any other program")
    func otherMTA() async throws {
        let host = try host()
        let master = "/usr/lib/postfix/sbin/master"
        try process(host, 812, exe: master, command: "\(master) -w")
        let programs = ScriptedPrograms([
            (sockets, .prints("")),
            (
                "\(service) postfix.service",
                .prints(
                    "Id=postfix.service\nActiveState=active\nUnitFileState=enabled\nMainPID=0\nType=oneshot\n"
                )
            ),
            ("/usr/bin/dpkg-query …", .prints("postfix: \(master)\n")),
        ])
        let seen = await Observation.identified(
            [listener(master, 812, unit: "postfix@-.service")], besides: .qmail,
            Instruments(host.root, programs))
        #expect(
            seen.first?.origin?.manager
                == .systemd([UnitState(name: "postfix.service", active: "active", file: "enabled")]))
        #expect(seen.first?.origin?.package == "postfix")
    }

    @Test(
        "Debian's xinetd reads inetd.conf as well, where its own files say nothing; the line for the address counts",
        arguments: [" -inetd_compat -inetd_ipv6", ""])
    func inetdCompatible(option: String) async throws {
        let host = try host()
        try process(host, 400, exe: "/usr/sbin/xinetd", command: "/usr/sbin/xinetd -stayalive" + option)
        try host.write(
            "/etc/inetd.conf",
            """
            # mail
            smtp stream tcp nowait root /usr/sbin/tcpd exim -bs
            203.0.113.10:smtp stream tcp nowait root /opt/exim/exim4 exim4 -bs
            """)
        let exim = await identified(
            host, listener("/usr/sbin/xinetd", 400, unit: "xinetd.service", address: .v4(0xcb00_710a)),
            [
                (sockets, .prints("")),
                ("/usr/bin/systemctl show …", .prints("Id=xinetd.service\nMainPID=400\n")),
                ("/usr/bin/dpkg-query …", .exits(1, output: "", error: "")),
            ])
        let isRead = exim?.origin?.manager == .inetd(file: "/etc/inetd.conf", line: 3)
        #expect(isRead == !option.isEmpty, "\(String(describing: exim))")
    }

    @Test("Before systemd: a start script that names the program, and a job of upstart")
    func older() async throws {
        let host = try HostDirectory()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        try host.write("/etc/init.d/exim4", "DAEMON=/usr/sbin/exim4\n", mode: 0o755)
        try host.link("/etc/rc2.d/S04exim4", to: "../init.d/exim4")
        let exim = listener("/usr/sbin/exim4", 812, unit: nil)
        #expect(
            await identified(host, exim, [])?.origin?.manager
                == .script(path: "/etc/init.d/exim4", isEnabled: true))
        // Only what is executed counts, in a job and in a script.
        try host.write("/etc/init/watch.conf", "# /usr/sbin/exim4\nexec /usr/bin/watch /usr/sbin/exim4\n")
        try host.write("/etc/init.d/a", "# was: DAEMON=/usr/sbin/exim4\n", mode: 0o755)
        #expect(
            await identified(host, exim, [])?.origin?.manager
                == .script(path: "/etc/init.d/exim4", isEnabled: true))
        try host.write("/etc/init/exim.conf", "expect fork\nscript\n exec /usr/sbin/exim4 -bd\nend script\n")
        let doubtful = await identified(host, exim, [])?.origin
        #expect(doubtful?.manager == nil && doubtful?.keeper == "the job exim or /etc/init.d/exim4")
        #expect(doubtful?.note == "which of them has started it cannot be told")
    }

    @Test("Before systemd: a job that executes the program; of two scripts the one whose pid file names it")
    func olderStill() async throws {
        let host = try HostDirectory()
        try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bd")
        let exim = listener("/usr/sbin/exim4", 812, unit: nil)
        try host.write("/etc/init/exim.conf", "expect fork\nexec /usr/sbin/exim4 -bd\n")
        #expect(await identified(host, exim, [])?.origin?.manager == .upstart(job: "exim"))
        try host.write("/etc/init.d/a", "daemon /usr/sbin/exim4 -bd\n", mode: 0o755)
        try host.write(
            "/etc/init.d/b", "# pidfile: /var/run/b.pid\nEXIM='/usr/sbin/exim4'\ndaemon $EXIM\n", mode: 0o755)
        try host.write("/var/run/b.pid", "812\n")
        #expect(
            await identified(host, exim, [])?.origin?.manager
                == .script(path: "/etc/init.d/b", isEnabled: false))
    }

    @Test(
        "Proxies say where they hand connections on to",
        arguments: [
            (
                "/usr/bin/docker-proxy -proto tcp -host-port 25 -container-ip 172.17.0.2 -container-port 2525",
                "172.17.0.2:2525"
            ),
            ("/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:10025", "127.0.0.1:10025"),
            ("/usr/bin/socat TCP-LISTEN:25,fork TCP:127.0.0.1:2525", "127.0.0.1:2525"),
            ("/usr/sbin/exim4 -bd", nil),
        ])
    func proxies(_ command: String, _ target: String?) {
        let words = command.split(separator: " ").map(String.init)
        #expect(proxyTarget(words[0], words) == target)
    }
}
