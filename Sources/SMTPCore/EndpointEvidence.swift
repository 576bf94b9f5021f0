/// How far the messages came that were to prove a yes.
package struct ProofAttempts: Hashable, Sendable {
    /// What was refused or put off before the message, by the id of the test.
    package var failed: [String: Answer] = [:]
    /// Tests whose message should have been sent and was not.
    package var unsent: Set<String> = []
    /// How long what was taken was waited for at most.
    package var seconds = 0
    /// Whether the time was over before a message had what it may need.
    package var isCutShort = false

    package init() {}
}

/// Everything that was learned about one address, port and TLS state.
package struct EndpointEvidence: Sendable {
    package var answers: [Answer]
    /// By token.
    package var fates: [String: MessageFate]
    /// Tests that no connection answered, by id.
    package var unanswered: [String]
    /// What kept them from being answered, as a sentence without a full stop.
    package var trouble: String?
    /// How it went with the messages that were to prove a yes; `nil` where none is sent.
    package var proofs: ProofAttempts?
    /// Tests that make no sense there, by id.
    package var notApplicable: [String]

    package init(
        answers: [Answer], fates: [String: MessageFate] = [:], unanswered: [String] = [],
        trouble: String? = nil, proofs: ProofAttempts? = nil, notApplicable: [String] = []
    ) {
        self.answers = answers
        self.fates = fates
        self.unanswered = unanswered
        self.trouble = trouble
        self.proofs = proofs
        self.notApplicable = notApplicable
    }
}
