import MailModel
import Testing

@testable import RelayAnalysis

@Suite("What a network has beside the smaller ones in it")
struct NetworkGapsTests {
    private func gap(_ network: String, _ others: [String]) throws -> String? {
        let gaps = NetworkGaps(others.compactMap { IPNetwork($0) })
        return gaps.address(in: try #require(IPNetwork(network)))?.description
    }

    @Test("The first address that no smaller network has")
    func addresses() throws {
        #expect(try gap("198.51.0.0/16", ["198.51.0.0/20", "198.51.16.0/24"]) == "198.51.17.0")
        #expect(try gap("198.51.0.0/16", ["198.51.0.77/32"]) == "198.51.0.0")
        #expect(
            try gap("198.51.0.0/16", ["198.51.0.0/24", "198.51.0.0/20", "198.51.0.0/16", "198.0.0.0/8"])
                == "198.51.16.0")
        #expect(
            try gap("198.51.0.0/30", ["198.51.0.0/32", "198.51.0.1/32", "198.51.0.3/32"]) == "198.51.0.2")
        #expect(try gap("2001:db8::/32", ["2001:db8::/33", "2001:db8:8000::/48"]) == "2001:db8:8001::")
    }

    @Test("A network that is whole, or filled by the others, has none")
    func none() throws {
        #expect(try gap("198.51.0.0/16", []) == nil)
        #expect(try gap("198.51.0.0/16", ["198.51.0.0/16", "198.0.0.0/8", "10.0.0.0/24"]) == nil)
        #expect(try gap("198.51.0.0/31", ["198.51.0.0/32", "198.51.0.1/32"]) == nil)
        #expect(try gap("255.255.255.254/31", ["255.255.255.254/32", "255.255.255.255/32"]) == nil)
    }

    @Test(
        "A refusal for part of a trusted network does not hide that the rest relays",
        arguments: [
            ("cidr:/etc/postfix/blocked", "198.51.0.0/20 REJECT\n"),
            ("cidr:/etc/postfix/blocked", "198.51.0.77 REJECT\n198.51.0.2 REJECT\n198.51.0.0/25 REJECT\n"),
            ("hash:/etc/postfix/blocked", "198.51.0 REJECT\n"),
            ("regexp:/etc/postfix/blocked", "/^198\\.51\\.0\\./ REJECT\n"),
            ("hash:/etc/postfix/blocked", "198.51.0.77 REJECT\n"),
            (
                "cidr:/etc/postfix/blocked",
                "198.51.0.0/17 REJECT\n198.51.128.0/18 REJECT\n198.51.192.0/19 REJECT\n198.51.240.0/20 REJECT\n"
            ),
        ])
    func partRefused(_ name: String, _ rows: String) {
        for list in ["smtpd_client_restrictions", "smtpd_recipient_restrictions"] {
            let host = SampleHost().setting("mynetworks", "127.0.0.0/8 [::1]/128 198.51.0.0/16")
                .setting(list, "check_client_access \(name)").table(name, rows)
            #expect(host.report.verdict == .partial)
            #expect(host.report.causes.map(\.culprit) == ["198.51.0.0/16"])
            #expect(host.repair.after.verdict == .closed)
        }
    }

    @Test(
        "Patterns for addresses of IPv6 are understood",
        arguments: ["/^2001:db8:/", "/^(2001|2a02):/", "/^2001:db8::/"])
    func patternsOfIPv6(_ pattern: String) {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions", "check_client_access pcre:/etc/postfix/six, reject_unauth_destination"
        ).table("pcre:/etc/postfix/six", "\(pattern) OK\n")
        #expect(host.report.verdict == .partial)
    }

    @Test("In one table the rest of a row counts as well")
    func oneTable() {
        let name = "hash:/etc/postfix/clients"
        let blocked = (0..<200).map { "10.\($0) REJECT\n" }.joined()
        for rows in ["198.51.0 REJECT\n198.51 OK\n", "198.51.0.77 REJECT\n198.51 OK\n", blocked + "10 OK\n"] {
            let host = SampleHost().setting(
                "smtpd_relay_restrictions", "check_client_access \(name), reject_unauth_destination"
            ).table(name, rows)
            #expect(host.report.verdict == .partial, "\(rows.suffix(20))")
        }
        let refused = SampleHost().setting(
            "smtpd_relay_restrictions", "check_client_access \(name), reject_unauth_destination"
        ).table(name, "198.51.100.0 REJECT\n198.51.100.1 REJECT\n198.51.100 DUNNO\n")
        #expect(refused.report.verdict == .closed)
    }
}

@Suite("A rule that refuses one stranger does not make an open host closed")
struct OtherStrangerTests {
    @Test(arguments: [
        ("smtpd_recipient_restrictions", "check_recipient_access", "hash:", "coop REJECT\n"),
        ("smtpd_recipient_restrictions", "check_recipient_access", "regexp:", "/\\.coop$/ REJECT\n"),
        ("smtpd_recipient_restrictions", "check_recipient_access", "pcre:", "/[0-9]/ REJECT\n/-/ REJECT\n"),
        (
            "smtpd_sender_restrictions", "check_sender_access", "hash:",
            "coop REJECT\n<> REJECT\nhosted.example REJECT\n"
        ),
        (
            "smtpd_client_restrictions", "reject_unknown_client_hostname, check_client_access", "hash:",
            "coop REJECT\n"
        ),
        ("smtpd_helo_restrictions", "check_helo_access", "hash:", "coop REJECT\nhosted.example REJECT\n"),
    ])
    func refused(_ list: String, _ rule: String, _ type: String, _ rows: String) {
        let name = "\(type)/etc/postfix/refused"
        let host = SampleHost().setting("mynetworks", "0.0.0.0/0 [::]/0")
            .setting("smtpd_helo_required", "yes")
            .setting(list, "\(rule) \(name)").table(name, rows)
        #expect(host.report.verdict == .partial)
        #expect(host.report.causes.allSatisfy { $0.parameter == "mynetworks" })
        #expect(host.repair.after.verdict == .closed)
        let guarded = SampleHost().setting(list, "\(rule) \(name)").table(name, rows)
        #expect(guarded.report.verdict == .closed)
    }
}
