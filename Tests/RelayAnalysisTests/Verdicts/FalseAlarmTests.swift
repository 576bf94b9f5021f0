import MailModel
import Testing

@testable import RelayAnalysis

/// What looks like a relay and is none.
@Suite struct FalseAlarmTests {
    private let host = SampleHost()
    private var open: SampleHost { host.setting("mynetworks", "0.0.0.0/0") }

    @Test(arguments: [
        ("smtpd_tls_security_level = encrypt\n", RelayVerdict.broken),
        ("smtpd_tls_wrappermode = yes\n", .broken), ("smtpd_tls_security_level = secure\n", .broken),
        ("smtpd_tls_security_level =\nsmtpd_enforce_tls = yes\n", .broken),
        // The level counts before the older switch.
        ("smtpd_tls_security_level = may\nsmtpd_enforce_tls = yes\n", .open),
        ("smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = none\n", .open),
        (
            "smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = none\nsmtpd_tls_ask_ccert = yes\n",
            .broken
        ),
        ("smtpd_tls_security_level = encrypt\nsmtpd_tls_chain_files = /etc/ssl/all.pem\n", .open),
    ])
    func `Where TLS is required and there is no certificate nobody sends anything`(
        lines: String, verdict: RelayVerdict
    ) {
        var host = open.setting("smtpd_tls_cert_file", "")
        host.master = "smtp inet n - y - - smtpd\n" + SampleHost.delivery
        host.main += lines
        let report = host.report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.line ?? 0 > 9) }
    }

    @Test(arguments: [
        ("mynetworks", "0.0.0.0/0 hash:", RelayVerdict.broken), ("relay_domains", "static:", .broken),
        ("smtpd_relay_restrictions", "check_client_access static:, reject", .broken),
        ("smtpd_helo_restrictions", "hash:", .broken), ("mynetworks", "0.0.0.0/0, 2001:db8::", .open),
        ("smtpd_sender_restrictions", "check_sender_access static:DUNNO", .open),
    ])
    func `A table without a name keeps smtpd from starting`(
        name: String, value: String, verdict: RelayVerdict
    ) {
        let report = open.setting(name, value).report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.text == "\(name) = \(value)") }
    }

    @Test(arguments: ["* OK\n", "user@* OK\n", ".* OK\n"])
    func `A key that is no domain lets in no sender and no recipient`(row: String) {
        for check in ["check_sender_access", "check_recipient_access"] {
            let list = "permit_mynetworks, \(check) hash:/t, reject_unauth_destination"
            let report = host.setting("smtpd_relay_restrictions", list).table("hash:/t", row).report
            #expect(report.verdict == .closed)
        }
    }

    @Test func `An empty result is an error, and no permission`() {
        let list = "check_client_access inline:{203.0.113=}, reject_unauth_destination"
        #expect(host.setting("smtpd_relay_restrictions", list).report.verdict == .closed)
        #expect(
            open.setting("smtpd_client_restrictions", "check_sender_access inline:{<>=}").report.verdict
                == .open)
    }

    @Test func `A client certificate counts for nothing where smtpd cannot use TLS`() {
        let host = host.setting("smtpd_tls_ask_ccert", "yes").setting("smtpd_tls_CAfile", "/etc/ssl/ca.pem")
            .setting("smtpd_relay_restrictions", "permit_tls_all_clientcerts, reject_unauth_destination")
        #expect(host.report.verdict == .partial)
        #expect(host.setting("smtpd_tls_cert_file", "").report.verdict == .closed)
    }

    @Test(arguments: [
        ("inet", RelayVerdict.closed), ("smtp/inet submission/inet", .closed), ("smtp.inet", .closed),
        ("submission/inet", .open), ("!smtp/inet inet", .open), ("unix", .broken), ("smtp/unix", .closed),
        ("", .open),
    ])
    func `A service that master does not listen for relays nothing`(disabled: String, verdict: RelayVerdict) {
        #expect(open.setting("master_service_disable", disabled).report.verdict == verdict)
    }

    @Test(arguments: [
        ("default_transport", "local:", RelayVerdict.closed), ("default_transport", "virtual", .closed),
        ("default_transport", "lmtp:unix:private/dovecot-lmtp", .closed),
        ("default_transport", "lmtp:inet:127.0.0.1:10024", .open),
        ("transport_maps", "inline:{*=local:}", .closed),
        ("default_transport", "smtp:[127.0.0.1]:10024", .open),
    ])
    func `What is delivered on this host does not relay`(name: String, value: String, verdict: RelayVerdict) {
        #expect(open.setting(name, value).report.verdict == verdict)
    }

    @Test func `Mail for a transport that master does not start waits`() {
        #expect(open.setting("default_transport", "nobody").report.verdict == .closed)
        var host = open
        host.master = host.master.replacing("smtp unix - - y - - smtp\n", with: "")
        #expect(host.report.verdict == .closed)
        #expect(host.setting("default_transport", "relay").report.verdict == .open)
    }

    @Test(arguments: [
        (["smtp_bind_address": "127.0.0.1"], RelayVerdict.open),
        (["smtp_bind_address": "127.0.0.1", "inet_protocols": "ipv4"], .closed),
        (["smtp_bind_address": "127.0.0.1", "smtp_bind_address6": "[::1]"], .closed),
        (["smtp_bind_address": "203.0.113.10", "inet_protocols": "ipv4"], .open),
        (
            ["smtp_bind_address": "127.0.0.1", "inet_protocols": "ipv4", "relayhost": "[127.0.0.1]:10025"],
            .open
        ),
        (
            ["smtp_bind_address": "127.0.0.1", "inet_protocols": "ipv4", "relayhost": "[203.0.113.25]"],
            .closed
        ),
    ])
    func `What speaks from loopback alone reaches nobody outside`(
        settings: [String: String], verdict: RelayVerdict
    ) {
        let host = settings.reduce(open) { $0.setting($1.key, $1.value) }
        #expect(host.report.verdict == verdict)
    }

    @Test func `What local delivery hands on may leave`() {
        let host = open.setting("default_transport", "local:")
        #expect(host.setting("fallback_transport", "smtp:").report.verdict == .open)
        #expect(host.setting("mailbox_transport", "lmtp:unix:private/lmtp").report.verdict == .closed)
        #expect(host.setting("fallback_transport", "error:no such user").report.verdict == .closed)
    }

    @Test(arguments: [
        ("relocated_maps", "static:elsewhere@partner.example", RelayVerdict.closed),
        ("relocated_maps", "inline:{info@partner.example=info@other.example}", .open),
        ("message_size_limit", "50", .closed), ("message_size_limit", "0", .open),
        ("message_size_limit", "5000", .open), ("body_checks", "static:REJECT", .open),
    ])
    func `A host that takes no message for anybody relays none`(
        name: String, value: String, verdict: RelayVerdict
    ) {
        #expect(open.setting(name, value).report.verdict == verdict)
    }

    @Test func `What a filter takes before the queue has not been measured against the limit`() {
        let host = open.setting("message_size_limit", "50").setting("smtpd_proxy_filter", "127.0.0.1:10024")
        #expect(host.report.verdict == .open)
    }

    @Test(arguments: [
        ("client", "OK", "clients without a verified name"),
        ("client", "REJECT", "clients without a verified name"),
        ("reverse_client_hostname", "OK", "clients without a reverse name"),
        ("helo", "OK", "anyone who says no HELO"), ("sender", "OK", "anyone with the null sender"),
        ("recipient", "OK", "anyone, to recipients such as user@elsewhere@"),
        ("recipient", "REJECT", "anyone, to recipients such as user@elsewhere@"),
    ])
    func `A check of addresses is passed by whoever has no domain, and by nobody else`(
        subject: String, result: String, who: String
    ) {
        let check = "check_\(subject)_a_access"
        let list = "\(check) static:\(result), check_client_access static:OK, reject_unauth_destination"
        let checked = host.setting("smtpd_relay_restrictions", list)
        #expect(checked.report.verdict == .partial)
        #expect(checked.report.causes.map(\.opens) == [who])
        #expect(checked.setting("smtpd_helo_required", "yes").report.verdict == .partial)
        let named = "\(check) inline:{partner.example=\(result)}, check_client_access static:OK, reject"
        #expect(host.setting("smtpd_relay_restrictions", named).report.verdict == .open)
    }

    @Test(arguments: ["smtpd_data_restrictions", "smtpd_end_of_data_restrictions"])
    func `A table without what it is asked for stops everything after the recipients`(list: String) throws {
        let report = open.setting(list, "inline:{nobody=OK}").report
        #expect(report.verdict == .closed)
        #expect(report.risks.contains { $0.kind == "inbound-refused" })
    }

    @Test func `A table without what it is asked for is asked for what its list is about`() {
        let host = open.setting("smtpd_client_restrictions", "inline:{unknown=REJECT}")
        #expect(host.report.verdict == .open)
        let closed = open.setting("smtpd_client_restrictions", "static:REJECT")
        #expect(closed.report.verdict == .closed)
    }

    @Test(arguments: [
        ("inline:{*=smtp:} inline:{partner.example=error:no}", RelayVerdict.closed),
        ("inline:{*=error:no} inline:{partner.example=smtp:}", .partial),
        ("inline:{*=smtp:} inline:{.example=error:no}", .closed),
        // The first row that is found ends the search, whatever it leaves as it is.
        ("inline:{partner.example=:[relay.example]} inline:{*=error:no}", .partial),
    ])
    func `The wildcard of one transport map comes after the rows of all`(maps: String, verdict: RelayVerdict)
    {
        let list = "permit_mynetworks, check_recipient_access inline:{info@partner.example=OK}, reject"
        let host = host.setting("smtpd_relay_restrictions", list).setting("transport_maps", maps)
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        ("hosted.example OK\n", RelayVerdict.closed), (".hosted.example OK\n", .closed),
        ("virtual.example OK\n", .closed), ("customer.example OK\n", .closed),
        ("other.example OK\n", .partial),
        ("joe@shop.virtual.example OK\n", .partial),
    ])
    func `A recipient map that names domains of this host opens none of others`(
        rows: String, verdict: RelayVerdict
    ) {
        let list = "permit_mynetworks, check_recipient_access hash:/r, reject_unauth_destination"
        let host = host.setting("smtpd_relay_restrictions", list).setting("relay_domains", "customer.example")
            .setting("virtual_mailbox_domains", "inline:{virtual.example=x}")
        #expect(host.table("hash:/r", rows).report.verdict == verdict)
    }

    @Test(arguments: [
        ("coop x\n", RelayVerdict.closed), ("x7q-recipient@ x\n", .closed),
        ("relay-check-x7q.coop x\n", .closed),
        ("@customer.example x\njoe@partner.example x\n", .closed),
    ])
    func `Of a relay for every domain only the listed recipients count`(rows: String, verdict: RelayVerdict) {
        let host = host.setting("relay_domains", "static:all").setting("relay_recipient_maps", "hash:/r")
        #expect(host.report.verdict != .closed)
        #expect(host.table("hash:/r", rows).report.verdict == verdict)
    }

    @Test func `An address that the configuration has Postfix listen on is no stranger's`() {
        let host = SampleHost().setting("mynetworks", "127.0.0.0/8 192.0.2.10/32 [2001:db8::10]/128")
        #expect(host.report.verdict == .partial)
        var bound = host.setting("inet_interfaces", "127.0.0.1, 192.0.2.10")
        bound.master += "[2001:db8::10]:2525 inet n - y - - smtpd\n"
        #expect(bound.report.verdict == .closed)
        #expect(bound.setting("mynetworks", "127.0.0.0/8 192.0.2.10/31").report.verdict == .partial)
    }

    @Test func `A network with a blank in it is an address and a file that nobody has`() throws {
        let report = SampleHost().setting("mynetworks", "127.0.0.0/8 !198.51.100.0 /24 0.0.0.0/0").report
        #expect(report.verdict == .broken)
        let cause = try #require(report.causes.first)
        #expect(cause.culprit == "/24" && cause.remedy.contains("without a blank before /24"))
        let only = SampleHost().setting("mynetworks", "127.0.0.0/8 198.51.100.0 /24").report
        #expect(only.verdict == .partial)
        #expect(
            only.causes.map(\.opens) == ["clients in 198.51.100.0, unless that is this host's own address"])
    }
}
