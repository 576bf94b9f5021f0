internal import Content
internal import MailModel
internal import Probing
internal import Synchronization
internal import Vantages

/// What a vantage answers to whom, without HTTP round it.
///
/// It probes only the address that asks, or one on which the asker has answered a challenge; within quotas;
/// and sends mail to itself alone. So it is of no use to look for open relays of others, or to send mail.
final class Vantage: Sendable {
    struct Answer: Sendable {
        enum Body: Sendable {
            /// One JSON document.
            case document([UInt8])
            /// Carries the order out, and says line by line how far it is; the last line is the document.
            case lines(@Sendable (_ say: @escaping @Sendable ([UInt8]) -> Void) async -> Void)
        }

        var status: Int
        var body: Body
    }

    private struct State {
        var quotas: Quotas
        var metrics = VantageMetrics()
    }

    private let program: String
    private let tokens: BearerTokens
    private let interfaces: [IPNetwork]
    private let backupDomains: [String]
    /// `nil` when nobody catches: then no mail is sent.
    private let catcher: Catcher?
    private let log: @Sendable (String) -> Void
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let turns: Turns
    /// Challenges go to addresses that nobody has proved: few at once.
    private let challenges = Turns(16)

    init(_ settings: VantageSettings, catcher: Catcher?, log: @escaping @Sendable (String) -> Void) {
        program = settings.program
        tokens = settings.tokens
        interfaces = settings.interfaces
        backupDomains = settings.backupDomains
        self.catcher = catcher
        self.log = log
        state = Mutex(State(quotas: Quotas(settings.quotas)))
        turns = Turns(settings.quotas.running)
    }

    var metrics: VantageMetrics {
        var metrics = state.withLock { $0.metrics }
        metrics.messages = catcher?.caughtMessages ?? 0
        return metrics
    }

    /// - Parameters:
    ///   - authorization: the header, before anything else is read.
    ///   - body: the order; `nil` when it is too long or does not come.
    func answer(from peer: IPAddress, authorization: String?, body: () async -> [UInt8]?) async -> Answer {
        guard tokens.accept(authorization) else {
            return refuse(401, .token, peer, "the token is not one of this vantage's")
        }
        if let refusal = state.withLock({ $0.quotas.admit(peer, at: start.duration(to: .now)) }) {
            return refusal == .client
                ? refuse(429, .clientQuota, peer, "this client has asked too much; try again later")
                : refuse(503, .totalQuota, peer, "the vantage has too much to do; try again later")
        }
        let admission = Admission { [self] in state.withLock { $0.quotas.leave(peer) } }
        guard let bytes = await body() else { return refuse(413, .order, peer, "the order is too long") }
        var order: ProbeOrder
        do throws(Failure) {
            var asked = try ProbeOrder(json: bytes, program: program)
            try asked.prepareForElsewhere(backupDomains: backupDomains)
            // Without a catcher of the vantage's own, carrying out the order would start one.
            if catcher == nil { asked.catches = false }
            order = asked
        } catch {
            return Answer(status: 400, body: .document(refusal(.order, peer, error).json))
        }
        do throws(Failure) {
            try await order.nameAsker(peer) { [order] in await proves($0, order) }
        } catch {
            return Answer(status: 403, body: .document(refusal(.address, peer, error).json))
        }
        if let stranger = await unproven(order, peer) {
            return refuse(
                403, .address, peer, "\(stranger) is not the address that asks, and has not answered for it")
        }
        guard order.wantsProgress else {
            let delivery = await carryOut(order, peer, ProbeProgress(), admission)
            return Answer(status: delivery.refusal == nil ? 200 : 503, body: .document(delivery.json))
        }
        return Answer(
            status: 200,
            body: .lines { [self, order] say in
                let progress = ProbeProgress()
                async let _ = tell(progress, say)
                say(await carryOut(order, peer, progress, admission).json + [UInt8(ascii: "\n")])
            })
    }

    /// A line a second while something changes, and one in five seconds in any case, until the task is cancelled: whoever
    /// stands between may hang up on the silent, and who has gone is noticed by the second line that he does not take.
    private func tell(_ progress: ProbeProgress, _ say: @Sendable ([UInt8]) -> Void) async {
        var said: ProbeProgress.Moment?
        var silent = 0
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            silent += 1
            guard case let moment = progress.now, moment != said || silent >= 5 else { continue }
            (said, silent) = (moment, 0)
            say(moment.line)
        }
    }

    private func carryOut(
        _ order: ProbeOrder, _ peer: IPAddress, _ progress: ProbeProgress, _ admission: Admission
    ) async -> ProbeDelivery {
        defer { admission.end() }
        state.withLock { $0.metrics.waiting += 1 }
        let wait = progress.begin("a turn at the vantage")
        return await turns.take {
            progress.end(wait)
            state.withLock {
                $0.metrics.waiting -= 1
                $0.metrics.running += 1
            }
            defer { state.withLock { $0.metrics.running -= 1 } }
            guard !Task.isCancelled else {
                log("\(peer): gone before its turn")
                return ProbeDelivery()
            }
            let delivery = await order.carriedOut(
                interfaces: interfaces, catcher: catcher, progress: progress)
            let verdict = delivery.report?.verdict.rawValue ?? "none"
            state.withLock { $0.metrics.probes[verdict, default: 0] += 1 }
            log("\(peer): probed, \(verdict)")
            return delivery
        }
    }

    /// - Returns: the first address that the asker may not have probed.
    private func unproven(_ order: ProbeOrder, _ peer: IPAddress) async -> IPAddress? {
        for address in order.addresses where address != peer {
            guard await proves(address, order) else { return address }
        }
        return nil
    }

    private func proves(_ address: IPAddress, _ order: ProbeOrder) async -> Bool {
        await challenges.take { await order.isProved(address) }
    }

    private func refuse(
        _ status: Int, _ reason: VantageMetrics.Refusal, _ peer: IPAddress, _ text: String
    ) -> Answer {
        Answer(status: status, body: .document(refusal(reason, peer, text).json))
    }

    private func refusal(
        _ reason: VantageMetrics.Refusal, _ peer: IPAddress, _ text: String
    ) -> ProbeDelivery {
        refusal(reason, peer, Failure(.cannotTell, "the vantage refuses: \(text)"))
    }

    private func refusal(
        _ reason: VantageMetrics.Refusal, _ peer: IPAddress, _ failure: Failure
    ) -> ProbeDelivery {
        state.withLock { $0.metrics.refused[reason, default: 0] += 1 }
        log("\(peer): refused (\(reason.rawValue)): \(printableText(failure.summary.utf8))")
        return ProbeDelivery(refusal: ProbeDelivery.Refusal(failure))
    }
}

/// A client's place within the quotas, which ends once: with its probe, or when nobody has begun it.
private final class Admission: Sendable {
    private let leave: Mutex<(@Sendable () -> Void)?>

    init(_ leave: @escaping @Sendable () -> Void) { self.leave = Mutex(leave) }

    func end() {
        let last = leave.withLock { leave in
            defer { leave = nil }
            return leave
        }
        last?()
    }

    deinit { end() }
}
