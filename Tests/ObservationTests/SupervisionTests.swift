import Glibc
import MailModel
import Testing

@testable import Observation

@Suite("Supervised services")
struct SupervisionTests {
    private static let home = "/service/qmail-smtpd"

    /// What supervise(8) writes: daemontools 18 bytes, runit two more.
    private func status(process: UInt32, wanted: String, isRunit: Bool = false) -> [UInt8] {
        let number = (0..<4).map { UInt8(truncatingIfNeeded: process >> ($0 * 8)) }
        let time: [UInt8] = [0x40, 0, 0, 0, 0x69, 0x24, 0x77, 0x1b, 0, 0, 0, 0]
        return time + number + [0] + (wanted.utf8.first.map { [$0] } ?? [0]) + (isRunit ? [0, 1] : [])
    }

    /// - Parameter isWatched: Whether the pipe has a reader, as it has while supervise(8) runs.
    private func supervision(_ status: [UInt8]?, isWatched: Bool) throws -> Supervision {
        let host = try HostDirectory()
        try host.write("\(Self.home)/run", "#!/bin/sh\n")
        if let status {
            try host.write("\(Self.home)/supervise/status", bytes: status)
            try host.pipe("\(Self.home)/supervise/ok")
        }
        let reader = isWatched ? open("\(host.root)\(Self.home)/supervise/ok", O_RDONLY | O_NONBLOCK) : -1
        defer { if reader >= 0 { close(reader) } }
        return Observation.supervision(of: Self.home, in: HostFiles(root: host.root))
    }

    @Test(
        "A service that is up, that is between two starts, that is switched off, and that is to run once",
        arguments: [
            (UInt32(70000), "u", 70000, true), (0, "u", nil, true), (0, "d", nil, false), (0, "", nil, false),
            (4_294_967_295, "u", 4_294_967_295, true),
        ])
    func states(process: UInt32, wanted: String, processID: Int?, isWanted: Bool) throws {
        for isRunit in [false, true] {
            let seen = try supervision(
                status(process: process, wanted: wanted, isRunit: isRunit), isWatched: true)
            #expect(seen == .runs(SupervisedService(processID: processID, isWanted: isWanted)))
        }
    }

    @Test("What s6 writes is read as well: up, being stopped, put down, and in the size that it has grown to")
    func s6() throws {
        // Measured with s6 2.11.3.2, by `od -tx1 supervise/status`.
        let time: [UInt8] = [0x40, 0, 0, 0, 0x6b, 0x0d, 0xda, 0x6e, 0x10, 0x1a, 0xc5, 0xe7]
        let status = { (process: UInt8, flags: UInt8) in
            time + time + [0, 0, 0, 0, 0, 0, 1, process] + [0, 15, flags]
        }
        #expect(
            try supervision(status(0x73, 4), isWatched: true)
                == .runs(SupervisedService(processID: 371, isWanted: true)))
        #expect(
            try supervision(status(0x73, 0), isWatched: true)
                == .runs(SupervisedService(processID: 371, isWanted: false)))
        let down = time + time + [UInt8](repeating: 0, count: 8) + [0, 15, 8]
        #expect(
            try supervision(down, isWatched: true)
                == .runs(SupervisedService(processID: nil, isWanted: false)))
        let grown = time + time + [0, 0, 0, 0, 0, 0, 1, 0x73] + [UInt8](repeating: 0, count: 10) + [4]
        #expect(
            try supervision(grown, isWatched: true)
                == .runs(SupervisedService(processID: 371, isWanted: true)))
    }

    @Test("What an ended supervise(8) left behind says nothing, and where none ever ran there is nothing")
    func stale() throws {
        #expect(try supervision(status(process: 70000, wanted: "u"), isWatched: false) == .isOff)
        #expect(try supervision(nil, isWatched: false) == .isOff)
    }

    @Test("A status of another supervisor is not understood, and not taken for off", arguments: [0, 17, 36])
    func foreign(length: Int) throws {
        #expect(try supervision([UInt8](repeating: 1, count: length), isWatched: true) == .unknown)
    }

    @Test("The files of what nobody runs are idle: a stale start script, and inetd's without an inetd")
    func idle() throws {
        let host = try HostDirectory()
        try host.write("/var/qmail/control/me", "mx.example.net\n")
        try host.write("\(Self.home)/run", "exec tcpserver 0 25 /var/qmail/bin/qmail-smtpd\n")
        try host.write("/etc/inetd.conf", "smtp stream tcp nowait qmaild /var/qmail/bin/tcp-env tcp-env\n")
        func idle() throws -> Set<String>? {
            observeQmail(
                plesk: .unseen(""), domains: nil,
                Instruments(host.root, ScriptedPrograms([]))
            ).value?.idle
        }
        #expect(try idle() == ["\(Self.home)/run", "/etc/inetd.conf"])
        try host.write("/proc/7/comm", "xinetd\n")
        try host.write("/proc/7/cmdline", "/usr/sbin/xinetd\0-stayalive\0")
        #expect(try idle()?.contains("/etc/inetd.conf") == true)
        try host.write("/proc/7/cmdline", "/usr/sbin/xinetd\0-stayalive\0-inetd_compat\0")
        #expect(try idle() == ["\(Self.home)/run"])
    }

    @Test(
        "An xinetd and a supervisor that have RELAYCLIENT are seen with their units, and what gives it to them is read"
    )
    func starters() throws {
        let host = try HostDirectory()
        try host.write("/var/qmail/control/me", "mx.example.net\n")
        try host.write("\(Self.home)/run", "exec tcpserver 0 25 /var/qmail/bin/qmail-smtpd\n")
        for (process, name, unit) in [
            (7, "xinetd", "xinetd"), (8, "supervise", "svscan"), (9, "bash", "other"),
        ] {
            try host.write("/proc/\(process)/comm", "\(name)\n")
            try host.write("/proc/\(process)/environ", "A=1\0RELAYCLIENT=@x\0")
            try host.write("/proc/\(process)/cgroup", "0::/system.slice/\(unit).service\n")
            try host.link("/proc/\(process)/cwd", to: Self.home)
        }
        let dropIn = "/etc/systemd/system/svscan.service.d/a.conf"
        try host.write(dropIn, "[Service]\nEnvironmentFile=-/etc/svscan.env\n")
        try host.write("/etc/svscan.env", "RELAYCLIENT=@x\n")
        let seen = observeQmail(
            plesk: .unseen(""), domains: nil, Instruments(host.root, ScriptedPrograms([]))
        ).value
        #expect(
            seen?.starters == [
                .init(name: "xinetd", processID: 7, unit: "xinetd", value: "@x"),
                .init(name: Self.home, processID: 8, unit: "svscan", value: "@x"),
            ])
        #expect(seen?.files[dropIn] != nil && seen?.files["/etc/svscan.env"] != nil)
    }

    @Test("A tcpserver that no start script has started is seen with its words and its environment")
    func running() throws {
        let host = try HostDirectory()
        try host.write("/var/qmail/control/me", "mx.example.net\n")
        try host.write("/etc/tcp.odd", ":allow\n")
        try host.link("/proc/7/exe", to: "/usr/bin/tcpserver")
        try host.write(
            "/proc/7/cmdline", "tcpserver\0-x\0/etc/tcp.odd\00\0smtp\0/var/qmail/bin/qmail-smtpd\0")
        try host.write("/proc/7/environ", "RELAYCLIENT=\0PATH=/bin\0")
        let seen = observeQmail(
            plesk: .unseen(""), domains: nil, Instruments(host.root, ScriptedPrograms([]))
        ).value
        #expect(
            seen?.running == [
                .init(
                    processID: 7,
                    command: ["tcpserver", "-x", "/etc/tcp.odd", "0", "smtp", "/var/qmail/bin/qmail-smtpd"],
                    environment: ["RELAYCLIENT": "", "PATH": "/bin"])
            ])
        #expect(seen?.files["/etc/tcp.odd"] != nil)
    }

    @Test("When a process was started comes from proc(5)")
    func start() throws {
        let host = try HostDirectory()
        try host.write(
            "/proc/7/stat", "7 (tcp server) S 1 7 7 0 -1 4194560 9 0 0 0 0 0 0 0 20 0 1 0 12345 1 2 3\n")
        let instruments = Instruments(host.root, ScriptedPrograms([]))
        #expect(startOfProcess(7, instruments) == .milliseconds(123_450))
        #expect(startOfProcess(8, instruments) == nil)
    }

    @Test(
        "A superserver has read its files again when it waits and has no signal left to handle",
        arguments: [
            ("S (sleeping)", "0000000000000000", true), ("R (running)", "0000000000000000", false),
            ("S (sleeping)", "0000000000000001", false),
        ])
    func rest(state: String, pending: String, expected: Bool) throws {
        let host = try HostDirectory()
        try host.write(
            "/proc/7/status",
            "Name:\txinetd\nState:\t\(state)\nSigPnd:\t0000000000000000\nShdPnd:\t\(pending)\nSigBlk:\t00000001\n"
        )
        #expect(isAtRest(7, in: HostFiles(root: host.root)) == expected)
    }

    @Test("A reload reaches Postfix and xinetd only where they run")
    func followed() throws {
        let host = try HostDirectory()
        let instruments = Instruments(host.root, ScriptedPrograms([]))
        try host.link("/proc/7/exe", to: "/usr/lib/postfix/sbin/master")
        #expect(isFollowed(.reloadPostfix, instruments))
        #expect(!isFollowed(.reloadSuperserver([]), instruments))
        try host.link("/proc/8/exe", to: "/usr/sbin/xinetd")
        #expect(isFollowed(.reloadSuperserver([]), instruments))
    }
}
