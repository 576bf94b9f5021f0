import ArgumentParser
import Execution
import HostIO
import MailModel
import QueueAnalysis
import Recording
import Reporting

struct SelectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only messages with this property: client, login, user, script, sender, recipient, subject, origin, since or until. May be given several times; all must hold.",
            valueName: "property=value"))
    var matching: [String] = []

    @Flag(help: "Messages that strangers relayed: from clients without a login, for other hosts' domains.")
    var relayed = false

    func selection() throws(Failure) -> MessageSelection {
        try MessageSelection(parsing: (relayed ? MessageSelection.relayed.texts : []) + matching)
    }
}

struct QueueHoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keep messages from leaving, until they are released.",
        discussion: """
            Shows how many messages are meant, with samples, and asks. Each is looked for
            again right before it is held; what has left by then is counted as gone.
            Nothing is lost: `agent queue release` and `agent rollback` let them go.

            EXAMPLES:
              agent queue hold --relayed --dry-run
              agent queue hold --matching login=bob@example.net
              agent queue hold --matching client=198.51.100.0/24 \\
                --matching since=2026-11-24T08:00:00Z --yes

            EXIT STATUS:
              0   held, or there is nothing to hold
              1   refused or failed; what was held before a failure stays held
              11  another run holds the lock
              64  usage
              77  needs root
              130 interrupted; what was held stays held
            """)

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: SelectionOptions

    @Flag(help: "Only show what would be held.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        try await perform(shared) { terminal in
            let selection = try options.selection()
            try requireRoot(for: "queue hold", because: "The queue belongs to the MTA.")
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
            try await host.requirePostfixQueue()
            guard !dryRun else {
                let selected = try host.select(selection, await host.observe())
                terminal.show(
                    text: { renderSelection(selected, selection.texts, style: $0) },
                    document: { selectionDocument(selected, selection.texts) })
                return .done
            }
            return try await withRunLock(at: runLock, owner: "agent queue hold") {
                try await hold(selection, host, terminal)
            }
        }
    }

    private func hold(
        _ selection: MessageSelection, _ host: Host, _ terminal: Terminal
    ) async throws -> ExitStatus {
        let store = try openStore(storePath(shared.store))
        try await host.recoverFirst(store: store)
        let state = await host.observe()
        let selected = try host.select(selection, state)
        terminal.say(renderSelection(selected, selection.texts, style: terminal.errorStyle))
        guard !selected.ids.isEmpty else {
            return terminal.show(nil, QueueOutcome(.hold, selected: 0), verb: "hold")
        }
        try terminal.confirm(QueueAction.hold.summary(selected.ids.count) + "?", assumeYes: yes)
        let document = selectionDocument(selected, selection.texts, withIDs: false).document
        return try await host.change(state, store, verb: "hold") { plan, instruments in
            try await changeQueue(.hold, selected.ids, plan: plan, document: document, using: instruments)
        }
    }
}

struct QueueReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let messages go that agent held.",
        discussion: """
            They are tried again as any deferred mail. Only what the change held is
            released, not what somebody else put on hold.

            EXAMPLES:
              agent queue release        what was held last
              agent queue release 7 --yes

            EXIT STATUS:
              0   released
              1   refused or failed
              11  another run holds the lock
              77  needs root
              130 interrupted; the rest is still held
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The change that held them, as `agent history` numbers it; the last one if left out.")
    var change: Int?

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "queue release", because: "The queue belongs to the MTA.")
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
            try await host.requirePostfixQueue()
            return try await withRunLock(at: runLock, owner: "agent queue release") {
                let store = try openStore(storePath(shared.store))
                try await host.recoverFirst(store: store)
                let held = try store.heldMessages(by: change, host.placesInQueue())
                try terminal.confirm(
                    QueueAction.release.summary(held.messages.count) + " of change \(held.changeSet)?",
                    assumeYes: yes)
                return try await host.change(await host.observe(), store, verb: "release") {
                    plan, instruments in
                    try await changeQueue(
                        .release, held.messages, plan: plan,
                        document: reversalDocument(.release, of: held.changeSet).document,
                        reverting: held.changeSet, using: instruments)
                }
            }
        }
    }
}

extension Host {
    /// Does something to the queue, with Ctrl-C looked at between two batches, and shows what came of it.
    func change(
        _ state: HostState, _ store: Store, verb: String,
        _ body: (Plan, Execution.Instruments) async throws -> (changeSet: Int, outcome: QueueOutcome)
    ) async throws -> ExitStatus {
        let (changeSet, outcome) = try await withInterruption(
            terminal, afterwards: "and leaving the rest as it is"
        ) { isInterrupted in
            try await body(
                plan(for: state),
                instruments(store: store, state: state, vantage: nil, isInterrupted: isInterrupted))
        }
        return terminal.show(changeSet, outcome, verb: verb)
    }
}

extension Terminal {
    func show(_ changeSet: Int?, _ outcome: QueueOutcome, verb: String) -> ExitStatus {
        if changeSet != nil { noteChange() }
        show(
            text: { renderQueueOutcome(outcome, changeSet: changeSet, style: $0) },
            document: { queueOutcomeDocument(outcome, changeSet: changeSet, verb: verb) })
        if outcome.isInterrupted { return .interrupted }
        return outcome.failed > 0 ? .failed : .done
    }
}
