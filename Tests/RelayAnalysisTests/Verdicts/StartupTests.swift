import MailModel
import Testing

@testable import RelayAnalysis

/// Values with which Postfix does not start, and those that it reads in another way than they look (measured on 3.7.11).
@Suite struct StartupTests {
    private let host = SampleHost()
    private var open: SampleHost { host.setting("mynetworks", "0.0.0.0/0 [::]/0") }

    @Test(arguments: [
        ("smtpd_tls_security_level", "maybe", RelayVerdict.broken),
        ("smtpd_tls_security_level", "dane", .broken), ("smtpd_tls_security_level", "May", .open),
        ("smtpd_tls_security_level", "verify", .open), ("smtpd_sasl_type", "ldap", .broken),
        ("smtpd_sasl_type", "Dovecot", .broken), ("smtpd_sasl_type", "dovecot", .open),
        ("relayhost", "$myhostname", .broken), ("relayhost", "Mail.Hosted.Example", .broken),
        ("inet_protocols", "ipv4 ipv6", .open), ("inet_protocols", "IPV4", .broken),
        ("inet_protocols", "ip4", .broken), ("inet_protocols", "", .broken),
        ("inet_interfaces", "ALL", .broken), ("inet_interfaces", "Loopback-Only", .broken),
        ("inet_interfaces", "", .broken), ("inet_interfaces", "all, !192.0.2.10", .broken),
        ("inet_interfaces", "$myhostname, [2001:db8::1] 192.0.2.10", .open),
        ("myhostname", "mail.hosted.example # new", .broken), ("myhostname", "", .broken),
        ("mydomain", "", .broken), ("myorigin", "$mydomain # all", .broken),
        ("myorigin", "/etc/mailname", .open), ("relayhost", "smart.example", .open),
        ("compatibility_level", "9999", .open),
        ("compatibility_level", "3.1023", .open), ("compatibility_level", "3.1024", .broken),
        ("compatibility_level", "three", .broken), ("compatibility_level", "-1", .broken),
    ])
    func `A word that is none stops it, with its own line`(
        name: String, value: String, verdict: RelayVerdict
    ) {
        let report = open.setting(name, value).report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.text == "\(name) = \(value)") }
    }

    /// smtpd itself, what it asks for addresses, what takes the message, and all programs alike.
    @Test(arguments: [
        ("message_size_limit", "10M", RelayVerdict.broken), ("message_size_limit", "10240000", .open),
        ("smtpd_recipient_limit", "many", .broken), ("smtpd_recipient_limit", "", .broken),
        ("smtpd_recipient_limit", "-1", .broken), ("smtpd_recipient_limit", "${stress?{1}:{20}}", .open),
        ("smtpd_timeout", "5 minutes", .broken), ("smtpd_timeout", "5m", .open),
        ("disable_vrfy_command", "", .broken), ("disable_vrfy_command", "YES", .open),
        ("allow_percent_hack", "on", .broken), ("hopcount_limit", "fifty", .broken),
        ("receive_override_options", "no_adress_mappings", .broken),
        ("canonical_classes", "envelope", .broken), ("unverified_sender_tempfail_action", "permit", .broken),
        ("reject_tempfail_action", "DEFER", .open), ("unknown_address_tempfail_action", "reject", .broken),
        ("notify_classes", "resource, software", .open), ("notify_classes", "all", .broken),
        ("virtual_alias_maps", "pcre:{{/x$/ y}}", .broken), ("smtpd_banner", "$myhostname $/", .broken),
        ("default_transport", "smtp:${next", .broken), ("smtpd_misspelt", "pcre:{{/x$/ y}}", .open),
        ("luser_relay", "$user@$domain/$/", .open), ("mailbox_size_limit", "10M", .open),
        ("queue_minfree", "-1", .broken), ("message_size_limit", "-1", .broken), ("max_use", "+5", .open),
        ("max_use", "2147483648", .broken),
        ("message_size_limit", "99999999999", .open), ("max_idle", "0", .broken), ("max_idle", "5D", .broken),
        ("max_idle", "5seconds", .open), ("max_idle", "24856d", .broken), ("in_flow_delay", "0", .open),
        ("header_from_format", "x", .broken), ("smtputf8_autodetect_classes", "x", .broken),
        ("propagate_unmatched_extensions", "x", .broken), ("line_length_limit", "511", .broken),
        ("smtpd_banner", "", .broken), ("syslog_name", "", .broken),
        ("delay_warning_time", "596523", .broken), ("delay_warning_time", "596522", .open),
        ("delay_warning_time", "24855d", .broken), ("delay_warning_time", "24854d", .open),
        ("unverified_sender_defer_code", "500", .broken), ("delay_logging_resolution_limit", "7", .broken),
    ])
    func `A value of the wrong kind stops what reads it`(name: String, value: String, verdict: RelayVerdict) {
        let report = open.setting(name, value).report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.text == "\(name) = \(value)") }
    }

    /// Whether a user exists is not in the configuration.
    @Test(arguments: [
        ("mail_owner", "root", RelayVerdict.broken), ("mail_owner", "", .broken),
        ("mail_owner", "mail", .open),
        ("mail_owner", "postfix # the user", .broken), ("setgid_group", "root", .broken),
        ("default_privs", "root", .broken), ("default_privs", "$mail_owner", .broken),
        ("default_privs", "daemon", .open), ("syslog_facility", "MAIL", .broken),
        ("syslog_facility", "local8", .broken), ("syslog_facility", "local7", .open),
        ("maillog_file", "/tmp/mail.log", .broken), ("maillog_file", "/var/log/postfix.log", .open),
        ("data_directory", "lib", .broken), ("maillog_file", "", .open),
        ("daemon_directory", "sbin", .broken), ("queue_directory", "spool", .broken),
        ("daemon_directory", "/opt/postfix", .open),
        ("default_verp_delimiters", "=", .broken), ("default_verp_delimiters", "ab", .broken),
        ("default_verp_delimiters", "-+", .open), ("import_environment", "TZ =x", .broken),
        ("import_environment", "TZ A=x { B = y }", .open),
    ])
    func `What it wants of the system must be possible`(name: String, value: String, verdict: RelayVerdict) {
        let report = open.setting(name, value).report
        #expect(report.verdict == verdict)
        if verdict == .broken { #expect(report.causes.first?.text == "\(name) = \(value)") }
    }

    @Test func `An override of the wrong kind stops that service alone`() throws {
        var host = open
        host.master += "2525 inet n - y - - smtpd -o smtpd_timeout=soon\n"
        let listener = try #require(host.report.listeners.first { $0.port == 2525 })
        #expect(host.report.verdict == .open && listener.verdict == .broken)
    }

    @Test func `A list that includes a file which is gone says what to do about it`() throws {
        var configuration = open.setting("mynetworks", "127.0.0.0/8 /etc/postfix/nets").configuration
        configuration.otherFiles["/etc/postfix/nets"] = .some(nil)
        let cause = try #require(explainRelay(configuration, trusted: SampleHost.trusted).causes.first)
        #expect(cause.kind == "broken" && cause.remedy.hasPrefix("Put the file in its place again"))
    }

    @Test(arguments: [
        ("bogus=1", RelayVerdict.broken), ("Timeout=1s", .broken), ("timeout=abc", .broken),
        ("try_limit=x", .broken), ("timeout=1s, default_action=DUNNO", .unknown), ("max_idle=1s", .unknown),
    ])
    func `An option of a policy service that is none keeps smtpd from its work`(
        options: String, verdict: RelayVerdict
    ) {
        let check = "check_policy_service { inet:127.0.0.1:10031, \(options) }"
        let host = SampleHost().setting("smtpd_relay_restrictions", "\(check), reject_unauth_destination")
        #expect(host.report.verdict == verdict)
    }

    /// Measured one by one.
    @Test(arguments: [
        "alias_maps", "canonical_maps", "header_checks", "local_recipient_maps", "rbl_reply_maps",
        "milter_header_checks", "recipient_bcc_maps", "relay_recipient_maps", "relocated_maps",
        "sender_dependent_relayhost_maps",
        "smtpd_milter_maps", "smtpd_sender_login_maps", "transport_maps", "virtual_alias_maps",
        "virtual_mailbox_maps",
    ])
    func `A map without a type keeps Postfix from its work`(name: String) {
        #expect(open.setting(name, "bogus").report.verdict == .broken)
        let typed = open.setting(name, "inline:{x7q=y}, pipemap:{inline:{a=b},static:c}")
        #expect(typed.report.verdict != .broken)
        #expect(open.setting(name, "").report.verdict == .open)
    }

    /// What smtpd cannot do without, and itself.
    @Test(arguments: [
        ("smtp inet n - y - - smtpd\n", "smtp inet n - y - - smtpd -D\n", RelayVerdict.broken),
        ("cleanup unix n - y - 0 cleanup\n", "cleanup unix n - y - 10 cleanup\n", .broken),
        ("cleanup unix n - y - 0 cleanup\n", "cleanup unix - - y - 0 cleanup\n", .broken),
        ("cleanup unix n - y - 0 cleanup\n", "", .broken),
        ("rewrite unix - - y - - trivial-rewrite\n", "rewrite unix n - y - - trivial-rewrite\n", .broken),
        ("rewrite unix - - y - - trivial-rewrite\n", "rewrite unix - - y - - trivial-rewrite x\n", .broken),
        ("rewrite unix - - y - - trivial-rewrite\n", "rewrite unix - - y - 1 trivial-rewrite\n", .open),
    ])
    func `What smtpd itself needs must start as well`(line: String, other: String, verdict: RelayVerdict) {
        var host = open
        host.master = host.master.replacing(line, with: other)
        #expect(host.report.verdict == verdict)
        #expect(
            host.setting("debugger_command", "/usr/local/bin/trace").report.verdict
                == (other.hasSuffix("-D\n") ? .open : verdict))
    }

    @Test func `A service whose address is none stops all of them`() throws {
        var host = open
        host.master += "*:2525 inet n - y - - smtpd\n"
        let report = host.report
        #expect(report.verdict == .broken)
        #expect(report.causes.first?.file == "master.cf" && report.causes.first?.culprit == "*:2525")
    }

    @Test(arguments: [
        ("subnet", RelayVerdict.partial), ("host", .closed), ("SUBNET", .broken), ("Host", .broken),
    ])
    func `mynetworks_style is written in small letters`(style: String, verdict: RelayVerdict) {
        var host = host.setting("mynetworks_style", style)
        host.main = host.main.replacing("mynetworks = 127.0.0.0/8 [::1]/128\n", with: "")
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [
        (">=level {3.5}", RelayVerdict.open), ("<level {3.5}", .closed), ("== {3.7.11}", .open),
    ])
    func `A condition may ask for the release`(condition: String, verdict: RelayVerdict) {
        let value = "${{$mail_version} \(condition) ? {0.0.0.0/0} : {127.0.0.0/8}}"
        #expect(host.setting("mynetworks", value).report.verdict == verdict)
    }

    @Test(arguments: ["any", "none", "yes", "no", "all"])
    func `A word in mynetworks is no domain that a client can be in`(word: String) {
        #expect(host.setting("mynetworks", "127.0.0.0/8 \(word)").report.verdict == .closed)
        #expect(host.setting("relay_domains", word).report.verdict == .closed)
    }
}

/// Words that a restriction takes for its argument.
@Suite struct SwallowedWordTests {
    private func host(_ list: String) -> SampleHost {
        SampleHost().setting("smtpd_relay_restrictions", list)
    }

    /// smtpd asks at its start only whether a rejection is among the words.
    @Test(arguments: [
        ("permit_mynetworks, reject_rbl_client reject_unauth_destination", RelayVerdict.open),
        ("permit_mynetworks, permit_dnswl_client, reject_unauth_destination", .open),
        ("permit_mynetworks, reject_rbl_client list.test, reject_unauth_destination", .closed),
        ("permit_mynetworks, reject_rbl_client permit, reject_unauth_destination", .broken),
        (
            "permit_mynetworks, warn_if_reject reject_rhsbl_sender reject, check_client_access static:OK",
            .open
        ),
        ("permit_mynetworks, warn_if_reject reject_unauth_destination", .broken),
        ("permit_mynetworks, check_client_access reject_unauth_destination", .broken),
        ("permit_mynetworks, sleep reject_unauth_destination, check_client_access static:OK", .broken),
        ("permit_mynetworks, sleep 1, check_client_access static:OK, reject", .open),
    ])
    func `A rejection that is an argument rejects nobody`(list: String, verdict: RelayVerdict) {
        #expect(host(list).report.verdict == verdict)
    }
}

/// Milters that are none (measured on Postfix 3.7.11).
@Suite struct MilterNameTests {
    @Test(arguments: [
        ("nonsense", RelayVerdict.broken, RelayVerdict.open), ("tcp:127.0.0.1:8891", .broken, .open),
        ("INET:127.0.0.1:8891", .broken, .open), ("8891", .broken, .open), ("inet:", .broken, .open),
        ("unix:", .broken, .open), ("inet:localhost", .broken, .open),
        ("inet:127.0.0.1:99999", .broken, .open),
        ("inet:127.0.0.1", .broken, .broken), ("inet:127.0.0.1:8891@x", .broken, .broken),
        ("{inet:127.0.0.1:8891", .broken, .broken), ("{ }", .broken, .broken),
        ("{ inet:127.0.0.1:8891, foo=bar }", .broken, .broken),
        ("{ inet:127.0.0.1:8891, connect_timeout=x }", .broken, .broken),
        ("{ inet:127.0.0.1:8891, default_action = accept }", .broken, .broken),
        ("{ nonsense, default_action=accept }", .open, .open),
        ("{ inet:127.0.0.1:8891, {default_action = accept}, connect_timeout=5s }", .open, .open),
        ("inet:127.0.0.1:8891", .open, .open), ("inet:8891", .open, .open), ("inet:[::1]:8891", .open, .open),
        ("inet:localhost:smtp", .open, .open), ("unix:private/filter", .open, .open),
        ("local:/run/filter", .open, .open),
    ])
    func `What smtpd cannot ask has everybody refused, or no say where the default is to accept`(
        milter: String, verdict: RelayVerdict, accepting: RelayVerdict
    ) {
        let host = SampleHost().setting("mynetworks", "0.0.0.0/0 [::]/0").setting("smtpd_milters", milter)
        #expect(host.report.verdict == verdict)
        #expect(host.setting("milter_default_action", "accept").report.verdict == accepting)
        #expect(host.setting("receive_override_options", "no_milters").report.verdict == .open)
        if verdict == .broken { #expect(host.report.causes.first?.parameter == "smtpd_milters") }
    }
}
