import MailModel
import Testing

@testable import Qmail

@Suite("A service of Qmail that strangers reach through a proxy on the host")
struct BehindProxyTests {
    private static let entry = "/etc/xinetd.d/smtp_psa"
    private static let atLoopback = "        bind = 127.0.0.1\n"

    private func report(
        _ files: [String: String?], whiteList: [WhiteListEntry] = [], at target: String = "127.0.0.1:25"
    ) -> RelayReport? {
        explainBehindProxy(SampleQmail.configuration(files, whiteList: whiteList), at: target)
    }

    private func plesk(environment: String? = nil, more: String = atLoopback) -> [String: String?] {
        [Self.entry: SampleQmail.xinetd(environment: environment, more: more)]
    }

    @Test(
        "relaylock takes every stranger for the proxy: a white list with the loopback is open, an empty one is not"
    )
    func relaylock() throws {
        let loopback = WhiteListEntry(
            network: try #require(IPNetwork("127.0.0.1/8")), text: "127.0.0.1/8")
        #expect(report(plesk())?.verdict == .closed)
        let open = try #require(report(plesk(), whiteList: [loopback]))
        #expect(open.verdict == .open)
        #expect(open.causes.map(\.opens) == ["every client"])
        #expect(open.causes.map(\.file) == ["Plesk white list"])
        #expect(open.listeners.map(\.address) == ["127.0.0.1"])
        let office = WhiteListEntry(
            network: try #require(IPNetwork("192.0.2.0/24")), text: "192.0.2.0/24")
        #expect(report(plesk(), whiteList: [office])?.verdict == .closed)
    }

    @Test("An entry for all addresses answers there as well, one for another address does not")
    func addresses() {
        #expect(report(plesk(environment: "RELAYCLIENT=", more: ""))?.verdict == .open)
        #expect(report(plesk(environment: "RELAYCLIENT=", more: ""), at: "localhost:smtp")?.verdict == .open)
        #expect(report(plesk(more: ""), at: "127.0.0.1:2525") == nil)
        #expect(report(plesk(more: ""), at: "172.17.0.2:25") == nil)
        #expect(report(plesk(more: "        bind = 203.0.113.10\n")) == nil)
        #expect(report(plesk(), at: "what its own configuration says") == nil)
        #expect(report([:]) == nil)
    }

    @Test(
        "Of tcpserver's rules the closest to the proxy's address counts alone",
        arguments: [
            ("127.:allow,RELAYCLIENT=\"\"\n:allow\n", RelayVerdict.open),
            ("127.0.0.1:allow\n127.:allow,RELAYCLIENT=\"\"\n", .closed),
            ("=localhost:allow\n127.:allow,RELAYCLIENT=\"\"\n", .closed),
            ("192.0.2.:allow,RELAYCLIENT=\"\"\n:allow\n", .closed), (":allow,RELAYCLIENT=\"\"\n", .open),
            ("127.:deny\n:allow,RELAYCLIENT=\"\"\n", .broken),
        ])
    func rules(_ rules: String, _ verdict: RelayVerdict) {
        let configuration = SampleQmail.withRules(rules)
        #expect(explainBehindProxy(configuration, at: "127.0.0.1:25")?.verdict == verdict)
    }

    @Test("libwrap takes the first rule that fits, and xinetd serves whom only_from names")
    func wrapper() {
        let allow = { (text: String) in
            [
                "/etc/inetd.conf":
                    "127.0.0.1:smtp stream tcp nowait root /usr/sbin/tcpd /var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n",
                "/etc/hosts.allow": text,
            ]
        }
        let relays = "tcp-env: 127.0.0.1 : setenv = RELAYCLIENT\n"
        #expect(report(allow(relays + "tcp-env: ALL\n"))?.verdict == .open)
        #expect(report(allow("tcp-env: ALL\n" + relays))?.verdict == .closed)
        #expect(report(allow("tcp-env: LOCAL : setenv = RELAYCLIENT\n")) == nil)
        #expect(report(plesk(more: "        only_from = 192.0.2.0\n"))?.verdict == .broken)
        #expect(report(plesk(more: "        only_from = 127.0.0.0\n"))?.verdict == .closed)
        #expect(report(plesk(more: "        no_access = 127.0.0.1\n"))?.verdict == .broken)
    }

    @Test("What is open to everybody is open through the proxy")
    func others() {
        var files = plesk()
        files["rcpthosts"] = .some(nil)
        let report = report(files)
        #expect(report?.verdict == .open)
        #expect(report?.causes.first?.kind == "rcpthosts")
    }
}
