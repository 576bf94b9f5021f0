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

    @Test func `A condition on the name of the service holds for that service`() {
        var host = host.setting(
            "mynetworks", "${{$service_name} == {submission} ? {0.0.0.0/0} : {127.0.0.0/8}}")
        #expect(host.report.verdict == .closed)
        host.master = "submission inet n - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == .open)
        #expect(Set(host.report.causes.map(\.listener)) == [587])
    }

    @Test(arguments: [
        ("smtps", "465", true), ("465", "submissions", true), ("[192.0.2.1]:465", "192.0.2.1:urd", true),
        ("465", "192.0.2.1:465", false), ("465", "587", false),
    ])
    func `Of two services for one port the last counts`(first: String, second: String, isOne: Bool) {
        var host = host
        host.master +=
            "\(first) inet n - y - - smtpd -o mynetworks=0.0.0.0/0\n\(second) inet n - y - - smtpd\n"
        #expect(host.report.verdict == (isOne ? .closed : .open))
    }

    @Test(arguments: ["-o mynetworks", "-o { abc }", "-X", "-o"])
    func `A service with an option that is none would not start`(option: String) {
        var host = host
        host.master += "2525 inet n - y - - smtpd -o mynetworks=0.0.0.0/0 \(option)\n"
        #expect(host.report.verdict == .closed)
        #expect(host.report.risks.contains { $0.kind == "listener-broken" && $0.file == "master.cf" })
    }

    @Test func `Braces around a whole option hide nothing`() {
        var host = host
        host.master += "2525 inet n - y - - smtpd {-o mynetworks=0.0.0.0/0}\n"
        #expect(host.report.verdict == .open)
    }

    @Test func `A service name that only the host may know is a risk`() {
        var host = host
        host.master += "nonsense inet n - y - - smtpd\n"
        #expect(host.report.risks.contains { $0.kind == "unknown-port" })
    }

    /// Measured: a program that copies port 25 of the loopback relays for everybody.
    @Test func `What strangers reach by spawn is not judged, and may relay`() throws {
        var host = host
        host.master += "127.0.0.1:12346 inet n n n - 0 spawn user=nobody argv=/bin/policy\n"
        #expect(host.report.verdict == .closed)
        host.master += "12345 inet n n n - 0 spawn user=nobody argv=/usr/bin/socat STDIO TCP:127.0.0.1:25\n"
        let report = host.report
        #expect(report.verdict == .unknown)
        #expect(report.listeners.filter { $0.verdict == .unknown }.map(\.port) == [12345, 12345])
        let cause = try #require(report.causes.first)
        #expect(report.causes.count == 1 && cause.listener == 12345 && cause.file == "master.cf")
        #expect(cause.opens.contains("/usr/bin/socat") && cause.remedy.contains("127.0.0.1:12345"))
        let open = host.setting("mynetworks", "0.0.0.0/0")
        #expect(open.report.verdict == .open)
        #expect(open.report.risks.contains { $0.kind == "spawn" && $0.why.contains("on port 12345") })
        #expect(open.repaired(open.repair).report.verdict == .unknown)
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
            "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == .open)
        #expect(host.report.listeners.map(\.port) == [25, 25])
    }

    @Test(arguments: [
        ("-", "100", RelayVerdict.broken), ("-", "1", .open), ("0", "1", .broken), ("2", "1", .broken),
    ])
    func `postscreen runs once or not at all`(limit: String, general: String, verdict: RelayVerdict) {
        var host = host.setting("mynetworks", "0.0.0.0/0").setting("default_process_limit", general)
        host.master =
            "smtp inet n - y - \(limit) postscreen\nsmtpd pass - - y - - smtpd\n" + SampleHost.delivery
        #expect(host.report.verdict == verdict)
    }
}
