import MailModel
import Testing

@testable import RelayAnalysis

/// Patterns in a list of domains that take in more than they name, where the mail leaves. The agreement measures eight.
@Suite struct PatternDomainTests {
    private static let wide = [
        #"/\.com$/"#, #"/com$/"#, #"/example\.net$/"#, #"/^example\.net/"#, #"/\.(net|com|org)$/"#,
        #"/example\.(net|org)$/"#, #"/^[a-z-]+\.[a-z]{3}$/"#, #"/^[a-z]+\.[a-z]+\.net$/"#, #"/\.co\.uk$/"#,
    ]
    private static let named = [
        #"/^example\.net$/"#, #"/(^|\.)example\.net$/"#, #"/\.example\.net$/"#,
        #"/^[a-z]+\.example\.net$/"#, #"/^[a-z]+\.example\.co\.uk$/"#, #"/^[a-z]+\.internal$/"#,
        #"/^example\.(net|org)$/"#,
    ]
    private static let classes: [[String: String]] = [
        ["relay_domains": "pcre:/d"],
        ["mydestination": "localhost, pcre:/d", "local_transport": "smtp:", "local_recipient_maps": ""],
        [
            "mydestination": "localhost, pcre:/d", "local_transport": "smtp:[a.example]",
            "local_recipient_maps": "",
        ],
        [
            "mydestination": "localhost, pcre:/d", "fallback_transport": "smtp:[a.example]",
            "local_recipient_maps": "",
        ],
        ["virtual_mailbox_domains": "pcre:/d", "virtual_transport": "smtp:"],
        [
            "virtual_mailbox_domains": "pcre:/d", "virtual_mailbox_maps": "static:x",
            "transport_maps": "inline:{*=smtp:}",
        ],
    ]

    private func host(_ settings: [String: String], _ pattern: String) -> SampleHost {
        settings.reduce(SampleHost().table("pcre:/d", "/^mail\\.hosted\\.example$/ x\n\(pattern) x\n")) {
            $0.setting($1.key, $1.value)
        }
    }

    @Test(arguments: classes, wide)
    func `What nobody named is relayed`(settings: [String: String], pattern: String) throws {
        let host = host(settings, pattern)
        #expect(host.report.verdict == .partial)
        let cause = try #require(host.report.causes.first)
        #expect(cause.text == "\(pattern) x" && cause.line == 2)
        #expect(host.repaired(host.repair).report.verdict == .closed)
    }

    @Test(arguments: classes, named)
    func `What belongs to the owner of a name is not`(settings: [String: String], pattern: String) {
        #expect(host(settings, pattern).report.verdict == .closed)
    }

    @Test(arguments: wide)
    func `What is delivered here is not`(pattern: String) {
        let here = ["mydestination": "localhost, pcre:/d", "local_recipient_maps": ""]
        #expect(host(here, pattern).report.verdict == .closed)
        let boxes = ["virtual_mailbox_domains": "pcre:/d", "virtual_mailbox_maps": "static:x"]
        #expect(host(boxes, pattern).report.verdict == .closed)
    }
}
