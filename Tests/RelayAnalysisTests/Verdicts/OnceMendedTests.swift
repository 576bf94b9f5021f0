import MailModel
import Testing

@testable import RelayAnalysis

/// What a configuration that serves nobody would open.
@Suite struct OnceMendedTests {
    private let open = SampleHost().setting("mynetworks", "127.0.0.0/8 0.0.0.0/0")

    private func risks(_ host: SampleHost) -> [RelayRisk] {
        host.report.risks.filter { $0.kind == "relay-once-mended" }
    }

    private let line = 5
    private static let text = "mynetworks = 127.0.0.0/8 0.0.0.0/0"

    private func expectOpening(_ host: SampleHost, ports: String = "port 25") throws {
        #expect(host.report.verdict == .broken)
        let risk = try #require(risks(host).first)
        #expect(risk.parameter == "mynetworks" && risk.file == "main.cf" && risk.line == line)
        #expect(risk.text == Self.text)
        #expect(
            risk.why
                == "Once what is broken is mended, \(ports) will relay: mynetworks opens it to every IPv4 client."
        )
    }

    @Test(arguments: [
        ("smtpd_tls_security_level", "strict"), ("smtpd_sasl_type", "plain"), ("smtpd_noop_commands", "RCPT"),
        ("smtpd_client_restrictions", "reject"), ("smtpd_sender_restrictions", "reject_forged_sender"),
        ("smtpd_relay_restrictions", "permit_mynetworks, permit"), ("compatibility_level", "three"),
        ("inet_protocols", "ipv5"), ("inet_interfaces", "loopback-only, 192.0.2.1"),
        ("mydestination", "$myhostname, hash:"),
    ])
    func `The lines that would open it are named beside the one that breaks it`(name: String, value: String)
        throws
    {
        let host = open.setting(name, value)
        try expectOpening(host)
        #expect(host.report.causes.allSatisfy { $0.kind == "broken" })
    }

    @Test func `So they are behind a line that is none, and with the number that they have`() throws {
        var host = open
        host.main += "what is this\n  and this\n"
        try expectOpening(host)
        host.main = "\n" + host.main
        #expect(risks(host).first?.line == line + 1)
    }

    @Test func `So they are behind what master.cf cannot start`() throws {
        var host = open
        host.master = host.master.replacing(
            "- y - - smtpd\nsub", with: "- y - - smtpd\n  -o smtpd_tls_security_level=x\nsub")
        try expectOpening(host)
        host = open
        host.master = host.master.replacing("- y - - smtpd\nsub", with: "- y - - smtpd -X\nsub")
        try expectOpening(host)
        host = open
        host.master += "2525 inet n smtpd\n"
        try expectOpening(host)
    }

    @Test func `Two faults one behind the other hide nothing`() throws {
        let host = open.setting("compatibility_level", "three").setting("smtpd_tls_security_level", "strict")
        try expectOpening(host)
    }

    @Test func `Ports that one line opens are named together`() throws {
        var host = open.setting("smtpd_tls_security_level", "strict")
        host.master += "2525 inet n - y - - smtpd\n"
        try expectOpening(host, ports: "ports 25, 2525")
    }

    @Test(arguments: [
        ("compatibility_level", "three"), ("smtpd_relay_restrictions", "permit_mynetworks"),
        ("smtpd_client_restrictions", "reject"),
    ])
    func `Of a host that would be closed nothing is said`(name: String, value: String) {
        let host = SampleHost().setting(name, value)
        #expect(host.report.verdict == .broken && risks(host).isEmpty)
    }

    @Test func `Of a host that serves nothing is said`() { #expect(risks(open).isEmpty) }
}
