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
            runProgram: { call throws(Failure) in
                if call.arguments.contains("show") { return ProgramResult(exit: .exited(0)) }
                return try other(call)
            }, executable: "/proc/1/exe", arguments: ["probe", "--request", "-"])
    }

    @Test(
        "Vantages that this version lacks are refused with those that it has",
        arguments: ["ssh://mail", "https://v.example"])
    func missing(text: String) async throws {
        let vantage = try #require(VantageAddress(text))
        await #expect { try await runProbe(from: vantage, request) } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.status == .usage && failure.detail?.contains("netns") == true
        }
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
            ProbeDelivery.self, await answerProbeRequest(Array(json.utf8)), what: "the answer")
        #expect(delivery.report == nil)
        #expect(delivery.refusal?.status == ExitStatus.failed.rawValue)
    }

    @Test("An order without a link is carried out where the process stands")
    func answered() async throws {
        var request = request
        request.endpoints = []
        let order = ProbeOrder(request: request, link: nil, wantsTranscript: true)
        let delivery = try decodeJSON(
            ProbeDelivery.self, await answerProbeRequest(try encodeJSON(order)), what: "the answer")
        #expect(delivery.report?.verdict == .unreachable)
        #expect(delivery.transcript == [])
    }
}
