internal import Glibc
internal import MailModel
internal import NIOCore
internal import SMTPCore

/// From a yes to a proof: what was accepted is sent once more, to the vantage itself, and has to arrive.
extension EndpointProbe {
    /// Enough to show that an endpoint relays; a hundred messages would show no more.
    private static let firstProofs = 2
    /// How long a server gets to deliver at least; half of the time that is left where that is more.
    private var deliveryTime: TimeAmount { trace == nil ? .seconds(30) : .seconds(10) }
    /// When the server's own host is asked for the first time what became of it.
    private static let firstLook = TimeAmount.seconds(3)

    /// What was sent to prove a yes, and what became of it.
    private struct Proofs {
        /// The vantage, as the domain of a recipient.
        var domain: String
        var sent = Findings()
        /// By token.
        var fates: [String: MessageFate] = [:]
        var questions: [DialogueScript.Question] = []
        var attempts = ProofAttempts()

        var tokens: [String] { questions.map(\.names.token) }

        var isProven: Bool { fates.values.contains { if case .arrived = $0 { true } else { false } } }
    }

    /// Sends a message for accepted tests, and replaces their answers by what came of it.
    ///
    /// The tests whose yes counts go first; when one of them arrives, the others are not needed.
    /// - Returns: the fates of what was sent, by token, and how far the messages came.
    func prove(
        _ findings: inout Findings, catcher: Catcher
    ) async -> (fates: [String: MessageFate], attempts: ProofAttempts) {
        guard let domain = catcher.domain(for: endpoint.address) else { return ([:], ProofAttempts()) }
        var proofs = Proofs(domain: domain)
        defer { catcher.forget(proofs.tokens) }
        let began = NIODeadline.now()
        let accepted = findings.answers.filter { answer in
            answer.judgement == .accepted && answer.test.canBeProven
                && findings.question(of: answer).map { !answer.test.namesGuess($0.names) } ?? false
        }
        let counting = accepted.filter { $0.test.weight == .relay }.prefix(Self.firstProofs)
        await send(Array(counting), of: findings, &proofs, catcher)
        if !proofs.isProven {
            let sent = Set(counting.map(\.test.id))
            // Where plain messages are taken, what is addressed to the server itself would show no more; a filter that
            // refuses them may let those pass.
            let isRefused = proofs.sent.answers.allSatisfy(\.isRefused)
            let rest = accepted.filter {
                !sent.contains($0.test.id) && ($0.test.weight == .relay || isRefused)
            }
            await send(rest, of: findings, &proofs, catcher)
        }
        await sendDeferredAgain(&proofs, catcher)
        proofs.sent.countDeferredAsRefused(since: began)
        findings.replaceAnswers(byProofs: proofs.sent.answers)
        return (proofs.fates, attempts(proofs, of: accepted))
    }

    private func attempts(_ proofs: Proofs, of accepted: [Answer]) -> ProofAttempts {
        var attempts = proofs.attempts
        let answered = Set(proofs.sent.answers.map(\.test.id) + proofs.sent.notApplicable)
        attempts.unsent = Set(accepted.map(\.test.id)).subtracting(answered)
        for answer in proofs.sent.answers where !answer.reachedMessage {
            attempts.failed[answer.test.id] = answer
        }
        return attempts
    }

    private func send(
        _ accepted: [Answer], of findings: Findings, _ proofs: inout Proofs, _ catcher: Catcher
    ) async {
        guard !accepted.isEmpty, .now() < end else { return }
        // The server's own host tells more than a report: where the message would have gone.
        var sent = await sent(accepted, of: findings, &proofs, catcher, reporting: trace == nil)
        // Who refuses a sender of the vantage's may take none at all, as in the question itself.
        let refused = Set(sent.answers.filter { !$0.reachedMessage && $0.isRefused }.map(\.test.id))
        let again = accepted.filter { $0.test.isReportable && refused.contains($0.test.id) }
        if !again.isEmpty {
            let second = await self.sent(again, of: findings, &proofs, catcher, reporting: false)
            sent.answers.removeAll { old in second.answers.contains { $0.test.id == old.test.id } }
            sent.add(second)
        }
        proofs.sent.add(sent)
        await watch(sent.answers, &proofs, catcher)
    }

    /// - Parameter reporting: whether a report on what cannot be delivered is to come to the vantage.
    private func sent(
        _ accepted: [Answer], of findings: Findings, _ proofs: inout Proofs, _ catcher: Catcher,
        reporting: Bool
    ) async -> Findings {
        var helos: [String: String] = [:]
        let questions = accepted.compactMap { answer in
            findings.question(of: answer).map { question in
                var question = question
                // Who greylists knows this very envelope by now, and would put another one off again.
                if !answer.rcptTo.hasSuffix("@\(proofs.domain)>") {
                    question.names.token = Questions.newToken()
                }
                question.aim(at: proofs.domain)
                if reporting, question.test.isReportable {
                    question.test.mailFrom = AddressForm(
                        stringLiteral: "<probe-{token}@\(catcher.reportDomain ?? proofs.domain)>")
                }
                helos[question.names.token] = answer.helo
                return question
            }
        }
        for question in questions {
            let recipient = question.test.rcptTo.filled(with: question.names)?.drop { $0 == "<" }
            let role = recipient.map { String($0.prefix { $0 != ">" }) }
            catcher.expect(
                question.names.token,
                for: question.test.rcptTo.template.contains("{token}") ? nil : role,
                helo: helos[question.names.token] ?? "")
        }
        proofs.questions += questions
        var sent = Findings()
        await sending.askRest(batches(of: questions), &sent)
        return sent
    }

    /// A server may take a recipient and put the message off, or greylist the recipient that is the vantage's own.
    private func sendDeferredAgain(_ proofs: inout Proofs, _ catcher: Catcher) async {
        let sending = sending
        for round in Self.pauses.indices where !proofs.isProven {
            guard let answers = await sending.askAgain(&proofs.sent, round: round) else { return }
            await watch(answers, &proofs, catcher)
        }
    }

    private var sending: EndpointProbe {
        var probe = self
        probe.delivery = .toOurselves(date: internetDate(Timestamp(seconds: Int64(time(nil)))))
        return probe
    }

    /// Waits for what was taken.
    private func watch(_ answers: [Answer], _ proofs: inout Proofs, _ catcher: Catcher) async {
        let taken = Set(answers.filter(\.messageTaken).map(\.token))
        guard !taken.isEmpty else { return }
        let wait = progress.begin("\(name): messages that it took")
        let began = NIODeadline.now()
        let fates = await fates(of: taken, answers, catcher)
        progress.end(wait)
        let waited = NIODeadline.now() - began
        proofs.attempts.seconds = max(
            proofs.attempts.seconds, Int(waited.nanoseconds / 1_000_000_000))
        if fates.values.contains(.missing), waited < deliveryTime - .seconds(1) {
            proofs.attempts.isCutShort = true
        }
        let foreign = [proofs.domain] + proofs.questions.compactMap(\.names.backup)
        proofs.fates.merge(withoutForwards(fates, answers, foreign, catcher)) { $1 }
    }

    /// Waits for messages, no longer than the server's own host still has something to do with them.
    private func fates(
        of tokens: Set<String>, _ answers: [Answer], _ catcher: Catcher
    ) async -> [String: MessageFate] {
        let left = end - .now()
        // On the server's own host what waits is seen to wait.
        let most = trace == nil ? max(deliveryTime, .nanoseconds(left.nanoseconds / 2)) : deliveryTime
        let last = min(.now() + most, end)
        if trace != nil {
            let soon = await catcher.fates(of: tokens, until: min(.now() + Self.firstLook, last))
            let known = await traced(soon, answers)
            if known.values.allSatisfy(\.isFinal) { return known }
        }
        return await traced(catcher.fates(of: tokens, until: last), answers)
    }

    /// What a server takes in its own name and forwards to somebody else is mail that it serves: where only the arrival
    /// counts, what leaves must still be for whom the test meant.
    private func withoutForwards(
        _ fates: [String: MessageFate], _ answers: [Answer], _ foreign: [String], _ catcher: Catcher
    ) -> [String: MessageFate] {
        var fates = fates
        for answer in answers where answer.test.weight == .deliveryOnly {
            guard let recipient = recipient(of: answer, fates, catcher) else { continue }
            let asked =
                answer.test.isAtServer
                ? nil : answer.rcptTo.lowercased().split { "<>@\"".contains($0) }.last.map(String.init)
            let domains = foreign.map { $0.lowercased() } + (asked.map { [$0] } ?? [])
            let domain = recipient.lowercased().split(separator: "@").last.map(String.init) ?? ""
            guard !recipient.lowercased().contains(answer.token) || !domains.contains(domain) else {
                continue
            }
            fates[answer.token] = .traced(.kept("forwarded to \(recipient)"))
        }
        return fates
    }

    /// For whom a message has left the server, or is to.
    private func recipient(
        of answer: Answer, _ fates: [String: MessageFate], _ catcher: Catcher
    ) -> String? {
        switch fates[answer.token] {
        case .traced(let trace): trace.recipient
        case .arrived where answer.test.isAtServer: catcher.recipient(of: answer.token)
        case .arrived, .unknown, .missing, .bounced, nil: nil
        }
    }

    /// Asks the server's own host for what has not come, where that can be done.
    private func traced(
        _ fates: [String: MessageFate], _ answers: [Answer]
    ) async -> [String: MessageFate] {
        let missing = answers.filter { fates[$0.token] == .missing }
        let ids = Dictionary(
            missing.compactMap { answer in answer.queueID.map { (answer.token, $0) } },
            uniquingKeysWith: { first, _ in first })
        guard let trace, !ids.isEmpty else { return fates }
        let traces = await trace(Array(ids.values))
        return fates.merging(ids.compactMapValues { traces[$0].map(MessageFate.traced) }) { $1 }
    }
}

extension RelayTest {
    /// Whether the sender may be one to whom a report goes: what is asked is the form of the recipient. Without one, what
    /// is bounced to nobody looks like what is still on its way.
    fileprivate var isReportable: Bool {
        weight == .deliveryOnly && approach == .plain && mailFrom.template == "<>"
    }
}

extension Answer {
    /// Whether it got beyond the recipient.
    var reachedMessage: Bool {
        messageTaken || test.approach.queueProtocol != nil || exchanges.contains { $0.command == "DATA" }
    }

    fileprivate var isRefused: Bool { if case .refused = judgement { true } else { false } }
}

extension MessageFate {
    /// Whether waiting brings nothing new.
    fileprivate var isFinal: Bool {
        switch self {
        case .arrived, .bounced, .traced(.held), .traced(.kept), .traced(.passedOn): true
        case .unknown, .missing, .traced(.waiting): false
        }
    }
}

extension DialogueScript.Question {
    /// Names the vantage as the foreign domain.
    /// - Parameter literal: its address literal; a domain whose MX it is does where the form wants a name.
    fileprivate mutating func aim(at literal: String) {
        names.third = literal
        guard let proof = test.proof else { return }
        if let backup = names.backup { names.third = backup } else { test.rcptTo = proof }
    }
}
