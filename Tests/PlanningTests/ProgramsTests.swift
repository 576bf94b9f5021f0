import MailModel
import Testing

@testable import Planning

@Suite("What programs in the MTA's place are known to do with strangers")
struct ProgramsTests: Port25Sample {
    private let loopback = IPAddress.v4(127 << 24 | 1)

    private func proxy(_ target: String, port: Int = 25) -> Listener {
        listener(
            "/usr/bin/socat", port: port,
            origin: ProgramOrigin(command: ["/usr/bin/socat"], forwardsTo: target))
    }

    @Test("Behind a proxy every stranger is the host itself: what trusts that is open, and the line is named")
    func proxied() throws {
        let plan = plan(
            [master(loopback), proxy("127.0.0.1:25")],
            mainCF: HostFixture.mainCF + "inet_interfaces = loopback-only\n")
        #expect(plan.relayBefore == .open && plan.relayAfter == .open && plan.changes.isEmpty)
        let relay = try #require(plan.findings.first { $0.id == .relay })
        #expect(relay.status == .drift)
        #expect(
            relay.actual
                == "closed: strangers are refused; but through /usr/bin/socat: open: any stranger can relay")
        #expect(relay.evidence.map(\.text) == ["mynetworks = 127.0.0.0/8 [::1]/128"])
        #expect(relay.notes.contains { $0.contains("smtpd_upstream_proxy_protocol = haproxy") })
    }

    @Test(
        "Where the service behind a proxy trusts no address, strangers are refused; on another port as well")
    func trustless() throws {
        let master25 = "127.0.0.1:10025 inet n - n - - smtpd\n -o mynetworks=\n" + HostFixture.masterCF
        let plan = plan([master(), proxy("127.0.0.1:10025", port: 465)], masterCF: master25)
        #expect(plan.relayBefore == .closed && plan.changes.isEmpty)
        let open = self.plan([master(), proxy("127.0.0.1:25", port: 465)])
        #expect(open.relayBefore == .open)
        #expect(self.plan([master(), proxy("172.17.0.2:25", port: 465)]).relayBefore == .unknown)
    }

    @Test(
        "What a filter hands on is judged where that trusts nobody; else its own rules decide, and it stays")
    func filters() throws {
        let assp = listener(
            "/usr/bin/perl", served: ["/opt/assp/assp.pl"],
            origin: ProgramOrigin(
                command: ["/usr/bin/perl", "/opt/assp/assp.pl"], manager: Self.exim,
                forwardsTo: "127.0.0.1:10025", isFilter: true))
        var behind = master(loopback)
        behind.port = 10025
        for (networks, verdict) in [("", RelayVerdict.closed), ("127.0.0.0/8", .unknown)] {
            let plan = plan(
                [behind, assp],
                masterCF: "127.0.0.1:10025 inet n - n - - smtpd\n -o mynetworks=\(networks)\n"
                    + HostFixture.masterCF.replacing("smtp inet", with: "#smtp inet"))
            #expect(plan.relayBefore == verdict && plan.changes.isEmpty)
            let note = try #require(try finding(plan).notes.first)
            #expect(note.hasPrefix("/opt/assp/assp.pl filters mail, hands it on to 127.0.0.1:10025"))
        }
    }

    @Test("Qmail behind a proxy takes every stranger for the host itself, whom Plesk's white list lets relay")
    func qmail() throws {
        let entry =
            "service smtp\n{\n bind = 127.0.0.1\n server = /var/qmail/bin/tcp-env\n"
            + " server_args = /var/qmail/bin/relaylock /var/qmail/bin/qmail-smtpd\n}\n"
        let files = [
            "/var/qmail/control/me": "mx.hosted.example\n",
            "/var/qmail/control/rcpthosts": "hosted.example\n",
            "/var/qmail/control/virtualdomains": "hosted.example:1\n", "/etc/xinetd.d/smtp_psa": entry,
        ]
        let own = listener("/usr/sbin/xinetd", loopback, served: ["/x/tcp-env", "/x/qmail-smtpd"])
        let network = try #require(IPNetwork("127.0.0.1/8"))
        for (list, verdict) in [
            ([WhiteListEntry](), RelayVerdict.closed),
            ([WhiteListEntry(network: network, text: "127.0.0.1/8")], .open),
        ] {
            var host = HostFixture.host(listeners: .seen([own, proxy("127.0.0.1:25")]))
            host.managedMTA = .seen(ManagedMTA(.qmail, evidence: [], service: Self.postfix))
            host.qmail = .seen(
                QmailConfiguration(
                    files: files.reduce(into: [:]) {
                        $0[$1.key] = .content(FileContent(path: $1.key, bytes: Array($1.value.utf8)))
                    }, isCopy: false, whiteList: list))
            let plan = makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0")
            #expect(plan.relayBefore == verdict && plan.relayAfter == verdict && plan.changes.isEmpty)
            #expect(try finding(plan).notes.contains { $0.contains("qmail is reached through it") })
        }
    }

    @Test("A further instance of Postfix is judged by its own files")
    func instances() throws {
        var second = master(.v4(0xcb00_710b))
        second.instance = "/etc/postfix-2"
        second.origin = ProgramOrigin(command: [], keeper: "postmulti")
        for (networks, verdict) in [("127.0.0.0/8", RelayVerdict.closed), ("0.0.0.0/0", .open)] {
            var host = HostFixture.host(listeners: .seen([master(.v4(0xcb00_710a)), second]))
            var own = HostFixture.postfix(
                mainCF: HostFixture.mainCF.replacing("127.0.0.0/8", with: networks))
            own.directory = "/etc/postfix-2"
            host.instances = ["/etc/postfix-2": own]
            let plan = makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0")
            #expect(plan.relayBefore == verdict && plan.relayAfter == verdict)
            let relay = try #require(plan.findings.first { $0.id == .relay })
            #expect(relay.status == (verdict == .closed ? .ok : .drift))
            #expect(
                relay.evidence.map(\.file) == (verdict == .closed ? [] : ["/etc/postfix-2/main.cf"]))
        }
    }
}
