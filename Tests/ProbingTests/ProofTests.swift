import MailModel
import Probing
import Testing

/// Servers that say yes, and what they say to the message that is to prove it.
@Suite("Proof by a message")
struct ProofTests {
    private static let open: [(String, String)] = [
        ("EHLO", "250 mx.hosted.example"), ("MAIL", "250 2.1.0 Ok"), ("RCPT", "250 2.1.5 Ok"),
        ("RSET", "250 2.0.0 Ok"), ("QUIT", "221 2.0.0 Bye"),
    ]

    /// Takes every recipient, and has one answer to every message.
    private func steps(
        _ rules: [(String, String)] = open, data: String = "354 go", message: String
    ) -> [ScriptedServer.Step] {
        let transaction: [ScriptedServer.Step] =
            data.hasPrefix("354")
            ? [
                .answer([("DATA", "(next)")] + rules), .say(data),
                .answer([(".", "(next)"), ("", "(nothing)")]), .say(message),
            ] : [.answer([("DATA", data)] + rules)]
        return [.say("220 mx.hosted.example ESMTP")] + (0..<40).flatMap { _ in transaction }
            + [.answer(rules)]
    }

    private func ask(
        _ server: ScriptedServer, tests: ProbeRequest.Selection = .essential, whole: Duration = .seconds(30),
        hosted: String? = "info@hosted.example"
    ) async -> ProbeReport {
        await probe(
            ProbeRequest(
                target: "127.0.0.1", endpoints: [.init(.v4(0x7f00_0001), port: server.port)],
                hostedRecipient: hosted,
                origin: ProbeOrigin(kind: "direct", address: nil), tests: tests,
                limits: ProbeLimits(banner: .seconds(5), reply: .seconds(5), whole: whole)),
            catcher: Catcher(vantage: [.v4(0x7f00_0001)], others: []))
    }

    @Test(
        "A message that is put off is sent again, and the answer to that counts",
        arguments: [("354 go", "451 4.7.1 Greylisted"), ("451 4.7.1 Greylisted", "")])
    func putOff(data: String, message: String) async throws {
        let (first, later) = (
            steps(data: data, message: message), steps(data: "554 5.7.1 Relay access denied", message: "")
        )
        // Two that ask for recipients, in the clear and for STARTTLS, and two with the messages.
        try await ScriptedServer.with({ number in number < 4 ? first : later }) { server in
            let report = await ask(server)
            #expect(report.verdict == .closed)
            #expect(
                report.endpoints.first?.reason
                    == "it takes foreign recipients and refuses the message: 554 5.7.1 Relay access denied")
            let recipients = server.lines.filter { $0.contains("@[127.0.0.1]>") && $0.hasPrefix("RCPT") }
            #expect(recipients.count == 2 * Set(recipients).count)
        }
    }

    @Test("A message that is put off for as long as there is time is neither taken nor refused")
    func putOffForGood() async throws {
        let steps = steps(message: "451 4.7.1 Greylisted")
        try await ScriptedServer.with({ _ in steps }) { server in
            let report = await ask(server, whole: .seconds(6))
            #expect(report.verdict == .inconclusive)
            #expect(report.endpoints.first?.reason == "it put plain off: 451 4.7.1 Greylisted")
        }
    }

    @Test("Where plain messages are refused, the forms that hide an address are tried as well")
    func formsBehindAFilter() async throws {
        let steps = steps(data: "554 5.7.1 Relay access denied", message: "")
        try await ScriptedServer.with({ _ in steps }) { server in
            let report = await ask(server, tests: .all)
            #expect(report.verdict == .closed)
            let percent = report.endpoints.first?.tests.first { $0.id == "percent-host" }
            #expect(percent?.verdict == .refused)
            #expect(percent?.dialogue.contains("> DATA") == true)
        }
    }

    @Test("A form whose sender at the vantage is refused is sent without one, and what comes of it counts")
    func sender() async throws {
        let local: [(String, String)] = [
            ("MAIL FROM:<probe-", "550 5.1.8 no"), ("MAIL", "250 ok"),
            ("RCPT TO:*%*@mx.hosted.example>", "250 ok"),
            ("RCPT", "554 5.7.1 Relay access denied"),
        ]
        let steps = steps(local + Self.open, data: "554 5.7.1 no", message: "")
        try await ScriptedServer.with({ _ in steps }) { server in
            let report = await ask(server, tests: .all)
            #expect(report.verdict == .closed)
            let percent = report.endpoints.first?.tests.first { $0.id == "percent-host" }
            #expect(percent?.mailFrom == "<>")
            #expect(percent?.dialogue.contains("> DATA") == true)
        }
    }

    @Test("No message goes to a domain that only the greeting names")
    func guesses() async throws {
        let steps = steps(data: "554 5.7.1 no", message: "")
        try await ScriptedServer.with({ _ in steps }) { server in
            let report = await ask(server, tests: .all, hosted: nil)
            #expect(server.lines.contains { $0.hasPrefix("RCPT TO:") && $0.contains("hosted.example") })
            let dialogues = report.endpoints.flatMap(\.tests).map(\.dialogue)
            let sent = dialogues.filter { $0.contains("> DATA") }
            #expect(!sent.isEmpty)
            #expect(!sent.joined().contains { $0.hasPrefix("> ") && $0.contains("hosted.example") })
        }
    }
}
