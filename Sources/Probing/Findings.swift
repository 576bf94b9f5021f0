internal import MailModel
internal import SMTPCore

/// Everything heard of one endpoint in one TLS state, before it is judged.
struct Findings: Sendable {
    /// Why there was no connection at all; `nil` once there was one.
    var unreachable: String?
    var banner: String?
    var capabilities: Capabilities?
    var offeredStartTLS = false
    var answers: [Answer] = []
    /// Tests that no connection answered.
    var unanswered: [String] = []
    /// What kept tests from being answered, the first reason that was seen.
    var trouble: String?
    private var wasConnected = false
    private var questions: [String: DialogueScript.Question] = [:]

    init() {}

    /// Keeps what a connection brought.
    /// - Returns: What it left unanswered; `nil` when that is nothing.
    mutating func take(_ conversation: Conversation, asked batch: EndpointProbe.Batch) -> EndpointProbe.Batch?
    {
        for question in batch.questions { questions[question.names.token] = question }
        guard case .heard(let record, let end) = conversation else {
            if case .unreachable(let reason) = conversation {
                trouble = trouble ?? reason
                if !wasConnected { unreachable = reason }
            }
            return EndpointProbe.Batch(questions: batch.questions, failures: batch.failures + 1)
        }
        wasConnected = true
        unreachable = nil
        banner = banner ?? record.banner
        capabilities = capabilities ?? record.capabilities
        offeredStartTLS = offeredStartTLS || record.offeredStartTLS
        answers += record.answers
        trouble = trouble ?? end.trouble
        let answered = Set(record.answers.map(\.token))
        let notApplicable = Set(record.notApplicable)
        let left = batch.questions.filter {
            !answered.contains($0.names.token) && !notApplicable.contains($0.test.id)
        }
        guard !left.isEmpty else { return nil }
        return EndpointProbe.Batch(
            questions: left, failures: record.answers.isEmpty ? batch.failures + 1 : batch.failures)
    }

    /// What the vantage could not ask from another network of its own says nothing about the server.
    mutating func giveUp(on batches: [EndpointProbe.Batch]) {
        unanswered += batches.flatMap(\.questions).map(\.test).filter { test in
            if case .source = test.approach { false } else { true }
        }.map(\.id)
    }

    /// Whether connections are taken and nothing comes.
    var isSilent: Bool { wasConnected && banner == nil }

    /// The questions that were put off and may be answered another time. A server that says that its own
    /// configuration is wrong (4.3.5) will say so again.
    var retryable: [DialogueScript.Question] {
        answers.filter {
            $0.judgement == .deferred && $0.decidingReply?.enhancedStatus != EnhancedStatus(4, 3, 5)
        }.compactMap { questions[$0.token] }
    }

    mutating func replaceAnswers(by newer: [Answer]) {
        for answer in newer {
            guard let index = answers.firstIndex(where: { $0.token == answer.token }) else { continue }
            answers[index] = answer
        }
    }

    func question(of answer: Answer) -> DialogueScript.Question? { questions[answer.token] }

    /// An attempt that got as far as DATA says more than the yes before it; one that was refused earlier was
    /// about the vantage's own domain, and says less.
    mutating func replaceAnswers(byProofs proofs: [Answer]) {
        for proof in proofs
        where proof.messageTaken || proof.exchanges.contains(where: { $0.command == "DATA" }) {
            guard let index = answers.firstIndex(where: { $0.test.id == proof.test.id }) else { continue }
            answers[index] = proof
        }
    }

    mutating func countDeferredAsRefused() {
        for index in answers.indices where answers[index].judgement == .deferred {
            answers[index].judgement = .refused(.persistent)
        }
    }
}
