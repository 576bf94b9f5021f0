import MailModel
import Testing

@testable import RelayAnalysis

/// What a policy service that does not answer is taken to have said.
@Suite struct PolicyOptionTests {
    @Test(arguments: [
        ("{ unix:p, default_action=OK }", RelayVerdict.partial),
        ("{unix:p timeout=1s default_action=OK}", .partial),
        ("{ unix:p, { default_action = permit } }", .partial), ("{ unix:p, default_action=DUNNO }", .closed),
        ("{ unix:p, default_action=OK, default_action=DUNNO }", .closed),
        ("{ unix:p, default_action = OK }", .broken), ("{ unix:p }", .closed),
    ])
    func `Its options are read as smtpd reads them`(argument: String, verdict: RelayVerdict) {
        let host = SampleHost().setting(
            "smtpd_relay_restrictions",
            "permit_mynetworks, check_policy_service \(argument), reject_unauth_destination")
        #expect(host.report.verdict == verdict)
    }
}

/// Tables of mail exchangers, name servers and addresses, which may refuse and never let in.
@Suite struct ServerAccessTests {
    private func host(_ check: String) -> SampleHost {
        SampleHost().setting(
            "smtpd_relay_restrictions", "permit_mynetworks, \(check), reject_unauth_destination")
    }

    private static let kinds = ["mx", "ns", "a"]
    private static let owners = ["client", "reverse_client_hostname", "helo", "sender", "recipient"]

    @Test(arguments: owners, kinds)
    func `An OK is an error, by itself and by a class`(owner: String, kind: String) {
        let check = "check_\(owner)_\(kind)_access"
        #expect(![.open, .partial].contains(host("\(check) static:OK").report.verdict))
        let byClass = host("\(check) static:friends").setting("smtpd_restriction_classes", "friends")
        #expect(![.open, .partial].contains(byClass.setting("friends", "permit").report.verdict))
        let gate = byClass.setting("friends", "permit_auth_destination, reject")
        #expect(![.open, .partial].contains(gate.report.verdict))
        #expect(host("\(check) static:DUNNO").report.verdict == .closed)
    }

    @Test(arguments: kinds)
    func `A refusal is one, and not of who has no domain`(kind: String) {
        let open = SampleHost().setting("mynetworks", "0.0.0.0/0 [::]/0")
        func verdict(_ list: String, _ check: String) -> RelayVerdict {
            open.setting("smtpd_\(list)_restrictions", "check_\(check)_\(kind)_access static:REJECT").report
                .verdict
        }
        #expect(verdict("sender", "sender") == .partial)
        #expect(verdict("helo", "helo") == .partial)
        let addresses = "check_sender_\(kind)_access cidr:{{0.0.0.0/0 REJECT},{::/0 REJECT}}"
        #expect(open.setting("smtpd_sender_restrictions", addresses).report.verdict == .partial)
        let some = "check_sender_\(kind)_access cidr:{{127.0.0.0/8 REJECT},{10.0.0.0/8 REJECT}}"
        #expect(open.setting("smtpd_sender_restrictions", some).report.verdict == .open)
    }
}
