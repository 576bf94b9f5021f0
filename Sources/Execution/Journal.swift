internal import Content
internal import Foundation
internal import HostIO
package import MailModel
package import Recording
internal import Synchronization

/// What a step does, as the journal keeps it.
enum StepAction: Codable, Equatable {
    case backup
    case plesk(PleskChange)
    case edit
    case service(ServiceChange)
    /// The messages are a content of the store: there can be many.
    case queue(QueueAction)

    var kind: StepKind {
        switch self {
        case .backup: .backup
        case .plesk: .plesk
        case .edit: .edit
        case .service: .service
        case .queue: .queue
        }
    }
}

/// The journal of one change set: every step is in it before it happens.
///
/// That a step is done is written with what follows it, in one transaction: a run that is killed in between finds
/// the step begun, as it would if it had been killed a moment earlier.
final class Journal: Sendable {
    let store: Store
    let changeSet: Int
    let now: @Sendable () -> Timestamp
    private let pending = Mutex<[JournalEntry]>([])
    /// The steps that were begun with the change set, by the file that they edit.
    private let begun: Mutex<[String: Int]>

    init(
        store: Store, changeSet: Int, begun: [String: Int] = [:], now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.changeSet = changeSet
        self.begun = Mutex(begun)
        self.now = now
    }

    /// Opens a change set that keeps these files from its first moment.
    /// - Parameter edits: What is done first of all; written down with it, which saves a transaction for each.
    static func begin(
        _ kind: ChangeSetKind, plan: Plan, planDocument: String, reverting: Int? = nil,
        before: ProbeReport? = nil, window: Duration? = nil, keeping files: [FileSnapshot] = [],
        starting edits: [PlannedEdit] = [],
        using instruments: Instruments
    ) throws(Failure) -> Journal {
        // What is done to the queue alone opens and closes nothing.
        let concernsRelaying = kind == .apply || kind == .rollback
        let evidence = try before.map { report throws(Failure) in try encode(report.withoutRepetition) }
        let id = try instruments.store.begin(
            NewChangeSet(
                kind: kind, host: plan.host.name, agentVersion: plan.agentVersion, policy: plan.policy,
                planDocument: planDocument, relayBefore: concernsRelaying ? plan.relayBefore : nil,
                reverts: reverting,
                probeBefore: evidence,
                window: window.map { ConfirmWindow(length: $0, from: instruments.moment()) },
                marks: concernsRelaying ? plan.marks.map { $0.mark.replacing("\n", with: " ") } : [],
                created: instruments.now()),
            keeping: try files.map { file throws(Failure) in try backup(of: file) },
            starting: try edits.map { edit throws(Failure) in try step(for: edit, role: .change) })
        let numbers = edits.indices.map { files.count + $0 + 1 }
        return Journal(
            store: instruments.store, changeSet: id,
            begun: Dictionary(zip(edits.map(\.path), numbers), uniquingKeysWith: { first, _ in first }),
            now: instruments.now)
    }

    /// Writes down what is done next, before it is done.
    func enter(
        _ phase: ChangeSetPhase, decided: Outcome? = nil, reasons: [String] = [], probe: ProbeReport? = nil,
        window: ConfirmWindow? = nil
    ) throws(Failure) {
        let evidence = try probe.map { report throws(Failure) in try encode(report.withoutRepetition) }
        try flush { entries throws(Failure) in
            try store.enter(
                phase, decided: decided?.rawValue, message: reasons.joined(separator: "; "), probe: evidence,
                window: window, after: entries, in: changeSet)
        }
    }

    /// Writes down together with the next step that everything before it is on the host.
    func enterWithNextStep(_ phase: ChangeSetPhase) { pending.withLock { $0.append(.phase(phase)) } }

    func backUp(_ files: [FileSnapshot]) throws(Failure) {
        guard !files.isEmpty else { return }
        let time = now()
        let steps = try files.map { file throws(Failure) in
            JournalEntry.step(try Self.backup(of: file), .done, time)
        }
        try flush { entries throws(Failure) in _ = try store.commit(entries + steps, in: changeSet) }
    }

    /// Writes down that somebody else has changed a file of which this change set is taken back.
    func markOthers(_ file: FileSnapshot) throws(Failure) -> Int {
        var step = try Self.backup(of: file)
        step.summary = "Keep what somebody else made of \(file.path)"
        step.isCompensation = true
        return try start(step)
    }

    private static func backup(of file: FileSnapshot) throws(Failure) -> NewStep {
        NewStep(
            kind: .backup, summary: "Keep \(file.path)", action: try encode(StepAction.backup),
            path: file.path, before: file.bytes, metadata: try encode(file.metadata))
    }

    /// Writes down that a step begins.
    func start(_ action: StepAction, summary: String, role: StepRole) throws(Failure) -> Int {
        try start(
            NewStep(
                kind: action.kind, summary: summary, action: encode(action),
                isCompensation: role == .compensation))
    }

    /// Writes down that something is about to be done to messages of the queue.
    func start(_ action: QueueAction, _ messages: [MessageID], role: StepRole) throws(Failure) -> Int {
        try start(
            NewStep(
                kind: .queue, summary: action.summary(messages.count),
                action: encode(StepAction.queue(action)),
                isCompensation: role == .compensation, before: messageList(messages)))
    }

    /// Writes down what is done to services, before any of it begins, and that everything before it is on the host.
    /// - Returns: The numbers of the steps.
    func start(_ services: [ServiceChange], entering phase: ChangeSetPhase) throws(Failure) -> [Int] {
        enterWithNextStep(phase)
        let time = now()
        let steps = try services.map { service throws(Failure) in
            let action = StepAction.service(service)
            return JournalEntry.step(
                NewStep(kind: action.kind, summary: service.summary, action: try encode(action)), .started,
                time)
        }
        return try flush { entries throws(Failure) in
            Array(try store.commit(entries + steps, in: changeSet).suffix(steps.count))
        }
    }

    /// Says of the steps that were begun with the change set and not come to that they never happened.
    func withdrawBegun() {
        let steps = begun.withLock { $0.values.sorted() }
        begun.withLock { $0 = [:] }
        for step in steps { mark(.intended, step) }
    }

    func start(_ edit: PlannedEdit, role: StepRole) throws(Failure) -> Int {
        if role == .change, let step = begun.withLock({ $0.removeValue(forKey: edit.path) }) { return step }
        return try start(Self.step(for: edit, role: role))
    }

    private static func step(for edit: PlannedEdit, role: StepRole) throws(Failure) -> NewStep {
        NewStep(
            kind: .edit, summary: edit.summary, action: try encode(StepAction.edit),
            isCompensation: role == .compensation, path: edit.path, before: edit.before, after: edit.after,
            metadata: try encode(edit.metadata))
    }

    private func start(_ step: NewStep) throws(Failure) -> Int {
        let time = now()
        return try flush { entries throws(Failure) in
            try store.commit(entries + [.step(step, .started, time)], in: changeSet).last ?? 0
        }
    }

    /// Writes down how a step ended, with whatever is written next.
    func mark(_ state: StepState, _ step: Int, note: String? = nil) {
        let time = now()
        pending.withLock { $0.append(.mark(state, step: step, time, note: note)) }
    }

    func steps() throws(Failure) -> [RecordedStep] {
        // Where the store has no room, a step that is done is seen as begun, which it is as well.
        try? flush { entries throws(Failure) in
            if !entries.isEmpty { _ = try store.commit(entries, in: changeSet) }
        }
        return try store.steps(of: changeSet).map { row throws(Failure) in try RecordedStep(row) }
    }

    func close(_ outcome: Outcome, message: String, probe: String?) throws(Failure) {
        try flush { entries throws(Failure) in
            try store.close(
                changeSet, outcome: outcome.rawValue, message: message, probe: probe, after: entries,
                at: now())
        }
    }

    /// Hands out what is pending; it stays pending when it could not be written.
    private func flush<Value>(
        _ write: ([JournalEntry]) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let entries = pending.withLock { $0 }
        let value = try write(entries)
        pending.withLock { $0.removeFirst(entries.count) }
        return value
    }
}

/// What a step makes of a file.
struct PlannedEdit {
    var path: String
    /// `nil` where there is no such file yet.
    var before: [UInt8]?
    /// `nil` where the file is removed.
    var after: [UInt8]?
    /// The file's before the step, or that of a new file.
    var metadata: FileMetadata
    var summary: String
}

/// Whether a step goes on with a change set or takes an earlier step back.
enum StepRole { case change, compensation }

/// The command line of a recorded step; `nil` where the step runs no program.
package func recordedCommand(_ step: StepRow) throws(Failure) -> [String]? {
    switch try decode(step.action) as StepAction {
    case .plesk(let change): change.command
    case .service(let service): service.command
    case .queue(let action): action.command
    case .backup, .edit: nil
    }
}

/// Keeps what a probe of this host saw that belongs to no change set.
package func record(_ report: ProbeReport, in store: Store) throws(Failure) {
    try store.record(
        probe: Array(encode(report.withoutRepetition).utf8), at: currentTime())
}

/// The probe report that a change set was closed with, or that was kept by itself.
package func recordedProbe(_ bytes: [UInt8]) throws(Failure) -> ProbeReport {
    try decode(String(decoding: bytes, as: UTF8.self))
}

extension ProbeReport {
    /// The report with the dialogue of one test for each place: the journal keeps what decides.
    var withoutRepetition: ProbeReport {
        var report = self
        for index in report.endpoints.indices {
            let endpoint = report.endpoints[index]
            let deciding = endpoint.tests.firstIndex { $0.verdict == .accepted } ?? 0
            for test in endpoint.tests.indices where test != deciding {
                report.endpoints[index].tests[test].dialogue = []
            }
        }
        return report
    }
}

func encode(_ value: some Encodable) throws(Failure) -> String {
    do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        throw Failure(.failed, "a step could not be written to the journal")
    }
}

func decode<Value: Decodable>(_ text: String) throws(Failure) -> Value {
    do {
        return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
        throw Failure(
            .storeUnusable, "a step in the journal cannot be read",
            remedy: "Use the version of agent that wrote it.")
    }
}
