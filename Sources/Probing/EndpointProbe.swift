internal import MailModel
internal import NIOCore
internal import SMTPCore

/// Asks one address and port in one TLS state.
///
/// The first batch goes alone: a port that nobody serves costs one connection. The others go at the same
/// time, fewer of them when the server says that it is too much, and what a connection left unanswered is
/// asked again on another.
struct EndpointProbe: Sendable {
    var endpoint: ProbeRequest.Endpoint
    var tls: TLSUse
    var limits: ProbeLimits
    var sources: Sources
    /// When the whole run is over.
    var end: NIODeadline
    var context: ClientTLS
    var transcript: Transcript
    var trace: TraceMessages?
    var progress: ProbeProgress
    var turns: Turns
    /// Whether messages follow accepted recipients.
    var delivery = DialogueScript.Delivery.never

    /// The questions of one connection, and how often they got no answer at all.
    struct Batch: Sendable {
        var questions: [DialogueScript.Question]
        var failures = 0

        /// Whether it is asked from another address than the vantage's own.
        var isFromElsewhere: Bool {
            if case .source = questions.first?.test.approach { true } else { false }
        }
    }

    func run(_ batches: [[DialogueScript.Question]]) async -> Findings {
        let count = batches.reduce(0) { $0 + $1.count }
        progress.expect(count)
        var findings = await asked(batches)
        // Those that were answered are counted already.
        progress.finish(count - findings.settled)
        // A server that dislikes how the vantage comes, has not decided about what it asks.
        await askOtherwise(&findings) { $0.refusedForHELO }
        await askOtherwise(&findings) { $0.refusedForNullSender }
        await askDeferredAgain(&findings)
        return findings
    }

    private func askOtherwise(
        _ findings: inout Findings, _ refused: (Findings) -> [DialogueScript.Question]
    ) async {
        let questions = refused(findings)
        guard !questions.isEmpty else { return }
        var again = Findings()
        await askRest(batches(of: questions), &again)
        findings.replaceAnswers(by: again)
        // The refusal that there was stands for no answer.
        findings.unanswered += again.unanswered
        findings.trouble = findings.trouble ?? again.trouble
    }

    private func asked(_ batches: [[DialogueScript.Question]]) async -> Findings {
        var findings = Findings(progress: progress)
        guard let first = batches.first else { return findings }
        var waiting = batches.dropFirst().map { Batch(questions: $0) }
        var left: Batch? = Batch(questions: first)
        while let batch = left, findings.answers.isEmpty {
            let conversation = await askPatiently(batch)
            left = findings.take(conversation, asked: batch)
            guard Self.isWorthAsking(conversation.end), left.map({ $0.failures < 2 }) ?? true else {
                // After STARTTLS it would be the same port as in the clear.
                if findings.isSilent, tls != .starttls { await askWithHeader(&waiting, &findings) }
                findings.giveUp(on: (left.map { [$0] } ?? []) + waiting)
                return findings
            }
        }
        if let left { waiting.append(left) }
        await askRest(waiting, &findings)
        return findings
    }

    /// A server that greets nobody may be waiting for the header of a proxy.
    private func askWithHeader(_ waiting: inout [Batch], _ findings: inout Findings) async {
        let isHeader = { (batch: Batch) in
            if case .proxyHeader = batch.questions.first?.test.approach { true } else { false }
        }
        guard let batch = waiting.first(where: isHeader) else { return }
        waiting.removeAll(where: isHeader)
        var hasty = self
        hasty.limits = limits.hasty
        if let left = findings.take(await hasty.ask(batch.questions), asked: batch) {
            findings.giveUp(on: [left])
        }
    }

    private static func isWorthAsking(_ end: DialogueEnd?) -> Bool {
        switch end {
        case .noBanner, .unfinishedBanner, .startTLSNotOffered, .plainTextAfterSTARTTLS, .tlsFailed, nil:
            false
        case .turnedAway(let reply), .startTLSRefused(let reply), .heloRefused(let reply): reply.isTransient
        case .done, .serviceClosing, .closed, .timedOut, .violation, .unsolicitedReply: true
        }
    }

    private func ask(_ questions: [DialogueScript.Question]) async -> Conversation {
        let approach = questions.first?.test.approach ?? .plain
        guard let context = context.context(for: approach) else {
            return .unreachable("the vantage has no certificate to show")
        }
        var settings = DialogueHandler.Settings(
            limits: limits, end: end, tls: context, record: transcript.connection(to: endpoint))
        let wait = progress.begin("\(name): the connection")
        defer { progress.end(wait) }
        settings.waits = { [progress, name] what in progress.wait(wait, for: "\(name): \(what)") }
        let source = sources.address(for: approach)
        let call = Call(endpoint: endpoint, source: source, settings: settings) { [tls, delivery] local in
            let vantage = local?.ipAddress.flatMap { IPAddress($0) }?.literal
            return DialogueScript(
                tls: tls,
                questions: questions.map { question in
                    var question = question
                    question.names.vantage = vantage
                    return question
                }, delivery: delivery)
        }
        return await turns.take { await call.make() }
    }

    /// As a person would call it.
    var name: String { "\(endpoint.address) port \(endpoint.port)" }

    /// A server that answered nothing the last time gets a moment to recover.
    private func askPatiently(_ batch: Batch) async -> Conversation {
        let pause = TimeAmount.seconds(Int64(batch.failures))
        if batch.failures > 0, .now() + pause < end { try? await Task.sleep(for: Duration(pause)) }
        return await ask(batch.questions)
    }

    func askRest(_ batches: [Batch], _ findings: inout Findings) async {
        var waiting = batches
        var window = max(1, limits.connections)
        // Connections, one after the other, that nobody has answered where others were.
        var unheard = 0
        await withTaskGroup(of: (Batch, Conversation).self) { group in
            var running = 0
            while running > 0 || !waiting.isEmpty {
                if Task.isCancelled || .now() >= end {
                    findings.giveUp(on: waiting)
                    waiting = []
                }
                while running < window, let batch = waiting.first {
                    waiting.removeFirst()
                    running += 1
                    group.addTask {
                        (batch, await askPatiently(batch))
                    }
                }
                guard let (batch, conversation) = await group.next() else { break }
                running -= 1
                let left = findings.take(conversation, asked: batch)
                if conversation.isFiltered, batch.isFromElsewhere {
                    // A firewall drops what comes from there: it says no more the second time.
                    findings.giveUp(on: left.map { [$0] } ?? [])
                    continue
                }
                if conversation.saysTooMany { window = max(1, window / 2) }
                unheard = conversation.isFiltered ? unheard + (running == 0 ? 1 : 0) : 0
                if unheard >= Self.patienceWithSilence {
                    findings.fellSilent()
                    findings.giveUp(on: (left.map { [$0] } ?? []) + waiting)
                    waiting = []
                    continue
                }
                guard let left else { continue }
                // Twice without any answer is enough, and one question that nobody answers must not
                // take the others with it. Too many connections at once is no answer, and passes.
                if left.failures < (conversation.wasTurnedAway ? 6 : 2), !Task.isCancelled, .now() < end {
                    waiting.append(left)
                } else if left.questions.count > 1, !Task.isCancelled, .now() < end {
                    waiting += left.questions.map { Batch(questions: [$0], failures: 1) }
                } else {
                    findings.giveUp(on: [left])
                }
            }
        }
    }

    /// A firewall that counts connections lets the next one in after a while, or none for a long time.
    private static let patienceWithSilence = 3

    func batches(of questions: [DialogueScript.Question]) -> [Batch] {
        let tricks = questions.filter { $0.test.approach != .plain }.map { Batch(questions: [$0]) }
        let plain = questions.filter { $0.test.approach == .plain }
        return stride(from: 0, to: plain.count, by: limits.questionsPerConnection).map { start in
            Batch(questions: Array(plain[start..<min(start + limits.questionsPerConnection, plain.count)]))
        } + tricks
    }

    /// A 4xx may be greylisting: the same envelope is asked again, later and later, as long as there is time.
    private func askDeferredAgain(_ findings: inout Findings) async {
        let began = NIODeadline.now()
        for round in Self.pauses.indices {
            guard await askAgain(&findings, round: round) != nil else { break }
        }
        findings.countApproachesAsRefused()
        findings.countDeferredAsRefused(since: began)
    }

    /// Before each time that what was put off is asked again.
    static let pauses: [TimeAmount] = [2, 5, 10, 20, 60, 120, 120, 120].map { .seconds($0) }

    /// Asks once more what was put off and may be answered by now.
    /// - Returns: the new answers; `nil` when there is nothing to ask, or no time.
    func askAgain(_ findings: inout Findings, round: Int) async -> [Answer]? {
        let pause = Self.pauses[round]
        let deferred = findings.retryable(round: round)
        guard !deferred.isEmpty, .now() + pause + .seconds(1) < end else { return nil }
        let seconds = pause.nanoseconds / 1_000_000_000
        let wait = progress.begin("\(name): put off, and asked again in \(seconds) s")
        let isAwake = (try? await Task.sleep(for: Duration(pause))) != nil
        progress.end(wait)
        guard isAwake else { return nil }
        var again = Findings()
        await askRest(batches(of: deferred), &again)
        findings.replaceAnswers(by: again)
        return again.answers
    }
}

extension Conversation {
    var end: DialogueEnd? {
        if case .heard(_, let end) = self { end } else { nil }
    }

    /// Nobody has answered the connection, not even to refuse it.
    var isFiltered: Bool {
        if case .unreachable(_, let isFiltered) = self { isFiltered } else { false }
    }

    /// The server said "not now" before it heard a question.
    var wasTurnedAway: Bool {
        switch self {
        case .heard(let record, .serviceClosing): record.answers.isEmpty
        case .heard(_, .turnedAway(let reply)): reply.isTransient
        case .heard, .unreachable, .unasked: false
        }
    }

    /// The server asks for fewer connections, or just drops them.
    var saysTooMany: Bool {
        switch self {
        case .unreachable, .heard(_, .serviceClosing), .heard(_, .closed), .heard(_, .noBanner): true
        case .heard(_, .turnedAway(let reply)): reply.isTransient
        case .heard, .unasked: false
        }
    }
}
