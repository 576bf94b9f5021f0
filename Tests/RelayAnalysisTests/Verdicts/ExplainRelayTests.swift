import MailModel
import Testing

@testable import RelayAnalysis

@Suite struct ExplainRelayTests {
    private let host = SampleHost()

    private func relay(_ list: String) -> SampleHost { host.setting("smtpd_relay_restrictions", list) }

    @Test func `A host with loopback networks and a rejection is closed`() {
        #expect(host.report.verdict == .closed)
        #expect(host.report.causes.isEmpty)
        #expect(host.report.listeners.map(\.port) == [25, 25, 587, 587])
    }

    @Test(arguments: [
        ("0.0.0.0/0", RelayVerdict.open), ("127.0.0.0/8 [::]/0", .partial), ("0.0.0.0/1 128.0.0.0/1", .open),
        ("127.0.0.0/8 203.0.113.0/24", .partial), ("!203.0.113.0/24 0.0.0.0/0", .open),
        ("!0.0.0.0/0 0.0.0.0/0", .closed),
        ("127.0.0.0/8 # 0.0.0.0/0", .closed), ("127.0.0.0/8 provider.example", .partial),
        ("127.0.0.0/8 web.hosted.example", .closed), ("127.0.0.0/8, 203.0.113.9/1", .broken),
        ("0/0", .broken),
        ("static:all", .open), ("127.0.0.0/8 2001:db8::/32", .broken), ("", .closed),
        ("127.0.0.0/8 [203.0.113.9]", .partial), ("127.0.0.0/8 cidr:{{203.0.113.0/24 x}}", .partial),
        // No client has such an address or name.
        ("127.0.0.0/8 0.0.0.0", .closed), ("127.0.0.0/8 [::ffff:203.0.113.9]", .closed),
        ("127.0.0.0/8 203.0.113", .closed), ("127.0.0.0/8 localhost", .closed),
        ("127.0.0.0/8 /var/lib/not-in-the-copy", .unknown),
        ("127.0.0.0/8 203.0.113.1-203.0.113.20", .closed), ("127.0.0.0/8 $inet_interfaces", .closed),
    ])
    func `mynetworks decides who relays`(networks: String, verdict: RelayVerdict) {
        #expect(host.setting("mynetworks", networks).report.verdict == verdict)
    }

    @Test func `A cause names the physical line and the item`() throws {
        let host = SampleHost(
            main: SampleHost().main
                + "office = ${really}\nreally = 10.1.2.0/24,\n  0.0.0.0/0\nmynetworks = 127.0.0.0/8 $office\n"
        )
        let causes = host.report.causes
        let wide = try #require(causes.first { $0.culprit == "0.0.0.0/0" })
        #expect(wide.file == "main.cf")
        #expect(wide.line == 13)
        #expect(wide.text == "  0.0.0.0/0")
        #expect(wide.opens == "every IPv4 client")
        #expect(causes.contains { $0.culprit == "10.1.2.0/24" && $0.line == 12 })
    }

    @Test(arguments: [
        ("check_client_access cidr:/c", "203.0.113.0/24 550\n", RelayVerdict.partial),
        ("check_client_access cidr:/c", "203.0.113.0/24 550 no\n", .closed),
        ("check_client_access cidr:/c", "0.0.0.0/0 permit\n", .open),
        ("check_client_access cidr:/c", "!10.0.0.0/8 OK\n", .open),
        ("check_client_access hash:/c", "203.0.113 RELAY\n", .partial),
        ("check_client_access hash:/c", "web.hosted.example OK\n", .closed),
        ("check_client_access hash:/c", "provider.example OK\n", .partial),
        ("check_client_access pcre:/c", "/hosted\\.example/ OK\n", .partial),
        ("check_client_access pcre:/c", "if /example$/\n/provider/ OK\nendif\n", .partial),
        ("check_sender_access pcre:/c", "if /@hosted\\.example$/\n/^info/ OK\nendif\n", .partial),
        ("check_client_access pcre:/c", "/(^|\\.)hosted\\.example$/ OK\n", .closed),
        // What a rule leaves over is the other's.
        (
            "check_client_access cidr:/c",
            "if 203.0.0.0/8\n!203.0.113.9 REJECT\n0.0.0.0/0 OK\nendif\n", .partial
        ),
        // What a pattern that is not understood matches is not known.
        ("check_client_access pcre:/c", "/\\p{L}/ OK\n", .unknown),
        ("check_client_access pcre:/c", "/\\p{L}/ REJECT no\n", .closed),
        ("check_client_access pcre:/c", "/\\p{L}/ OK\n/provider/ OK\n", .partial),
        // Postfix skips a rule whose pattern is none, and a condition without what it is about.
        ("check_client_access pcre:/c", "/(unclosed/ OK\n", .closed),
        ("check_client_access regexp:/c", "/./g OK\n", .closed),
        ("check_client_access regexp:/c", "/(?i)./ OK\n", .closed),
        ("check_client_access regexp:/c", "/\\d/ OK\n", .closed),
        // Whom a refusal of all others leaves over is the next rule's.
        ("check_client_access pcre:/c", "!/provider/ REJECT\n/./ OK\n", .partial),
        ("check_sender_access pcre:/c", "/./ permit$1\n", .closed),
        ("check_sender_access pcre:/c", "/(.)/ permit $1a\n", .closed),
        ("check_sender_access pcre:/c", "!/(a)x/ permit$1\n", .closed),
        ("check_client_access pcre:/c", "/(unclosed/ OK\n/provider/ OK\n", .partial),
        ("check_sender_access pcre:/c", "if /(unclosed/\n/./ OK\nendif\n", .open),
        (
            "check_sender_access pcre:/c", "if /^a@b\\.example$/\nif /(unclosed/\nendif\n/./ OK\nendif\n",
            .open
        ),
        ("check_sender_access pcre:/c", "/*./ REJECT\n/./ OK\n", .open),
        ("check_reverse_client_hostname_access hash:/c", "provider.example OK\n", .closed),
        ("check_helo_access hash:/c", "localhost OK\n", .partial),
        ("check_sender_access hash:/c", "hosted.example OK\n", .partial),
        ("check_sender_access hash:/c", "<> OK\n", .partial),
        ("check_sender_access regexp:/c", "/./ OK\n", .open),
        ("check_sender_access regexp:/c", "/^<>$/ OK\n", .partial),
        ("check_sender_access hash:/c", "hosted.example DUNNO\n", .closed),
        ("check_recipient_access hash:/c", "postmaster@ OK\n", .partial),
        ("check_recipient_access hash:/c", "info@hosted.example OK\n", .closed),
        ("check_recipient_access pcre:/c", "/hosted\\.example/ OK\n", .partial),
        ("check_recipient_access hash:/c", "postmaster@ permit_mynetworks\n", .closed),
    ])
    func `White lists before the rejection open it`(check: String, text: String, verdict: RelayVerdict) {
        let name = String(check.split(separator: " ")[1])
        let list = "permit_mynetworks, permit_sasl_authenticated, \(check), reject_unauth_destination"
        #expect(relay(list).table(name, text).report.verdict == verdict)
    }

    @Test(arguments: [
        ("permit", RelayVerdict.broken), ("", .broken), ("permit_mynetworks, permit, reject", .broken),
        ("permit_mynetworks, warn_if_reject reject_unauth_destination", .broken),
        ("permit_mynetworks, reject_unauth_destinations", .broken),
        ("permit_mynetworks, bogus, reject_unauth_destination", .broken),
        ("permit_mynetworks, check_sender_access inline:{info@hosted.example=OK}, bogus, reject", .partial),
        ("permit_mynetworks, permit_mx_backup, reject_unauth_destination", .partial),
        ("permit_mynetworks, permit_naked_ip_address, reject_unauth_destination", .partial),
        ("permit_mynetworks, check_sender_access static:OK, reject", .open),
        ("permit_mynetworks, static:OK, reject_unauth_destination", .open),
        ("permit_mynetworks, check_client_access { static:OK }, reject_unauth_destination", .broken),
        ("permit_mynetworks, defer_if_permit, check_sender_access static:OK, reject", .closed),
        ("permit_mynetworks, permit_dnswl_client list.example, reject_unauth_destination", .closed),
        ("permit_mynetworks, defer_unauth_destination", .closed),
        ("check_policy_service unix:p, reject_unauth_destination", .unknown),
        ("permit_mynetworks, check_policy_service unix:p, reject_unauth_destination", .closed),
        ("permit_mynetworks, check_client_access mysql:/x, reject_unauth_destination", .unknown),
    ])
    func `The relay list decides`(list: String, verdict: RelayVerdict) {
        #expect(relay(list).report.verdict == verdict)
    }

    @Test func `A rule that Postfix skips is told as a risk, with its line`() throws {
        let host = relay("permit_mynetworks, check_client_access pcre:/c, reject_unauth_destination")
        let report = host.table("pcre:/c", "# clients\n/^bad\\.example$/ REJECT\n/*.spam/ REJECT no\n").report
        #expect(report.verdict == .closed)
        let risk = try #require(report.risks.first { $0.kind == "skipped-rule" })
        #expect(risk.line == 3 && risk.file == "/c" && risk.text == "/*.spam/ REJECT no")
        #expect(report.risks.filter { $0.kind == "skipped-rule" }.count == 1)
    }

    @Test func `A permit in one list is stopped by the other`() {
        let host = relay("permit").setting(
            "smtpd_recipient_restrictions", "permit_mynetworks, reject_unauth_destination")
        #expect(host.report.verdict == .closed)
    }

    @Test(arguments: [
        ("static:all", RelayVerdict.open), ("*", .closed), ("com", .partial), ("co.uk", .partial),
        ("partner.example", .closed), ("localdomain", .closed), ("$mydestination", .closed),
        ("inline:{com=x}", .partial), ("inline:{partner.example=x}", .closed),
    ])
    func `relay_domains opens what nobody declared`(domains: String, verdict: RelayVerdict) {
        #expect(host.setting("relay_domains", domains).report.verdict == verdict)
    }

    @Test(arguments: [
        ("/./ x\n", RelayVerdict.open), ("/partner\\.example/ x\n", .partial),
        ("/^partner\\.example$/ x\n", .closed),
        ("/^(.*\\.)?partner\\.example$/ x\n", .closed), ("/partner\\.example$/ x\n", .partial),
    ])
    func `Patterns in relay_domains are tried with names that a stranger could have`(
        text: String, verdict: RelayVerdict
    ) {
        #expect(host.setting("relay_domains", "pcre:/rd").table("pcre:/rd", text).report.verdict == verdict)
    }

    @Test func `Untrusted routing leads through a host below an own domain`() {
        let host = host.setting("relay_domains", "$mydestination")
        #expect(host.report.verdict == .closed)
        #expect(host.setting("allow_untrusted_routing", "yes").report.verdict == .partial)
    }

    @Test func `A recipient that a map decodes leads outside`() {
        let open = host.setting("virtual_alias_maps", "pcre:/va").table(
            "pcre:/va", "/^(.*)=(.*)@hosted\\.example$/ $1@$2\n")
        #expect(open.report.verdict == .open)
        #expect(open.report.causes.first?.kind == "address-rewriting")
        let closed = host.setting("virtual_alias_maps", "pcre:/va").table(
            "pcre:/va", "/^(.*)@hosted\\.example$/ $1@mail.hosted.example\n")
        #expect(closed.report.verdict == .closed)
    }

    @Test(arguments: [
        ("smtpd_authorized_xclient_hosts", "0.0.0.0/0", "xclient"),
        ("smtpd_upstream_proxy_protocol", "haproxy", "proxy-protocol"),
    ])
    func `Whoever may say another address relays`(name: String, value: String, kind: String) {
        let report = host.setting(name, value).report
        #expect([.open, .partial].contains(report.verdict))
        #expect(report.causes.first?.kind == kind)
    }

    @Test(arguments: [nil, ["203.0.113.10/24", "2001:db8:113::10/64"]])
    func `A list that refers to mynetworks lists what the style trusts where nobody sets it`(
        addresses: [String]?
    ) {
        var host = host.setting("mynetworks_style", "subnet")
            .setting("smtpd_authorized_xclient_hosts", "127.0.0.1 $mynetworks")
            .setting("smtpd_relay_restrictions", "permit_sasl_authenticated, reject_unauth_destination")
        host.main = host.main.replacing("mynetworks = 127.0.0.0/8 [::1]/128\n", with: "")
        host.interfaces = addresses?.compactMap { IPNetwork($0) }
        let report = host.report
        #expect(report.verdict == .partial)
        #expect(report.causes.first?.parameter == "smtpd_authorized_xclient_hosts")
        #expect(report.causes.first?.culprit == "$mynetworks")
        #expect(host.repaired(host.repair).report.verdict == .closed)
        #expect(host.repaired(host.repair).main.contains("smtpd_authorized_xclient_hosts = 127.0.0.1\n"))
        #expect(host.setting("mynetworks_style", "host").report.verdict == .closed)
    }

    @Test func `All networks that the style trusts are named`() {
        var host = host.setting("mynetworks_style", "subnet")
        host.main = host.main.replacing("mynetworks = 127.0.0.0/8 [::1]/128\n", with: "")
        host.interfaces = ["203.0.113.10/24", "10.0.0.1/8", "2001:db8:113::10/64"].compactMap {
            IPNetwork($0)
        }
        #expect(
            host.report.causes.first?.opens
                == "clients in 203.0.113.0/24, clients in 10.0.0.0/8, clients in 2001:db8:113::/64")
    }

    @Test func `mynetworks_style trusts the networks of the interfaces`() {
        var host = host.setting("mynetworks_style", "subnet")
        host.main = host.main.replacing("mynetworks = 127.0.0.0/8 [::1]/128\n", with: "")
        #expect(host.report.verdict == .partial)
        host.interfaces = ["127.0.0.1/8", "203.0.113.5/32"].compactMap { IPNetwork($0) }
        #expect(host.report.verdict == .closed)
        host.interfaces = ["127.0.0.1/8", "203.0.113.5/24"].compactMap { IPNetwork($0) }
        #expect(host.report.causes.first?.opens == "clients in 203.0.113.0/24")
    }

    @Test func `A network that somebody vouched for is no stranger's`() {
        let host = host.setting("mynetworks", "127.0.0.0/8 203.0.113.0/28")
        let vouched = SampleHost.trusted + ["203.0.113.0/24"].compactMap { IPNetwork($0) }
        #expect(host.report.verdict == .partial)
        #expect(explainRelay(host.configuration, trusted: vouched).verdict == .closed)
    }

    @Test func `Old releases have one list and other defaults`() {
        var host = host
        host.version = "2.9.6"
        host.main =
            "mydestination = hosted.example\nmynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit\n"
        #expect(host.report.verdict == .closed)
        host.main +=
            "smtpd_recipient_restrictions = permit_mynetworks, check_sender_access static:OK, reject_unauth_destination\n"
        #expect(host.report.verdict == .open)
    }

    @Test func `Two traits together are found`() {
        let host = relay(
            "permit_mynetworks, check_helo_access inline:{localhost=friends}, reject_unauth_destination")
        let both = host.setting("smtpd_restriction_classes", "friends")
            .setting("friends", "check_sender_access inline:{boss@hosted.example=OK}, reject")
        #expect(both.report.verdict == .partial)
        #expect(both.report.causes.first?.opens.contains("boss@hosted.example") == true)
    }

    @Test func `One provider's network in a large client map is found`() {
        let rows = (0..<20_000).map { "10.\($0 >> 8).\($0 & 255) REJECT" } + ["203.0 OK"]
        let host = relay("permit_mynetworks, check_client_access hash:/c, reject_unauth_destination")
            .table("hash:/c", rows.joined(separator: "\n"))
        let report = host.report
        #expect(report.verdict == .partial)
        #expect(report.causes.map(\.line) == [20_001])
        #expect(report.causes.first?.opens == "clients in 203.0.0.0/16")
    }

    @Test func `Of thousands of items in one line some are shown, and the line around them`() throws {
        let items = (0..<1000).map { "10.\($0 / 250).\($0 % 250).1" }
        let host = SampleHost().setting("mynetworks", items.joined(separator: " "))
        let report = host.report
        #expect(report.causes.count == 21)
        let last = try #require(report.causes.last)
        #expect(last.opens.hasPrefix("980 more items of the same list, the last of them "))
        #expect(last.culprit == "10.3.249.1" && last.text.contains("10.3.249.1"))
        #expect(report.causes.allSatisfy { $0.text.utf8.count < 5000 })
        let repair = host.repair
        #expect(repair.after.verdict == .closed && repair.notes.count == 1, "\(repair.notes)")
        #expect(repair.notes.first?.contains("and 980 more") == true)
    }

    @Test func `A listener whose service name is not known here is judged as well`() {
        var host = SampleHost()
        host.master += "smtp-alt inet n - y - - smtpd\n  -o mynetworks=0.0.0.0/0\n"
        #expect(host.report.verdict == .open || host.report.verdict == .partial)
        #expect(host.report.listeners.contains { $0.port == 0 && $0.service.hasPrefix("smtp-alt") })
    }

    @Test(arguments: [
        ("smtpd_data_restrictions", "reject_unauth_destination", RelayVerdict.open),
        ("smtpd_data_restrictions", "reject", .closed), ("smtpd_helo_restrictions", "reject", .partial),
    ])
    func `A gate at the wrong step is one only for what is known there`(
        list: String, value: String, verdict: RelayVerdict
    ) {
        let open = host.setting("mynetworks", "0.0.0.0/0")
        #expect(open.setting(list, value).report.verdict == verdict)
    }

    @Test(arguments: [
        ("/^Received:.*\\[185\\./ REJECT\n", RelayVerdict.open), ("/^Received:/ REJECT\n", .closed),
    ])
    func `A header that only some mail has stops none of the rest`(rules: String, verdict: RelayVerdict) {
        let open = host.setting("mynetworks", "0.0.0.0/0").setting("header_checks", "pcre:/h")
        #expect(open.table("pcre:/h", rules).report.verdict == verdict)
    }

    @Test(arguments: ["\u{0c}", "\u{0b}"])
    func `Form feed and vertical tab are blanks for a line, and none for a list`(space: String) {
        let host = SampleHost()
        func verdict(_ name: String, _ value: String) -> RelayVerdict {
            host.setting(name, value).report.verdict
        }
        let list = "smtpd_relay_restrictions"
        #expect(verdict("mynetworks", "127.0.0.0/8\(space)0.0.0.0/0") == .closed)
        #expect(verdict("mynetworks", "127.0.0.0/8,\(space)0.0.0.0/0") == .closed)
        #expect(verdict("mynetworks", "127.0.0.0/8\n\(space)0.0.0.0/0") == .closed)
        #expect(verdict("mynetworks", "0.0.0.0/0 \(space) 127.0.0.0/8") == .open)
        #expect(verdict("mynetworks", "0.0.0.0/0\(space)") == .open)
        #expect(verdict(list, "permit_mynetworks,\(space)reject_unauth_destination") == .broken)
        #expect(verdict(list, "check_sender_access\(space)static:OK, reject_unauth_destination") == .broken)
    }

    @Test(arguments: [
        ("mynetworks", "inline:{ISP.example=x}", RelayVerdict.closed),
        ("mynetworks", "inline:{isp.example=x}", .partial),
        ("mynetworks", "ISP.example", .partial), ("mynetworks", "texthash:/t", .closed),
        ("mynetworks", "hash:/t", .partial),
        ("smtpd_relay_restrictions", "check_client_access texthash:/t, reject", .partial),
        ("smtpd_relay_restrictions", "check_client_access inline:{ISP.example=OK}, reject", .partial),
    ])
    func `Lists find no key with capitals in a table that is read as it is`(
        name: String, value: String, verdict: RelayVerdict
    ) {
        let rows = "ISP.example OK\n"
        let host = SampleHost().table("texthash:/t", rows).table("hash:/t", rows).setting(name, value)
        #expect(host.report.verdict == verdict)
    }
}
