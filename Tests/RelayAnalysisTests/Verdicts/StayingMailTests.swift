import MailModel
import Testing

@testable import RelayAnalysis

/// Mail of everybody that is taken and goes nowhere, or is not taken after all (measured on Postfix 3.7.11).
@Suite struct StayingMailTests {
    private let host = SampleHost()
    private let open = SampleHost().setting("mynetworks", "0.0.0.0/0 [::]/0")

    @Test(arguments: [
        ("[127.0.0.1]", RelayVerdict.closed), ("[::1]", .closed), ("[127.0.0.1]:25", .closed),
        ("[mail.hosted.example]", .closed), ("[127.0.0.1]:10025", .open),
        ("127.0.0.1", .closed), ("[0.0.0.0]", .closed), ("[127.0.0.1]:587", .closed),
        ("[127.0.0.1] [192.0.2.1]", .closed), ("[192.0.2.1], [127.0.0.1]", .open),
        ("[192.0.2.1]", .open), ("smart.example:587", .open), ("[smart.example]", .open),
    ])
    func `What would be handed to this host itself comes back`(relayhost: String, verdict: RelayVerdict) {
        #expect(open.setting("relayhost", relayhost).report.verdict == verdict)
        #expect(open.setting("default_transport", "smtp:\(relayhost)").report.verdict == verdict)
    }

    @Test func `Another server may listen where this one does not`() {
        let host = open.setting("relayhost", "[127.0.0.1]").setting("inet_interfaces", "192.0.2.10")
        #expect(host.report.verdict == .open)
    }

    @Test(arguments: [
        ("inet_interfaces", "192.0.2.10, 127.0.0.1", RelayVerdict.closed),
        ("proxy_interfaces", "192.0.2.10", .closed), ("proxy_interfaces", "192.0.2.11", .open),
    ])
    func `An address that the configuration names is the host's own on a copy as well`(
        parameter: String, value: String, verdict: RelayVerdict
    ) {
        let host = open.setting("relayhost", "[192.0.2.10]")
        #expect(host.setting(parameter, value).report.verdict == verdict)
    }

    @Test func `An address that master.cf binds is the host's own, and so is one of an interface`() {
        var host = open.setting("relayhost", "[192.0.2.10]")
        #expect(host.report.verdict == .open)
        host.interfaces = [IPNetwork("192.0.2.10/24")].compactMap { $0 }
        #expect(host.report.verdict == .closed)
        host.interfaces = nil
        host.master += "192.0.2.10:2525 inet n - y - - smtpd\n"
        #expect(host.report.verdict == .closed)
    }

    @Test func `An smtpd on another port brings mail back, unless a filter has it first`() {
        var host = open.setting("relayhost", "[127.0.0.1]:10025")
        host.master += "10025 inet n - y - - smtpd\n"
        #expect(host.report.verdict == .closed)
        host.master += "  -o content_filter=smtp:[192.0.2.1]\n"
        #expect(host.report.verdict == .open)
    }

    @Test func `A filter on another port of this host gives mail back, on port 25 it is the host itself`() {
        #expect(open.setting("content_filter", "smtp:[127.0.0.1]").report.verdict == .closed)
        #expect(open.setting("content_filter", "smtp:[127.0.0.1]:10024").report.verdict == .open)
    }

    @Test func `A sender's relay that is this host keeps that sender's mail`() {
        let all = open.setting("sender_dependent_relayhost_maps", "static:[127.0.0.1]")
        #expect(all.report.verdict == .closed)
        let others = open.setting("relayhost", "[127.0.0.1]").setting(
            "sender_dependent_relayhost_maps", "inline:{@partner.example=[192.0.2.1]}")
        #expect(others.report.verdict == .partial)
    }

    @Test(arguments: [
        ("info@partner.example", RelayVerdict.closed), ("[192.0.2.1", .closed), ("192.0.2.1]", .closed),
        ("1.2.3", .closed), ("smart..example", .closed), (":25", .closed), ("[]", .closed),
        ("smtp:[192.0.2.1]", .closed), ("[192.0.2.1]:0", .closed), ("smart.example:99999", .closed),
        ("smart_host.example", .open), ("smart", .open), ("smart.example:", .open),
        ("[2001:db8::1]:587", .open),
        ("[IPv6:2001:db8::1]", .open), ("smart.example:smtp", .open), ("dunno", .open),
    ])
    func `Mail for what can be no host waits`(relayhost: String, verdict: RelayVerdict) {
        let report = open.setting("relayhost", relayhost).report
        #expect(report.verdict == verdict)
        #expect(report.keepsStrangersMail == (verdict == .closed))
        if verdict == .closed {
            #expect(report.risks.first?.text == "relayhost = \(relayhost)")
            #expect(!report.risks.contains { $0.kind == "accept-all" })
        }
        let bySender = open.setting("sender_dependent_relayhost_maps", "inline:{@relay-check-x7q.coop=[]}")
        #expect(bySender.report.verdict == .partial)
    }

    @Test func `Mail that waits for what is no host leaves when a plan counts it as sent`() {
        let configuration = open.setting("relayhost", "smtp:[192.0.2.1]").configuration
        let report = explainRelay(configuration, trusted: SampleHost.trusted, deferred: .leaves)
        #expect(report.verdict == .open)
    }

    @Test(arguments: [("relayhost", "$mydomain"), ("default_transport", "smtp:[hosted.example]:587")])
    func `A way out that leads to an own domain may lead back, and that is said`(
        parameter: String, value: String
    ) {
        let report = open.setting(parameter, value).report
        #expect(report.verdict == .open)
        #expect(report.risks.first { $0.kind == "loop" }?.text == "\(parameter) = \(value)")
        #expect(!open.setting(parameter, "smtp:[192.0.2.1]").report.risks.contains { $0.kind == "loop" })
    }

    @Test func `A route of its own or a sender's relay is no loop`() {
        let host = open.setting("relayhost", "[127.0.0.1]")
        let routed = host.setting("transport_maps", "inline:{partner.example=smtp:[192.0.2.1]}")
        #expect(routed.report.verdict == .partial)
        let bySender = host.setting("sender_dependent_relayhost_maps", "static:[192.0.2.1]")
        #expect(bySender.report.verdict == .open)
    }

    @Test(arguments: [("1", RelayVerdict.closed), ("2", .open)])
    func `One hop is one too many`(limit: String, verdict: RelayVerdict) {
        #expect(open.setting("hopcount_limit", limit).report.verdict == verdict)
    }

    @Test(arguments: [
        ("starttls", "encrypt", RelayVerdict.broken), ("silent-discard, STARTTLS", "encrypt", .broken),
        ("starttls", "may", .open), ("auth", "encrypt", .open),
    ])
    func `TLS that is required and not offered keeps everybody out`(
        keywords: String, level: String, verdict: RelayVerdict
    ) {
        var host = open.setting("smtpd_tls_security_level", level)
        host = host.setting("smtpd_discard_ehlo_keywords", keywords)
        host.master = "smtp inet n - y - - smtpd\n" + SampleHost.delivery
        let report = host.report
        #expect(report.verdict == verdict)
        if verdict == .broken {
            #expect(report.causes.first?.text == "smtpd_discard_ehlo_keywords = \(keywords)")
        }
    }

    @Test(arguments: [
        ("static:starttls", "auth", RelayVerdict.broken), ("static:{auth, STARTTLS}", "", .broken),
        ("static:auth", "starttls", .open), ("hash:/none", "", .open),
    ])
    func `What a map hides from every address takes the place of what is hidden`(
        map: String, keywords: String, verdict: RelayVerdict
    ) {
        var host = open.setting("smtpd_tls_security_level", "encrypt").table("hash:/none", "")
        host = host.setting("smtpd_discard_ehlo_keyword_address_maps", map)
            .setting("smtpd_discard_ehlo_keywords", keywords)
        host.master = "smtp inet n - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == verdict)
        if verdict == .broken {
            #expect(host.report.causes.first?.parameter == "smtpd_discard_ehlo_keyword_address_maps")
        }
    }

    @Test(arguments: [
        ("rcpt", RelayVerdict.broken), ("MAIL", .broken), ("QUIT, RSET static:x", .broken),
        ("inline:{rcpt=x}", .broken), ("inline:{RCPT=x}", .open), ("DATA", .open), ("DATA, BDAT", .broken),
        ("HELO EHLO", .open),
        ("CONNECT GET POST", .open), ("!RCPT, !rcpt", .open), ("hash:/none", .open),
    ])
    func `Commands that do nothing keep everybody out where mail needs them`(
        commands: String, verdict: RelayVerdict
    ) {
        let report = open.setting("smtpd_noop_commands", commands).report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.parameter == "smtpd_noop_commands") }
        #expect(open.setting("smtpd_forbidden_commands", commands).report.verdict == .open)
    }

    @Test func `Without DATA there is BDAT, unless that is hidden, and a greeting may be asked for`() {
        let host = open.setting("smtpd_noop_commands", "DATA HELO EHLO")
        #expect(host.report.verdict == .open)
        #expect(host.setting("smtpd_discard_ehlo_keywords", "chunking").report.verdict == .broken)
        #expect(host.setting("smtpd_helo_required", "yes").report.verdict == .broken)
    }

    @Test func `XCLIENT that does nothing lets nobody pretend`() {
        let host = SampleHost().setting("smtpd_authorized_xclient_hosts", "0.0.0.0/0")
        #expect(host.report.verdict == .open)
        #expect(host.setting("smtpd_noop_commands", "XCLIENT").report.verdict == .closed)
    }

    @Test func `An override of one service closes that port alone`() {
        var host = open
        host.master = host.master.replacing(
            "- y - - smtpd\nsub", with: "- y - - smtpd -o smtpd_noop_commands=RCPT\nsub")
        let report = host.report
        #expect(report.verdict == .broken)
        #expect(report.listeners.filter { $0.port == 587 }.allSatisfy { $0.verdict == .closed })
        #expect(report.causes.first?.remedy == "Take RCPT out of smtpd_noop_commands.")
    }

    @Test(arguments: [
        ("inline:{info@hosted.example=x}", RelayVerdict.closed), ("static:x", .open), ("", .open),
        ("pcre:/m", .partial),
    ])
    func `Mailboxes that are not listed get no mail for other hosts`(maps: String, verdict: RelayVerdict) {
        var host = SampleHost().table("pcre:/m", "/^info@/ x\n")
        host = host.setting("virtual_mailbox_domains", "static:all")
        host = host.setting("virtual_mailbox_maps", maps).setting("virtual_transport", "smtp:")
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        ("texthash:/t", "a OK\nb OK\n", RelayVerdict.open), ("texthash:/t", "a OK\nA OK\n", .broken),
        ("hash:/t", "a OK\nA OK\n", .open),
    ])
    func `Two rows with one key make a text table useless`(
        table: String, rows: String, verdict: RelayVerdict
    ) {
        let host = open.table(table, rows).setting(
            "smtpd_client_restrictions", "check_client_access \(table)")
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        ("REJECT,DUNNO", RelayVerdict.open), ("DUNNO,REJECT", .open), ("REJECT,450 later", .broken),
        ("HOLD,OK", .open),
    ])
    func `Of values at random the widest counts`(values: String, verdict: RelayVerdict) {
        let list = "check_client_access randmap:{\(values)}"
        #expect(open.setting("smtpd_sender_restrictions", list).report.verdict == verdict)
    }

    @Test(arguments: [
        ("default_transport", "discard:"), ("smtpd_data_restrictions", "permit_sasl_authenticated, reject"),
        ("smtpd_end_of_data_restrictions", "permit_sasl_authenticated, reject"),
        ("smtpd_sender_restrictions", "check_sender_access static:DISCARD"),
        ("virtual_alias_maps", "static:root@hosted.example"),
        ("transport_maps", "inline:{*=error:no}"), ("inet_interfaces", "loopback-only"),
        ("content_filter", "discard:x"), ("defer_transports", "smtp"),
        ("inet_protocols", "ipv6"),
    ])
    func `What is accepted and goes nowhere does not relay`(name: String, value: String) {
        #expect(host.setting("mynetworks", "0.0.0.0/0").setting(name, value).report.verdict == .closed)
    }

    @Test func `What waits for the end of an emergency is told as a risk, where strangers' mail is in it`() {
        let braked = host.setting("defer_transports", "smtp")
        #expect(braked.report.risks.allSatisfy { $0.kind != "deferred-relay" })
        let report = braked.setting("mynetworks", "0.0.0.0/0").report
        #expect(report.verdict == .closed)
        #expect(report.risks.contains { $0.kind == "deferred-relay" && $0.parameter == "defer_transports" })
    }

    @Test(arguments: [
        ("smtpd_client_restrictions", "check_client_access static:HOLD", ""),
        ("smtpd_recipient_restrictions", "check_sender_access pcre:/t", "/./ HOLD\n"),
        ("header_checks", "regexp:/t", "/^Received:/ HOLD\n"),
        ("header_checks", "pcre:/t", "/^Subject:/ WARN\n/^received: from/ HOLD for MailScanner\n"),
    ])
    func `What is on hold leaves when it is released, so it is a risk and is repaired`(
        name: String, value: String, text: String
    ) throws {
        var held = host.setting(name, value)
        if !text.isEmpty { held = held.table(String(value.split(separator: " ").last ?? ""), text) }
        #expect(held.report.risks.allSatisfy { $0.kind != "deferred-relay" })
        let open = held.setting("mynetworks", "0.0.0.0/0")
        let report = open.report
        #expect(report.verdict == .closed)
        let risk = try #require(report.risks.first { $0.kind == "deferred-relay" })
        #expect(risk.parameter == name && risk.text == "\(name) = \(value)" && risk.file == "main.cf")
        let later = explainRelay(open.configuration, trusted: SampleHost.trusted, deferred: .leaves)
        #expect(later.verdict == .open && later.causes.first?.culprit == "0.0.0.0/0")
        #expect(report.keepsStrangersMail && later.keepsStrangersMail)
        let repair = repairRelay(open.configuration, trusted: SampleHost.trusted, deferred: .leaves)
        #expect(repair.after.verdict == .closed)
        #expect(open.repaired(repair).main == held.setting("mynetworks", "127.0.0.0/8 [::1]/128").main)
        #expect(open.repair.edits.isEmpty)
    }

    @Test func `A filter before the queue leaves nothing to discard`() {
        let host = host.setting("mynetworks", "0.0.0.0/0")
            .setting("smtpd_client_restrictions", "check_client_access static:DISCARD")
        #expect(host.report.verdict == .closed)
        #expect(host.setting("smtpd_proxy_filter", "127.0.0.1:10024").report.verdict == .open)
    }
}
