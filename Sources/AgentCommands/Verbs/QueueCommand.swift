import ArgumentParser
import HostIO
import MailModel
import Observation
import Reporting

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Say what waits in the queue and who put it there; hold it, let it go.",
        subcommands: [
            QueueShowCommand.self, QueueHoldCommand.self, QueueReleaseCommand.self, QueueExportCommand.self,
            QueueDeleteCommand.self,
        ],
        defaultSubcommand: QueueShowCommand.self)
}

struct QueueShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Count the queue, and say who put it there and what floods it (the default).",
        discussion: """
            Reads the file of every message, and the mail log where there is one; the
            MTA is not asked and goes on working. A queue that is flooded gets a
            verdict: relayed by strangers, a stolen login, a script or user of this
            host, or a bounce storm.

            EXAMPLES:
              agent queue
              agent queue show --format json
              agent queue --count     count only: no file is opened

            EXIT STATUS:
              0   shown
              1   the queue cannot be read
              10  the policy is invalid
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Only count messages, from the directories alone.")
    var count = false

    @Flag(help: "With --count: bytes and ages as well, by a look at each file's inode.")
    var sizes = false

    func validate() throws {
        if sizes, !count { throw ValidationError("--sizes goes with --count") }
    }

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "queue", because: "The queue belongs to the MTA.")
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
            if count { return try await showCount(host, terminal) }
            let report = try host.reportQueue(await host.observe(), closedAt: lastClosing(terminal))
            terminal.show(text: { renderQueue(report, style: $0) }, document: { queueDocument(report) })
            return .done
        }
    }

    /// The queue is there whatever became of the store, which only knows since when honest mail alone can have come in.
    private func lastClosing(_ terminal: Terminal) throws(Failure) -> Observed<Timestamp?> {
        do throws(Failure) {
            return .seen(try readStore(shared.store)?.lastClosing())
        } catch {
            guard error.status == .storeUnusable else { throw error }
            terminal.say("warning: \(error.summary): when the relay was closed is not known")
            return .unseen(error.summary)
        }
    }

    private func showCount(_ host: Host, _ terminal: Terminal) async throws(Failure) -> ExitStatus {
        let mta = try await servingMTA(terminal)
        let report = QueueReport(
            mta: mta, observedAt: currentTime(), count: try host.countedQueue(of: mta, withFiles: sizes),
            warnAbove: host.policy.queue.warnAbove)
        terminal.show(
            text: { renderQueueCount(report, style: $0) }, document: { queueCountDocument(report) })
        return .done
    }
}

/// The MTA whose queue is meant.
func servingMTA(_ terminal: Terminal) async throws(Failure) -> MailTransferAgent {
    switch await observeServingMTA(liveInstruments(terminal)) {
    case .seen(let mta): return mta
    case .unseen(let reason): throw unseenQueue(reason)
    }
}
