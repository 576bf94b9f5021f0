import MailModel
import Testing

@testable import RelayAnalysis

/// How far strangers are looked for: past what stops the first one, and past what takes more than one thing to pass.
struct SearchTests {
    private let open = SampleHost().setting("mynetworks", "0.0.0.0/0")

    @Test(arguments: [
        ("transport_maps", "inline:{{*=discard:} {partner.example=smtp:}}", ""),
        ("transport_maps", "inline:{{*=error:no} {.partner.example=:[192.0.2.1]}}", ""),
        ("transport_maps", "pcre:/t", "/@partner\\.example$/ smtp:\n/./ discard:\n"),
        ("virtual_alias_maps", "pcre:/t", "/(@partner\\.example)$/ x$1\n/./ root@hosted.example\n"),
        ("virtual_alias_maps", "hash:/t", "@relay-check-x7q.coop root@hosted.example\n"),
        ("sender_dependent_default_transport_maps", "pcre:/t", "/@partner\\.example$/ smtp:\n/./ discard:\n"),
        (
            "header_checks", "pcre:/t",
            "if !/^Received: from mail\\.partner\\.example/\n/^Received:/ DISCARD\nendif\n"
        ),
        ("smtpd_sender_restrictions", "check_sender_access hash:/t", "relay-check-x7q.coop DISCARD\n"),
        ("smtpd_client_restrictions", "check_client_access pcre:/t", "/relay-check-x7q/ HOLD\n"),
        (
            "smtpd_recipient_restrictions",
            "check_client_access inline:{203.0.113=OK}, check_recipient_access static:DISCARD", ""
        ),
    ])
    func `Mail that goes nowhere hides no other that leaves`(name: String, value: String, text: String) {
        let host = open.setting(name, value).setting("virtual_alias_domains", "")
        #expect(host.table(String(value.split(separator: " ").last ?? ""), text).report.verdict == .partial)
    }

    @Test(arguments: [
        (
            "smtpd_helo_restrictions", "reject_non_fqdn_helo_hostname", "check_helo_access hash:/t",
            "localhost OK\n"
        ),
        (
            "smtpd_sender_restrictions", "check_sender_access pcre:{{/@hosted\\.example$$/ REJECT}}",
            "check_sender_access hash:/t", "hosted.example OK\n"
        ),
    ])
    func `What is below a name passes where the name is refused`(
        list: String, refusal: String, check: String, text: String
    ) {
        let gate = "\(check), reject_unauth_destination"
        let host = SampleHost().setting(list, refusal).setting("smtpd_relay_restrictions", gate)
            .setting("smtpd_helo_required", "yes").table("hash:/t", text)
        #expect(host.report.verdict == .partial)
        #expect(host.setting("parent_domain_matches_subdomains", "").report.verdict == .closed)
    }

    @Test(arguments: [
        ("pcre:/t", "/^probe/ OK\n", "example.net OK\n", RelayVerdict.partial),
        ("pcre:/t", "/^probe/ OK\n", ".example.net OK\n", .closed),
        ("hash:/t", "probe@ OK\n", "example.net OK\n", .partial),
        ("hash:/t", "probe@ OK\n", "probe@example.net OK\n", .partial),
        ("pcre:/t", "/^probe/ OK\n", "alice@example.net OK\n", .closed),
        ("pcre:/t", "/^probe@/ OK\n/example/ REJECT\n", "example.net OK\n", .partial),
        ("pcre:/t", "/example/ REJECT\n/^probe/ OK\n", "example.net OK\n", .closed),
    ])
    func `A sender may have to please the tables of both lists`(
        table: String, text: String, other: String, verdict: RelayVerdict
    ) {
        let host = SampleHost()
            .setting("smtpd_relay_restrictions", "check_sender_access \(table), reject_unauth_destination")
            .setting("smtpd_recipient_restrictions", "check_sender_access hash:/o, reject_unauth_destination")
        #expect(host.table(table, text).table("hash:/o", other).report.verdict == verdict)
    }

    @Test(arguments: ["discard:", "error:no"])
    func `Where mail stays, one route still leads outside`(transport: String) {
        let host = open.setting("default_transport", transport)
        #expect(host.report.verdict == .closed)
        let routes = host.setting("transport_maps", "hash:/t")
        #expect(routes.table("hash:/t", "partner.example smtp:\n").report.verdict == .partial)
        #expect(routes.table("hash:/t", "hosted.example smtp:[192.0.2.1]\n").report.verdict == .closed)
        #expect(host.setting("transport_maps", "mysql:/etc/postfix/t.cf").report.verdict == .unknown)
        let senders = host.setting("sender_dependent_default_transport_maps", "hash:/t")
        #expect(senders.table("hash:/t", "boss@hosted.example smtp:\n").report.verdict == .partial)
    }

    @Test(arguments: [
        ("/^(.).*@(.)/ $1$2", RelayVerdict.partial), ("/^(.*)@/ $1", .partial), ("/^(.*)@/ ${1}IT", .partial),
        ("/^([0-9]+)@/ $1", .partial), ("/^(.*)@(.*)$/ per$1 $2", .partial), ("/^(x)?(.*)@/ $1", .broken),
        ("/^(x*)x7q@/ $1", .closed),
        ("/^(x)(.*)@/ $1", .broken), ("/^(.*)@/ x$1", .broken), ("/^(.*)@/ 450 $1", .closed),
        ("/^([0-9]+)@/ $1 no", .closed), ("/^([a-z]*?)(?=[k]@)/ ${1}k", .unknown),
        ("/^(.*)@(?=q)/ $1", .unknown),
    ])
    func `A result that is made of what the client says may be any word`(rule: String, verdict: RelayVerdict)
    {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions", "check_sender_access pcre:/t, reject_unauth_destination"
        ).table("pcre:/t", rule + "\n")
        #expect(host.report.verdict == verdict)
    }

    @Test func `The names of classes are words that a result may be`() {
        let host = SampleHost().setting("smtpd_restriction_classes", "friends").setting("friends", "permit")
            .setting(
                "smtpd_relay_restrictions", "check_helo_access pcre:/t, reject_unauth_destination"
            ).table("pcre:/t", "/^(f[a-z]+)\\./ $1\n")
        #expect(host.report.causes.first?.opens.contains("HELO name such as friends.") == true)
    }

    @Test func `The work does not grow with the product of two tables`() {
        let rows = { (text: (Int) -> String) in (0..<150).map(text).joined(separator: "\n") + "\n" }
        let list = "check_client_access hash:/c, check_sender_access hash:/s, reject_unauth_destination"
        let host = SampleHost().setting("smtpd_relay_restrictions", list)
            .setting("smtpd_helo_restrictions", "check_helo_access hash:/h")
            .table("hash:/c", rows { "203.0.113.\($0) DUNNO" })
            .table("hash:/s", rows { "user\($0)@partner.example PREPEND X: \($0)" })
            .table("hash:/h", rows { "mail\($0).partner.example permit_auth_destination" })
        var search = StrangerSearch(
            SMTPServer(Host(host.configuration, trusted: SampleHost.trusted), service: 0))
        search.run(from: Stranger.addresses[0])
        #expect(search.findings.isEmpty && search.isComplete)
        #expect(search.sessionCount < 10_000)
        #expect(
            host.table("hash:/s", "a@partner.example DUNNO\nboss@partner.example OK\n").report.verdict
                == .partial)
    }

    @Test func `Five traits together are found`() {
        let host = SampleHost().setting("smtpd_tls_ask_ccert", "yes")
            .setting("smtpd_restriction_classes", "first, second, third, fourth")
            .setting("first", "check_client_access inline:{203.0.113=second}")
            .setting("second", "check_sender_access inline:{boss@hosted.example=third}")
            .setting("third", "check_ccert_access static:fourth")
            .setting("fourth", "check_recipient_access inline:{partner.example=OK}")
            .setting(
                "smtpd_relay_restrictions",
                "check_helo_access inline:{localhost=first}, reject_unauth_destination")
        #expect(host.report.verdict == .partial)
        #expect(host.setting("fourth", "reject").report.verdict == .closed)
    }
}

/// Strangers who say themselves who they are, and lists that are asked before anybody said anything.
struct EarlyListTests {
    private func relay(_ before: String) -> SampleHost {
        SampleHost().setting("smtpd_relay_restrictions", before + ", reject_unauth_destination")
            .setting("mynetworks", "")
    }

    @Test(arguments: [
        ("check_client_access inline:{198.51.100=OK}", RelayVerdict.open),
        ("check_client_access inline:{mail.hosted.example=OK}", .open),
        ("check_client_access cidr:{{127.0.0.0/8 OK}}", .open), ("permit_inet_interfaces", .open),
        ("check_client_access inline:{127.0.0.1=REJECT}", .closed), ("permit_sasl_authenticated", .closed),
    ])
    func `Whoever says PROXY is whom a list of clients names`(list: String, verdict: RelayVerdict) {
        var host = relay(list).setting("smtpd_upstream_proxy_protocol", "haproxy")
        host.master = "smtp inet n - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        ("check_client_access cidr:{{127.0.0.0/8 OK}}", RelayVerdict.open),
        ("permit_sasl_authenticated", .open),
        ("permit_inet_interfaces", .closed),
    ])
    func `Whoever says XCLIENT has another address, and the same connection`(
        list: String, verdict: RelayVerdict
    ) {
        var host = relay(list).setting("smtpd_authorized_xclient_hosts", "0.0.0.0/0")
        if list == "permit_inet_interfaces" { host = host.setting("smtpd_sasl_auth_enable", "no") }
        host.master = "smtp inet n - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == verdict)
    }

    @Test func `Where clients are judged at once, no rule about the sender holds, and nothing is discarded`()
    {
        let open = SampleHost().setting("mynetworks", "0.0.0.0/0").setting("smtpd_delay_reject", "no")
        for (list, value) in [
            ("smtpd_client_restrictions", "check_sender_access static:REJECT"),
            ("smtpd_helo_restrictions", "check_sender_access static:REJECT"),
            ("smtpd_client_restrictions", "check_helo_access static:REJECT"),
            ("smtpd_client_restrictions", "check_client_access static:DISCARD"),
            ("smtpd_helo_restrictions", "check_client_access static:HOLD"),
        ] {
            #expect(open.setting(list, value).report.verdict == .open, "\(list) = \(value)")
            let late = open.setting("smtpd_delay_reject", "yes").setting(list, value).report.verdict
            #expect(late != .open, "\(list) = \(value)")
        }
        for (list, value) in [
            ("smtpd_client_restrictions", "check_client_access static:REJECT"),
            ("smtpd_sender_restrictions", "check_sender_access static:REJECT"),
            ("smtpd_sender_restrictions", "check_client_access static:DISCARD"),
        ] {
            #expect(open.setting(list, value).report.verdict == .closed, "\(list) = \(value)")
        }
    }

    @Test func `A name opens for clients of IPv6 as for those of IPv4`() {
        let host = relay("check_client_access inline:{dsl.example=OK}")
            .setting("smtpd_client_restrictions", "check_client_access cidr:{{0.0.0.0/0 REJECT}}")
        #expect(host.report.verdict == .partial)
        #expect(host.setting("inet_protocols", "ipv4").report.verdict == .closed)
    }
}

/// Mail for domains of this host that leaves all the same, and clients that are known by the domains relayed for.
struct OutboundClassTests {
    @Test(arguments: [
        (
            ["virtual_mailbox_domains": "static:all", "virtual_transport": "smtp:[smart.example]"],
            RelayVerdict.open
        ),
        (["virtual_mailbox_domains": "static:all", "virtual_transport": "smtp:[127.0.0.1]:24"], .closed),
        (["virtual_mailbox_domains": "static:all", "virtual_transport": "lmtp:[mail.example]"], .closed),
        (["virtual_mailbox_domains": "shop.example", "virtual_transport": "smtp:[smart.example]"], .closed),
        (
            ["mydestination": "static:all", "local_recipient_maps": "", "fallback_transport": "smtp:"],
            .closed
        ),
        (
            [
                "mydestination": "static:all", "local_recipient_maps": "",
                "mailbox_transport": "relay:[a.example]",
            ], .open
        ),
        (["local_recipient_maps": "", "fallback_transport": "smtp:[inner.example]"], .closed),
        (["relay_domains": "static:"], .broken), (["relay_domains": "static:{a b}"], .open),
    ])
    func `What a class of this host's own sends on is relayed where the class is everything`(
        settings: [String: String], verdict: RelayVerdict
    ) {
        var host = SampleHost()
        for (name, value) in settings { host = host.setting(name, value) }
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        ("/^([^=@]+)=([^=@]+)@hosted\\.example$/ $1@$2", RelayVerdict.open),
        ("/^(.+)\\+([^+@]+)@/ root, ${1}@${2}", .open), ("/^([^=]+)=([a-z]+)@/ $1@$2.example", .partial),
        ("/^([^=]+)=partner\\.example@/ $1@partner.example", .closed),
        ("/^b-([^=]+)=([^=]+)@/ $1@$2", .open),
        ("/^([^=]+)=([^=]+)@/ postmaster@$2", .partial),
    ])
    func `An address of this host that stands for any other opens it to every recipient`(
        rule: String, verdict: RelayVerdict
    ) {
        let host = SampleHost().setting("recipient_canonical_maps", "pcre:/t").table("pcre:/t", rule + "\n")
        #expect(host.report.verdict == verdict)
        #expect(host.repair.after.verdict == .closed)
    }

    @Test(arguments: [
        ("inline:{partner.example=OK}", RelayVerdict.partial), ("pcre:{{/^203\\.0\\.113\\./ OK}}", .partial),
        ("inline:{host.partner.example=OK}", .partial),
    ])
    func `Who gets past one list by his name comes to what another asks for`(
        table: String, verdict: RelayVerdict
    ) {
        let list = "permit_mynetworks, check_client_access \(table), reject_unauth_destination"
        let host = SampleHost().setting("smtpd_relay_restrictions", list)
            .setting("smtpd_client_restrictions", "check_client_access pcre:{{/^host/ REJECT}}")
        #expect(host.report.verdict == verdict)
    }

    @Test func `What a second expression takes out of a rule is not let in by it`() {
        let list = "permit_mynetworks, check_client_access regexp:/p, reject_unauth_destination"
        let host = SampleHost().setting("smtpd_relay_restrictions", list)
        #expect(host.table("regexp:/p", "/partner/!/dsl/ OK\n").report.verdict == .partial)
        #expect(host.table("regexp:/p", "/partner/!/./ OK\n").report.verdict == .closed)
        #expect(host.table("regexp:/p", "/partner/!!/dsl/ OK\n").report.verdict == .partial)
    }

    @Test(arguments: [
        ("$user@$extension", RelayVerdict.open), ("${user}@$(extension)", .open),
        ("postmaster@$extension", .partial),
        ("$user@other.example", .closed), ("root+$extension", .closed), ("$local", .closed), ("", .closed),
    ])
    func `Mail for unknown users goes where their address says`(value: String, verdict: RelayVerdict) {
        let host = SampleHost().setting("local_recipient_maps", "").setting("recipient_delimiter", "+")
            .setting("luser_relay", value)
        #expect(host.report.verdict == verdict)
        #expect(host.setting("local_recipient_maps", "hash:/t").report.verdict == .closed)
        if verdict != .closed {
            #expect(
                host.repair.after.verdict == .closed && host.report.causes.first?.parameter == "luser_relay")
        }
    }

    @Test func `A pattern of listed recipients holds below a short name too`() {
        let host = SampleHost().setting("relay_domains", "co.uk").setting("relay_recipient_maps", "regexp:/t")
        #expect(host.table("regexp:/t", "/^boss/ x\n").report.verdict == .partial)
        #expect(host.table("regexp:/t", "/@partner\\.example$/ x\n").report.verdict == .closed)
    }

    @Test func `A white list of own recipients leads on by their hosts where routing is trusted`() {
        let list = "check_recipient_access inline:{hosted.example=OK}, reject_unauth_destination"
        let host = SampleHost().setting("smtpd_relay_restrictions", list)
        #expect(host.report.verdict == .closed)
        let open = host.setting("allow_untrusted_routing", "yes")
        #expect(open.report.verdict == .partial && open.repair.after.verdict == .closed)
    }

    @Test func `Until 3.9, a client by its name in relay_domains was let in by check_relay_domains`() {
        let list = "permit_mynetworks, check_relay_domains"
        let gate = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
        var host = SampleHost().setting("smtpd_relay_restrictions", list).setting(
            "relay_domains", "partner.example")
        host.version = "3.7.11"
        #expect(host.report.verdict == .partial)
        #expect(host.report.causes.first?.opens.contains("verified name is in partner.example") == true)
        let repair = host.repair
        #expect(repair.after.verdict == .closed && host.repaired(repair).main.contains(gate))
        #expect(host.setting("relay_domains", "").report.verdict == .closed)
        #expect(host.setting("smtpd_peername_lookup", "no").report.verdict == .closed)
    }
}
