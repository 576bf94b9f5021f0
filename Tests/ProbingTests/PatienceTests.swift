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

    @Test("A login that is put off is asked again, and what it came to stands beside the verdict")
    func loginPutOff() async throws {
        func rules(_ login: String) -> [ScriptedServer.Step] {
            let rules = [
                ("EHLO", "250-mx.hosted.example\r\n250 AUTH PLAIN"), ("AUTH", login),
            ]
            return [.say("220 mx.hosted.example ESMTP"), .answer(rules + Self.closed.dropFirst())]
        }
        let steps = rules("454 4.7.0 Temporary authentication failure")
        try await ScriptedServer.with({ _ in steps }) { server in
            let report = await probe(request(server.port, tests: .all, banner: .seconds(10)))
            let endpoint = report.endpoints.first
            #expect(server.lines.count { $0.hasPrefix("AUTH PLAIN") } == 3)
            #expect(endpoint?.verdict == .closed)
            #expect(
                endpoint?.reason
                    == "it put bogus-login off before that came to relaying: 454 4.7.0 Temporary authentication failure"
            )
        }
    }

    @Test("A STARTTLS that is put off once is asked for again")
    func startTLSPutOff() async throws {
        let ehlo = ("EHLO", "250-mx.hosted.example\r\n250 STARTTLS")
        let putOff = [ehlo, ("STARTTLS", "454 4.7.0 TLS not available for the moment")]
        let refused = [ehlo, ("STARTTLS", "554 5.7.0 no")]
        try await ScriptedServer.with({ number in
            [
                .say("220 mx.hosted.example ESMTP"),
                .answer((number == 0 ? putOff : refused) + Self.closed.dropFirst()),
            ]
        }) { server in
            var request = request(server.port, tests: .essential, banner: .seconds(10))
            request.endpoints = [.init(.v4(0x7f00_0001), port: server.port, tls: .starttls)]
            let report = await probe(request)
            #expect(server.lines.count { $0 == "STARTTLS" } == 2)
            #expect(report.verdict == .inconclusive)
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
