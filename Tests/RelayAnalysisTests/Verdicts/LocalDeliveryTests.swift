import MailModel
import Testing

@testable import RelayAnalysis

/// What local(8) does with mail for the domains of this host, where it does not put it into a mailbox.
@Suite struct LocalDeliveryTests {
    private func host(_ settings: [String: String], local: String = "") -> SampleHost {
        var host = settings.reduce(SampleHost()) { $0.setting($1.key, $1.value) }
        host.master = host.master.replacing("- - local\n", with: "- - local \(local)\n")
        return host
    }

    private static let stray = ["local_recipient_maps": "", "recipient_delimiter": "+"]
    private static let catchAll = ["local_recipient_maps": "", "mydestination": "static:all"]

    @Test(arguments: [
        ("-o luser_relay=$user@$extension", RelayVerdict.open),
        ("-o {luser_relay = $user@$extension}", .open), ("-o luser_relay=root", .closed), ("", .closed),
    ])
    func `Where mail for unknown users goes, its service says first`(local: String, verdict: RelayVerdict) {
        let host = host(Self.stray, local: local)
        #expect(host.report.verdict == verdict)
        guard verdict == .open else { return }
        #expect(host.report.causes.first?.file == "master.cf")
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        #expect(host.repaired(repair).main == host.main)
    }

    @Test(arguments: [
        ([:], "", RelayVerdict.open), ([:], "-o luser_relay=", .closed),
        ([:], "-o mailbox_transport=error:no", .closed),
        (["mailbox_transport_maps": "static:error:no"], "", .closed),
        (["fallback_transport_maps": "inline:{bob=error:no}"], "", .open),
        (["fallback_transport": "error:no"], "", .closed),
    ])
    func `Another transport stands before the address for unknown users`(
        settings: [String: String], local: String, verdict: RelayVerdict
    ) {
        let all = Self.stray.merging(settings) { $1 }.merging(["luser_relay": "$user@$extension"]) { $1 }
        #expect(host(all, local: local).report.verdict == verdict)
    }

    @Test(arguments: [
        ([:], "", RelayVerdict.closed),
        (["mailbox_transport_maps": "static:smtp:[a.example]"], "", .open),
        (["mailbox_transport_maps": "inline:{postmaster=smtp:[a.example]}"], "", .partial),
        (["fallback_transport_maps": "regexp:{{/^x7q/ smtp:[a.example]}}"], "", .open),
        (["fallback_transport_maps": "regexp:{{/^boss/ smtp:[a.example]}}"], "", .partial),
        (["fallback_transport_maps": "static:smtp:"], "", .closed),
        (
            ["mailbox_transport_maps": "static:error:no", "mailbox_transport": "smtp:[a.example]"], "",
            .closed
        ),
        ([:], "-o mailbox_transport=smtp:[a.example]", .open),
        ([:], "-o fallback_transport=relay:[a.example]", .open),
        ([:], "-o mailbox_command=/bin/true -o home_mailbox=Maildir/ -o forward_path=/none", .closed),
    ])
    func `Where every domain is this host's, what is handed on to another is relayed`(
        settings: [String: String], local: String, verdict: RelayVerdict
    ) {
        let host = host(Self.catchAll.merging(settings) { $1 }, local: local)
        #expect(host.report.verdict == verdict)
        if verdict != .closed { #expect(host.repair.after.verdict == .closed) }
        let own = self.host(settings, local: local).setting("local_recipient_maps", "")
        #expect(own.report.verdict == .closed)
    }

    @Test(arguments: [
        ([:], "", RelayVerdict.closed), ([:], "-o fallback_transport=smtp:", .open),
        (["fallback_transport_maps": "static:smtp:"], "", .open),
        (["fallback_transport_maps": "static:error:no", "fallback_transport": "smtp:"], "", .closed),
    ])
    func `Mail for elsewhere that is given to it may leave by what it hands on`(
        settings: [String: String], local: String, verdict: RelayVerdict
    ) {
        let open = ["mynetworks": "0.0.0.0/0 [::]/0", "default_transport": "local:"]
        #expect(host(open.merging(settings) { $1 }, local: local).report.verdict == verdict)
    }

    @Test(arguments: [
        ("content_filter", "smtp:[a.example]", RelayVerdict.open),
        ("content_filter", "smtp:[127.0.0.1]:10024", .closed),
        ("smtpd_client_restrictions", "check_client_access static:{FILTER smtp:[a.example]}", .open),
        (
            "smtpd_client_restrictions", "check_client_access inline:{x.example={FILTER smtp:[a.example]}}",
            .closed
        ),
    ])
    func `A filter elsewhere gets what would stay here`(name: String, value: String, verdict: RelayVerdict) {
        #expect(host(Self.catchAll).setting(name, value).report.verdict == verdict)
        #expect(host([:]).setting(name, value).report.verdict == .closed)
    }

    @Test(arguments: ["transport_maps", "virtual_alias_maps", "relay_domains", "mydestination"])
    func `What cannot be looked up keeps mail from going on`(name: String) {
        let host = host(["mynetworks": "0.0.0.0/0 [::]/0"]).setting(name, "fail:x")
        #expect(![.open, .partial].contains(host.report.verdict))
    }

    @Test func `What a relay domain's host may pass on leaves where other mail stays`() {
        let open = [
            "mynetworks": "0.0.0.0/0 [::]/0", "default_transport": "error:no",
            "relay_domains": "partner.example",
        ]
        #expect(host(open).report.verdict == .partial)
        #expect(host(open).repair.after.verdict == .closed)
        #expect(host(open).setting("relay_transport", "error:no").report.verdict == .closed)
        #expect(host(open).setting("relay_domains", "example").report.verdict == .partial)
    }
}
