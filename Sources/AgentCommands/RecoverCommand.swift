import ArgumentParser
import HostIO
import MailModel
import Recording
import Reporting

struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Undo what a crash interrupted. `apply` and `rollback` do it first on their own.",
        discussion: """
            EXAMPLES:
              agent recover

            EXIT STATUS:
              0   nothing was open, or everything was taken back
              4   a person must act
              11  another run holds the lock
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "recover", because: changesHost)
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal)
            let path = storePath(shared.store)
            return try await withRunLock(at: runLock, owner: "agent recover") {
                let store = try openStore(path)
                let open = try store.unfinishedChangeSets().map(\.id)
                try await host.recoverFirst(store: store)
                terminal.show(
                    text: { _ in open.isEmpty ? "Nothing was interrupted.\n" : "" },
                    document: { recoverDocument(open) })
                return .done
            }
        }
    }
}
