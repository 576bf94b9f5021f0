import HostIO
import MailModel
import Testing

@testable import Observation

@Suite("What a program on a mail port is, and what manages it")
struct IdentifyListenerTests: ListenerSample {
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

    @Test(
        "What daemontools, runit or s6 keeps running is stopped through them, where their programs are there")
    func supervisedDirectory() async throws {
        for (supervisor, control) in [
            ("supervise", "/usr/bin/svc"), ("runsv", "/usr/bin/sv"), ("s6-supervise", "/usr/bin/s6-svc"),
        ] {
            let host = try host()
            try process(host, 812, exe: "/usr/sbin/exim4", command: "/usr/sbin/exim4 -bdf")
            try host.write("/proc/812/stat", "812 (exim4) S 300 812 812 0 -1 0\n")
            try host.write("/proc/300/comm", "\(supervisor)\n")
            try host.link("/proc/300/cwd", to: "/etc/service/exim")
            try host.program(control)
            for isEnabled in [true, false] {
                if !isEnabled { try host.write("/etc/service/exim/down", "") }
                let seen = await identified(
                    host, listener("/usr/sbin/exim4", 812, unit: "runit.service"),
                    [(sockets, .prints("")), ("/usr/bin/dpkg-query …", .exits(1, output: "", error: ""))])
                #expect(
                    seen?.origin?.manager
                        == .supervised(
                            SupervisedDirectory(
                                path: "/etc/service/exim", control: control, isEnabled: isEnabled)))
            }
        }
    }

    @Test("A proxy's own file says where it leads, as far as that is one place where an MTA answers")
    func proxyConfiguration() async throws {
        let master = listener("/usr/lib/postfix/sbin/master", 600, unit: nil)
        for (program, path, text, target) in [
            (
                "haproxy", "/etc/haproxy/haproxy.cfg",
                "# server x 127.0.0.1:465\nserver web 127.0.0.1:8080\n server mail localhost:25 check\n",
                "127.0.0.1:25"
            ),
            ("nginx", "/etc/nginx/conf.d/mail.conf", "  proxy_pass [::1]:25;\n", "[::1]:25"),
            ("stunnel4", "/etc/stunnel/smtps.conf", "accept = 465\nconnect = 25\n", "127.0.0.1:25"),
            ("rinetd", "/etc/rinetd.conf", "0.0.0.0 25 127.0.0.1 25\n", "127.0.0.1:25"),
            ("haproxy", "/etc/haproxy/haproxy.cfg", "server a 192.0.2.7:25\n", nil),
            ("haproxy", "/etc/haproxy/haproxy.cfg", "server a 127.0.0.1:25\nserver b [::1]:25\n", nil),
        ] {
            let host = try host()
            try host.write(path, text)
            let found = configuredTarget(
                "/usr/sbin/\(program)", served: [master], in: HostFiles(root: host.root))
            #expect(found == target, "\(text)")
        }
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
