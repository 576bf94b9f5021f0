import Fixtures
import Foundation
import HostIO
import MailModel
import Probing
import Synchronization
import Testing

@testable import Serving
@testable import Vantages

/// The whole way on this machine: the client of a vantage, TLS, and the vantage.
@Suite("Vantage over HTTPS", .serialized)
struct ServeVantageTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    /// What a vantage says of itself while a test uses it.
    private final class Heard: Sendable {
        let lines = Mutex<[String]>([])
        let port = Mutex(0)
        func has(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
    }

    private func serving(
        quotas: QuotaLimits = QuotaLimits(), backupDomains: [String] = [],
        _ body: (Int, Heard) async throws -> Void
    ) async throws {
        let settings = VantageSettings(
            address: .v4(0x7f00_0001), port: 0, certificatePEM: TestCertificate.certificatePEM,
            keyPEM: TestCertificate.keyPEM, tokens: try BearerTokens(parsing: Self.token), program: "1",
            interfaces: [], quotas: quotas, backupDomains: backupDomains)
        let heard = Heard()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let ports = AsyncStream<Int>.makeStream()
            group.addTask {
                try await serveVantage(settings) { line in
                    heard.lines.withLock { $0.append(line) }
                } isServing: { port in
                    ports.continuation.yield(port)
                }
            }
            let port = try #require(await ports.stream.first { _ in true })
            try await body(port, heard)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func instruments(token: String? = ServeVantageTests.token, program: String = "1")
        -> VantageInstruments
    {
        var instruments = VantageInstruments(
            program: program, runProgram: { _ in ProgramResult(exit: .exited(1)) }, executable: "",
            arguments: [])
        instruments.token = token
        instruments.trustedPEM = TestCertificate.certificatePEM
        return instruments
    }

    /// Nobody listens on the port: an answer all the same.
    private func request(_ addresses: [IPAddress]) -> ProbeRequest {
        ProbeRequest(
            target: "this host", endpoints: addresses.map { .init($0, port: 1) },
            origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential)
    }

    private func ask(
        _ port: Int, _ addresses: [IPAddress], _ instruments: VantageInstruments, backupDomain: String? = nil,
        server: Int? = nil, progress: ProbeProgress? = nil
    ) async throws(Failure) -> ProbeReport {
        guard let vantage = VantageAddress("https://127.0.0.1:\(port)") else {
            throw Failure(.usage, "no vantage")
        }
        var request = request(addresses)
        request.backupDomain = backupDomain
        if let server { request.endpoints = addresses.map { .init($0, port: server) } }
        return try await runProbe(from: vantage, request, instruments: instruments, progress: progress)
    }

    @Test("Whoever watches is told how far it is there, and what is waited for", .timeLimit(.minutes(2)))
    func progress() async throws {
        let silent = try ListeningPort()
        let progress = ProbeProgress()
        try await serving { port, heard in
            let report = try await withThrowingTaskGroup(of: ProbeReport?.self) { group in
                group.addTask {
                    try await ask(
                        port, [.v4(0x7f00_0001)], instruments(), server: silent.port, progress: progress)
                }
                let end = ContinuousClock.now + .seconds(30)
                while progress.now.all == 0, ContinuousClock.now < end { await Task.yield() }
                #expect(progress.now.all > 0)
                #expect(progress.now.waitsFor == "127.0.0.1 port \(silent.port): the banner")
                silent.hangUp()
                return try await group.next() ?? nil
            }
            #expect(report?.verdict == .inconclusive)
            #expect(heard.has("127.0.0.1: probed, inconclusive"))
        }
    }

    @Test("Who waits for a turn is told that, and for one who has gone nobody is probed any longer")
    func turns() async throws {
        let silent = try ListeningPort()
        try await serving(quotas: QuotaLimits(running: 1)) { port, _ in
            let (first, second) = (ProbeProgress(), ProbeProgress())
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await ask(
                        port, [.v4(0x7f00_0001)], instruments(), server: silent.port, progress: first)
                }
                let end = ContinuousClock.now + .seconds(30)
                while first.now.all == 0, ContinuousClock.now < end { await Task.yield() }
                group.addTask {
                    _ = try? await ask(
                        port, [.v4(0x7f00_0001)], instruments(), server: silent.port, progress: second)
                }
                while second.now.waitsFor == nil, ContinuousClock.now < end { await Task.yield() }
                #expect(second.now.waitsFor == "a turn at the vantage")
                group.cancelAll()
            }
            // A silent server is asked for a minute, each time, while somebody waits for the report.
            let end = ContinuousClock.now + .seconds(45)
            var metrics = ""
            repeat {
                metrics = try await get("/metrics", port)
            } while !(metrics.contains("running 0\n") && metrics.contains("waiting 0\n"))
                && ContinuousClock.now < end
            #expect(metrics.contains("running 0\n") && metrics.contains("waiting 0\n"))
        }
    }

    private func answering<T>(
        _ status: Int, _ body: some Collection<UInt8>, isWhole: Bool = true,
        _ use: (_ port: Int) async throws -> T
    ) async throws -> T {
        let head =
            "HTTP/1.1 \(status) x\r\nTransfer-Encoding: chunked\r\n\r\n\(String(body.count, radix: 16))\r\n"
        return try await FakeVantage.with(
            Array(head.utf8) + body + Array((isWhole ? "\r\n0\r\n\r\n" : "").utf8), use)
    }

    @Test("A balancer that keeps the answer back until it is whole changes nothing but the progress")
    func buffered() async throws {
        let report = ProbeReport(
            target: "x", from: ProbeOrigin(kind: "https", address: "198.51.100.7"), verdict: .closed,
            endpoints: [], hosted: nil)
        let moment = ProbeProgress.Moment(done: 1, all: 2, waitsFor: nil)
        let progress = ProbeProgress()
        let body = moment.line + moment.line + ProbeDelivery(report: report).json + [10]
        let answer = try await answering(200, body) {
            try await ask($0, [.v4(0x7f00_0001)], instruments(), progress: progress)
        }
        #expect(answer == report)
        #expect(progress.now == moment)
    }

    @Test("Whoever answers in the vantage's place, breaks off or says too much decides nothing")
    func notTheVantage() async throws {
        let line = ProbeProgress.Moment(done: 1, all: 2).line
        let long = ProbeProgress.Moment(done: 1, all: 2, waitsFor: String(repeating: "x", count: 10_000)).line
        for (status, body, isWhole, word) in [
            (504, Array("<html>Gateway Time-out</html>".utf8), true, "HTTP 504"),
            (200, line, true, "cannot be read"), (200, line, false, "it hung up"),
            (200, long, true, "without a report"),
        ] {
            let progress = ProbeProgress()
            let failure = await #expect(throws: Failure.self) {
                try await answering(status, body, isWhole: isWhole) {
                    try await ask($0, [.v4(0x7f00_0001)], instruments(), progress: progress)
                }
            }
            let said = "\(failure?.summary ?? "") \(failure?.detail ?? "")"
            #expect(said.contains(word), "\(said)")
            #expect(progress.now.waitsFor == nil)
        }
    }

    @Test("The address that asks is probed, and what was done is counted")
    func own() async throws {
        try await serving { port, heard in
            let report = try await ask(port, [.v4(0x7f00_0001)], instruments())
            #expect(report.verdict == .unreachable)
            #expect(report.from.kind == "https")
            #expect(report.from.address == "127.0.0.1")
            #expect(report.endpoints.map(\.address) == ["127.0.0.1"])
            #expect(heard.has("127.0.0.1: probed, unreachable"))
            let metrics = try await get("/metrics", port)
            #expect(metrics.contains("agent_vantage_probes_total{verdict=\"unreachable\"} 1\n"))
            #expect(try await get("/healthz", port) == "ok\n")
        }
    }

    @Test("A stranger with a token who asks it to probe somebody else is refused, logged and counted")
    func somebodyElse() async throws {
        try await serving { port, heard in
            // Documentation's network: nobody is there to answer a challenge, and this host is not it.
            let failure = await #expect(throws: Failure.self) {
                try await ask(port, [.v4(0xcb00_710a)], instruments())
            }
            #expect(failure?.summary.contains("203.0.113.10 is not the address that asks") == true)
            #expect(heard.has("127.0.0.1: refused (address): the vantage refuses: 203.0.113.10"))
            let metrics = try await get("/metrics", port)
            #expect(metrics.contains("agent_vantage_refused_total{reason=\"address\"} 1\n"))
            #expect(metrics.contains("agent_vantage_probes_total{verdict=\"unreachable\"} 0\n"))
        }
    }

    @Test("A host that does not know its own address is asked where it asks from, when it answers there")
    func atAsker() async throws {
        let unknown = IPAddress.v4(0)
        let secret = "a secret of this order"
        try await serving { port, heard in
            // Nobody answers: as if a balancer stood between.
            let failure = await #expect(throws: Failure.self) {
                try await ask(port, [unknown], instruments())
            }
            #expect(failure?.status == .cannotTell)
            #expect(
                failure?.summary.contains("127.0.0.1, and does not answer there on TCP port 8025") == true)
            #expect(failure?.remedy?.contains("--address") == true)
            #expect(heard.has("refused (address)"))
            // The way out of this machine's loopback is no interface of a host: the answer is given here.
            let order = ProbeOrder(
                program: "1", request: request([unknown]), link: nil, wantsTranscript: false, secret: secret)
            let call = HTTPSRequest(
                url: "https://127.0.0.1:\(port)/probe", token: Self.token,
                body: Array(try JSONEncoder().encode(order)), trustedPEM: TestCertificate.certificatePEM,
                deadline: .seconds(20))
            let response = try await AddressProof.answering(
                on: [.v4(0x7f00_0001)], { proof(of: secret, challenge: $0) }
            ) { () async throws(Failure) in try await call.send() }
            let report = try #require(
                JSONDecoder().decode(ProbeDelivery.self, from: Data(response.body)).report)
            #expect(report.endpoints.map(\.address) == ["127.0.0.1"])
            #expect(report.from.note?.contains("127.0.0.1, from which this host asks") == true)
        }
    }

    @Test(
        "Another address is probed when the asker answers a challenge there, and not when somebody else does")
    func proven() async throws {
        let second = IPAddress.v4(0x7f00_0002)
        try await serving { port, _ in
            let report = try await ask(port, [second], instruments())
            #expect(report.endpoints.first?.address == "127.0.0.2")
        }
        try await serving { port, heard in
            _ = try await AddressProof.answering(on: [second], { proof(of: "another secret", challenge: $0) })
            {
                // The client cannot listen there any more, and who does has not its secret.
                await #expect(throws: Failure.self) { try await ask(port, [second], instruments()) }
            }
            #expect(heard.has("refused (address)"))
        }
    }

    @Test(
        "Without its token, or with another version of the program, nothing is asked",
        arguments: [
            ("wrong-wrong-wrong-wrong", "1", "token"), (ServeVantageTests.token, "2", "order"),
        ])
    func refused(token: String, program: String, reason: String) async throws {
        try await serving { port, heard in
            let failure = await #expect(throws: Failure.self) {
                try await ask(port, [.v4(0x7f00_0001)], instruments(token: token, program: program))
            }
            #expect(failure?.status == .cannotTell)
            #expect(heard.has("refused (\(reason))"))
            let metrics = try await get("/metrics", port)
            #expect(metrics.contains("agent_vantage_refused_total{reason=\"\(reason)\"} 1"))
        }
    }

    @Test("Only names for which the vantage's operator vouches are tried for backup MXs")
    func backupDomain() async throws {
        try await serving(backupDomains: ["mx.vantage.example"]) { port, heard in
            for domain in ["mx.vantage.example", "Host1.MX.vantage.example"] {
                let report = try await ask(
                    port, [.v4(0x7f00_0001)], instruments(), backupDomain: domain)
                #expect(report.verdict == .unreachable)
            }
            for domain in ["somebody.example", "notmx.vantage.example", "vantage.example", ""] {
                let failure = await #expect(throws: Failure.self) {
                    try await ask(port, [.v4(0x7f00_0001)], instruments(), backupDomain: domain)
                }
                #expect(failure?.summary.contains("the test of backup MXs is none of its own") == true)
            }
            #expect(heard.has("refused (order)"))
        }
    }

    @Test("A client that asks too much is told so")
    func tooMuch() async throws {
        try await serving(quotas: QuotaLimits(hourlyPerClient: 1)) { port, heard in
            _ = try await ask(port, [.v4(0x7f00_0001)], instruments())
            let failure = await #expect(throws: Failure.self) {
                try await ask(port, [.v4(0x7f00_0001)], instruments())
            }
            #expect(failure?.summary.contains("asked too much") == true)
            #expect(heard.has("refused (client-quota)"))
        }
    }

    @Test("A certificate that nobody vouches for is not trusted")
    func untrusted() async throws {
        try await serving { port, heard in
            var instruments = instruments()
            instruments.trustedPEM = nil
            let failure = await #expect(throws: Failure.self) {
                try await ask(port, [.v4(0x7f00_0001)], instruments)
            }
            #expect(failure?.detail?.contains("TLS failed") == true)
            #expect(heard.lines.withLock { $0.isEmpty })
        }
    }

    @Test("Without a token nothing is sent at all")
    func noToken() async {
        let failure = await #expect(throws: Failure.self) {
            try await ask(1, [.v4(0x7f00_0001)], instruments(token: nil))
        }
        #expect(failure?.status == .usage)
    }

    private func get(_ path: String, _ port: Int) async throws -> String {
        let response = try await HTTPSRequest(
            url: "https://127.0.0.1:\(port)\(path)", trustedPEM: TestCertificate.certificatePEM,
            deadline: .seconds(10)
        ).send()
        #expect(response.status == 200)
        return String(decoding: response.body, as: UTF8.self)
    }
}
