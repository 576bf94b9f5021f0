import MailModel
import Testing

@testable import Observation

/// The tables were captured on Linux 6.18 in a namespace of its own, with sockets that python3 opened: 0.0.0.0:25,
/// 127.0.0.1:10025, [::]:25, [::1]:587, [::ffff:127.0.0.2]:465, [::]:993, and a connection each to 127.0.0.1:25, [::1]:25.
let listeningTCP = """
      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
       0: 00000000:0019 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 188265 2 00000000d91ac4b6 100 0 0 10 0                    
       1: 0100007F:2729 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 188266 1 000000000dcfa11e 100 0 0 10 0                    
       2: 0100007F:C1C0 0100007F:0019 01 00000000:00000000 00:00000000 00000000     0        0 188271 2 0000000072b22b35 20 0 0 10 -1                    
       3: 0100007F:0019 0100007F:C1C0 01 00000000:00000000 00:00000000 00000000     0        0 0 1 000000001274acc6 20 0 0 10 -1                         

    """

private let tcp6 = """
      sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       0: 00000000000000000000000001000000:024B 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 188268 1 00000000d6fcf835 100 0 0 10 0
       1: 00000000000000000000000000000000:0019 00000000000000000000000000000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 188267 2 000000004644fc7a 100 0 0 10 0
       2: 00000000000000000000000000000000:03E1 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 188270 1 00000000d6a369d4 100 0 0 10 0
       3: 0000000000000000FFFF00000200007F:01D1 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 188269 1 00000000870ad657 100 0 0 10 0
       4: 00000000000000000000000001000000:0019 00000000000000000000000001000000:9648 01 00000000:00000000 00:00000000 00000000     0        0 0 1 000000009572f07b 20 0 0 10 -1
       5: 00000000000000000000000001000000:9648 00000000000000000000000001000000:0019 01 00000000:00000000 00:00000000 00000000     0        0 188272 2 00000000991f6734 20 0 0 10 -1

    """

@Suite("Listeners from /proc")
struct ListenerTests {
    private func process(
        _ host: borrowing HostDirectory, _ id: Int, exe: String, cgroup: String, holds: [Int]
    ) throws {
        try host.link("/proc/\(id)/exe", to: exe)
        try host.write("/proc/\(id)/cgroup", cgroup)
        try host.link("/proc/\(id)/fd/0", to: "/dev/null")
        for (index, inode) in holds.enumerated() {
            try host.link("/proc/\(id)/fd/\(index + 3)", to: "socket:[\(inode)]")
        }
    }

    @Test("Addresses of IPv4, IPv6 and IPv4 within IPv6 are read, connections are not")
    func addresses() {
        let v4 = ListeningSocket.parse(Array(listeningTCP.utf8)).map {
            "\($0.address) \($0.port) \($0.inode)"
        }
        #expect(v4 == ["0.0.0.0 25 188265", "127.0.0.1 10025 188266"])
        let v6 = ListeningSocket.parse(Array(tcp6.utf8)).map { "\($0.address) \($0.port) \($0.inode)" }
        #expect(v6 == ["::1 587 188268", ":: 25 188267", ":: 993 188270", "127.0.0.2 465 188269"])
    }

    @Test(
        "Lines of another shape are passed over",
        arguments: [
            "", "garbage\n", "0: 0000:0019 00:00 0A 0 0 0 0 0 12\n",
            "0: 00000000:99999 00000000:0000 0A a b c d e 7\n",
        ])
    func garbage(_ table: String) {
        #expect(ListeningSocket.parse(Array(table.utf8)).isEmpty)
    }

    @Test(
        "Each listener has its program, the lowest process and the unit; master(8) counts before its servers, as process ids start anew",
        arguments: [(master: "", smtpd: 900), ("             812\n", 500)])
    func programs(_ pidFile: String, _ smtpd: Int) throws {
        let host = try HostDirectory()
        try host.write("/var/spool/postfix/pid/master.pid", pidFile)
        try host.write("/proc/net/tcp", listeningTCP)
        try host.write("/proc/net/tcp6", tcp6)
        try process(
            host, 812, exe: "/usr/lib/postfix/sbin/master",
            cgroup: "0::/system.slice/system-postfix.slice/postfix@-.service\n",
            holds: [188265, 188267, 188268])
        try process(
            host, smtpd, exe: "/usr/lib/postfix/sbin/smtpd",
            cgroup: "0::/system.slice/system-postfix.slice/postfix@-.service\n", holds: [188265])
        try process(
            host, 77, exe: "/opt/evil/relay (deleted)",
            cgroup: "3:cpu:/\n1:name=systemd:/system.slice/evil.service\n", holds: [188266])
        let listeners = try #require(
            observeListeners(ports: [25, 465, 587, 10_025], in: HostFiles(root: host.root)).value)
        let lines = listeners.map {
            "\($0.port) \($0.address) \($0.processID ?? 0) \($0.executable ?? "-") \($0.unit ?? "-")"
        }
        #expect(
            lines == [
                "25 0.0.0.0 812 /usr/lib/postfix/sbin/master postfix@-.service",
                "25 :: 812 /usr/lib/postfix/sbin/master postfix@-.service",
                "465 127.0.0.2 0 - -",
                "587 ::1 812 /usr/lib/postfix/sbin/master postfix@-.service",
                "10025 127.0.0.1 77 /opt/evil/relay evil.service",
            ])
    }

    @Test("A process that vanished and a kernel without IPv6 are no errors")
    func vanished() throws {
        let host = try HostDirectory()
        try host.write("/proc/net/tcp", listeningTCP)
        try host.directory("/proc/12")
        let listeners = observeListeners(ports: [25], in: HostFiles(root: host.root)).value
        #expect(listeners?.map(\.port) == [25])
        #expect(listeners?.first?.processID == nil && listeners?.first?.executable == nil)
    }

    @Test("Without /proc nothing was seen, which is not the same as nobody listening")
    func noProc() throws {
        let host = try HostDirectory()
        #expect(
            observeListeners(ports: [25], in: HostFiles(root: host.root))
                == .unseen("/proc/net/tcp is not there"))
        try host.write("/proc/net/tcp", listeningTCP)
        #expect(observeListeners(ports: [26], in: HostFiles(root: host.root)) == .seen([]))
    }

    @Test("The ports of every smtpd in master.cf are found, by number, name and address")
    func ports() {
        let master = """
            smtp      inet  n - y - - smtpd
            submission inet n - y - - smtpd -o smtpd_tls_security_level=encrypt
            127.0.0.1:10025 inet n - n - - smtpd
            [::1]:2525 inet n - n - - smtpd
            odd       inet  n - n - - smtpd
            nowhere   inet  n - n - - smtpd
            #2526     inet  n - n - - smtpd
            pickup    unix  n - y 60 1 pickup

            """
        let services = "odd 4711/udp\nodd\t\t4712/tcp  other # comment\n"
        #expect(mailPorts(Array(master.utf8), services: { services }) == [25, 587, 10_025, 2525, 4712])
    }
}
