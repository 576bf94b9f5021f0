import ArgumentParser
import Foundation
import HostIO
import MailModel
import Recording
import Reporting

struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Finish or undo what a crash interrupted. `apply` and `rollback` do it first on their own.",
        discussion: """
            A change set that was cut off in its steps is taken back. One that had
            everything on the host is judged from outside, and kept or not, as the
            run that was interrupted would have done.

            EXAMPLES:
              agent recover
              agent recover --keep-theirs

            EXIT STATUS:
              0   nothing was open, or the host is in the state before, after, or in the
                  safe harbour, and it says which
              4   a person must act
              5   kept, but no vantage could confirm it, or a confirm window is open
              11  another run holds the lock
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @OptionGroup var vantage: VantageOption

    @Flag(help: "The host is starting and mail is not served yet: restore, and leave the judging for later.")
    var atBoot = false

    @Flag(
        help: """
            Leave a file in which somebody else changed the same lines as it is, \
            and finish the rest: closes a change set that recovery refuses to \
            take back.
            """)
    var keepTheirs = false

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "recover", because: changesHost)
            var host = Host(
                policy: try policyOfRecovery(terminal), terminal: terminal, options: shared.common)
            host.judge(from: vantage)
            let path = storePath(shared.store)
            return try await withRunLock(at: runLock, owner: "agent recover") { [host] in
                let results = try await host.recoverFirst(
                    store: try openStore(path), isBeforeMail: atBoot, keepingOthersEdits: keepTheirs)
                terminal.show(
                    text: { _ in results.isEmpty ? "Nothing was interrupted.\n" : "" },
                    document: { recoverDocument(results) })
                return results.map(\.statusOfRecovery).max { $0.rawValue < $1.rawValue } ?? .done
            }
        }
    }
}

extension RecoverCommand {
    /// A mistake in a policy must not keep a host half-changed, or a window from ending.
    private func policyOfRecovery(_ terminal: Terminal) throws(Failure) -> Policy {
        do throws(Failure) {
            return try loadPolicy(shared.policy)
        } catch {
            terminal.say(renderFailure(error, style: terminal.errorStyle).trimmingCharacters(in: .newlines))
            terminal.say("warning: going on by the built-in policy, without drop-ins")
            return try builtInPolicy()
        }
    }
}

extension ChangeResult {
    /// Where the host is consistent and nothing is left to ask, the recovery itself succeeded.
    fileprivate var statusOfRecovery: ExitStatus {
        switch outcome {
        case .unconfirmed, .incomplete, .stillOpen: outcome.exitStatus
        case .confirmed, .rolledBack, .harboured, .noChange, .failed: .done
        }
    }
}
