import MailModel
import Testing

@testable import RelayAnalysis

/// Mail that is taken and waits in the queue, since a program that would pass it on does not start (measured on
/// Postfix 3.7.11).
@Suite struct WaitingMailTests {
    private let open = SampleHost().setting("mynetworks", "0.0.0.0/0 [::]/0")

    @Test(arguments: [
        ("default_destination_concurrency_limit", "abc"), ("minimal_backoff_time", "1x"),
        ("queue_run_delay", "0"), ("qmgr_message_active_limit", "0"), ("transport_retry_time", "5 m"),
        ("local_destination_concurrency_limit", "abc"), ("smtp_tls_security_level", "bogus"),
        ("smtp_helo_timeout", "x"), ("smtp_helo_timeout", "5M"), ("smtp_randomize_addresses", "on"),
        ("smtp_destination_concurrency_limit", "abc"),
        ("smtp_generic_maps", "rewrites"), ("smtp_bind_address", "mail.hosted.example"),
        ("smtp_dns_support_level", "x"), ("smtp_sasl_auth_enable", "yes"), ("smtp_address_preference", "x"),
        ("smtp_transport_rate_delay", "x"), ("smtp_initial_destination_concurrency", "0"),
        ("smtp_recipient_refill_limit", "0"), ("smtp_dns_resolver_options", "RES_DNSRCH"),
        ("smtp_sasl_auth_cache_time", "25000"), ("info_log_address_format", "foo"),
        ("bounce_queue_lifetime", "101"),
    ])
    func `What the programs behind smtpd cannot read keeps strangers' mail`(name: String, value: String) {
        let report = open.setting(name, value).report
        #expect(report.verdict == .closed && report.keepsStrangersMail)
        let risk = report.risks.first { $0.kind == RelayRisk.deferredRelay }
        #expect(risk?.parameter == name && risk?.text == "\(name) = \(value)")
        let later = explainRelay(
            open.setting(name, value).configuration, trusted: SampleHost.trusted, deferred: .leaves)
        #expect(later.verdict == .open)
    }

    @Test(arguments: [
        ("lmtp_helo_timeout", "x"), ("relay_destination_concurrency_limit", "x"),
        ("smtp_tls_security_level", "May"), ("smtp_helo_timeout", "+5mins"),
        ("default_recipient_limit", "-1"),
        ("smtp_mx_session_limit", "-1"), ("smtp_use_tls", "YES"), ("smtp_bind_address", "[203.0.113.10]"),
        ("minimal_backoff_time", "${stress?{1}:{2}}m"), ("maximal_queue_lifetime", "0"),
        ("smtp_dns_support_level", "Enabled"), ("smtp_tls_loglevel", "x"), ("smtp_sasl_type", "x"),
        ("maximal_queue_lifetime", "100"), ("bounce_queue_lifetime", "2400h"),
        ("delay_warning_time", "596522"),
        ("smtp_host_lookup", "native, dns"), ("smtp_dns_resolver_options", "res_defnames"),
        ("default_delivery_slot_discount", "-5"), ("info_log_address_format", "internal"),
        ("milter_macro_defaults", "x"), ("delay_logging_resolution_limit", "-1"),
        ("unverified_sender_reject_code", "599"), ("smtp_destination_recipient_limit", "-1"),
        ("smtp_bind_address6", "x"), ("bounce_size_limit", "x"),
        ("virtual_mailbox_limit", "x"),
    ])
    func `What the mail does not meet, or what is right, keeps nothing`(name: String, value: String) {
        let report = open.setting(name, value).report
        #expect(report.verdict == .open && !report.risks.contains { $0.kind == "delivery-broken" })
    }

    @Test(arguments: [
        ("smtp unix - - y - - smtp\n", "smtp unix - - y - - smtp -o smtp_helo_timeout=x\n"),
        ("smtp unix - - y - - smtp\n", "smtp unix - - y - - smtp x\n"),
        ("qmgr unix n - y 300 1 qmgr\n", "qmgr unix n - y 300 1 qmgr -o queue_run_delay=0\n"),
        ("qmgr unix n - y 300 1 qmgr\n", ""),
    ])
    func `Neither do they start with such words in master.cf`(line: String, other: String) {
        var host = open
        host.master = host.master.replacing(line, with: other)
        #expect(host.report.verdict == .closed && host.report.keepsStrangersMail)
        host.master = open.master.replacing(
            "relay unix - - y - - smtp\n", with: "relay unix - - y - - smtp x\n")
        #expect(host.report.verdict == .open)
    }

    @Test(arguments: [
        ("mailbox_size_limit", "x", true), ("mailbox_size_limit", "100", true),
        ("message_size_limit", "0", true), ("mailbox_size_limit", "0", false),
    ])
    func `Mail for others leaves where that for this host alone does not arrive`(
        name: String, value: String, isBroken: Bool
    ) {
        let report = open.setting(name, value).report
        #expect(report.verdict == .open)
        let isSaid = report.risks.contains { $0.kind == "delivery-broken" && $0.parameter == name }
        #expect(isSaid == isBroken)
    }

    @Test func `A closed host is told that it delivers nothing`() throws {
        let report = SampleHost().setting("minimal_backoff_time", "1x").report
        #expect(report.verdict == .closed && !report.keepsStrangersMail)
        let risk = try #require(report.risks.first { $0.kind == "delivery-broken" })
        #expect(risk.parameter == "minimal_backoff_time" && risk.why.contains("bad time value"))
        #expect(risk.why.hasPrefix("Mail is taken and waits in the queue until this is mended"))
    }

    @Test func `A host whose master cf is empty takes no mail that could wait`() throws {
        var host = SampleHost()
        host.master = ""
        let report = host.report
        #expect(report.verdict == .closed && report.listeners.isEmpty)
        let risk = try #require(report.risks.first { $0.kind == "delivery-broken" })
        #expect(risk.why.hasPrefix("No mail is taken or delivered until this is mended"))
    }
}
