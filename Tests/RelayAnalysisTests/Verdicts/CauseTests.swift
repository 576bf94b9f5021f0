import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

/// How a cause or a risk is told: whom it lets in, where it stands, what would mend it.
@Suite struct CauseTests {
    private let host = SampleHost()

    private func relay(_ list: String) -> SampleHost { host.setting("smtpd_relay_restrictions", list) }

    @Test(arguments: [
        ("relay_domains", ".org", RelayVerdict.partial), ("relay_domains", "org", .partial),
        ("relay_domains", "com", .partial), ("relay_domains", "org static:all", .open),
    ])
    func `A top-level domain is not everybody's`(name: String, value: String, verdict: RelayVerdict) {
        let host = host.setting(name, value).setting(
            "parent_domain_matches_subdomains", value.hasPrefix(".") ? "" : "relay_domains")
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        "check_sender_access", "check_recipient_access", "check_client_access", "check_helo_access",
    ])
    func `A row for a top-level domain lets in those below it`(check: String) {
        let host = relay("permit_mynetworks, \(check) inline:{org=OK}, reject_unauth_destination")
        #expect(host.report.verdict == .partial)
        #expect(host.report.causes.allSatisfy { !$0.opens.hasPrefix("every") })
    }

    @Test(arguments: [
        ("0.0.0.0/1 128.0.0.0/1", ["clients in 0.0.0.0/1", "clients in 128.0.0.0/1"]),
        ("0.0.0.0/0 128.0.0.0/1", ["every IPv4 client", "clients in 128.0.0.0/1"]),
        ("185.0.0.0/8 0.0.0.0/0", ["every IPv4 client", "clients in 185.0.0.0/8"]),
    ])
    func `A cause says no more than its network`(networks: String, who: [String]) {
        let causes = host.setting("mynetworks", "127.0.0.0/8 " + networks).report.causes
        #expect(Set(causes.map(\.opens)) == Set(who))
    }

    @Test func `A row for the beginning of an address lets in a network`() {
        let host = relay("permit_mynetworks, check_client_access inline:{185=OK}, reject_unauth_destination")
        #expect(host.report.verdict == .partial)
        #expect(host.report.causes.first?.opens == "clients in 185.0.0.0/8")
        let group = relay(
            "permit_mynetworks, check_client_access inline:{2a01=OK}, reject_unauth_destination")
        #expect(group.report.verdict == .partial)
        #expect(group.report.causes.first?.opens == "clients in 2a01::/16")
        let none = relay("permit_mynetworks, check_client_access inline:{beef=OK}, reject_unauth_destination")
        #expect(none.report.causes.first?.opens != "clients in beef::/16")
    }

    @Test func `What two rules ask for is needed at once`() {
        let host = host.setting(
            "smtpd_recipient_restrictions", "check_helo_access inline:{friend.example=OK}, reject"
        )
        .setting("smtpd_relay_restrictions", "check_sender_access inline:{partner.example=OK}, reject")
        #expect(
            host.report.causes.map(\.opens).contains(
                "anyone with a sender in partner.example and anyone who says HELO friend.example (both must hold)"
            ))
    }

    @Test(arguments: [
        ("check_helo_access pcre:/p", "/^[^.]+$/ OK", "anyone who says a HELO name such as "),
        ("check_sender_access pcre:/p", "/^srs0-/ OK", "anyone with a sender such as srs0-"),
        ("check_client_access inline:{2a01:db8:ffff=OK}", "", "clients in 2a01:db8:ffff::/48"),
        (
            "check_client_access inline:{203.0.113.9=OK}", "",
            "clients in 203.0.113.9, unless that is this host's own"
        ),
    ])
    func `A sample is told from all that a rule lets in`(check: String, rule: String, who: String) {
        let host = relay("\(check), reject_unauth_destination").table("pcre:/p", rule + "\n")
        #expect(host.report.causes.contains { $0.opens.hasPrefix(who) }, "\(host.report.causes.map(\.opens))")
    }

    @Test func `A host that knows its addresses has no doubt about one`() {
        var host = relay("check_client_access inline:{203.0.113.9=OK}, reject_unauth_destination")
        host.interfaces = []
        #expect(host.report.causes.map(\.opens) == ["clients in 203.0.113.9"])
    }

    @Test func `Nothing is to be taken out of a line that is not there`() throws {
        var host = host.setting("compatibility_level", "1").setting("mydestination", "hosted.example, com")
        let main = host.main
        host.main = main.replacing("relay_domains =\n", with: "")
        let cause = try #require(host.report.causes.first { $0.kind == "relay-domains" })
        #expect(cause.remedy.hasPrefix("Set relay_domains to the domains"))
        host.main = main.replacing("relay_domains =\n", with: "relay_domains = com\n")
        #expect(host.report.causes.contains { $0.remedy.hasPrefix("Remove com from relay_domains") })
    }

    @Test func `Whoever may claim any address makes it open`() {
        #expect(host.setting("smtpd_authorized_xclient_hosts", "static:all").report.verdict == .open)
        #expect(host.setting("smtpd_upstream_proxy_protocol", "haproxy").report.verdict == .open)
        let some = host.setting("smtpd_authorized_xclient_hosts", "203.0.113.0/24")
        #expect(some.report.verdict == .partial)
    }

    @Test func `Where every client has IPv6, open to IPv6 is open`() {
        let host = host.setting("mynetworks", "127.0.0.0/8 [::]/0")
        #expect(host.report.verdict == .partial)
        #expect(host.report.causes.first?.opens == "every IPv6 client")
        let alone = host.setting("inet_protocols", "ipv6").report
        #expect(alone.verdict == .open)
        #expect(alone.causes.first?.opens == "every client")
    }

    @Test func `Of two services on one port each has its address`() {
        var host = host.setting("mynetworks", "0.0.0.0/0")
        let client = SampleHost.delivery
        host.master = "203.0.113.1:25 inet n - y - - smtpd\n203.0.113.2:25 inet n - y - - smtpd\n" + client
        #expect(host.report.causes.map(\.address) == ["203.0.113.1", "203.0.113.2"])
        host.master = "smtp inet n - y - - smtpd\n" + client
        #expect(host.report.causes.map(\.address) == [nil])
    }

    @Test(arguments: [
        ("/^MAIL FROM:<.*>/ MAIL FROM:<boss@hosted.example>\n", RelayVerdict.open),
        ("/^(MAIL FROM:<)[^@]*(@.*)/ ${1}boss$2\n", .open), ("/^MAIL FROM:<.*>/ MAIL FROM:<>\n", .partial),
        ("/^[EH][EH]LO .*/ HELO friend.example\n", .open), ("/^RCPT TO:.*/ NOOP\n", .broken),
        ("/^RCPT TO:<.*/ NOOP\n", .partial), ("/^RCPT TO:<.*@stranger\\.example>/ QUIT\n", .partial),
        ("/^RCPT TO:<(.*)#(.*)@hosted\\.example>/ RCPT TO:<$1@$2>\n", .partial),
    ])
    func `smtpd hears what the filter of commands makes of them`(filter: String, verdict: RelayVerdict) {
        let host = SampleHost().setting("smtpd_command_filter", "pcre:/f").table("pcre:/f", filter)
            .setting(
                "smtpd_relay_restrictions",
                "check_sender_access inline:{boss@=OK}, check_helo_access inline:{friend.example=OK}, "
                    + "reject_unauth_destination")
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: ["permit", "permit, reject_unauth_destination", "permit_mynetworks, permit, reject"])
    func `A permit before the rejection is what has to go`(list: String) throws {
        let cause = try #require(relay(list).report.causes.first)
        #expect(
            cause.kind == "broken"
                && cause.remedy.hasPrefix("Take permit out of smtpd_relay_restrictions, or put"))
        let plain = try #require(relay("permit_mynetworks").report.causes.first)
        #expect(plain.remedy.hasPrefix("Put reject_unauth_destination into"))
    }

    @Test(arguments: [
        "defer_if_permit", "check_sender_access static:DEFER_IF_PERMIT, defer_if_permit",
    ])
    func `Whom a list lets in before it defers all others relays`(deferral: String) {
        let lists = [
            "permit_mynetworks, \(deferral)", "check_client_access inline:{198.51.100=OK}, \(deferral)",
        ]
        for list in lists {
            let host = relay(list + ", reject_plaintext_session")
                .setting("mynetworks", "127.0.0.0/8 198.51.100.0/24 unknown")
            let gated = host.setting("smtpd_recipient_restrictions", "defer_if_permit")
            #expect(host.report.verdict == .partial)
            #expect(host.report.causes.first?.line != nil)
            #expect(gated.report.verdict == .closed)
        }
    }

    @Test func `A rule within a condition lets in whom both are about`() {
        let host = relay("check_client_access cidr:/c, reject_unauth_destination")
            .table("cidr:/c", "if 10.0.0.0/8\n0.0.0.0/0 OK\nendif\n192.0.2.0/24 OK\n")
        #expect(host.report.causes.map(\.opens) == ["clients in 10.0.0.0/8", "clients in 192.0.2.0/24"])
    }

    @Test(arguments: [
        ("0.0.0.0/0", RelayVerdict.partial), ("198.0.0.0/8", .partial), ("198.51.0.0/16", .closed),
        ("10.0.0.0/8", .closed), ("[2001:db8::]/31", .partial), ("[2001:db8::]/32", .closed),
    ])
    func `Exchangers in a network in which anybody may have one are no condition`(
        networks: String, verdict: RelayVerdict
    ) {
        let host = relay("permit_mynetworks, permit_mx_backup, reject_unauth_destination")
        #expect(host.setting("permit_mx_backup_networks", networks).report.verdict == verdict)
    }

    @Test func `A policy service is a risk only where no other list refuses`() {
        let check = "check_policy_service inet:127.0.0.1:10031"
        let risks = { (host: SampleHost) in host.report.risks.filter { $0.kind == "policy-service" } }
        let guarded = SampleHost().setting("smtpd_recipient_restrictions", check)
        #expect(risks(guarded).isEmpty)
        let alone = SampleHost().setting("smtpd_relay_restrictions", "")
            .setting("smtpd_recipient_restrictions", "permit_mynetworks, \(check), reject_unauth_destination")
        #expect(risks(alone).contains { $0.parameter == "smtpd_recipient_restrictions" })
    }

    @Test(arguments: [
        ("relay_domains", "$mydestination", "relay_domains"),
        (
            "smtpd_relay_restrictions", "check_recipient_access hash:/r, reject_unauth_destination",
            "smtpd_relay_restrictions"
        ),
    ])
    func `Names below an own domain for which mail is passed on are a risk`(
        name: String, value: String, parameter: String
    ) {
        let host = SampleHost().setting("mydestination", "hosted.example")
            .table("hash:/r", "hosted.example OK\n")
        #expect(!host.report.risks.contains { $0.kind == "subdomains" })
        let report = host.setting(name, value).report
        #expect(report.verdict == .closed)
        #expect(report.risks.filter { $0.kind == "subdomains" }.map(\.parameter) == [parameter])
    }

    @Test func `Why a list cannot be read is said`() throws {
        var configuration = relay("permit_mynetworks, check_client_access hash:/c, reject").configuration
        configuration.tables["hash:/c"] = .unreadable("/c.db: Permission denied")
        let report = explainRelay(configuration, trusted: SampleHost.trusted)
        #expect(report.verdict == .unknown)
        #expect(report.causes.first?.opens.contains("/c.db: Permission denied") == true)
    }

    @Test(arguments: [
        ("smtpd_client_restrictions", "reject", RelayVerdict.broken),
        ("smtpd_sender_restrictions", "reject_unknown_sender_domain, reject", .broken),
        ("smtpd_data_restrictions", "reject", .closed),
        ("smtpd_client_restrictions", "permit_mynetworks, reject", .closed),
        ("smtpd_recipient_restrictions", "permit_mynetworks, reject", .closed),
    ])
    func `A server that refuses everybody is broken`(list: String, value: String, verdict: RelayVerdict) {
        let report = host.setting(list, value).report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.line != nil) }
    }

    @Test func `A row with a result that Postfix does not know is told with its line`() throws {
        let host = relay("permit_mynetworks, check_client_access cidr:/c, reject_unauth_destination")
            .table("cidr:/c", "# all\n0.0.0.0/0 frobnicate\n::/0 frobnicate\n")
        let report = host.report
        let cause = try #require(report.causes.first)
        #expect(report.verdict == .broken)
        #expect(cause.file == "/c" && cause.line == 2 && cause.text == "0.0.0.0/0 frobnicate")
    }

    @Test(arguments: [
        (
            "check_client_access inline:{203.0.113.9=OK}",
            "In smtpd_relay_restrictions, put reject_unauth_destination before check_client_access (behind "
                + "permit_mynetworks and permit_sasl_authenticated), or take 203.0.113.9 out of "
                + "inline:{203.0.113.9=OK}."
        )
    ])
    func `A remedy shuts out no networks and logins`(check: String, remedy: String) {
        #expect(relay("permit_mynetworks, \(check), reject").report.causes.first?.remedy == remedy)
    }

    @Test(arguments: [
        (
            "check_sender_access", "hash:/c",
            " and run postmap hash:/c; what a client says of itself is no proof."
        ),
        ("check_client_access", "proxy:cdb:/c", " and run postmap cdb:/c."),
        ("check_recipient_access", "texthash:/c", "out of texthash:/c."),
    ])
    func `A remedy for a row says what makes it count`(check: String, table: String, end: String) {
        let key = check == "check_client_access" ? "203.0.113.9" : "third.example"
        let report = relay("\(check) \(table), reject").table(table, "\(key) OK\n").report
        #expect(report.causes.first?.remedy.hasSuffix(end) == true)
    }

    @Test(arguments: [
        ("third.example", "anyone, to recipients in third.example"),
        ("abuse@", "anyone, to recipients abuse@…"),
        ("a@third.example", "anyone, to recipients such as a@third.example"),
    ])
    func `Recipients are told as the row has them`(key: String, opens: String) {
        let report = relay("check_recipient_access texthash:/c, reject").table("texthash:/c", "\(key) OK\n")
            .report
        #expect(report.causes.map(\.opens) == [opens])
    }

    @Test func `A list without a rejection is told what it wants`() {
        let report = relay("permit_mynetworks").setting("smtpd_recipient_restrictions", "").report
        #expect(report.verdict == .broken)
        #expect(
            report.causes.first?.remedy.hasPrefix(
                "Put reject_unauth_destination into smtpd_relay_restrictions")
                == true)
    }

    @Test func `A remedy names the row of a file of networks, and not the file`() {
        var host = host.setting("mynetworks", "127.0.0.0/8 /n")
        host.files["/n"] = "203.0.113.0/24\n"
        #expect(host.report.causes.first?.remedy.hasPrefix("Remove 203.0.113.0/24 from /n;") == true)
    }

    @Test func `A remedy names the row of a table`() {
        let host = host.setting("mynetworks", "127.0.0.0/8 cidr:/n").table("cidr:/n", "203.0.113.0/24 x\n")
        #expect(host.report.causes.first?.remedy.hasPrefix("Remove 203.0.113.0/24 from cidr:/n;") == true)
    }

    @Test func `A remedy for a policy service that fails open says what to set`() {
        let host = relay("permit_mynetworks, check_policy_service unix:p, reject_unauth_destination")
            .setting("smtpd_policy_service_default_action", "OK")
        #expect(
            host.report.causes.first?.remedy.hasPrefix("Set smtpd_policy_service_default_action = DUNNO, so")
                == true)
    }

    @Test(arguments: [
        ("local_recipient_maps", "", "backscatter"), ("local_recipient_maps", "static:all", "backscatter"),
        ("relay_domains", "customer.example", "backscatter"),
        ("virtual_mailbox_domains", "customer.example", "backscatter"),
        ("smtpd_reject_unlisted_recipient", "no", "backscatter"),
        ("mydestination", "static:all", "accept-all"), ("smtpd_forbid_bare_newline", "note", "smuggling"),
        ("smtpd_sasl_auth_enable", "yes", "plaintext-login"),
    ])
    func `What weakens the host without relaying is told`(name: String, value: String, kind: String) throws {
        let risk = try #require(host.setting(name, value).report.risks.first { $0.kind == kind })
        #expect(risk.parameter != nil)
    }

    @Test func `A sink for any domain is told, and a closed host has none`() {
        let sink = host.setting("mynetworks", "0.0.0.0/0").setting("default_transport", "discard:")
        #expect(sink.report.risks.contains { $0.kind == "accept-all" })
        #expect(!host.report.risks.contains { ["accept-all", "backscatter"].contains($0.kind) })
    }

    @Test func `The row that rewrites to a foreign address is to blame, not the domain that it is for`() {
        let row = #"/^(.*)@(.*)\.fax\.hosted\.example$/ $1@$2"#
        let host = SampleHost().setting("relay_domains", "fax.hosted.example").table("pcre:/c", row + "\n")
            .setting("canonical_maps", "pcre:/c")
        let report = host.report
        #expect(report.verdict == .open)
        #expect(report.causes.map(\.parameter) == ["canonical_maps"] && report.causes.first?.text == row)
        let repaired = host.repaired(host.repair)
        #expect(repaired.report.verdict == .closed)
        #expect(repaired.main == host.main && repaired.tables["pcre:/c"] == "")
    }
}
