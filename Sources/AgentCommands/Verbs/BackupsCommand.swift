import ArgumentParser
import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Reporting

struct BackupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups",
        abstract: "Look after the store: what is kept, whether it is sound, and plain copies of it.",
        subcommands: [
            BackupsListCommand.self, BackupsVerifyCommand.self, BackupsExportCommand.self,
            BackupsPruneCommand.self,
        ])
}

private func requireStore(_ named: String?) throws(Failure) -> Store {
    guard let store = try readStore(named) else {
        throw Failure(
            .failed, "there is no store yet", detail: "Looked for \(storePath(named)).",
            remedy: "`agent apply` makes one, or name it with --store.")
    }
    return store
}

struct BackupsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the kept files: by change set, with path, size and digest.",
        discussion: """
            EXAMPLES:
              agent backups list
              agent backups list --format json

            EXIT STATUS:
              0   listed, an empty list included
              12  the store is damaged or of a newer version
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await perform(shared) { terminal in
            let kept = try readStore(shared.store)?.backups() ?? []
            terminal.show(
                text: { renderBackups(kept.map(BackupLine.init), style: $0) },
                document: {
                    backupsDocument(kept.map(BackupLine.init))
                })
            return .done
        }
    }
}

struct BackupsVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every kept byte and every closed change against its digest.",
        discussion: """
            EXAMPLES:
              agent backups verify
              agent backups verify --store /root/copy-of-agent.sqlite

            EXIT STATUS:
              0   sound
              1   there is no store
              12  damaged, each damage is listed; or of a newer version
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await perform(shared) { terminal in
            let store = try requireStore(shared.store)
            let damages = try store.verify().map(\.sentence)
            // A damaged file may not answer this one.
            let unsealed = damages.isEmpty ? try store.unsealedCount() : 0
            terminal.show(
                text: { _ in damages.isEmpty ? soundSentence(unsealed) : damages.map { $0 + "\n" }.joined() },
                document: {
                    .object([
                        .init("format", .string("agent.backups-verify/1")),
                        .init("sound", .bool(damages.isEmpty)),
                        .init("not-sealed", .int(unsealed)),
                        .init("damages", .array(damages.map(JSONValue.string))),
                    ])
                })
            return damages.isEmpty ? .done : .storeUnusable
        }
    }
}

private func soundSentence(_ unsealed: Int) -> String {
    if unsealed == 0 { return "Sound.\n" }
    return
        "Sound, as far as can be told: \(unsealed) changes of an older version are not sealed, so a change "
        + "to what is written of them would not be seen.\n"
}

struct BackupsExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the kept files out plainly; `cp -a` alone restores them.",
        discussion: """
            EXAMPLES:
              agent backups export /root/mail-configuration-backups

            EXIT STATUS:
              0   written
              1   there is no store, or the directory cannot be written or is not empty
              12  written but for what is damaged, which is listed
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "A directory that is not there yet, or is empty.", completion: .directory)
    var directory: String

    func run() async throws {
        try await perform(shared) { terminal in
            let store = try requireStore(shared.store)
            try makeExportDirectory(directory)
            try store.export(to: directory)
            terminal.show(
                text: { _ in "Written to \(directory); its README.md says how to restore.\n" },
                document: {
                    .object([
                        .init("format", .string("agent.backups-export/1")),
                        .init("directory", .string(directory)),
                    ])
                })
            return .done
        }
    }
}

struct BackupsPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Forget old change sets, as far as the policy lets go of them.",
        discussion: """
            The policy's backups.keep-last and backups.keep-within say what stays. What is
            open stays as well, the last change that was seen to be good, and whatever held
            messages that are on hold still.

            EXAMPLES:
              agent backups prune --dry-run
              agent backups prune

            EXIT STATUS:
              0   done; nothing to forget included
              1   there is no store
              11  another run holds the lock
              12  the store is damaged or of a newer version
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Only say what would go.")
    var dryRun = false

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "backups prune", because: "The store belongs to root.")
            let policy = try loadPolicy(shared.policy)
            _ = try requireStore(shared.store)
            return try await withRunLock(at: runLock, owner: "agent backups prune") {
                let host = Host(policy: policy, terminal: terminal, options: shared.common)
                let pruning = try openStore(storePath(shared.store)).pruneWhatHoldsNothing(
                    policy.backups, at: currentTime(), isDry: dryRun, host.placesInQueue())
                let verb = dryRun ? "Would forget" : "Forgot"
                terminal.show(
                    text: { _ in
                        "\(verb) \(pruning.changeSets.count) changes and \(pruning.contentBytes) bytes of "
                            + "content; \(pruning.kept) changes stay.\n"
                    },
                    document: {
                        .object([
                            .init("format", .string("agent.backups-prune/1")),
                            .init("dry-run", .bool(dryRun)),
                            .init("changes", .array(pruning.changeSets.map { .string(String($0)) })),
                            .init("contents", .int(pruning.contents)),
                            .init("bytes", .int(pruning.contentBytes)),
                            .init("kept", .int(pruning.kept)),
                        ])
                    })
                return .done
            }
        }
    }
}

/// Makes it, or takes one that is empty and nobody else's: what is written can hold passwords.
private func makeExportDirectory(_ directory: String) throws(Failure) {
    // What is not empty is left as it is, and the export says so.
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    guard entries.isEmpty else { return }
    try makePrivateDirectory(directory, existing: .becomesPrivate)
}

extension BackupLine {
    init(_ backup: Backup) {
        self.init(
            changeSet: backup.changeSet, path: backup.path, sizeInBytes: backup.sizeInBytes,
            digest: backup.digest, kept: backup.kept)
    }
}
