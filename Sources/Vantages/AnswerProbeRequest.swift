internal import HostIO
internal import MailModel
internal import Probing
internal import Synchronization

/// Carries out what another process of this program has asked for, and answers in its format.
///
/// Never throws: what went wrong is in the answer.
/// - Parameter json: what came on standard input.
/// - Returns: what to print on standard output, one JSON document.
package func answerProbeRequest(_ json: [UInt8]) async -> [UInt8] {
    await answerProbeRequest(json) { call throws(Failure) in try await HostIO.runProgram(call) }
}

func answerProbeRequest(_ json: [UInt8], runProgram: RunProgram) async -> [UInt8] {
    var delivery = ProbeDelivery()
    do throws(Failure) {
        delivery = try await carryOut(
            decodeJSON(ProbeOrder.self, json, what: "the order for a probe"), runProgram)
    } catch {
        delivery.refusal = ProbeDelivery.Refusal(error)
    }
    do throws(Failure) {
        return try encodeJSON(delivery)
    } catch {
        return Array(
            #"{"refusal":{"status":1,"summary":"the report of the probe could not be written"}}"#.utf8)
    }
}

private func carryOut(_ order: ProbeOrder, _ runProgram: RunProgram) async throws(Failure) -> ProbeDelivery {
    guard order.format == ProbeOrder.format else {
        throw Failure(
            .failed, "the order for a probe is of another version of this program",
            remedy: "Both sides of a probe have to be the same version.")
    }
    if let link = order.link { try await link.make(runProgram) }
    let kept = KeptTranscript()
    let keep: TranscriptSink = { kept.append($0) }
    let report = await probe(order.request, transcript: order.wantsTranscript ? keep : nil)
    if let link = order.link { await link.remove(runProgram) }
    return ProbeDelivery(report: report, refusal: nil, transcript: order.wantsTranscript ? kept.entries : nil)
}

/// The transcript of a probe that runs in another process, bounded as everything that servers send.
private final class KeptTranscript: Sendable {
    private static let limitInBytes = 1 << 20
    private let state = Mutex((entries: [TranscriptEntry](), size: 0))

    func append(_ entry: TranscriptEntry) {
        state.withLock { state in
            guard state.size < Self.limitInBytes else { return }
            state.entries.append(entry)
            state.size += entry.bytes.count
        }
    }

    var entries: [TranscriptEntry] { state.withLock { $0.entries } }
}
