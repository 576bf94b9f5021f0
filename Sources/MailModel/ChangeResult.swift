/// How a change set ended, in the words of `agent.apply/1`.
package enum Outcome: String, Sendable, CaseIterable {
    case confirmed, unconfirmed
    /// Taken back, and others than before have the mail ports.
    case incomplete
    case stillOpen = "still-open"
    case rolledBack = "rolled-back"
    case harboured
    case noChange = "no-change"
    case failed

    /// Which of the states that a change set can leave the host in.
    package enum State: String, Sendable { case before, after, harbour }

    package var state: State {
        switch self {
        case .confirmed, .unconfirmed, .incomplete, .stillOpen: .after
        case .rolledBack, .noChange, .failed: .before
        case .harboured: .harbour
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .confirmed, .noChange: .done
        case .unconfirmed: .cannotTell
        case .stillOpen, .incomplete: .personMustAct
        case .rolledBack, .harboured: .wentBack
        case .failed: .failed
        }
    }
}

/// What a change set came to.
package struct ChangeResult: Sendable, Equatable {
    /// The change set's id; `nil` when there was nothing to change.
    package var changeSet: Int?
    package var outcome: Outcome
    /// Sentences for the reader, without full stops.
    package var reasons: [String]
    package var probe: ProbeReport?
    /// Until when a person must confirm it; `nil` when there is nothing to confirm.
    package var confirmUntil: Timestamp?

    package init(
        changeSet: Int?, outcome: Outcome, reasons: [String] = [], probe: ProbeReport? = nil,
        confirmUntil: Timestamp? = nil
    ) {
        self.confirmUntil = confirmUntil
        self.changeSet = changeSet
        self.outcome = outcome
        self.reasons = reasons
        self.probe = probe
    }
}
