import MailModel
import Testing

@testable import RelayAnalysis

/// Mail that is sent on to where the administrator said.
@Suite struct ForwardTests {
    @Test(arguments: [
        ("virtual_alias_maps", "hash:/t", "@hosted.example @partner.example"),
        ("virtual_alias_maps", "pcre:/t", #"/^fax=([0-9]+)@hosted\.example$/ $1@partner.example"#),
        ("canonical_maps", "pcre:/t", #"/^(.+)=(.+)@hosted\.example$/ $1@$2.partner.example"#),
        ("recipient_bcc_maps", "pcre:/t", #"/^(.+)@hosted\.example$/ $1@partner.example"#),
        ("header_checks", "pcre:/t", "/^Subject: *(.+)$/ REDIRECT $1@partner.example"),
        ("smtpd_recipient_restrictions", "pcre:/t", "/^(.+)@/ BCC $1@partner.example"),
    ])
    func `A row that leaves only the user to strangers is closed, and named`(
        name: String, table: String, row: String
    ) {
        let value = name.hasPrefix("smtpd_") ? "check_recipient_access \(table)" : table
        let report = SampleHost().table(table, row + "\n").setting(name, value)
            .setting("local_recipient_maps", "").report
        #expect(report.verdict == .closed)
        let named = report.risks.filter { $0.kind == "forwards" }
        #expect(named.map(\.text) == [row] && named.map(\.parameter) == [name] && named.map(\.line) == [1])
    }

    @Test(arguments: [
        ("local_transport", "smtp:[192.0.2.1]", #"/^(.+)=(.+)@hosted\.example$/ $1@$2"#, true),
        ("local_transport", "smtp:[192.0.2.1]", #"/^(.+)=(.+)@hosted\.example$/ $1@partner.example"#, false),
        ("local_transport", "local:", #"/^(.+)=(.+)@hosted\.example$/ $1@$2"#, false),
        ("relay_domains", "partner.example", #"/^(.+)=(.+)@partner\.example$/ $1@$2"#, true),
        ("relay_domains", "partner.example", #"/^(.+)@(.+)\.local$/ $1@$2"#, false),
    ])
    func `What the next host gets for elsewhere is named`(
        name: String, value: String, row: String, isNamed: Bool
    ) {
        let host = SampleHost().table("pcre:/g", row + "\n").setting("smtp_generic_maps", "pcre:/g")
            .setting("local_recipient_maps", "").setting(name, value)
        let named = host.report.risks.filter { $0.parameter == "smtp_generic_maps" }
        #expect(host.report.verdict == .closed && named.map(\.text) == (isNamed ? [row] : []))
    }

    @Test func `So is an address for unknown users that leaves only the user to strangers`() {
        let host = SampleHost().setting("local_recipient_maps", "").setting("recipient_delimiter", "+")
        let report = host.setting("luser_relay", "$extension@partner.example").report
        #expect(report.verdict == .closed)
        #expect(
            report.risks.first { $0.kind == "forwards" }?.text == "luser_relay = $extension@partner.example")
    }

    @Test(arguments: [
        ("virtual_alias_maps", "hash:/t", "@sub.hosted.example @hosted.example"),
        ("virtual_alias_maps", "hash:/t", "info@hosted.example info@partner.example"),
        ("virtual_alias_maps", "pcre:/t", #"/^(.+)@hosted\.example$/ $1@box.hosted.example"#),
        ("header_checks", "pcre:/t", "/^Subject: *(.+)$/ PREPEND X-To: $1@partner.example"),
    ])
    func `A row that leads to one address, or nowhere else, forwards nothing that strangers choose`(
        name: String, table: String, row: String
    ) {
        let report = SampleHost().table(table, row + "\n").setting(name, table).report
        #expect(report.verdict == .closed && !report.risks.contains { $0.kind == "forwards" })
    }
}
