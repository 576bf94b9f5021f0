import MailModel
import Testing

@testable import RelayAnalysis

/// What postscreen keeps from the smtpd behind it, whatever that one would do.
@Suite struct ScreenTests {
    /// Relays for everybody who comes to smtpd.
    private func host(_ settings: KeyValuePairs<String, String>, version: String? = nil) -> SampleHost {
        var host = SampleHost().setting(
            "smtpd_relay_restrictions", "check_client_access static:OK, reject_unauth_destination")
        host.version = version
        host.master = """
            smtp inet n - y - 1 postscreen
            smtpd pass - - y - - smtpd
            cleanup unix n - y - 0 cleanup
            qmgr unix n - y 300 1 qmgr
            rewrite unix - - y - - trivial-rewrite
            smtp unix - - y - - smtp

            """
        return settings.reduce(host) { $0.setting($1.key, $1.value) }
    }

    @Test(arguments: [
        ("reject", RelayVerdict.broken), ("static:reject", .broken), ("permit, reject", .open),
        ("dunno, reject", .open), ("bogus, reject", .open), ("fail:x, reject", .open),
        ("permit_mynetworks, reject", .closed), ("cidr:{{0.0.0.0/0 reject}}", .partial),
        ("cidr:{{203.0.113.0/24 permit}}, reject", .partial), ("cidr:{{0.0.0.0/0 bogus}}, reject", .open),
        ("inline:{203.0.113=permit}, reject", .broken), ("inline:{203.0.113.9=permit}, reject", .partial),
        ("cidr:{{203.0.113.0/24 dunno, permit}}, reject", .broken), ("", .open),
    ])
    func `Whom its access list refuses does not come to smtpd`(list: String, verdict: RelayVerdict) {
        let denied = host(["postscreen_access_list": list, "postscreen_denylist_action": "drop"])
        #expect(denied.report.verdict == verdict)
        #expect(host(["postscreen_access_list": list]).report.verdict == .open)
    }

    @Test func `Before 3.6 the parameters have other names`() {
        let list = (key: "postscreen_access_list", value: "reject")
        for version in ["3.5.25", "3.7.11"] {
            let older = host(
                [list.key: list.value, "compatibility_level": "2", "postscreen_blacklist_action": "enforce"],
                version: version)
            #expect(older.report.verdict == .broken)
        }
        let newer = host(
            [list.key: list.value, "compatibility_level": "2", "postscreen_denylist_action": "enforce"],
            version: "3.5.25")
        #expect(newer.report.verdict == .open)
    }

    @Test(arguments: [
        ("!static:all", RelayVerdict.closed), ("127.0.0.1", .closed), ("203.0.113.10", .open),
        ("!203.0.113.10 static:all", .open), ("static:all", .open),
    ])
    func `On addresses where nobody can earn it, only whom the list permits comes through`(
        interfaces: String, verdict: RelayVerdict
    ) {
        #expect(host(["postscreen_allowlist_interfaces": interfaces]).report.verdict == verdict)
        let permitted = host([
            "postscreen_allowlist_interfaces": interfaces, "postscreen_access_list": "static:permit",
        ])
        #expect(permitted.report.verdict == .open)
    }

    @Test func `The addresses of the host decide where they are known`() {
        var host = host(["postscreen_allowlist_interfaces": "!203.0.113.10 static:all"])
        host.interfaces = [IPNetwork("203.0.113.10/32")].compactMap { $0 }
        #expect(host.report.verdict == .closed)
        host.interfaces?.append(contentsOf: [IPNetwork("2001:db8::10/128")].compactMap { $0 })
        #expect(host.report.verdict == .partial)
        host.interfaces?.append(contentsOf: [IPNetwork("203.0.113.11/32")].compactMap { $0 })
        #expect(host.report.verdict == .open)
    }

    @Test func `Who must be remembered to come through never does without a cache`() {
        let deep = host(["postscreen_bare_newline_enable": "yes"])
        #expect(deep.report.verdict == .open)
        #expect(deep.setting("postscreen_cache_map", "").report.verdict == .closed)
    }

    @Test(arguments: ["smtpd pass - - y - - smtpd\n", "smtpd pass"])
    func `Without a service behind it, it turns everybody away`(line: String) throws {
        var host = host([:])
        host.master = host.master.replacing(line, with: line.hasSuffix("\n") ? "" : "other pass")
        let cause = try #require(host.report.causes.first)
        #expect(host.report.verdict == .broken)
        #expect(cause.file == "master.cf" && cause.line == 1)
        #expect(cause.opens == "nobody: cannot connect to service private/smtpd: there is no smtpd/pass")
        #expect(!cause.remedy.contains("2.8"))
    }

    @Test func `An action that is none keeps it from starting`() {
        let report = host(["postscreen_greet_action": "reject"]).report
        #expect(report.verdict == .broken)
        #expect(report.causes.first?.text == "postscreen_greet_action = reject")
    }

    @Test func `The list is that of the service that listens`() {
        var host = host([:])
        host.master = host.master.replacing(
            "1 postscreen",
            with: "1 postscreen -o postscreen_access_list=reject -o postscreen_denylist_action=drop")
        #expect(host.report.verdict == .broken)
        #expect(host.report.causes.first?.file == "master.cf")
    }

    @Test func `Who is claimed by PROXY is whom it looks at, and who is claimed by XCLIENT comes later`() {
        let list: KeyValuePairs = [
            "postscreen_access_list": "cidr:{{192.0.2.0/24 permit}}, reject",
            "postscreen_denylist_action": "drop", "mynetworks": "192.0.2.0/24",
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        ]
        let trusted = SampleHost.trusted + [IPNetwork("192.0.2.0/24")].compactMap { $0 }
        func verdict(_ host: SampleHost) -> RelayVerdict {
            explainRelay(host.configuration, trusted: trusted).verdict
        }
        #expect(verdict(host(list)) == .closed)
        #expect(verdict(host(list).setting("postscreen_upstream_proxy_protocol", "haproxy")) == .open)
        #expect(verdict(host(list).setting("smtpd_authorized_xclient_hosts", "0.0.0.0/0")) == .closed)
    }
}
