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
        var status: Int
        var body: [UInt8]
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
        defer { state.withLock { $0.quotas.leave(peer) } }
        guard let bytes = await body() else { return refuse(413, .order, peer, "the order is too long") }
        let order: ProbeOrder
        do throws(Failure) {
            var asked = try ProbeOrder(json: bytes, program: program)
            try asked.prepareForElsewhere(backupDomains: backupDomains)
            // Without a catcher of the vantage's own, carrying out the order would start one.
            if catcher == nil { asked.catches = false }
            order = asked
        } catch {
            return refuse(400, .order, peer, error)
        }
        if let stranger = await unproven(order, peer) {
            return refuse(
                403, .address, peer, "\(stranger) is not the address that asks, and has not answered for it")
        }
        return await carryOut(order, peer)
    }

    private func carryOut(_ order: ProbeOrder, _ peer: IPAddress) async -> Answer {
        state.withLock { $0.metrics.waiting += 1 }
        return await turns.take {
            state.withLock {
                $0.metrics.waiting -= 1
                $0.metrics.running += 1
            }
            defer { state.withLock { $0.metrics.running -= 1 } }
            guard !Task.isCancelled else {
                return refuse(503, .totalQuota, peer, "the vantage is being ended; try again later")
            }
            let delivery = await order.carriedOut(interfaces: interfaces, catcher: catcher)
            let verdict = delivery.report?.verdict.rawValue ?? "none"
            state.withLock { $0.metrics.probes[verdict, default: 0] += 1 }
            log("\(peer): probed, \(verdict)")
            return Answer(status: 200, body: delivery.json)
        }
    }

    /// - Returns: the first address that the asker may not have probed.
    private func unproven(_ order: ProbeOrder, _ peer: IPAddress) async -> IPAddress? {
        for address in order.addresses where address != peer {
            guard let secret = order.secret else { return address }
            let challenge = randomToken()
            let answer = await challenges.take { await AddressProof.ask(address, challenge: challenge) }
            guard answer == proof(of: secret, challenge: challenge) else { return address }
        }
        return nil
    }

    private func refuse(
        _ status: Int, _ reason: VantageMetrics.Refusal, _ peer: IPAddress, _ text: String
    ) -> Answer {
        refuse(status, reason, peer, Failure(.cannotTell, "the vantage refuses: \(text)"))
    }

    private func refuse(
        _ status: Int, _ reason: VantageMetrics.Refusal, _ peer: IPAddress, _ failure: Failure
    ) -> Answer {
        state.withLock { $0.metrics.refused[reason, default: 0] += 1 }
        log("\(peer): refused (\(reason.rawValue)): \(printableText(failure.summary.utf8))")
        return Answer(status: status, body: ProbeDelivery(refusal: ProbeDelivery.Refusal(failure)).json)
    }
}
