import MailModel
import RelayAnalysis
import Testing

@Suite struct ServedRecipientTests {
    private func served(_ host: SampleHost, _ candidates: [String]) -> String? {
        servedRecipient(among: candidates, by: host.configuration, trusted: SampleHost.trusted)
    }

    private static let plesk = ["info@customer.example", "root@hosted.example"]

    @Test(arguments: [
        ("virtual_mailbox_domains", "customer.example", "info@customer.example"),
        ("virtual_alias_domains", "customer.example", "info@customer.example"),
        ("relay_domains", "customer.example", "info@customer.example"),
        ("relay_domains", "", "root@hosted.example"),
        // Whoever is taken only because everybody is will be refused, rightly, once that is closed.
        ("relay_domains", "static:all", "root@hosted.example"),
        ("mynetworks", "0.0.0.0/0", "root@hosted.example"),
        (
            "smtpd_relay_restrictions", "check_sender_access static:OK, reject_unauth_destination",
            "root@hosted.example"
        ),
    ])
    func `A mailbox is asked for that is served when nothing relays`(
        parameter: String, value: String, expected: String
    ) {
        #expect(served(SampleHost().setting(parameter, value), Self.plesk) == expected)
    }

    @Test func `One that is let through is asked for before one that a restriction refuses`() {
        let host = SampleHost().setting(
            "smtpd_recipient_restrictions", "check_recipient_access inline:{info@hosted.example=REJECT}")
        #expect(served(host, ["info@hosted.example", "root@hosted.example"]) == "root@hosted.example")
        #expect(served(host, ["info@hosted.example"]) == "info@hosted.example")
    }

    @Test func `Where Postfix serves none of them, none is asked for`() {
        #expect(served(SampleHost(), ["info@customer.example"]) == nil)
        #expect(served(SampleHost(), []) == nil)
    }

    @Test func `Where what smtpd asks is not there for now, mail is for whom it was for`() {
        let milter = "inet:127.0.0.1:8891"
        var configuration = SampleHost().setting("smtpd_milters", milter).setting("mynetworks", "0.0.0.0/0")
            .setting("smtpd_relay_restrictions", "permit_mynetworks, reject").configuration
        func served() -> String? {
            servedRecipient(
                among: ["info@other.example", "root@hosted.example"], by: configuration,
                trusted: SampleHost.trusted)
        }
        let before = repairRelay(configuration, trusted: SampleHost.trusted)
        #expect(served() == "root@hosted.example")
        configuration.missing = [milter: "nothing listens at 127.0.0.1:8891"]
        #expect(served() == "root@hosted.example")
        let after = repairRelay(configuration, trusted: SampleHost.trusted)
        #expect(after.edits == before.edits && !after.edits.isEmpty)
    }

    @Test(arguments: [
        ("relay_domains", "example.org", "example.com"), ("relay_domains", "static:all", "example.org"),
        ("relay_domains", "org", "example.org"), ("mynetworks", "0.0.0.0/0", "example.org"),
        ("virtual_mailbox_domains", "example.com, example.org", "example.net"),
        ("mydestination", "$myhostname, example.org example.com example.net", nil),
        ("compatibility_level", "three", nil),
    ])
    func `A domain stands for the foreign ones that is not served when nothing relays`(
        parameter: String, value: String, expected: String?
    ) {
        let found = foreignDomain(
            among: ["example.org", "example.com", "example.net"],
            by: SampleHost().setting(parameter, value).configuration, trusted: SampleHost.trusted)
        #expect(found == expected)
    }
}
