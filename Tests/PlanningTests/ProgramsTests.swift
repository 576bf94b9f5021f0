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
