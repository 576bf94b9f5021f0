import Foundation
import MailModel
import NIOCore
import Probing
import Testing

/// Servers that want a prober to hang, to grow or to fall over. Every one of them has to end in a report,
/// within the time allowed, that calls nothing open or closed.
@Suite("Hostile servers")
struct HostileServerTests {
    /// For servers that end in silence; the others have the time that the program gives them.
    private static let impatient = ProbeLimits(
        connect: .seconds(5), banner: .seconds(3), reply: .seconds(1), whole: .seconds(20))

    private func ask(
        _ server: ScriptedServer, tls: TLSUse = .none, limits: ProbeLimits = impatient
    ) async -> ProbeEndpoint? {
        let request = ProbeRequest(
            target: "127.0.0.1", endpoints: [.init(.v4(0x7f00_0001), port: server.port, tls: tls)],
            origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential, limits: limits)
        return await probe(request).endpoints.first
    }

    private static let greetings: [(String, [ScriptedServer.Step], String)] = [
        ("nothing", [.silence], "broken: no banner"),
        ("hangs up", [.close], "it closed the connection instead of the banner"),
        ("resets", [.reset], "it closed the connection instead of the banner"),
        (
            "a line without end",
            [.sayBytes(Array("220 ".utf8)), .flood(String(repeating: "x", count: 65_536))],
            "it sends a line without end"
        ),
        (
            "a reply without end", [.flood(String(repeating: "220-more\r\n", count: 1000))],
            "it sends a reply without end"
        ),
        (
            "a byte at a time",
            [.drip("220 " + String(repeating: "x", count: 4000), every: .milliseconds(20))],
            "its banner drips in: … of it came in time, and no end"
        ),
        (
            "another protocol", [.say("HTTP/1.1 400 Bad Request")],
            "it does not speak SMTP: HTTP/1.1 400 Bad Request"
        ),
        ("zero bytes", [.sayBytes([0, 0, 0, 10])], "it does not speak SMTP: \0\0\0"),
        (
            "a refusal", [.say("554 5.7.1 go away")],
            "it turns this client away in its greeting: 554 5.7.1 go away"
        ),
        ("a greeting, then nothing", [.say("220 x"), .silence], "the reply to EHLO did not come in time"),
        (
            "a greeting, then floods",
            [
                .say("220 x"), .answer([("EHLO", "(next)")]),
                .flood(String(repeating: "250-x\r\n", count: 1000)),
            ],
            "it sends a reply without end"
        ),
        (
            "all replies at once", [.sayBytes(Array("220 x\r\n250 x\r\n250 ok\r\n250 ok\r\n".utf8))],
            "it sends replies to commands that it was not given"
        ),
    ]

    @Test(
        "A server that misbehaves is inconclusive, and the report says how", .timeLimit(.minutes(2)),
        arguments: greetings)
    func misbehaves(name: String, steps: [ScriptedServer.Step], reason: String) async throws {
        let isSilent = reason == "broken: no banner" || reason.contains("in time")
        let parts = reason.split(separator: "…")
        try await ScriptedServer.with({ _ in steps }) { server in
            let endpoint = try #require(await ask(server, limits: isSilent ? Self.impatient : ProbeLimits()))
            #expect(endpoint.verdict == .inconclusive, "\(name)")
            let said = endpoint.reason ?? ""
            #expect(
                parts.count > 1 ? parts.allSatisfy { said.contains($0) } : said == reason, "\(name): \(said)")
            #expect(endpoint.tests.isEmpty)
            // A tarpit that drips its greeting out may serve whoever waits.
            #expect((endpoint.isBroken == true) == (name == "nothing"), "\(name)")
        }
    }

    @Test("Who says nothing until he is spoken to, and hangs up on what he does not know, is not broken")
    func waitsForTheClient() async throws {
        try await ScriptedServer.with({ _ in [.answer([("", "(close)")])] }) { server in
            let endpoint = try #require(await ask(server))
            #expect(endpoint.verdict == .inconclusive)
            #expect(endpoint.isBroken != true)
        }
    }

    /// Up to which command it answers; the next one is the end of the connection.
    @Test(
        "A reset at any stage is inconclusive, and the report says where",
        arguments: [
            (["EHLO"], "the reply to EHLO"), (["MAIL", "EHLO"], "the reply to MAIL"),
            (["RCPT", "MAIL", "EHLO"], "the reply to RCPT"),
        ])
    func resets(script: ([String], String)) async throws {
        let (commands, awaited) = script
        let answered = commands.dropFirst().map { ($0, "250 ok") }
        try await ScriptedServer.with({ _ in
            [.say("220 x"), .answer(answered + [("", "(next)")]), .reset]
        }) { server in
            let endpoint = try #require(await ask(server, limits: ProbeLimits()))
            #expect(endpoint.verdict == .inconclusive)
            #expect(endpoint.reason == "it closed the connection instead of \(awaited)")
            #expect(server.lines.last?.hasPrefix(commands[0]) == true)
        }
    }

    @Test("A reset in place of the TLS handshake, or in the middle of TLS, is inconclusive")
    func resetInTLS() async throws {
        let before: [ScriptedServer.Step] = [
            .say("220 x"), .answer([("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "(next)")]),
        ]
        for after: [ScriptedServer.Step] in [
            [.sayBytes(Array("220 go\r\n".utf8)), .answer([("", "(next)")]), .reset],
            [.say("220 go"), .startTLS, .answer([("EHLO", "(next)")]), .reset],
        ] {
            try await ScriptedServer.with(tls: TestCertificate.serverContext(), { _ in before + after }) {
                let endpoint = try #require(await ask($0, tls: .starttls))
                #expect(endpoint.verdict == .inconclusive)
                #expect(endpoint.reason != nil)
            }
        }
    }

    @Test(
        "Codes that fit no place in the dialogue decide nothing",
        arguments: [
            "150 wait", "354 go", "333 x", "000 x", "999 x", "650 x", "503 5.5.1 Error: need MAIL command",
        ])
    func wrongCodes(reply: String) async throws {
        let rules = [
            ("EHLO", "250 x"), ("RSET", "250 ok"), ("QUIT", "221 bye"), ("MAIL", "250 ok"), ("RCPT", reply),
        ]
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(rules)] }) { server in
            let endpoint = try #require(await ask(server))
            #expect(endpoint.verdict == .inconclusive)
            #expect(endpoint.tests.allSatisfy { $0.verdict == .error })
            #expect(endpoint.tests.count == 3)
        }
    }

    @Test("Bytes that are no text, zero bytes among them, stay within the reply that they came in")
    func eightBit() async throws {
        let noise = Array("554 5.7.1 ".utf8) + [0, 0xff, 0xfe, 0x1b, 0x5b, 0x32, 0x4a, 0xc3, 13, 10]
        let steps: [ScriptedServer.Step] = [
            .say("220 x"), .answer([("EHLO", "250 x"), ("MAIL", "250 ok"), ("RCPT", "(next)")]),
            .sayBytes(noise),
            .answer([("RSET", "250 ok"), ("MAIL", "250 ok"), ("RCPT", "554 5.7.1 no"), ("QUIT", "221 bye")]),
        ]
        try await ScriptedServer.with({ _ in steps }) { server in
            let endpoint = try #require(await ask(server))
            #expect(endpoint.verdict == .closed)
            #expect(endpoint.tests.first?.reply.hasPrefix("554 5.7.1 \0") == true)
        }
    }

    @Test(
        "A certificate of any kind will do: whose server it is, is not the question",
        arguments: OddCertificate.allCases)
    func certificates(kind: OddCertificate) async throws {
        let rules = [
            ("EHLO", "250 x"), ("MAIL", "250 ok"), ("RCPT", "554 5.7.1 no"), ("RSET", "250 ok"),
            ("QUIT", "221 bye"),
        ]
        try await ScriptedServer.with(
            tls: try kind.serverContext(), implicitTLS: true, { _ in [.say("220 x"), .answer(rules)] }
        ) { server in
            let endpoint = try #require(await ask(server, tls: .implicit))
            #expect(endpoint.verdict == .closed, "\(endpoint.reason ?? "")")
            #expect(endpoint.tests.count == 3)
        }
    }

    @Test("A banner with escape sequences is kept as it is, for whoever shows it to escape")
    func escapes() async throws {
        try await ScriptedServer.with({ _ in [.say("220 \u{1b}]0;owned\u{7}\u{1b}[2J"), .silence] }) {
            server in
            let endpoint = try #require(await ask(server))
            #expect(endpoint.banner == "\u{1b}]0;owned\u{7}\u{1b}[2J")
            #expect(endpoint.verdict == .inconclusive)
        }
    }

    /// In bytes: the most that this process has had in memory since it was last told to count anew.
    private func mostMemory(countingAnew: Bool = false) throws -> Int {
        if countingAnew { try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs")) }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) * 1024
    }

    @Test("What a server says at length in every reply on every port is not kept at length")
    func longReplies() async throws {
        let text = String(repeating: "x", count: 150)
        let long = { (code: Int) in
            Array(repeating: "\(code)-\(text)\r\n", count: 99).joined() + "\(code) \(text)"
        }
        let steps: [ScriptedServer.Step] = [
            .say(long(220)),
            .answer([
                ("EHLO", long(250)), ("MAIL", long(250)), ("RCPT", long(554)), ("RSET", long(250)),
                ("QUIT", "221 bye"),
            ]),
        ]
        try await ScriptedServer.with({ _ in steps }) { server in
            let endpoint = ProbeRequest.Endpoint(.v4(0x7f00_0001), port: server.port)
            let request = ProbeRequest(
                target: "x", endpoints: Array(repeating: endpoint, count: 4),
                origin: ProbeOrigin(kind: "direct", address: nil),
                limits: ProbeLimits(whole: .seconds(240)))
            let before = try mostMemory(countingAnew: true)
            let report = await probe(request)
            let growth = try mostMemory() - before
            #expect(report.verdict == .closed)
            let dialogues = report.endpoints.flatMap(\.tests).map { $0.dialogue.joined().utf8.count }
            #expect(dialogues.count > 4 * 30)
            #expect(dialogues.allSatisfy { $0 < 4096 })
            #expect(growth < 12 << 20, "\(growth) bytes")
        }
    }

    @Test("Plain text behind the reply to STARTTLS is its own error")
    func plainTextAfterStartTLS() async throws {
        let steps: [ScriptedServer.Step] = [
            .say("220 x"),
            .answer([
                ("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "220 go\r\n250 injected"), ("", "250 ok"),
            ]),
        ]
        try await ScriptedServer.with({ _ in steps }) { server in
            let endpoint = try #require(await ask(server, tls: .starttls))
            #expect(endpoint.verdict == .inconclusive)
            #expect(endpoint.reason?.hasPrefix("plain text came after STARTTLS") == true)
        }
    }

    @Test(
        "Garbage in place of the TLS handshake is a failure of TLS",
        arguments: ["garbage\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello"])
    func garbageForTLS(text: String) async throws {
        let steps: [ScriptedServer.Step] = [
            .say("220 x"), .answer([("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "(next)")]),
            .say("220 go"),
            .answer([("", text)]), .silence,
        ]
        try await ScriptedServer.with({ _ in steps }) { server in
            let endpoint = try #require(await ask(server, tls: .starttls))
            #expect(endpoint.verdict == .inconclusive)
            #expect(endpoint.tests.isEmpty)
        }
    }

    @Test("A server that speaks plain SMTP where TLS is due does not hold the probe up")
    func plainOnImplicit() async throws {
        try await ScriptedServer.with({ _ in [.say("220 x"), .silence] }) { server in
            let endpoint = try #require(await ask(server, tls: .implicit))
            #expect(endpoint.verdict == .inconclusive)
            #expect(endpoint.reason?.hasPrefix("TLS failed") == true)
            #expect(endpoint.reason?.contains(".cc:") == false, "no place of a source file")
        }
    }

    @Test("A server that hangs up at one question answers the others, and that one stays unanswered")
    func hangsUpAtOne() async throws {
        let rules = [
            ("MAIL FROM:<>", "(close)"), ("EHLO", "250 x"), ("MAIL", "250 ok"),
            ("RCPT", "554 5.7.1 Relay access denied"),
            ("RSET", "250 ok"), ("QUIT", "221 bye"),
        ]
        let limits = ProbeLimits(
            connect: .seconds(2), banner: .seconds(2), reply: .seconds(2), whole: .seconds(20))
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(rules)] }) { server in
            let report = await probe(
                ProbeRequest(
                    target: "x", endpoints: [.init(.v4(0x7f00_0001), port: server.port)],
                    origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential, limits: limits))
            #expect(report.verdict == .inconclusive)
            #expect(report.endpoints.first?.tests.map(\.id) == ["plain", "literal-sender"])
            #expect(report.endpoints.first?.reason == "it closed the connection instead of the reply to MAIL")
        }
    }

    @Test("Who is to prove an address and answers a byte at a time holds nobody up", .timeLimit(.minutes(1)))
    func slowProof() async throws {
        let slow: [ScriptedServer.Step] = [.drip(String(repeating: "x", count: 120), every: .seconds(1))]
        try await ScriptedServer.with({ _ in slow }) { server in
            let answer = await AddressProof.ask(.v4(0x7f00_0001), port: server.port, challenge: "c")
            #expect(answer == nil)
        }
        let quick: [ScriptedServer.Step] = [.answer([("c", "secret"), ("", "(close)")])]
        try await ScriptedServer.with({ _ in quick }) { server in
            let answer = await AddressProof.ask(.v4(0x7f00_0001), port: server.port, challenge: "c")
            #expect(answer?.hasPrefix("secret") == true)
        }
    }
}
