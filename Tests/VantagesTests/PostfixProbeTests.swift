import MailModel
import Probing
import Testing

@testable import Vantages

/// The whole way: a real Postfix, asked from a namespace of its own host, with messages that come back.
@Suite(
    "Probe of a real Postfix",
    .enabled(if: PostfixHost.isPossible, "needs root and Postfix"),
    .enabled(if: agent != nil, "needs the program agent beside the tests: run `swift build` first"),
    .serialized)
struct PostfixProbeTests {
    private func ask(_ host: PostfixHost, ports: [Int] = [25]) async throws -> ProbeReport {
        try await runProbe(
            from: .networkNamespace,
            ProbeRequest(
                target: "mx.hosted.example",
                endpoints: PostfixHost.addresses.flatMap { address in ports.map { .init(address, port: $0) }
                },
                hostedRecipient: "info@hosted.example", origin: ProbeOrigin(kind: "direct", address: nil)),
            instruments: try await host.instruments)
    }

    @Test("Postfix as installed is closed on both families, and mail for its users is accepted")
    func closed() async throws {
        try await PostfixHost.with("") { host in
            let report = try await ask(host, ports: [25, 587])
            #expect(report.verdict == .closed)
            #expect(report.endpoints.map(\.verdict) == [.closed, .closed, .closed, .closed])
            #expect(report.hosted?.accepted == true)
            let plain = report.endpoints.first?.tests.first { $0.id == "plain" }
            #expect(plain?.reply.hasPrefix("454 4.7.1") == true)
            #expect(report.endpoints.allSatisfy { $0.tests.count > 45 })
        }
    }

    @Test("A Postfix that trusts everybody is open, and the message itself proves it")
    func open() async throws {
        try await PostfixHost.with("mynetworks = 0.0.0.0/0 [::]/0") { host in
            let report = try await ask(host)
            #expect(report.verdict == .open)
            let delivered = report.endpoints[0].tests.filter { $0.verdict == .delivered }
            #expect(delivered.map(\.id) == ["plain", "null-sender"])
            #expect(delivered.first?.rcptTo.contains("@[198.51.100.") == true)
        }
    }

    @Test(
        "What only looks open or only looks closed is told apart",
        arguments: [
            // Trust in a sender: the plain test does not see it.
            (
                "smtpd_relay_restrictions = check_sender_access inline:{info@hosted.example=OK}, reject_unauth_destination",
                ProbeVerdict.open
            ),
            (
                "smtpd_relay_restrictions = check_helo_access inline:{localhost=OK}, reject_unauth_destination",
                .open
            ),
            // Every domain is "ours", and everything is thrown away.
            ("mynetworks = 0.0.0.0/0\ndefault_transport = discard", .inconclusive),
            ("soft_bounce = yes", .closed),
            ("smtpd_sender_restrictions = reject_unknown_sender_domain", .closed),
            ("smtpd_relay_restrictions = no_such_restriction, reject", .inconclusive),
            // Its smtpd does not start: no list refuses anybody.
            ("smtpd_relay_restrictions =\nsmtpd_recipient_restrictions =", .inconclusive),
        ])
    func lookAlikes(settings: String, expected: ProbeVerdict) async throws {
        try await PostfixHost.with(settings) { host in
            var request = ProbeRequest(
                target: "mx.hosted.example", endpoints: [.init(PostfixHost.addresses[0], port: 25)],
                hostedRecipient: "info@hosted.example", origin: ProbeOrigin(kind: "direct", address: nil))
            request.limits.banner = .seconds(4)
            request.limits.whole = .seconds(25)
            let report = try await runProbe(
                from: .networkNamespace, request, instruments: try await host.instruments)
            #expect(report.verdict == expected, "\(report.endpoints.map { ($0.verdict, $0.reason) })")
        }
    }
}
