import MailModel
import Probing
import Testing

/// How long servers are waited for, and how hard they are asked.
@Suite("Patience")
struct PatienceTests {
    private static let closed: [(String, String)] = [
        ("EHLO", "250 mx.hosted.example"), ("MAIL", "250 2.1.0 Ok"),
        ("RCPT", "454 4.7.1 <x>: Relay access denied"), ("RSET", "250 2.0.0 Ok"), ("QUIT", "221 2.0.0 Bye"),
        ("", "502 5.5.2 Error: command not recognized"),
    ]

    private func request(_ port: Int, count: Int = 1, tests: ProbeRequest.Selection, banner: Duration)
        -> ProbeRequest
    {
        ProbeRequest(
            target: "127.0.0.1",
            endpoints: Array(repeating: .init(.v4(0x7f00_0001), port: port), count: count),
            origin: ProbeOrigin(kind: "direct", address: nil), tests: tests,
            limits: ProbeLimits(banner: banner, reply: .seconds(10), whole: .seconds(60)))
    }

    @Test("A server that greets late is asked once more before it is called broken")
    func lateGreeting() async throws {
        let server: @Sendable (Int) -> [ScriptedServer.Step] = { number in
            // The first two are those that ask in the clear and for STARTTLS.
            number < 2 ? [.silence] : [.say("220 mx.hosted.example ESMTP"), .answer(Self.closed)]
        }
        try await ScriptedServer.with(server) { server in
            let report = await probe(request(server.port, tests: .essential, banner: .seconds(2)))
            #expect(report.endpoints.first?.isBroken == nil)
            #expect(report.endpoints.first?.verdict == .closed)
        }
    }

    @Test("All ports of a host together get no more connections than one client may have")
    func connectionsInAll() async throws {
        let steps: [ScriptedServer.Step] = [.say("220 mx.hosted.example ESMTP"), .answer(Self.closed)]
        try await ScriptedServer.with({ _ in steps }) { server in
            let report = await probe(request(server.port, count: 8, tests: .all, banner: .seconds(10)))
            #expect(report.verdict == .closed)
            // It counts those too that are just being closed; Postfix allows one client 50.
            #expect(server.mostConnections < 50)
        }
    }
}
