import ArgumentParser
import Execution
import HostIO
import MailModel
import Recording
import Reporting

/// The window that a verb is about, and what the verb needs of the host.
private struct OpenWindow: Sendable {
    let row: ChangeSetRow
    let host: Host
    let instruments: Execution.Instruments
}

private func withOpenWindow(
    _ verb: String, _ change: Int?, _ shared: SharedOptions, _ terminal: Terminal,
    _ body: @escaping @Sendable (OpenWindow) async throws -> ExitStatus
) async throws -> ExitStatus {
    try requireRoot(for: verb, because: changesHost)
    let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
    return try await withRunLock(at: runLock, owner: "agent \(verb)") {
        let store = try openStore(storePath(shared.store))
        let row = try openWindow(change, in: store)
        let state = await host.observe()
        let window = OpenWindow(
            row: row, host: host,
            instruments: host.instruments(store: store, state: state, vantage: nil, isInterrupted: { false }))
        return try await withInterruption(terminal, afterwards: onToTheEnd) { _ in try await body(window) }
    }
}

private func openWindow(_ change: Int?, in store: Store) throws(Failure) -> ChangeSetRow {
    let open = try store.unfinishedChangeSets().first { $0.phase == .window }
    if let open, change == nil || change == open.id { return open }
    let isOpen = open.map { "The one that is open is that of change \($0.id)." }
    guard let change else {
        throw Failure(
            .failed, "no confirm window is open", remedy: "`agent history` says how the last change ended.")
    }
    guard let row = try store.changeSet(change) else {
        throw Failure(
            .failed, "there is no change \(change)", detail: isOpen,
            remedy: "`agent history` lists what there is.")
    }
    throw Failure(
        .failed, "change \(change) has no open confirm window: it ended as \(row.outcome ?? "interrupted")",
        detail: isOpen, remedy: "`agent show \(change)` says more.")
}

struct ConfirmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Keep what the open confirm window holds.",
        discussion: """
            EXAMPLES:
              agent confirm
              agent confirm 7

            EXIT STATUS:
              0   kept, and seen from outside to be closed
              1   no such window is open, or it could not be written down and stays open
              3   too late: rolled back or harboured
              5   kept, though no vantage could confirm it, or something was changed since
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The change set; the one whose window is open if left out.")
    var change: Int?

    func run() async throws {
        try await perform(shared) { terminal in
            try await withOpenWindow("confirm", change, shared, terminal) { window in
                let result = try await confirmWindow(
                    window.row, policy: window.host.policy, using: window.instruments)
                show(result, "confirm", terminal)
                return result.outcome.exitStatus
            }
        }
    }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Undo now what the open confirm window holds.",
        discussion: """
            EXAMPLES:
              agent cancel
              agent cancel 7

            The old state comes back, byte for byte. Where it relays for strangers the
            host goes into the safe harbour instead, unless --allow-insecure asks for
            the old state all the same (or the policy says what follows when mail is
            broken, after-apply.mail-broken).

            EXIT STATUS:
              0   undone, or in the safe harbour
              1   no such window is open
              4   a person must act
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The change set; the one whose window is open if left out.")
    var change: Int?

    @Flag(help: "Go back even to a state that relays for strangers.")
    var allowInsecure = false

    @Flag(help: "Do not ask; it never does.")
    var yes = false

    func run() async throws {
        try await perform(shared) { terminal in
            try await withOpenWindow("cancel", change, shared, terminal) { window in
                let result = try await cancelWindow(
                    window.row, exactly: allowInsecure, policy: window.host.policy, using: window.instruments)
                show(result, "cancel", terminal)
                return .done
            }
        }
    }
}

struct ExtendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extend", abstract: "Move the deadline of the open confirm window.",
        discussion: """
            EXAMPLES:
              agent extend 7 --confirm-timeout 30m    half an hour from now
              agent extend                            as long again as it was, from now

            EXIT STATUS:
              0   moved
              1   no such window is open, or it has ended
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The change set; the one whose window is open if left out.")
    var change: Int?

    @OptionGroup var timeout: ConfirmTimeoutOption

    func run() async throws {
        try await perform(shared) { terminal in
            try await withOpenWindow("extend", change, shared, terminal) { open in
                let length = timeout.length ?? open.row.window?.length ?? .seconds(600)
                let window = try await extendWindow(open.row, to: length, using: open.instruments)
                terminal.show(
                    text: { _ in
                        "The confirm window of change \(open.row.id) is open until "
                            + "\(window.deadline.wall.rfc3339).\n"
                    },
                    document: { extendDocument(open.row.id, until: window.deadline.wall) })
                return .done
            }
        }
    }
}

struct ConfirmTimeoutOption: ParsableArguments {
    @Option(
        name: .customLong("confirm-timeout"),
        help: ArgumentHelp(
            "Undo the change unless `agent confirm` says otherwise by then: 600s, 10m, 2h.",
            valueName: "time"),
        transform: { text in
            guard let length = Duration(window: text) else {
                throw ValidationError("a time is a number with s, m or h, a week at most: 600s, 10m, 2h")
            }
            return length
        })
    var length: Duration?
}

private func show(_ result: ChangeResult, _ verb: String, _ terminal: Terminal) {
    terminal.noteChange()
    terminal.show(
        text: { renderResult(result, verb: "Kept", style: $0) },
        document: { windowDocument(verb, result) })
}
