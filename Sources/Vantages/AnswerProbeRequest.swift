internal import Glibc
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
///   - asker: where the order came from, as far as this machine sees.
///   - say: takes lines for standard error, where the order wants to hear how far it has come.
/// - Returns: what to print on standard output, one JSON document.
package func answerProbeRequest(
    _ json: [UInt8], program: String, interfaces: [IPNetwork], asker: IPAddress? = nil,
    say: @escaping @Sendable (String) -> Void = { _ in }
) async -> [UInt8] {
    await answerProbeRequest(json, program: program, interfaces: interfaces, asker: asker, say: say) {
        call throws(Failure) in
        try await HostIO.runProgram(call)
    }
}

func answerProbeRequest(
    _ json: [UInt8], program: String, interfaces: [IPNetwork], asker: IPAddress? = nil,
    say: @escaping @Sendable (String) -> Void, runProgram: @escaping RunProgram
) async -> [UInt8] {
    do throws(Failure) {
        var named = try ProbeOrder(json: json, program: program)
        try await named.nameAsker(asker) { [named] in await named.isProved($0) }
        let order = named
        let progress = ProbeProgress()
        async let _ = order.wantsProgress ? tell(progress, say) : ()
        return try await carryOut(order, interfaces, progress, runProgram).json
    } catch {
        return ProbeDelivery(refusal: ProbeDelivery.Refusal(error)).json
    }
}

/// Says every second how far it has come, until the task is cancelled.
private func tell(_ progress: ProbeProgress, _ say: @Sendable (String) -> Void) async {
    while (try? await Task.sleep(for: .seconds(1))) != nil { say(ProgressLine.text(progress.now)) }
}

private func carryOut(
    _ order: ProbeOrder, _ interfaces: [IPNetwork], _ progress: ProbeProgress,
    _ runProgram: @escaping RunProgram
) async throws(Failure) -> ProbeDelivery {
    guard let link = order.link else {
        return await order.carriedOut(
            interfaces: interfaces, progress: progress, transcriptLimit: KeptTranscript.ownLimit)
    }
    try await link.make(runProgram)
    let tracing = PostfixTracing(runProgram: runProgram, own: Set(order.request.endpoints.map(\.address)))
    // The server is on this very host.
    let delivery = await whileOrdererLives {
        await order.delivery(
            of: order.request, trace: { ids in await tracing(ids) }, progress: progress,
            transcriptLimit: KeptTranscript.ownLimit)
    }
    await link.remove(runProgram)
    return delivery
}

/// Cancels the work when the process that has ordered it is gone, killed or not: nobody waits for it, and the link to
/// the host is to go as well.
private func whileOrdererLives(_ work: @escaping @Sendable () async -> ProbeDelivery) async -> ProbeDelivery {
    let orderer = getppid()
    return await withTaskGroup(of: ProbeDelivery?.self) { group in
        group.addTask { await work() }
        group.addTask {
            while getppid() == orderer, (try? await Task.sleep(for: .milliseconds(250))) != nil {}
            return nil
        }
        var delivery: ProbeDelivery?
        for await result in group {
            delivery = delivery ?? result
            group.cancelAll()
        }
        return delivery ?? ProbeDelivery()
    }
}

extension ProbeOrder {
    /// Probes from where this process stands.
    /// - Parameters:
    ///   - catcher: one that is there already.
    ///   - transcriptLimit: in bytes.
    package func carriedOut(
        interfaces: [IPNetwork], catcher: Catcher? = nil, progress: ProbeProgress = ProbeProgress(),
        transcriptLimit: Int = KeptTranscript.strangersLimit
    ) async -> ProbeDelivery {
        var request = request
        request.useOwnAddresses(interfaces: interfaces, catches: catches && catcher == nil)
        return await delivery(
            of: request, catcher: catches ? catcher : nil, progress: progress,
            transcriptLimit: transcriptLimit)
    }

    fileprivate func delivery(
        of request: ProbeRequest, trace: TraceMessages? = nil, catcher: Catcher? = nil,
        progress: ProbeProgress, transcriptLimit: Int
    ) async -> ProbeDelivery {
        let kept = KeptTranscript(limitInBytes: transcriptLimit)
        let keep: TranscriptSink = { entry in kept.append(entry) }
        let report = await probe(
            request, transcript: wantsTranscript ? keep : nil, trace: trace, catcher: catcher,
            progress: progress)
        return ProbeDelivery(report: report, transcript: wantsTranscript ? kept.entries : nil)
    }
}

/// The transcript of a probe that runs in another process, bounded as everything that servers send.
package final class KeptTranscript: Sendable {
    /// For a vantage that serves many.
    package static let strangersLimit = 1 << 20
    /// For the user's own: every line of an endpoint that is asked again and again for half an hour.
    package static let ownLimit = 8 << 20
    /// What the transcript of the user's own takes on its way, in bytes: each byte is a number of JSON.
    static let ownLimitInJSON = 128 << 20

    private let limitInBytes: Int
    private let state = Mutex((entries: [TranscriptEntry](), size: 0))

    package init(limitInBytes: Int) { self.limitInBytes = limitInBytes }

    package func append(_ entry: TranscriptEntry) {
        state.withLock { state in
            guard state.size < limitInBytes else { return }
            state.entries.append(entry)
            // An entry has its weight without any bytes, too.
            state.size += entry.bytes.count + 16
            guard state.size >= limitInBytes else { return }
            var last = entry
            last.direction = .note
            last.bytes = Array("the transcript ends here: the vantage keeps no more".utf8)
            state.entries.append(last)
        }
    }

    package var entries: [TranscriptEntry] { state.withLock { $0.entries } }
}
