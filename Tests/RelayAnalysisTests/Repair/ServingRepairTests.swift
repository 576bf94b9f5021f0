import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

/// Who was served before a repair still is, and what serves them opens nothing.
@Suite struct ServingRepairTests {
    private let open = SampleHost().setting("mynetworks", "0.0.0.0/0 [::]/0")

    @Test func `Where only trusted networks may connect, mail for this host and logins come in again`() {
        let host = open.setting("smtpd_client_restrictions", "permit_mynetworks,reject")
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        #expect(
            host.repaired(repair).main.contains(
                "permit_mynetworks,permit_sasl_authenticated, permit_auth_destination, reject"))
    }

    @Test func `A list that refused mail for this host before is left as it is`() {
        let gate = "check_recipient_access inline:{hosted.example=REJECT}, permit_mynetworks, reject"
        let host = open.setting("smtpd_recipient_restrictions", gate)
        #expect(!host.repaired(host.repair).main.contains("permit_auth_destination"))
    }

    @Test func `What hosted mail comes in by again opens no other way`() {
        let list =
            "permit_mynetworks, warn_if_reject, reject_unauth_destination, check_client_access static:OK, reject"
        let host = SampleHost().setting("smtpd_relay_restrictions", list).setting(
            "virtual_alias_maps", "pcre:/v"
        )
        .table("pcre:/v", "/^(.+)\\+([^+@]+)@hosted\\.example$/ $1@$2\n")
        #expect(host.report.verdict == .open)
        #expect(host.repair.after.verdict == .closed)
    }

    @Test(arguments: [
        ("permit_mynetworks, permit, reject", ["reject_unauth_destination", "permit", "reject"]),
        ("permit_mynetworks, permit, defer_unauth_destination", ["defer_unauth_destination"]),
    ])
    func `A rejection that was never reached refuses no mail for this host`(list: String, end: [String]) {
        var host = SampleHost().setting("smtpd_relay_restrictions", list)
        host.master = "smtp inet n - y - - smtpd\nsmtps inet n - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == .broken)
        let repair = host.repair
        #expect(repair.after.verdict == .closed)
        #expect(!repair.after.risks.contains { $0.kind == "inbound-refused" })
        let repaired = MainCF(Array(host.repaired(repair).main.utf8))
        let value = repaired.definition(of: "smtpd_relay_restrictions")?.value.text ?? ""
        #expect(value == "permit_mynetworks, permit_sasl_authenticated, " + end.joined(separator: ", "))
    }

    @Test func `Mail for a recipient whom a table names is taken before a table that fails`() {
        let list = "check_recipient_access inline:{bob@hosted.example=OK}, check_client_access fail:x, reject"
        let host = SampleHost().setting("smtpd_relay_restrictions", list)
        #expect(host.report.verdict == .closed)
        #expect(
            host.setting("smtpd_relay_restrictions", "check_client_access fail:x, reject").report.verdict
                == .broken)
    }

    @Test(arguments: [
        ("header_checks", "pcre:{{/^Received:/ DISCARD}}", RelayVerdict.closed),
        ("default_transport", "error:no", .closed), ("relayhost", "[smart.example]", .open),
        ("transport_maps", "inline:{*=discard:, partner.example=smtp:}", .partial),
    ])
    func `What QMQP takes goes where other mail goes`(name: String, value: String, verdict: RelayVerdict) {
        var host = SampleHost().setting("qmqpd_authorized_clients", "static:all").setting(name, value)
        host.master += "628 inet n - n - - qmqpd\n"
        #expect(host.report.verdict == verdict)
    }

    @Test(arguments: [("error:no", true), ("discard:", true), ("smtp", false)])
    func `Where logins sent to every domain as one to relay for, it is said what has their mail stay now`(
        transport: String, isSaid: Bool
    ) {
        let repair = SampleHost().setting("relay_domains", "static:all")
            .setting("default_transport", transport).repair
        #expect(repair.after.verdict == .closed)
        let isNamed = repair.notes.contains { $0.contains("set default_transport = smtp (now \(transport))") }
        #expect(isNamed == isSaid)
    }
}
