internal import MailModel
internal import NIOCore
internal import SMTPCore

/// Everything heard of one endpoint in one TLS state, before it is judged.
struct Findings: Sendable {
    /// Why there was no connection at all; `nil` once there was one.
    var unreachable: String?
    /// Whether nobody has answered, not even to refuse the connection.
    var isFiltered = false
    var banner: String?
    var capabilities: Capabilities?
    var offeredStartTLS = false
    var answers: [Answer] = []
    /// Tests that no connection answered.
    var unanswered: [String] = []
    /// What kept tests from being answered, the first reason that was seen.
    var trouble: String?
    /// Tests that make no sense there, by id.
    private(set) var notApplicable: [String] = []
    private var wasConnected = false
    /// Whether the server has ever done more than take the connection.
    private var hasReacted = false
    private var questions: [String: DialogueScript.Question] = [:]
    /// How many questions a connection has settled.
    private(set) var settled = 0
    private let progress: ProbeProgress?

    /// - Parameter progress: where each settled question counts; `nil` where it counted before.
    init(progress: ProbeProgress? = nil) { self.progress = progress }

    /// Keeps what a connection brought.
    /// - Returns: What it left unanswered; `nil` when that is nothing.
    mutating func take(_ conversation: Conversation, asked batch: EndpointProbe.Batch) -> EndpointProbe.Batch?
    {
        for question in batch.questions { questions[question.names.token] = question }
        guard case .heard(let record, let end) = conversation else {
            if case .unreachable(let reason, let isFiltered) = conversation {
                trouble = trouble ?? reason
                if !wasConnected { (unreachable, self.isFiltered) = (reason, isFiltered) }
            } else {
                trouble = trouble ?? Self.lackOfTime
            }
            return EndpointProbe.Batch(questions: batch.questions, failures: batch.failures + 1)
        }
        wasConnected = true
        (unreachable, isFiltered) = (nil, false)
        if end.isReaction || record.hasHeard { hasReacted = true }
        banner = banner ?? record.banner
        capabilities = capabilities ?? record.capabilities
        offeredStartTLS = offeredStartTLS || record.offeredStartTLS
        answers += record.answers
        trouble = trouble ?? end.trouble
        let answered = Set(record.answers.map(\.token))
        let notApplicable = Set(record.notApplicable)
        self.notApplicable += record.notApplicable
        let left = batch.questions.filter {
            !answered.contains($0.names.token) && !notApplicable.contains($0.test.id)
        }
        settled += batch.questions.count - left.count
        progress?.finish(batch.questions.count - left.count)
        guard !left.isEmpty else { return nil }
        return EndpointProbe.Batch(
            questions: left, failures: record.answers.isEmpty ? batch.failures + 1 : batch.failures)
    }

    private static let lackOfTime = "there was no time left to ask"

    /// What the vantage could not ask from another network of its own says nothing about the server.
    mutating func giveUp(on batches: [EndpointProbe.Batch]) {
        unanswered += batches.flatMap(\.questions).map(\.test).filter { test in
            if case .source = test.approach { false } else { true }
        }.map(\.id)
        if !unanswered.isEmpty { trouble = trouble ?? Self.lackOfTime }
    }

    /// Nobody answers any more where others were answered: a firewall counts connections, or the network is gone.
    mutating func fellSilent() {
        let reason = trouble.map { ": \($0)" } ?? ""
        trouble = "after \(answers.count) answers there was no connection any more\(reason)"
    }

    /// Whether connections are taken and nothing comes.
    var isSilent: Bool { wasConnected && banner == nil }

    /// Whether nothing at all came, no end of the connection either.
    var isDead: Bool { isSilent && !hasReacted }

    /// The questions that were put off and may be answered another time.
    /// - Parameter round: how often they were asked again before.
    func retryable(round: Int) -> [DialogueScript.Question] {
        answers.filter { $0.judgement == .deferred && $0.mayPass(round: round) }
            .compactMap { questions[$0.token] }
    }

    /// A trick that is put off for good is one that does not work: it says nothing of relaying.
    mutating func countApproachesAsRefused() {
        for index in answers.indices
        where answers[index].judgement == .deferred && !answers[index].reachedEnvelope {
            answers[index].judgement = .refused(.approach)
        }
    }

    mutating func replaceAnswers(by newer: Findings) {
        for answer in newer.answers {
            guard let index = answers.firstIndex(where: { $0.token == answer.token }) else { continue }
            answers[index] = answer
            questions[answer.token] = newer.questions[answer.token]
        }
    }

    /// The questions that were refused because the vantage says HELO with an address, with a name in its place.
    var refusedForHELO: [DialogueScript.Question] {
        let refused = answers.filter {
            $0.judgement == .refused(.vantage) && $0.test.helo == .ownLiteral
                && $0.decidingReply?.lowercasedText.contains("helo") == true
        }
        return refused.compactMap { questions[$0.token]?.with(\.helo, .ownName) }
    }

    /// The questions that were refused for having no sender, with one; none where an address of the vantage's does no better.
    var refusedForNullSender: [DialogueScript.Question] {
        guard let literal = answers.first(where: { $0.test.id == "literal-sender" }),
            !literal.isRefusedForSender
        else { return [] }
        return answers.filter { $0.test.mayHaveSender && $0.isRefusedForSender }
            .compactMap { questions[$0.token]?.with(\.mailFrom, literal.test.mailFrom) }
    }

    /// Takes over the answers that another round brought, with their questions.
    mutating func add(_ other: Findings) {
        answers += other.answers
        notApplicable += other.notApplicable
        questions.merge(other.questions) { $1 }
    }

    func question(of answer: Answer) -> DialogueScript.Question? { questions[answer.token] }

    /// An attempt that got as far as the message says more than the yes before it; one that was refused earlier was
    /// about the vantage's own domain, and says less.
    mutating func replaceAnswers(byProofs proofs: [Answer]) {
        for proof in proofs
        where proof.reachedMessage {
            guard let index = answers.firstIndex(where: { $0.test.id == proof.test.id }) else { continue }
            answers[index] = proof
        }
    }

    /// How long a server says "not now" until that is taken for its answer: Postgrey's default is 300 s.
    private static let patienceWithDelays = TimeAmount.seconds(310)

    mutating func countDeferredAsRefused(since began: NIODeadline) {
        guard .now() - began > Self.patienceWithDelays else { return }
        for index in answers.indices where answers[index].judgement == .deferred {
            answers[index].judgement = .refused(.persistent)
        }
    }
}

extension DialogueEnd {
    /// Whether the other side had a part in it.
    fileprivate var isReaction: Bool {
        switch self {
        case .noBanner, .timedOut: false
        case .done, .unfinishedBanner, .turnedAway, .heloRefused, .startTLSNotOffered, .startTLSRefused,
            .plainTextAfterSTARTTLS,
            .tlsFailed, .serviceClosing, .closed, .violation, .unsolicitedReply:
            true
        }
    }
}

extension DialogueScript.Question {
    fileprivate func with(_ part: WritableKeyPath<RelayTest, AddressForm>, _ form: AddressForm) -> Self {
        var question = self
        question.test[keyPath: part] = form
        return question
    }
}

extension RelayTest {
    /// Whether it has no sender for want of a better one, and not as its point.
    fileprivate var mayHaveSender: Bool { mailFrom.template == "<>" && id != "null-sender" }
}

extension Answer {
    /// By Postfix's words where it waits for the recipient to say so (`smtpd_delay_reject`).
    fileprivate var isRefusedForSender: Bool {
        judgement == .refused(.sender)
            || decidingReply?.lowercasedText.contains("sender address rejected") == true
    }

    /// How often a server may say that it is in trouble itself before it is believed.
    private static let patienceWithTrouble = 2

    /// A login that does not work for the moment is no matter of greylisting.
    fileprivate func mayPass(round: Int) -> Bool {
        guard let decidingReply, reachedEnvelope else { return round < Self.patienceWithTrouble }
        return !decidingReply.isAboutTrouble
            || decidingReply.enhancedStatus?.detail != 5 && round < Self.patienceWithTrouble
    }
}

extension Reply {
    /// Whether waiting hardly helps. Greylisting passes, and so does a server that takes no mail for the moment (4.3.2). One
    /// that says that its configuration is wrong (4.3.5) says so again, and one that has another trouble of its own
    /// (RFC 3463 section 3.4; Postfix says 4.3.0 where a table cannot be read) does not get over it in a minute.
    fileprivate var isAboutTrouble: Bool {
        guard let status = enhancedStatus, status.subject == 3, status.detail != 2 else { return false }
        return !lowercasedText.contains("greylist") && !lowercasedText.contains("graylist")
    }
}
