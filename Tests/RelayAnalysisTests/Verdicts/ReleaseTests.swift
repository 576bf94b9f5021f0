import MailModel
import Postfix
import RelayAnalysis
import Testing

/// What one main.cf means to releases of Postfix on both sides of a change.
private struct ReleaseCase: Sendable, CustomTestStringConvertible {
    var change: ReleaseChange
    var main: String
    var tables: [String: String] = [:]
    /// The last release before the change.
    var last: String
    var before: RelayVerdict
    var after: RelayVerdict

    var testDescription: String { "\(change)" }

    private static let open =
        "permit_mynetworks, check_sender_access hash:/friends, reject_unauth_destination"
    private static let friends = ["hash:/friends": "friend@partner.example OK\n"]

    static let all = [
        ReleaseCase(
            change: .relayRestrictions, main: "smtpd_recipient_restrictions = \(open)\n", tables: friends,
            last: "2.9.15", before: .partial, after: .closed),
        ReleaseCase(
            change: .relayRestrictions,
            main: "smtpd_relay_restrictions = permit_mynetworks, defer_unauth_destination\n"
                + "smtpd_recipient_restrictions = permit_mynetworks, defer_unauth_destination\n",
            last: "2.9.15", before: .broken, after: .closed),
        ReleaseCase(
            change: .proxyProtocol,
            main: "smtpd_upstream_proxy_protocol = haproxy\n"
                + "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n",
            last: "2.9.15", before: .closed, after: .open),
        // Restrictions that are in force by default, until a low level takes them back.
        ReleaseCase(
            change: .relayRestrictionsByLevel, main: "smtpd_recipient_restrictions = \(open)\n",
            tables: friends, last: "3.2.22", before: .closed, after: .partial),
        ReleaseCase(
            change: .tablesInPlace,
            main: "smtpd_recipient_restrictions = permit_mynetworks, check_sender_access "
                + "inline:{friend@partner.example=OK}, reject_unauth_destination\nsmtpd_relay_restrictions =\n",
            last: "2.11.11", before: .broken, after: .partial),
        ReleaseCase(
            change: .conditionsInCIDRTables,
            main: "smtpd_recipient_restrictions = permit_mynetworks, check_client_access cidr:/clients, "
                + "reject_unauth_destination\nsmtpd_relay_restrictions =\n",
            tables: ["cidr:/clients": "if 127.0.0.0/8\n203.0.113.0/24 OK\nendif\n"],
            last: "3.1.15", before: .partial, after: .closed),
        ReleaseCase(
            change: .patternsInPlace,
            main: "smtpd_recipient_restrictions = permit_mynetworks, check_client_access "
                + "cidr:{{203.0.113.0/24 OK}}, reject_unauth_destination\nsmtpd_relay_restrictions =\n",
            last: "3.6.20", before: .broken, after: .partial),
        ReleaseCase(
            change: .removedRestrictions,
            main: "smtpd_recipient_restrictions = permit_mynetworks, permit_naked_ip_address, "
                + "reject_unauth_destination\nsmtpd_relay_restrictions =\n",
            last: "3.8.20", before: .partial, after: .broken),
        ReleaseCase(
            change: .loginAccess,
            main: "smtpd_recipient_restrictions = check_sasl_access hash:/friends, permit_mynetworks, "
                + "reject_unauth_destination\nsmtpd_relay_restrictions =\n", tables: friends,
            last: "2.10.10", before: .broken, after: .closed),
    ]

    func report(_ version: String) -> RelayReport {
        var host = SampleHost(tables: tables, version: version)
        host.main =
            "myhostname = mail.hosted.example\nmydestination = $myhostname, hosted.example\n"
            + "mynetworks = 127.0.0.0/8\nrelay_domains =\n" + main
        return host.report
    }
}

@Suite struct ReleaseTests {
    @Test(arguments: ReleaseCase.all)
    fileprivate func `The same lines mean something else from a release on`(_ entry: ReleaseCase) {
        let since = entry.change.since
        #expect(entry.report(entry.last).verdict == entry.before)
        #expect(entry.report("\(since.major).\(since.minor).0").verdict == entry.after)
        #expect(entry.change.releaseNote.hasPrefix("RELEASE_NOTES-\(since.major).\(since.minor)"))
    }

    @Test func `Every change is of a release between 2.3 and 3.10`() {
        for change in ReleaseChange.allCases {
            #expect(change.since > PostfixVersion(2, 3) && change.since < PostfixVersion(3, 11))
        }
    }

    @Test(
        arguments: [
            // Nothing is set: who may relay is up to the release alone.
            ("2.3.19", nil, RelayVerdict.partial), ("2.9.15", nil, .partial), ("2.11.11", nil, .partial),
            ("3.2.22", nil, .partial), ("3.2.22", "2", .closed), ("3.3.0", "2", .closed),
            ("3.10.13", "1", .partial),
            ("3.10.13", "2", .closed), ("3.10.13", "3.6", .closed),
        ] as [(String, String?, RelayVerdict)])
    func `Defaults trust the networks of the interfaces, up to a compatibility level`(
        version: String, level: String?, verdict: RelayVerdict
    ) throws {
        var host = SampleHost(version: version)
        host.interfaces = ["127.0.0.1/8", "203.0.113.5/24"].compactMap { IPNetwork($0) }
        host.main = "mydestination = hosted.example\n" + (level.map { "compatibility_level = \($0)\n" } ?? "")
        let report = host.report
        #expect(report.verdict == verdict)
        guard verdict == .partial else { return }
        let cause = try #require(report.causes.first { $0.kind == "mynetworks-style" })
        #expect(cause.opens == "clients in 203.0.113.0/24")
        #expect(cause.text.contains("mynetworks_style = subnet") && cause.text.contains("RELEASE_NOTES-3.0"))
    }

    @Test(
        arguments: [
            (
                "3.9.0", "smtpd_relay_restrictions = check_relay_domains\n",
                "check_relay_domains went with 3.9 (RELEASE_NOTES-3.9"
            ),
            ("3.3.0", "", "empty by default since 3.3 (RELEASE_NOTES-3.3"),
            (
                "2.11.0",
                "smtpd_relay_restrictions = check_client_access inline:{a=OK}, reject_unauth_destination\n",
                "inline: came with 3.0 (RELEASE_NOTES-3.0"
            ),
            (
                "2.11.0",
                "smtpd_relay_restrictions = check_client_access pipemap:{hash:/a,hash:/b}, reject_unauth_destination\n",
                "pipemap: came with 3.0 (RELEASE_NOTES-3.0"
            ),
        ])
    func `Where a release takes no mail with a line, its release note is named`(
        version: String, line: String, note: String
    ) throws {
        var host = SampleHost(version: version)
        host.main = "mydestination = hosted.example\nmynetworks = 127.0.0.0/8\n" + line
        let report = host.report
        #expect(report.verdict == .broken)
        #expect(report.causes.first?.remedy.contains(note) == true, "\(report.causes)")
        // The release on the other side takes the same line.
        host.version = version == "2.11.0" ? "3.0.0" : version == "3.9.0" ? "3.8.0" : "3.2.0"
        #expect(host.report.verdict != .broken)
    }

    @Test func `A release without postscreen serves nobody where its master_cf has it`() throws {
        var host = SampleHost(version: "2.7.0")
        host.main =
            "mynetworks = 127.0.0.0/8\nsmtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n"
        host.master = "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == .broken)
        #expect(host.report.causes.first?.remedy.contains("RELEASE_NOTES-2.8") == true)
        host.version = "2.8.0"
        #expect(host.report.verdict == .closed)
    }

    @Test func `Restrictions that a release does not read are a risk of their own`() {
        let host = SampleHost(version: "2.9.15")
        #expect(
            host.report.risks.contains {
                $0.kind == "ignored-parameter" && $0.why.contains("RELEASE_NOTES-2.10")
            })
        #expect(!SampleHost(version: "2.10.0").report.risks.contains { $0.kind == "ignored-parameter" })
    }

    @Test(arguments: [("2.9.6", "smtpd_recipient_restrictions"), ("2.10.0", "smtpd_relay_restrictions")])
    func `A rejection belongs into a list that the release reads`(version: String, list: String) {
        var host = SampleHost()
        host.version = version
        host = host.setting("smtpd_relay_restrictions", "permit_mynetworks")
            .setting("smtpd_recipient_restrictions", "permit_mynetworks")
        #expect(
            host.report.causes.first?.remedy.hasPrefix("Put reject_unauth_destination into \(list)") == true)
    }
}
