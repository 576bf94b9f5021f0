internal import Content
internal import HostIO
package import MailModel
internal import Recording

/// Carries out a plan: back up, change, reload, have it probed from outside, and keep it or go back.
///
/// - Parameters:
///   - plan: Made from a host that has not changed since (see ``Plan/fingerprint``).
///   - planDocument: The plan as `agent.plan/1`, for the journal.
///   - policy: Says what follows when mail is broken or nothing could be confirmed.
///   - confirmWindow: How long a person has to confirm the change before it is undone; `nil` for no window.
///   - watchedPaths: Files that Plesk may rewrite when one of its settings changes; they are kept as well.
/// - Throws: ``Failure`` when a step failed and everything was taken back (`.failed`, `.interrupted`), or
///   when taking back failed as well (`.personMustAct`).
package func apply(
    _ plan: Plan, planDocument: String, policy: Policy, watchedPaths: [String],
    confirmWindow: Duration? = nil, using instruments: Instruments
) async throws(Failure) -> ChangeResult {
    let paths = watchedPaths.including(
        plan.edits.flatMap { [$0.path] + ($0.compiled.map { [$0.path] } ?? []) })
    try makeReady(paths)
    let before = await firstProbe(instruments)
    let files = try snapshots(of: paths)
    let journal = try Journal.begin(
        .apply, plan: plan, planDocument: planDocument, before: before, window: confirmWindow, keeping: files,
        // What Plesk writes on our behalf comes before an edit, and may spare it.
        starting: plan.hasPleskChanges ? [] : plan.plannedEdits(on: files), using: instruments)
    for file in files { instruments.report(.backedUp(path: file.path)) }
    let engine = Engine(instruments: instruments, journal: journal)
    do throws(Failure) {
        // Before the first write: whatever becomes of this run, somebody comes back to it on time.
        if let confirmWindow { try await instruments.arm(journal.changeSet, confirmWindow) }
        try await engine.carryOut(plan, watchedPaths: watchedPaths)
        if !plan.holdsMessagesOnly {
            try await engine.takeEffect(plan.services.isEmpty ? instruments.usualReload : plan.services)
        }
    } catch {
        let failure = await engine.abandon(after: error)
        if confirmWindow != nil { await instruments.disarm(journal.changeSet) }
        throw failure
    }
    let result = try await engine.judge(
        before: before, policy: policy, relayedBefore: plan.relayBefore, window: confirmWindow,
        holdingRelayed: plan.holdsMessages)
    if confirmWindow != nil, result.confirmUntil == nil { await instruments.disarm(journal.changeSet) }
    return result
}

/// What was so before, to tell "it is closed" from "it is down"; a change is not held up by it.
func firstProbe(_ instruments: Instruments) async -> ProbeReport? {
    instruments.report(.probing(.before))
    do throws(Failure) {
        let report = try await instruments.probe(.essential)
        instruments.report(.probed(report.verdict))
        return report
    } catch {
        instruments.report(.notProbed(error.summary))
        return nil
    }
}

extension Engine {
    fileprivate func carryOut(_ plan: Plan, watchedPaths: [String]) async throws(Failure) {
        var isPleskDone = false
        for change in plan.changes {
            guard case .plesk(let plesk) = change.action else { continue }
            try stopIfInterrupted()
            try await carryOut(plesk, summary: change.summary)
            isPleskDone = true
        }
        // What Plesk wrote on our behalf is known from here on, and can be told from others' edits.
        let left = isPleskDone ? try lookAfterPlesk(watchedPaths).files : []
        let edits = isPleskDone ? try await remainingEdits(of: plan) : plan.edits
        for change in plan.changes {
            guard case .edit(let planned) = change.action else { continue }
            try stopIfInterrupted()
            guard let edit = edits.first(where: { $0.path == planned.path }) else {
                instruments.report(.unneeded(change.summary))
                continue
            }
            if let file = left.first(where: { $0.path == edit.path }), file.bytes != edit.before {
                throw changedMeanwhile(edit.path)
            }
            try await write(edit, summary: change.summary)
            if let table = edit.compiled { try await compile(table, from: edit.after) }
        }
        try stopIfInterrupted()
    }

    /// Keeps what Plesk wrote on our behalf. Whether a line beyond its relay settings is Plesk's as well or somebody
    /// else's cannot be told: it stays, and that it was there is said.
    /// - Returns: The files, and the paths of those with such lines.
    func lookAfterPlesk(_ paths: [String]) throws(Failure) -> (files: [FileSnapshot], doubtful: Set<String>) {
        let steps = try journal.steps()
        let files = try snapshots(of: paths)
        var doubtful: Set<String> = []
        for file in files {
            guard let old = steps.lastDigest(of: file.path), old != sha256(file.bytes) else { continue }
            if try !differByPleskAlone(file.path, journal.store.content(old), file.bytes) {
                doubtful.insert(file.path)
                instruments.report(.changedBeside(path: file.path))
            }
        }
        try journal.backUp(files)
        for file in files { instruments.report(.backedUp(path: file.path)) }
        return (files, doubtful)
    }

    private func changedMeanwhile(_ path: String) -> Failure {
        Failure(
            .stale, "\(path) changed while the plan was carried out",
            remedy: "Run `agent plan` again.")
    }

    /// From here on a later run goes on, and does not go back: every file is on the host. What is still to be done
    /// to services is in the journal before the first of it happens.
    /// - Parameter skippingIdle: Whether what has ended, and reads its files when it is started, is not told to.
    func takeEffect(_ services: [ServiceChange], skippingIdle: Bool = false) async throws(Failure) {
        let steps = try journal.start(services, entering: .written)
        try await carryOut(zip(steps, services).map { ($0, $1) }, skippingIdle: skippingIdle)
    }

    func carryOut(
        _ services: [(step: Int, service: ServiceChange)], skippingIdle: Bool
    ) async throws(Failure) {
        for (step, service) in services {
            if skippingIdle, !instruments.isFollowed(service) {
                journal.mark(.done, step)
            } else {
                try await carryOut(service, step: step)
            }
        }
    }

    func write(_ edit: FileEdit, summary: String) async throws(Failure) {
        let current = try snapshotFile(edit.path)
        guard current?.bytes == edit.before else {
            throw changedMeanwhile(edit.path)
        }
        if let current {
            try await replace(current, with: edit.after, summary: summary)
        } else {
            try await create(
                edit.path, edit.after, metadata: .ofNewFiles, summary: summary)
        }
    }

    /// Plesk rewrites files when its settings change, so the edits are planned afresh on what it left.
    /// Nothing is written that the plan did not show.
    private func remainingEdits(of plan: Plan) async throws(Failure) -> [FileEdit] {
        let remaining = try await instruments.replan().edits
        for edit in remaining {
            let shown = plan.edits.first { $0.path == edit.path }?.touches ?? []
            let surprising = edit.touches.filter { !shown.contains($0) }
            guard surprising.isEmpty else {
                throw Failure(
                    .failed, "Plesk's own change brought up something that the plan did not show",
                    detail: "\(edit.path): \(surprising.joined(separator: ", "))",
                    remedy: "Run `agent plan` to see it.")
            }
        }
        return remaining
    }
}

extension Plan {
    /// The planned file edits, in order.
    var edits: [FileEdit] {
        changes.compactMap { if case .edit(let edit) = $0.action { edit } else { nil } }
    }

    fileprivate var hasPleskChanges: Bool {
        changes.contains { if case .plesk = $0.action { true } else { false } }
    }

    /// The edits as steps, on files that are as the plan saw them.
    fileprivate func plannedEdits(on files: [FileSnapshot]) -> [PlannedEdit] {
        changes.compactMap { change in
            guard case .edit(let edit) = change.action else { return nil }
            let metadata = files.first { $0.path == edit.path }?.metadata ?? .ofNewFiles
            return PlannedEdit(
                path: edit.path, before: edit.before, after: edit.after, metadata: metadata,
                summary: change.summary)
        }
    }
}

extension FileMetadata {
    fileprivate static let ofNewFiles = FileMetadata(owner: 0, group: 0, mode: 0o644)
}

extension Plan {
    /// What is done to services, in order, after the last edit.
    var services: [ServiceChange] {
        changes.compactMap { if case .service(let service) = $0.action { service } else { nil } }
    }
}

extension [String] {
    func including(_ others: [String]) -> [String] {
        self + others.filter { !contains($0) }
    }
}

extension Plan {
    var holdsMessages: Bool { changes.contains { $0.action.kind == "queue" } }

    /// Whether the configuration stays as it is, so that there is nothing to reload.
    var holdsMessagesOnly: Bool { !isEmpty && changes.allSatisfy { $0.action.kind == "queue" } }
}
