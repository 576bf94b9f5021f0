import HostIO
import MailModel
import Recording

/// Carries out single steps, each written to the journal before and after.
struct Engine {
    let instruments: Instruments
    let journal: Journal

    /// Runs Plesk's command; its exit status and a re-read of the setting decide, never its wording.
    func carryOut(
        _ change: PleskChange, summary: String, role: StepRole = .change
    ) async throws(Failure) {
        let step = try inJournal(role) { () throws(Failure) in
            try journal.start(.plesk(change), summary: summary, role: role)
        }
        try await carryOut(step, summary: summary) { () async throws(Failure) in
            try await runPlesk(change)
        }
    }

    /// Puts new bytes in place of a file that still holds `current`.
    /// - Parameter restoring: The metadata to give it, modification time included; `nil` keeps the file's own.
    func replace(
        _ current: FileSnapshot, with bytes: [UInt8], restoring metadata: FileMetadata? = nil,
        summary: String,
        role: StepRole = .change
    ) async throws(Failure) {
        let step = try inJournal(role) { () throws(Failure) in
            try journal.start(
                PlannedEdit(
                    path: current.path, before: current.bytes, after: bytes, metadata: current.metadata,
                    summary: summary), role: role)
        }
        try await carryOut(step, summary: summary) { () async throws(Failure) in
            try replaceFile(
                current.path, with: bytes, metadata: metadata ?? current.metadata, expecting: current.bytes,
                modificationTime: metadata == nil ? .ofTheWrite : .restored)
        }
    }

    /// Makes a file that is not there.
    func create(
        _ path: String, _ bytes: [UInt8], metadata: FileMetadata, summary: String, role: StepRole = .change
    ) async throws(Failure) {
        let step = try inJournal(role) { () throws(Failure) in
            try journal.start(
                PlannedEdit(path: path, before: nil, after: bytes, metadata: metadata, summary: summary),
                role: role)
        }
        try await carryOut(step, summary: summary) { () async throws(Failure) in
            try replaceFile(
                path, with: bytes, metadata: metadata, expecting: nil,
                modificationTime: role == .compensation ? .restored : .ofTheWrite)
        }
    }

    /// Removes a file that this program made, while it still holds what it was given.
    func remove(_ current: FileSnapshot, summary: String, role: StepRole = .change) async throws(Failure) {
        let step = try inJournal(role) { () throws(Failure) in
            try journal.start(
                PlannedEdit(
                    path: current.path, before: current.bytes, after: nil, metadata: current.metadata,
                    summary: summary), role: role)
        }
        try await carryOut(step, summary: summary) { () async throws(Failure) in
            try removeFile(current.path, expecting: current.bytes)
        }
    }

    func stopIfInterrupted() throws(Failure) {
        guard instruments.isInterrupted() else { return }
        throw Failure(.interrupted, "interrupted between two steps")
    }

    /// Going back goes on where the store cannot be written, for instance because the disk is full: what it
    /// restores is in the store already, and can be restored again by the next run.
    func inJournal(
        _ role: StepRole, _ record: () throws(Failure) -> Int
    ) throws(Failure) -> Int? {
        do throws(Failure) {
            return try record()
        } catch {
            guard role == .compensation else { throw error }
            return nil
        }
    }

    /// - Parameter step: `nil` where the journal could not be written.
    func carryOut(
        _ step: Int?, summary: String, _ action: () async throws(Failure) -> Void
    ) async throws(Failure) {
        instruments.report(.started(summary))
        do throws(Failure) {
            try await action()
        } catch {
            if let step { journal.mark(.failed, step, note: error.summary) }
            throw error
        }
        if let step { journal.mark(.done, step) }
        instruments.report(.done(summary))
    }

    private func runPlesk(_ change: PleskChange) async throws(Failure) {
        let command = change.command.joined(separator: " ")
        guard let program = change.command.first else {
            throw Failure(.failed, "a Plesk command in the journal is empty")
        }
        let result = try await instruments.run(
            ProgramCall(
                executable: program, arguments: Array(change.command.dropFirst()), deadline: .seconds(120)))
        guard result.succeeded else {
            throw Failure(
                .failed, "Plesk refused a change: \(command)",
                detail: result.errorOutput.isEmpty ? result.outputText : result.errorText,
                remedy: "Run the command by hand to see what Plesk wants, or change the setting in the panel."
            )
        }
        switch await instruments.holds(change.setting) {
        case .seen(true): return
        case .seen(false):
            throw Failure(
                .failed, "Plesk reported success and changed nothing: \(command)",
                remedy: "Change the setting in the panel under Tools & Settings > Mail Server Settings.")
        case .unseen(let reason):
            throw Failure(.failed, "Plesk's setting could not be read back after: \(command)", detail: reason)
        }
    }
}

/// The files that are there, as they are now.
func snapshots(of paths: [String]) throws(Failure) -> [FileSnapshot] {
    var found: [FileSnapshot] = []
    for path in paths {
        if let file = try snapshotFile(path) { found.append(file) }
    }
    return found
}
