import Fixtures
import Glibc
import HostIO
import MailModel
import Probing
import Synchronization
import Testing

@testable import Vantages

@Suite("Run a probe")
struct RunProbeTests {
    private let request = ProbeRequest(
        target: "203.0.113.10", endpoints: [.init(.v4(0xcb00_710a), port: 25)],
        origin: ProbeOrigin(kind: "direct", address: nil), limits: ProbeLimits(whole: .seconds(1)))

    /// Answers `ip … route show` with nothing, and hands everything else to `other`.
    private func instruments(
        _ other: @escaping @Sendable (ProgramCall) throws(Failure) -> ProgramResult
    ) -> VantageInstruments {
        VantageInstruments(
            program: "1",
            runProgram: { call throws(Failure) in
                if call.arguments.contains("show") { return ProgramResult(exit: .exited(0)) }
                return try other(call)
            }, executable: "/proc/1/exe", arguments: ["probe", "--request", "-"])
    }

    @Test("Over ssh the order goes to this program there, with no question asked and no shell here")
    func overSSH() async throws {
        let calls = Mutex<[ProgramCall]>([])
        let answer = ProbeReport(
            target: "x", from: ProbeOrigin(kind: "ssh", address: "198.51.100.7"), verdict: .closed,
            endpoints: [], hosted: nil)
        let output = try encodeJSON(ProbeDelivery(report: answer))
        let report = try await runProbe(
            from: .ssh("root@elsewhere.example"), request,
            instruments: instruments { call in
                calls.withLock { $0.append(call) }
                return ProgramResult(exit: .exited(0), output: output)
            })
        #expect(report == answer)
        let call = try #require(calls.withLock { $0 }.first)
        #expect(call.executable == "/usr/bin/ssh")
        #expect(
            call.arguments == [
                "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "--", "root@elsewhere.example",
                "agent probe --request -",
            ])
        let order = try ProbeOrder(json: call.input, program: "1")
        #expect(order.request.origin.kind == "ssh")
        #expect(order.secret == nil)
    }

    @Test("Over ssh challenges are answered while a host behind NAT has itself probed, and only then")
    func answersOverSSH() async throws {
        var request = request
        request.endpoints = [.init(.v4(0), port: 25)]
        let report = ProbeReport(
            target: "x", from: ProbeOrigin(kind: "ssh", address: nil), verdict: .closed, endpoints: [],
            hosted: nil)
        let output = try encodeJSON(ProbeDelivery(report: report))
        let proved = Mutex(false)
        // Any address of this machine stands for that of an interface.
        var instruments = VantageInstruments(
            program: "1",
            runProgram: { call throws(Failure) in
                let order = try ProbeOrder(json: call.input, program: "1")
                let isProved = await order.isProved(.v4(0x7f00_0004))
                proved.withLock { $0 = isProved }
                return ProgramResult(exit: .exited(0), output: output)
            }, executable: "", arguments: [])
        instruments.interfaces = [IPNetwork(.v4(0x7f00_0004))]
        _ = try await runProbe(from: .ssh("elsewhere.example"), request, instruments: instruments)
        #expect(proved.withLock { $0 } == false, "loopback is nobody's way in")
        request.endpoints.append(.init(.v4(0x7f00_0004), port: 25))
        _ = try await runProbe(from: .ssh("elsewhere.example"), request, instruments: instruments)
        #expect(proved.withLock { $0 })
    }

    @Test(
        "An ssh that does not get there says what to look for",
        arguments: [(Int32(255), "BatchMode"), (127, "Install"), (1, "--version")])
    func sshFails(status: Int32, remedy: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await runProbe(
                from: .ssh("elsewhere.example"), request,
                instruments: instruments { _ in
                    ProgramResult(exit: .exited(status), errorOutput: Array("no".utf8))
                })
        }
        #expect(failure?.status == .cannotTell)
        #expect(failure?.remedy?.contains(remedy) == true)
    }

    @Test(
        "The namespace gets the order on standard input, and its report comes back",
        .enabled(if: isRoot, "needs root"))
    func order() async throws {
        let calls = Mutex<[ProgramCall]>([])
        let answer = ProbeReport(
            target: "x", from: ProbeOrigin(kind: "netns", address: "198.51.100.7"), verdict: .closed,
            endpoints: [],
            hosted: nil)
        let output = try encodeJSON(ProbeDelivery(report: answer, refusal: nil, transcript: nil))
        let report = try await runProbe(
            from: .networkNamespace, request,
            instruments: instruments { call in
                calls.withLock { $0.append(call) }
                return ProgramResult(exit: .exited(0), output: output)
            })
        #expect(report == answer)
        let call = try #require(calls.withLock { $0 }.last)
        #expect(call.executable == "/usr/bin/unshare")
        #expect(call.arguments == ["--net", "--", "/proc/1/exe", "probe", "--request", "-"])
        let order = try decodeJSON(ProbeOrder.self, call.input, what: "the order")
        #expect(order.request.endpoints == request.endpoints)
        #expect(order.request.origin.kind == "netns")
        #expect(order.link != nil)
    }

    @Test("How far a probe elsewhere is, comes back while it runs, and is no complaint of it")
    func progress() async throws {
        let moment = ProbeProgress.Moment(done: 7, all: 60, waitsFor: "203.0.113.10 port 25: the banner")
        let progress = ProbeProgress()
        let failure = await #expect(throws: Failure.self) {
            try await runProbe(
                from: .ssh("elsewhere.example"), request,
                instruments: instruments { call in
                    #expect((try? ProbeOrder(json: call.input, program: "1"))?.wantsProgress == true)
                    call.watcher?.take("Warning: Permanently added elsewhere.example")
                    call.watcher?.take(ProgressLine.text(moment))
                    #expect(progress.now == moment)
                    let printed = "Warning: x\n" + ProgressLine.text(moment)
                    return ProgramResult(exit: .exited(255), errorOutput: Array(printed.utf8))
                }, progress: progress)
        }
        #expect(failure?.detail == "Warning: x")
    }

    @Test("An order that wants to hear how far it is, is told on standard error")
    func told() async throws {
        let server = try ListeningPort()
        var request = request
        request.endpoints = [.init(.v4(0x7f00_0001), port: server.port)]
        request.limits.whole = .seconds(3)
        let order = ProbeOrder(
            program: "1", request: request, link: nil, wantsTranscript: false, wantsProgress: true)
        let lines = Mutex<[String]>([])
        _ = await answerProbeRequest(try encodeJSON(order), program: "1", interfaces: []) { line in
            lines.withLock { $0.append(line) }
        }
        let moments = lines.withLock { $0 }.compactMap { ProgressLine.moment(in: $0) }
        #expect(moments.contains { $0.waitsFor == "127.0.0.1 port \(server.port): the banner" })
    }

    @Test(
        "A namespace that does not answer is a failure that decides nothing",
        .enabled(if: isRoot, "needs root"),
        arguments: [
            ProgramResult(exit: .exited(1), errorOutput: Array("unshare failed".utf8)),
            ProgramResult(exit: .signalled(9)), ProgramResult(exit: .exited(0), output: Array("{}".utf8)),
            ProgramResult(exit: .exited(0), output: Array("not json".utf8)),
        ])
    func noAnswer(result: ProgramResult) async {
        await #expect(throws: Failure.self) {
            try await runProbe(from: .networkNamespace, request, instruments: instruments { _ in result })
        }
    }

    @Test("An order that cannot be read is answered with a refusal", arguments: ["", "{}", "[1]", "\u{0}"])
    func badOrder(json: String) async throws {
        let delivery = try decodeJSON(
            ProbeDelivery.self, await answerProbeRequest(Array(json.utf8), program: "1", interfaces: []),
            what: "the answer")
        #expect(delivery.report == nil)
        #expect(delivery.refusal?.status == ExitStatus.failed.rawValue)
    }

    @Test("An order without a link is carried out where the process stands")
    func answered() async throws {
        var request = request
        request.endpoints = []
        let order = ProbeOrder(program: "1", request: request, link: nil, wantsTranscript: true)
        let delivery = try decodeJSON(
            ProbeDelivery.self, await answerProbeRequest(try encodeJSON(order), program: "1", interfaces: []),
            what: "the answer")
        #expect(delivery.report?.verdict == .unreachable)
        #expect(delivery.transcript == [])
    }

    @Test("A stranger's order is bounded: in servers, in time, in connections")
    func bounded() throws {
        var order = ProbeOrder(program: "1", request: request, link: nil, wantsTranscript: false)
        order.request.limits = ProbeLimits(
            connect: .seconds(900), banner: .seconds(900), reply: .seconds(-1), whole: .seconds(1800),
            connections: 5000, questionsPerConnection: 5000)
        let hosts = (0..<42).flatMap { host in
            [25, 465, 587].map { ProbeRequest.Endpoint(.v4(0xcb00_7100 + host), port: $0) }
        }
        for (count, whole) in [(1, 60), (16, 60), (17, 62), (126, 280)] {
            var asked = order
            asked.request.endpoints = Array(hosts.prefix(count))
            try asked.prepareForElsewhere()
            #expect(asked.request.limits.whole == .seconds(whole))
            #expect(asked.request.limits.banner == ProbeLimits().banner)
            #expect(asked.request.limits.reply > .zero)
            #expect(asked.request.limits.connections == ProbeLimits().connections)
        }
        for endpoints in [[], hosts + hosts, [.init(.v4(1), port: 0)], [.init(.v4(1), port: 65_536)]] {
            var asked = order
            asked.request.endpoints = endpoints
            #expect(throws: Failure.self) { try asked.prepareForElsewhere() }
        }
    }

    @Test("Over ssh a host behind NAT is asked where it logged in from, when it answers there")
    func atAsker() async throws {
        var request = request
        request.endpoints = [.init(.v4(0), port: 1)]
        let order = ProbeOrder(
            program: "1", request: request, link: nil, wantsTranscript: false, secret: "its secret")
        let answer = { () async throws -> ProbeDelivery in
            try decodeJSON(
                ProbeDelivery.self,
                await answerProbeRequest(
                    try encodeJSON(order), program: "1", interfaces: [], asker: .v4(0x7f00_0003)),
                what: "the answer")
        }
        let refused = try await answer()
        #expect(refused.refusal?.summary.contains("127.0.0.3, and does not answer there") == true)
        #expect(refused.refusal?.status == ExitStatus.cannotTell.rawValue)
        let asked = Mutex<ProbeReport?>(nil)
        try await AddressProof.answering(
            on: [.v4(0x7f00_0003)], { proof(of: "its secret", challenge: $0) }
        ) { () async throws(Failure) in
            let report = try? await answer().report
            asked.withLock { $0 = report }
        }
        #expect(asked.withLock { $0 }?.endpoints.map(\.address) == ["127.0.0.3"])
    }

    @Test("An order of another version is refused, and says what to do")
    func otherVersion() async throws {
        let order = ProbeOrder(program: "2", request: request, link: nil, wantsTranscript: false)
        // One that has another layout is not only unreadable.
        let short = Array(#"{"format": "agent.probe-order/1", "program": "2"}"#.utf8)
        for json in [try encodeJSON(order), short] {
            let answer = await answerProbeRequest(json, program: "1", interfaces: [])
            let delivery = try decodeJSON(ProbeDelivery.self, answer, what: "the answer")
            #expect(delivery.report == nil)
            #expect(delivery.refusal?.status == ExitStatus.cannotTell.rawValue)
            #expect(delivery.refusal?.summary.contains("version 2, not 1") == true)
        }
    }
}
