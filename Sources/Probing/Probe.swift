package import MailModel
internal import NIOCore
package import SMTPCore

/// Asks servers, over the network, to relay.
///
/// Never throws: what could not be asked is in the report. Sends no mail, unless the request names addresses
/// of its own to catch it on, and then to itself only. Ends within
/// ``ProbeLimits/whole``, whatever the servers do, and keeps a bounded amount of what they say. A cancelled
/// task gives the report of what was heard until then.
/// - Parameters:
///   - transcript: every line sent and received, as it happens.
///   - trace: what the server's own host knows of messages that were taken and have not come.
///   - progress: what a watcher is told of it.
///   - catcher: one that is there already; ``ProbeRequest/catchers`` counts where there is none.
package func probe(
    _ request: ProbeRequest, transcript: TranscriptSink? = nil, trace: TraceMessages? = nil,
    catcher: Catcher? = nil, progress: ProbeProgress = ProbeProgress()
) async -> ProbeReport {
    let context: ClientTLS
    do {
        context = try ClientTLS(issuedPEM: request.clientCertificate)
    } catch {
        return ProbeReport(
            target: request.target, from: request.origin, verdict: .inconclusive, endpoints: [], hosted: nil)
    }
    let own = catcher == nil ? await startCatcher(request) : nil
    let run = ProbeRun(
        request: request, end: .now() + TimeAmount(request.limits.whole), context: context,
        transcript: Transcript(transcript), catcher: catcher ?? own, trace: trace, progress: progress)
    var report = await run.report()
    if !request.catchers.isEmpty, run.catcher == nil {
        let trouble = "no mail was sent: the vantage cannot catch it on port 25"
        report.from.note = report.from.note.map { "\($0); \(trouble)" } ?? trouble
    }
    await own?.stop()
    return report
}

private func startCatcher(_ request: ProbeRequest) async -> Catcher? {
    guard !request.catchers.isEmpty else { return nil }
    let catcher = Catcher(
        vantage: request.catchers, others: request.sources + request.networks.map(\.address))
    return await catcher.start() ? catcher : nil
}

struct ProbeRun: Sendable {
    var request: ProbeRequest
    var end: NIODeadline
    var context: ClientTLS
    var transcript: Transcript
    /// `nil` when no mail is sent.
    var catcher: Catcher?
    var trace: TraceMessages?
    var progress: ProbeProgress
    /// For all of its endpoints: it is one host to whoever counts connections.
    let turns = Turns(ProbeLimits.connectionsInAll)

    /// One endpoint in one TLS state, with its place in the report.
    private struct Part: Sendable {
        var index: Int
        var endpoint: ProbeEndpoint
        var hosted: HostedAnswer?
        /// What was heard of STARTTLS, where that is the state and nobody said that it has to be offered.
        var startTLS: StartTLS?
        var isSilent: Bool
        var isDead: Bool

        /// Says that nobody serves the port.
        func asBroken() -> Part {
            var broken = self
            broken.endpoint.isBroken = true
            broken.endpoint.reason = DialogueEnd.noBanner.trouble
            return broken
        }
    }

    private enum StartTLS: Sendable { case offered, notOffered, notHeard }

    func report() async -> ProbeReport {
        let states = request.endpoints.flatMap { endpoint in
            tlsStates(of: endpoint).map { (endpoint, $0) }
        }
        let parts = await withTaskGroup(of: Part.self, returning: [Part].self) { group in
            for (index, state) in states.enumerated() {
                group.addTask { await part(index, state.0, state.1) }
            }
            var parts: [Part] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.index < $1.index }
        }
        let endpoints = parts.filter { isOfInterest($0, among: parts) }.map(\.endpoint)
        let hosted = HostedAnswer.worst(of: parts.compactMap(\.hosted))
        return ProbeReport(
            target: request.target, from: request.origin, verdict: overallVerdict(endpoints),
            endpoints: endpoints, hosted: hosted, hostedReason: hosted == nil ? unaskedControl : nil)
    }

    /// Why nobody was asked for the mailbox that the server serves, where there is one.
    private var unaskedControl: String? {
        guard let recipient = request.hostedRecipient else { return nil }
        let isAsked = request.endpoints.contains { $0.port == 25 }
        return isAsked
            ? "no answer about \(recipient) came from port 25"
            : "mail for \(recipient) comes in on port 25, which was not asked"
    }

    /// STARTTLS is a place of its own where it is offered, also if only the plain connection has come so far.
    private func isOfInterest(_ part: Part, among parts: [Part]) -> Bool {
        switch part.startTLS {
        case nil, .offered: true
        case .notOffered: false
        case .notHeard:
            parts.contains {
                $0.endpoint.offersStartTLS == true && $0.endpoint.port == part.endpoint.port
                    && $0.endpoint.address == part.endpoint.address
            }
        }
    }

    private func tlsStates(of endpoint: ProbeRequest.Endpoint) -> [TLSUse] {
        endpoint.tls == .none && endpoint.queueProtocol == nil ? [.none, .starttls] : [endpoint.tls]
    }

    private func part(_ index: Int, _ endpoint: ProbeRequest.Endpoint, _ tls: TLSUse) async -> Part {
        let part = await asked(index, endpoint, tls, request.limits)
        guard part.isSilent, tls == .none, endpoint.queueProtocol == nil else {
            return part.isDead && tls == .implicit ? part.asBroken() : part
        }
        // Who greets nobody in the clear may wait for TLS, on whatever port (Postfix smtpd_tls_wrappermode).
        async let late = part.isDead ? askedLate(index, endpoint) : part
        let greeting = await asked(index, endpoint, .implicit, request.limits.hasty)
        guard greeting.endpoint.banner != nil else {
            let late = await late
            if late.endpoint.banner != nil { return late }
            // Whatever else waits for its client to speak first would not have borne the header and the TLS hello.
            return part.isDead && greeting.isDead ? part.asBroken() : part
        }
        return await asked(index, endpoint, .implicit, request.limits)
    }

    /// Waits once more, twice as long: a server may look its client up for that time before it greets (RFC 5321 section
    /// 4.5.3.2.1 allows minutes).
    private func askedLate(_ index: Int, _ endpoint: ProbeRequest.Endpoint) async -> Part {
        var limits = request.limits
        limits.banner = limits.banner * 2
        var part = await asked(index, endpoint, .none, limits)
        if part.endpoint.banner != nil, part.endpoint.verdict == .inconclusive {
            let seconds = request.limits.banner.components.seconds
            part.endpoint.reason =
                "it greets only after more than \(seconds) s: \(part.endpoint.reason ?? "no verdict")"
        }
        return part
    }

    private func asked(
        _ index: Int, _ endpoint: ProbeRequest.Endpoint, _ tls: TLSUse, _ limits: ProbeLimits
    ) async -> Part {
        let probe = EndpointProbe(
            endpoint: endpoint, tls: tls, limits: limits,
            sources: Sources(request, toward: endpoint.address), end: end, context: context,
            transcript: transcript, trace: trace, progress: progress, turns: turns)
        let questions = Questions(request: request, endpoint: endpoint, tls: tls)
        // Mail for the host's own users comes in on 25, and from strangers nowhere else.
        var findings = await probe.run(questions.batches(asksControl: endpoint.port == 25))
        var proof: (fates: [String: MessageFate], attempts: ProofAttempts)?
        if let catcher { proof = await probe.prove(&findings, catcher: catcher) }
        var part = Part(
            index: index,
            endpoint: judge(endpoint, tls, findings, proof?.fates ?? [:], proof?.attempts),
            hosted: hosted(findings),
            isSilent: findings.isSilent, isDead: findings.isDead)
        if tls == .starttls, endpoint.tls != tls {
            let isHeard = findings.capabilities != nil
            part.startTLS = findings.offeredStartTLS ? .offered : isHeard ? .notOffered : .notHeard
        }
        return part
    }

    private func judge(
        _ endpoint: ProbeRequest.Endpoint, _ tls: TLSUse, _ findings: Findings,
        _ fates: [String: MessageFate], _ proofs: ProofAttempts?
    ) -> ProbeEndpoint {
        let answers = findings.answers.sorted { $0.test.rank < $1.test.rank }
        let evidence = EndpointEvidence(
            answers: answers, fates: fates, unanswered: findings.unanswered, trouble: findings.trouble,
            proofs: proofs, notApplicable: findings.notApplicable)
        let (verdict, reason) =
            findings.unreachable.map { (.unreachable, $0) } ?? evidence.verdict
        var judged = ProbeEndpoint(
            address: endpoint.address.description, port: endpoint.port, tls: tls, verdict: verdict,
            banner: findings.banner, offersLogin: findings.capabilities?.offersLogin,
            offersStartTLS: tls == .none ? findings.capabilities?.offersStartTLS : nil, reason: reason,
            tests: answers.filter { $0.test.weight != .control }.map {
                ProbeTest($0, fate: fates[$0.token] ?? .unknown)
            })
        if findings.isFiltered { judged.isFiltered = true }
        if findings.isFiltered, endpoint.port == 25 {
            judged.reason = reason.map { "\($0): what others are told there is not known" }
        }
        return judged
    }

    private func hosted(_ findings: Findings) -> HostedAnswer? {
        guard let recipient = request.hostedRecipient,
            let answer = findings.answers.first(where: { $0.test.weight == .control }),
            let reply = answer.decidingReply
        else { return nil }
        return HostedAnswer(
            recipient: recipient, reply: reply.text, accepted: answer.judgement == .accepted,
            deferred: answer.judgement == .deferred)
    }
}

extension ProbeTest {
    /// An answer as a report shows it.
    init(_ answer: Answer, fate: MessageFate = .unknown) {
        self.init(
            id: answer.test.id, mailFrom: answer.mailFrom, rcptTo: answer.rcptTo,
            reply: answer.decidingReply?.text ?? "", verdict: Verdict(answer, fate: fate), fate: fate.word,
            dialogue: answer.exchanges.flatMap { exchange in
                ["> \(exchange.command)"] + exchange.reply.textLines.map { "< \($0)" }
            })
    }
}

extension HostedAnswer {
    /// The answer that a report is to have, of those that several ports and TLS states have given.
    static func worst(of answers: [HostedAnswer]) -> HostedAnswer? {
        // A server that takes mail only over TLS says so in the clear (RFC 3207 section 4), by 430 under `soft_bounce`.
        let overTLS = answers.filter { answer in !["530", "430"].contains { answer.reply.hasPrefix($0) } }
        let telling = overTLS.isEmpty ? answers : overTLS
        return telling.first { !$0.accepted && !$0.deferred } ?? telling.first
    }
}
