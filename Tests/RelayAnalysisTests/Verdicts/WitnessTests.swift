import MailModel
import Testing

@testable import RelayAnalysis

/// Strangers whom the patterns of several tables have to let in together. The outcomes were measured on Postfix 3.7.11.
struct WitnessTests {
    private func host(_ check: String, _ first: String, _ second: String) -> SampleHost {
        SampleHost()
            .setting("smtpd_relay_restrictions", "\(check) pcre:/f, reject_unauth_destination")
            .setting("smtpd_recipient_restrictions", "\(check) pcre:/s, reject_unauth_destination")
            .table("pcre:/f", first).table("pcre:/s", second)
    }

    @Test(arguments: [
        ("/^sales/ OK\n", "/@partner\\.example$/ OK\n", RelayVerdict.partial),
        ("/^a.*z@/ OK\n", "/^.bcd/ OK\n", .partial), ("/^a.*z@/ OK\n", "/^b/ OK\n", .closed),
        ("/^[^@]{3}@/ OK\n", "/^[^@]{4,}@/ OK\n", .closed),
        ("/^[^@]{3,7}@/ OK\n", "/^[^@]{7}@/ OK\n", .partial),
        ("/^sales@/ REJECT\n/sales/ OK\n", "/@news\\./ OK\n", .partial),
        ("/sales/ OK\n", "/sales/ REJECT\n/./ OK\n", .closed),
        ("/sales/ OK\n", "!/@news\\.example$/ REJECT\n/./ OK\n", .partial),
        ("if /@news\\.example$/\n/^sales/ OK\nendif\n", "/^[^@]*\\d@/ OK\n", .partial),
        ("if /@news\\.example$/\n/^sales/ OK\nendif\n", "/news\\.example\\.com$/ OK\n", .closed),
        ("/^(?!sales)[a-s]*@/ OK\n", "/^s[^@]*s@/ OK\n", .partial), ("/^(?!s)/ OK\n", "/^s/ OK\n", .closed),
        ("/(.)\\1@/ OK\n", "/^q.r.s[^@]*@/ OK\n", .unknown),
    ])
    func `A sender pleases the patterns of both lists, where there is one`(
        first: String, second: String, verdict: RelayVerdict
    ) {
        #expect(host("check_sender_access", first, second).report.verdict == verdict)
    }

    @Test(arguments: [
        ("check_helo_access", "/^mail/ OK\n", "/partner\\.example$/ OK\n"),
        ("check_helo_access", "/^[^.]+$/ OK\n", "/^l.*t$/ OK\n"),
        ("check_helo_access", "/^\\[1/ OK\n", "/9\\]$/ OK\n"),
        ("check_client_access", "/^mail\\./ OK\n", "/\\.partner\\.example$/ OK\n"),
        ("check_client_access", "/^198\\.51\\./ OK\n", "/\\.77$/ OK\n"),
        ("check_recipient_access", "/^abuse@/ OK\n", "/@partner\\.example$/ OK\n"),
    ])
    func `So does a client, what it says it is, and whom it writes to`(
        check: String, first: String, second: String
    ) {
        let both = host(check, first, second)
        #expect(both.report.verdict == .partial)
        #expect(both.table("pcre:/s", second.replacing("OK", with: "REJECT")).report.verdict == .closed)
        #expect(both.repair.after.verdict == .closed)
    }

    @Test(arguments: [
        ("check_helo_access", "/^l/ OK\n", "localhost OK\n"),
        ("check_client_access", "/^mail\\./ OK\n", "partner.example OK\n"),
        ("check_client_access", "/^203\\./ OK\n", "203.0.113 OK\n"),
        ("check_sender_access", "/^(a|b)[^@]*\\d@/ OK\n", "partner.example OK\n"),
    ])
    func `One table may have fixed keys`(check: String, first: String, second: String) {
        let host = host(check, first, "").table("hash:/k", second)
        #expect(
            host.setting("smtpd_recipient_restrictions", "\(check) hash:/k, reject_unauth_destination").report
                .verdict == .partial)
    }

    @Test(arguments: [
        ("!/\\.provider\\.example$|^203\\.0\\.113\\./ REJECT\n", RelayVerdict.partial),
        ("!/\\.provider\\.example$/ REJECT\n", .closed), ("!/^203\\.0\\.113\\.[0-9]+$/ REJECT\n", .closed),
    ])
    func `A rule that refuses all others wants the name and the address of a client`(
        rules: String, verdict: RelayVerdict
    ) {
        let host = SampleHost().setting("mynetworks", "0.0.0.0/0")
            .setting("smtpd_client_restrictions", "check_client_access pcre:/f").table("pcre:/f", rules)
        #expect(host.report.verdict == verdict)
    }

    @Test func `No sample has a domain that is none`() {
        let host = SampleHost()
            .setting("smtpd_relay_restrictions", "check_sender_access pcre:/f, reject_unauth_destination")
            .table("pcre:/f", "/@news\\./ OK\n")
        let opens = host.report.causes.first?.opens
        #expect(opens == "anyone with a sender such as x7q@news.relay-check-x7q.coop")
    }

    @Test func `Who is only not refused is found where all others are`() {
        let host = SampleHost().setting("mynetworks", "0.0.0.0/0")
            .setting("smtpd_sender_restrictions", "check_sender_access pcre:/f")
        #expect(host.table("pcre:/f", "!/@partner\\.example$/ REJECT\n").report.verdict == .partial)
        #expect(host.table("pcre:/f", "/./ REJECT\n").report.verdict == .closed)
    }

    @Test func `Who is let in by one list passes what another refuses`() {
        let host = SampleHost()
            .setting("smtpd_sender_restrictions", "check_sender_access pcre:/f")
            .setting("smtpd_relay_restrictions", "check_sender_access pcre:/s, reject_unauth_destination")
            .table("pcre:/s", "/news/ OK\n")
        #expect(host.table("pcre:/f", "/^[a-z]/ REJECT\n/@[a-m]/ REJECT\n").report.verdict == .partial)
        #expect(host.table("pcre:/f", "/n.w/ REJECT\n").report.verdict == .closed)
    }

    @Test func `Of a thousand patterns, refusals cost no certainty`() {
        let refusals = (0..<1000).map { "/host\($0)\\.example$/ REJECT\n" }.joined()
        let host = host("check_client_access", refusals, "/^mail\\.partner\\.example$/ OK\n")
        #expect(host.report.verdict == .closed)
    }
}
