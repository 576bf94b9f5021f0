internal import HostIO
package import MailModel
package import Probing
internal import SMTPCore
internal import Synchronization

/// Carries out what another process of this program has asked for, and answers in its format.
///
/// Never throws: what went wrong is in the answer.
/// - Parameters:
///   - json: what came on standard input.
///   - program: the version of this program, which has to be that of the other process.
///   - interfaces: the addresses of this machine, for an order that is carried out from where it stands.
/// - Returns: what to print on standard output, one JSON document.
package func answerProbeRequest(
    _ json: [UInt8], program: String, interfaces: [IPNetwork]
) async -> [UInt8] {
    await answerProbeRequest(json, program: program, interfaces: interfaces) { call throws(Failure) in
        try await HostIO.runProgram(call)
    }
}

func answerProbeRequest(
    _ json: [UInt8], program: String, interfaces: [IPNetwork], runProgram: @escaping RunProgram
) async -> [UInt8] {
    do throws(Failure) {
        let order = try ProbeOrder(json: json, program: program)
        return try await carryOut(order, interfaces, runProgram).json
    } catch {
        return ProbeDelivery(refusal: ProbeDelivery.Refusal(error)).json
    }
}

private func carryOut(
    _ order: ProbeOrder, _ interfaces: [IPNetwork], _ runProgram: @escaping RunProgram
) async throws(Failure) -> ProbeDelivery {
    guard let link = order.link else { return await order.carriedOut(interfaces: interfaces) }
    try await link.make(runProgram)
    let tracing = PostfixTracing(runProgram: runProgram)
    // The server is on this very host.
    let delivery = await order.delivery(of: order.request, trace: { ids in await tracing(ids) })
    await link.remove(runProgram)
    return delivery
}

extension ProbeOrder {
    /// Probes from where this process stands.
    /// - Parameter catcher: one that is there already.
    package func carriedOut(interfaces: [IPNetwork], catcher: Catcher? = nil) async -> ProbeDelivery {
        var request = request
        request.useOwnAddresses(interfaces: interfaces, catches: catches && catcher == nil)
        return await delivery(of: request, catcher: catches ? catcher : nil)
    }

    fileprivate func delivery(
        of request: ProbeRequest, trace: TraceMessages? = nil, catcher: Catcher? = nil
    ) async -> ProbeDelivery {
        let kept = KeptTranscript()
        let keep: TranscriptSink = { entry in kept.append(entry) }
        let report = await probe(
            request, transcript: wantsTranscript ? keep : nil, trace: trace, catcher: catcher)
        return ProbeDelivery(report: report, transcript: wantsTranscript ? kept.entries : nil)
    }
}

/// The transcript of a probe that runs in another process, bounded as everything that servers send.
package final class KeptTranscript: Sendable {
    private static let limitInBytes = 1 << 20
    private let state = Mutex((entries: [TranscriptEntry](), size: 0))

    package init() {}

    package func append(_ entry: TranscriptEntry) {
        state.withLock { state in
            guard state.size < Self.limitInBytes else { return }
            state.entries.append(entry)
            // An entry has its weight without any bytes, too.
            state.size += entry.bytes.count + 16
            guard state.size >= Self.limitInBytes else { return }
            var last = entry
            last.direction = .note
            last.bytes = Array("the transcript ends here: the vantage keeps no more".utf8)
            state.entries.append(last)
        }
    }

    package var entries: [TranscriptEntry] { state.withLock { $0.entries } }
}
