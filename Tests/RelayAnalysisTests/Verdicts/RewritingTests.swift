import MailModel
import Testing

@testable import RelayAnalysis

/// Maps that lead recipients here to a domain which their own address names. The agreement measures the chains.
@Suite struct RewritingTests {
    private static let first = #"/^(.+)=(.+)@hosted\.example$/ $1--$2"# + "\n"
    private let chain = SampleHost().table("pcre:/a", first)

    @Test(arguments: [
        ("virtual_alias_maps", "pipemap:{pcre:/a,pcre:/b}"),
        ("recipient_canonical_maps", "pipemap:{pcre:/a,pcre:/b}"),
        ("virtual_alias_maps", "unionmap:{inline:{x=y},pipemap:{pcre:/a,pcre:/b}}"),
    ])
    func `Two tables decode together what neither does alone`(name: String, value: String) {
        let host = chain.table("pcre:/b", "/^(.+)--(.+)$/ $1@$2\n").setting(name, value)
        #expect(host.report.verdict == .open)
        #expect(host.report.causes.first?.parameter == name)
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test(arguments: ["/^(.+)--(.+)$/ $1@partner.example", "/^(.+)--(.+)$/ $1%$2", "/^(.+)==(.+)$/ $1@$2"])
    func `A chain that leads nowhere else is none`(second: String) {
        let host = chain.table("pcre:/b", second + "\n").setting(
            "virtual_alias_maps", "pipemap:{pcre:/a,pcre:/b}")
        #expect(host.report.verdict == .closed)
    }

    @Test(arguments: [
        #"/^fax=([0-9]+)@hosted\.example$/ $1@partner.example"#, #"/^(.+)@mail\.(.+)$/ $1@box.$2"#,
        #"/^(.+)=(.+)@hosted\.example$/ $1@$2.partner.example"#,
        // Of the names below its own domain the host takes mail for one, and that is no domain without the rest.
        #"/^(.+)@(.+)\.hosted\.example$/ $1@$2"#,
    ])
    func `A domain that is written down is a forward`(row: String) {
        let host = SampleHost().table("pcre:/v", row + "\n").setting("virtual_alias_maps", "pcre:/v")
        #expect(host.report.verdict == .closed)
    }

    @Test func `A domain of which only the end is written down is not`() {
        let row = #"/^fax=([a-z]+)@hosted\.example$/ fax@$1.com"#
        let host = SampleHost().table("pcre:/v", row + "\n").setting("virtual_alias_maps", "pcre:/v")
        #expect(host.report.verdict == .partial)
        #expect(host.report.causes.first?.text == row)
    }
}
