import MailModel
import Probing
import Synchronization
import Testing

/// A server that takes every command and refuses to relay, as Postfix does by default.
private let closedServer: [(String, String)] = [
    ("EHLO", "250-mx.hosted.example\r\n250 AUTH PLAIN"), ("MAIL", "250 2.1.0 Ok"),
    ("RCPT TO:<info@hosted.example>", "250 2.1.5 Ok"), ("RCPT", "454 4.7.1 <x>: Relay access denied"),
    ("RSET", "250 2.0.0 Ok"), ("QUIT", "221 2.0.0 Bye"), ("", "502 5.5.2 Error: command not recognized"),
]

@Suite("Probe")
struct ProbeTests {
    private func request(
        _ port: Int, tls: TLSUse = .none, hosted: String? = nil, tests: ProbeRequest.Selection = .essential,
        limits: ProbeLimits = ProbeLimits(
            connect: .seconds(2), banner: .milliseconds(500), reply: .milliseconds(500), whole: .seconds(5))
    ) -> ProbeRequest {
        ProbeRequest(
            target: "127.0.0.1", endpoints: [.init(.v4(0x7f00_0001), port: port, tls: tls)],
            hostedRecipient: hosted,
            origin: ProbeOrigin(kind: "direct", address: nil), tests: tests, limits: limits)
    }

    @Test("A server that refuses is closed, in one connection, and every question is in the report")
    func closed() async throws {
        try await ScriptedServer.with({ _ in [.say("220 mx.hosted.example ESMTP"), .answer(closedServer)] }) {
            let report = await probe(request($0.port, hosted: "info@hosted.example"))
            #expect(report.verdict == .closed)
            #expect(report.endpoints.count == 1)
            let endpoint = try #require(report.endpoints.first)
            #expect(endpoint.banner == "mx.hosted.example ESMTP")
            #expect(endpoint.offersLogin == true)
            #expect(endpoint.reason == nil)
            #expect(
                endpoint.tests.map(\.id)
                    == ["plain", "null-sender", "literal-sender", "local-user"])
            #expect(endpoint.tests.allSatisfy { $0.verdict == .refused })
            #expect(
                endpoint.tests.first?.dialogue == [
                    "> MAIL FROM:<probe@sender.example>", "< 250 2.1.0 Ok",
                    "> RCPT TO:\(endpoint.tests[0].rcptTo)", "< 454 4.7.1 <x>: Relay access denied",
                ])
            #expect(!$0.lines.contains { $0.hasPrefix("DATA") })
        }
    }

    @Test("A server that says yes is open, and no mail is sent")
    func open() async throws {
        let rules = [("DATA", "354 go")] + closedServer.map { ($0.0, $0.0 == "RCPT" ? "250 2.1.5 Ok" : $0.1) }
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(rules)] }) { server in
            let report = await probe(request(server.port))
            #expect(report.verdict == .open)
            #expect(!server.lines.contains("DATA"))
        }
    }

    @Test(
        "What the server serves is no foreign domain",
        arguments: [
            (nil, "info@hosted.example", nil, "example.org"), ("example.net", nil, nil, "example.net"),
            // No order from elsewhere names somebody's domain.
            ("victim.test", nil, nil, "example.org"),
            (nil, "info@Example.org", nil, "example.com"),
            (nil, "info@example.com", "example.org", "example.net"),
        ] as [(String?, String?, String?, String)])
    func foreignDomain(named: String?, hosted: String?, relayed: String?, expected: String) async throws {
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(closedServer)] }) { server in
            var request = request(server.port, hosted: hosted)
            request.foreignDomain = named
            request.relayDomain = relayed
            let plain = await probe(request).endpoints.first?.tests.first
            #expect(plain?.id == "plain" && plain?.rcptTo.hasSuffix("@\(expected)>") == true)
        }
    }

    @Test("What was not asked for want of time is neither unreachable nor closed")
    func noTime() async throws {
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(closedServer)] }) { server in
            let report = await probe(request(server.port, limits: ProbeLimits(whole: .zero)))
            #expect(report.verdict == .inconclusive)
            #expect(report.endpoints.map(\.reason) == ["there was no time left to ask"])
        }
    }

    @Test("A server that drops all connections but the first does not hold the probe up beyond its time")
    func limited() async throws {
        try await ScriptedServer.with({ number in
            number < 2 ? [.say("220 x"), .answer(closedServer)] : [.close]
        }) { server in
            let limits = ProbeLimits(
                connect: .seconds(2), banner: .seconds(2), reply: .seconds(2), whole: .seconds(4))
            let began = ContinuousClock.now
            let report = await probe(request(server.port, tests: .all, limits: limits))
            #expect(ContinuousClock.now - began < .seconds(8))
            #expect(report.verdict == .inconclusive)
            #expect(report.endpoints.first?.reason?.hasPrefix("it closed the connection") == true)
        }
    }

    @Test("Where STARTTLS is offered and nobody came as far as that, it is said to be undecided")
    func startTLSNotReached() async throws {
        let offering = [("EHLO", "250-mx.hosted.example\r\n250 STARTTLS")] + closedServer.dropFirst()
        // One of the first two connections, which come at the same time, is left without a greeting.
        try await ScriptedServer.with({ number in
            number == 1 ? [.silence] : [.say("220 x"), .answer(offering)]
        }) { server in
            let limits = ProbeLimits(banner: .seconds(4), reply: .seconds(4), whole: .seconds(4))
            let report = await probe(request(server.port, limits: limits))
            #expect(report.verdict == .inconclusive)
            #expect(report.endpoints.map(\.tls) == [.none, .starttls])
        }
    }

    @Test("The whole catalogue stays below the limits of the server, and below its count of errors")
    func polite() async throws {
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(closedServer)] }) { server in
            var limits = ProbeLimits()
            limits.connections = 3
            let report = await probe(
                request(server.port, hosted: "info@hosted.example", tests: .all, limits: limits))
            #expect(report.verdict == .closed)
            // Both TLS states are asked at once.
            #expect(server.mostConnections <= 6)
            #expect(Set(report.endpoints[0].tests.map(\.id)).count > 45)
        }
    }

    @Test("Qmail's yes to local parts that it has not read is not relaying")
    func qmail() async throws {
        // qmail-smtpd.c: without "@" or with a local domain after the last one, everything is taken.
        let taken = [
            "*[127.0.0.1]>", "*@mx.hosted.example>", "*@hosted.example>", "*%example.org>", "*@localhost>",
            "*!*",
        ].map { ("RCPT TO:<\($0)", "250 ok") }
        let rules =
            taken + [("RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)")]
            + closedServer
        let notqmail: @Sendable (Int) -> [ScriptedServer.Step] = { _ in
            [.say("220 mx.hosted.example ESMTP"), .answer(rules)]
        }
        try await ScriptedServer.with(notqmail) { server in
            let report = await probe(request(server.port, hosted: "info@hosted.example", tests: .all))
            #expect(report.verdict == .closed)
            let accepted = report.endpoints[0].tests.filter { $0.verdict == .accepted }
            #expect(accepted.count > 8)
        }
    }

    @Test(
        "Where mail from nobody is refused, what it was to ask is asked with a sender",
        arguments: [
            ("250 2.1.0 Ok", ProbeVerdict.open), ("550 5.1.7 sender address rejected", .closed),
        ])
    func nullSenderRefused(sender: String, expected: ProbeVerdict) async throws {
        let rules = [
            ("MAIL FROM:<>", "550 5.1.7 no bounces here"), ("MAIL FROM:<probe-", sender),
            ("RCPT TO:<postmaster@example.org>", "250 2.1.5 Ok"),
        ]
        let steps: [ScriptedServer.Step] = [
            .say("220 mx.hosted.example ESMTP"),
            .answer(rules + closedServer),
        ]
        try await ScriptedServer.with({ _ in steps }) { server in
            var request = request(server.port, tests: .all)
            request.limits.whole = .seconds(20)
            let report = await probe(request)
            #expect(report.verdict == expected, "\(report.endpoints.map(\.reason))")
            let postmaster = report.endpoints.first?.tests.first { $0.id == "third-postmaster" }
            #expect(postmaster?.verdict == (expected == .open ? .accepted : .error))
            let null = report.endpoints.first?.tests.first { $0.id == "null-sender" }
            #expect(null?.mailFrom == "<>")
        }
    }

    @Test("STARTTLS is asked as a state of its own, with any certificate")
    func startTLS() async throws {
        let tls = try TestCertificate.serverContext()
        let plain = [("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "(next)")] + closedServer
        let steps: [ScriptedServer.Step] = [
            .say("220 x"), .answer(plain), .say("220 go"), .startTLS, .answer(closedServer),
        ]
        try await ScriptedServer.with(tls: tls, { _ in steps }) { server in
            let report = await probe(request(server.port))
            #expect(report.endpoints.map(\.tls) == [.none, .starttls])
            #expect(report.endpoints.map(\.verdict) == [.closed, .closed])
            #expect(report.endpoints.map(\.offersLogin) == [false, true])
        }
    }

    @Test("Implicit TLS is spoken from the first byte")
    func implicitTLS() async throws {
        let tls = try TestCertificate.serverContext()
        try await ScriptedServer.with(
            tls: tls, implicitTLS: true, { _ in [.say("220 x"), .answer(closedServer)] }
        ) { server in
            let report = await probe(request(server.port, tls: .implicit))
            #expect(report.endpoints.map(\.verdict) == [.closed])
        }
    }

    @Test("Greylisting is asked again within the time allowed, with the same envelope")
    func greylisting() async throws {
        let seen = Mutex<Set<String>>([])
        let rules: @Sendable () -> [(String, String)] = { closedServer }
        let limits = ProbeLimits(
            connect: .seconds(2), banner: .seconds(2), reply: .seconds(2), whole: .seconds(10))
        try await ScriptedServer.with({ number in
            // The first connections are put off, the later ones are answered.
            let isFirst = seen.withLock { $0.insert("\(number)").inserted && $0.count <= 2 }
            let answers =
                isFirst
                ? rules().map { ($0.0, $0.0 == "RCPT" ? "450 4.2.0 Greylisted" : $0.1) } : rules()
            return [.say("220 x"), .answer(answers)]
        }) { server in
            let report = await probe(request(server.port, limits: limits))
            #expect(report.verdict == .closed)
            let asked = server.lines.filter { $0.hasPrefix("RCPT") }
            #expect(Set(asked).count == 3)
            #expect(asked.count == 6)
        }
    }

    @Test("A port that greets nobody in the clear is asked in TLS from the first byte")
    func wrapperMode() async throws {
        let steps: [ScriptedServer.Step] = [.say("220 mx.hosted.example ESMTP"), .answer(closedServer)]
        let limits = ProbeLimits(
            connect: .seconds(5), banner: .seconds(2), reply: .seconds(5), whole: .seconds(40))
        try await ScriptedServer.with(tls: TestCertificate.serverContext(), implicitTLS: true, { _ in steps })
        {
            let report = await probe(request($0.port, limits: limits))
            #expect(report.endpoints.map(\.tls) == [.implicit])
            #expect(report.verdict == .closed)
        }
    }

    @Test("A server that takes only so many connections gets no more, and answers everything in the end")
    func turnedAway() async throws {
        let limits = ProbeLimits(
            connect: .seconds(5), banner: .seconds(5), reply: .seconds(5), whole: .seconds(60))
        let count = Mutex(0)
        // As Postfix says it to one connection too many, to every third.
        let tooMany = "421 4.7.0 mx.hosted.example Error: too many connections from 127.0.0.1"
        try await ScriptedServer.with({ _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number.isMultiple(of: 3)
                ? [.say(tooMany), .close] : [.say("220 mx.hosted.example ESMTP"), .answer(closedServer)]
        }) { server in
            let report = await probe(request(server.port, tests: .all, limits: limits))
            #expect(report.verdict == .closed)
            #expect(report.endpoints.first?.tests.contains { $0.id == "third-abuse" } == true)
        }
    }

    @Test("Whoever watches is told how far it is, and what is waited for")
    func progress() async throws {
        let progress = ProbeProgress()
        let steps: [ScriptedServer.Step] = [
            .say("220 x"), .answer([("EHLO", "250 x"), ("MAIL", "250 ok"), ("RCPT", "(next)")]), .silence,
        ]
        let limits = ProbeLimits(banner: .seconds(60), reply: .seconds(60), whole: .seconds(60))
        try await ScriptedServer.with({ _ in steps }) { server in
            let place = "127.0.0.1 port \(server.port)"
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await probe(request(server.port, limits: limits), progress: progress) }
                let awaited = "\(place): the reply to RCPT"
                let end = ContinuousClock.now + .seconds(30)
                while progress.now.waitsFor != awaited, ContinuousClock.now < end { await Task.yield() }
                #expect(progress.now.waitsFor == awaited)
                // In the clear and, where it may be offered, after STARTTLS.
                #expect(progress.now.all > 0)
                group.cancelAll()
            }
            #expect(progress.now.waitsFor == nil)
            #expect(progress.now.done == progress.now.all)
        }
    }

    @Test("Nobody listening is unreachable, with the reason")
    func refused() async throws {
        let port = try await ScriptedServer.with({ _ in [] }) { $0.port }
        let report = await probe(request(port))
        #expect(report.verdict == .unreachable)
        #expect(report.endpoints.map(\.reason) == ["connection refused"])
    }

    @Test("A cancelled probe ends at once with what it heard")
    func cancelled() async throws {
        try await ScriptedServer.with({ _ in [.silence] }) { server in
            let limits = ProbeLimits(banner: .seconds(600), reply: .seconds(600), whole: .seconds(600))
            let began = ContinuousClock.now
            let report = await withTaskGroup(of: ProbeReport?.self) { group in
                group.addTask { await probe(request(server.port, limits: limits)) }
                group.addTask {
                    while server.mostConnections == 0 { await Task.yield() }
                    return nil
                }
                var report: ProbeReport?
                for await result in group {
                    if result == nil { group.cancelAll() }
                    report = report ?? result
                }
                return report
            }
            #expect(report?.verdict == .inconclusive)
            #expect(ContinuousClock.now - began < .seconds(60))
        }
    }

    @Test("The transcript holds what was said on both sides")
    func transcript() async throws {
        let entries = Mutex<[TranscriptEntry]>([])
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(closedServer)] }) { server in
            _ = await probe(request(server.port)) { entry in entries.withLock { $0.append(entry) } }
        }
        let lines = entries.withLock { $0 }.map {
            "\($0.direction) \(String(decoding: $0.bytes, as: UTF8.self))"
        }
        #expect(lines.contains("received 220 x\r\n"))
        #expect(lines.contains("sent EHLO [127.0.0.1]\r\n"))
    }
}
