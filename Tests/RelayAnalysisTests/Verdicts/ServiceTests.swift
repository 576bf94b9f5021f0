import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

/// What the services of `master.cf` make of a configuration, each for itself.
@Suite struct ServiceTests {
    private let host = SampleHost()

    @Test func `Overrides in master.cf count for their service alone`() throws {
        var host = host
        host.master +=
            "2525 inet n - y - - smtpd\n  -o { smtpd_relay_restrictions = permit_mynetworks, reject }\n  -o mynetworks=0.0.0.0/0\n127.0.0.1:10025 inet n - y - - smtpd -o mynetworks=0.0.0.0/0\n"
        let report = host.report
        #expect(report.verdict == .open)
        #expect(Set(report.causes.map(\.listener)) == [2525])
        let cause = try #require(report.causes.first)
        #expect(cause.file == "master.cf")
        #expect(cause.text == "  -o mynetworks=0.0.0.0/0")
    }

    @Test(arguments: [
        "relay_domains=static:all", "mydestination=static:all", "transport_maps=static:smtp:",
    ])
    func `An smtpd cannot override what trivial-rewrite decides`(override: String) {
        var host = host
        host.master += "2525 inet n - y - - smtpd -o \(override)\n"
        #expect(host.report.verdict == .closed)
    }

    @Test func `Overrides of trivial-rewrite count for every smtpd`() {
        var host = host
        host.master += "rewrite unix - - n - - trivial-rewrite -o relay_domains=static:all\n"
        #expect(host.report.verdict == .open)
    }

    @Test func `A service without address mappings decodes no recipients`() {
        let host = host.setting("virtual_alias_maps", "pcre:/va").table(
            "pcre:/va", "/^(.*)=(.*)@hosted\\.example$/ $1@$2\n")
        #expect(host.report.verdict == .open)
        #expect(host.setting("receive_override_options", "no_address_mappings").report.verdict == .closed)
    }

    @Test func `A service that would not start is a risk beside others, and the verdict where it is alone`() {
        var host = host
        host.master += "2525 inet n - y - - smtpd\n  -o smtpd_relay_restrictions=permit_mynetworks, reject\n"
        #expect(host.report.verdict == .closed)
        #expect(host.report.risks.contains { $0.kind == "listener-broken" })
        host.main += "nonsense\n"
        #expect(host.report.verdict == .broken)
    }

    @Test func `QMQP asks for nothing but the address`() {
        var host = host.setting("qmqpd_authorized_clients", "static:all")
        host.master += "628 inet n - n - - qmqpd\n"
        #expect(host.report.verdict == .open)
        #expect(host.setting("qmqpd_authorized_clients", "127.0.0.1").report.verdict == .closed)
    }

    @Test func `Behind postscreen, the smtpd that it hands on to is judged`() {
        var host = host.setting("mynetworks", "0.0.0.0/0")
        host.master =
            "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\nsmtp unix - - y - - smtp\n"
        #expect(host.report.verdict == .open)
        #expect(host.report.listeners.map(\.port) == [25, 25])
    }
}
