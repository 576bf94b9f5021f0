package import MailModel

/// What a change set was made by.
package enum ChangeSetKind: String, Sendable, CaseIterable {
    case apply, rollback
    /// Of messages in the queue.
    case hold, release, delete
}

/// How far a change set has come; written before it is acted on, so that a later run can finish it.
package enum ChangeSetPhase: String, Sendable, CaseIterable {
    /// Its steps are being carried out: the host is between two states.
    case changing
    /// Everything is on the host, but for a reload perhaps, and is yet to be judged from outside.
    case written
    /// It was judged, and waits for a person to confirm it.
    case window
    /// It was decided to take it back.
    case goingBack = "going-back"
    /// It was decided to make the smallest closed configuration of it.
    case harbour
}

/// A change set as the journal has it.
package struct ChangeSetRow: Sendable, Equatable {
    package var id: Int
    package var kind: ChangeSetKind
    package var host: String
    package var agentVersion: String
    package var policyPath: String
    package var policySHA256: String
    /// Digest of the plan document (`agent.plan/1`) in the store.
    package var planDigest: String
    /// Whether strangers could relay before the change set, by the configuration.
    package var relayBefore: RelayVerdict?
    /// The change set that this one takes back.
    package var reverts: Int?
    package var created: Timestamp
    /// `nil` while it is under way, or after a crash.
    package var finished: Timestamp?
    package var phase: ChangeSetPhase
    /// The outcome that it will have, once it is decided to go back or into the harbour, or when it is confirmed.
    package var decided: String?
    /// The time in which it must be confirmed, where that was asked for.
    package var window: ConfirmWindow?
    /// Digest of the document (`agent.probe/1`) of what was seen before the change set.
    package var probeBeforeDigest: String?
    /// What it changes, in words that are the same whenever the same is changed again.
    package var marks: [String]
    /// In the words of `agent.apply/1`; `nil` while it is under way.
    package var outcome: String?
    package var message: String
    /// Digest of the last probe's document (`agent.probe/1`) in the store.
    package var probeDigest: String?
}

/// What a step does.
package enum StepKind: String, Sendable, CaseIterable {
    /// Keeps a file's bytes and metadata; changes nothing.
    case backup
    case plesk, edit, service
    /// Does something to messages in the queue; ``StepRow/beforeDigest`` is the list of them.
    case queue
}

package enum StepState: String, Sendable, CaseIterable {
    case intended, started, done, failed
    /// Done, or perhaps done, and taken back since.
    case undone
}

/// One step of a change set.
package struct StepRow: Sendable, Equatable {
    package var changeSet: Int
    /// Counted from 1, in the order of the writing.
    package var number: Int
    package var kind: StepKind
    package var state: StepState
    package var summary: String
    /// What is done, as JSON that the executing module reads and writes.
    package var action: String
    /// Whether the step takes an earlier one back.
    package var isCompensation: Bool
    package var path: String?
    /// The file's content before the step, and after it, by digest.
    package var beforeDigest: String?
    package var afterDigest: String?
    /// The file's metadata before the step, as JSON that the executing module reads and writes.
    package var metadata: String?
    package var started: Timestamp?
    package var finished: Timestamp?
    package var note: String?

    package init(
        changeSet: Int, number: Int, kind: StepKind, state: StepState, summary: String, action: String,
        isCompensation: Bool = false, path: String? = nil, beforeDigest: String? = nil,
        afterDigest: String? = nil, metadata: String? = nil, started: Timestamp? = nil,
        finished: Timestamp? = nil, note: String? = nil
    ) {
        self.changeSet = changeSet
        self.number = number
        self.kind = kind
        self.state = state
        self.summary = summary
        self.action = action
        self.isCompensation = isCompensation
        self.path = path
        self.beforeDigest = beforeDigest
        self.afterDigest = afterDigest
        self.metadata = metadata
        self.started = started
        self.finished = finished
        self.note = note
    }
}

/// What a new change set is begun with.
package struct NewChangeSet: Sendable {
    package var kind: ChangeSetKind
    package var host: String
    package var agentVersion: String
    package var policy: PolicyIdentity
    package var planDocument: String
    package var relayBefore: RelayVerdict?
    package var reverts: Int?
    /// The document of what was seen from outside before the change set.
    package var probeBefore: String?
    package var window: ConfirmWindow?
    package var marks: [String]
    package var created: Timestamp

    package init(
        kind: ChangeSetKind, host: String, agentVersion: String, policy: PolicyIdentity,
        planDocument: String, relayBefore: RelayVerdict?, reverts: Int?, probeBefore: String? = nil,
        window: ConfirmWindow? = nil, marks: [String] = [], created: Timestamp
    ) {
        self.kind = kind
        self.host = host
        self.agentVersion = agentVersion
        self.policy = policy
        self.planDocument = planDocument
        self.relayBefore = relayBefore
        self.reverts = reverts
        self.probeBefore = probeBefore
        self.window = window
        self.marks = marks
        self.created = created
    }
}

/// What a new step is written with.
package struct NewStep: Sendable {
    package var kind: StepKind
    package var summary: String
    package var action: String
    package var isCompensation: Bool
    package var path: String?
    /// The file's bytes before the step; they are in the store, and read back, before the step may begin.
    package var before: [UInt8]?
    package var after: [UInt8]?
    package var metadata: String?

    package init(
        kind: StepKind, summary: String, action: String, isCompensation: Bool = false, path: String? = nil,
        before: [UInt8]? = nil, after: [UInt8]? = nil, metadata: String? = nil
    ) {
        self.kind = kind
        self.summary = summary
        self.action = action
        self.isCompensation = isCompensation
        self.path = path
        self.before = before
        self.after = after
        self.metadata = metadata
    }
}

/// One thing to write down of a change set.
package enum JournalEntry: Sendable {
    /// A step, with when it began (or ended, when it is done already).
    case step(NewStep, StepState, Timestamp?)
    case mark(StepState, step: Int, Timestamp, note: String?)
    case phase(ChangeSetPhase)
}
