import ArgumentParser
import Content
import Execution
import HostIO
import MailModel
import Observation
import Reporting

struct QueueDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete held messages of which an export has copies. This is for good.",
        discussion: """
            Deletes what is on hold and whose copy in the directory is whole; nothing else.
            Asks twice, the second time for the number of messages. The directory keeps
            the copies; the queue cannot have them back.

            EXAMPLES:
              agent queue export /root/evidence
              agent queue delete /root/evidence
              agent queue delete /root/evidence --yes --expecting 4711

            EXIT STATUS:
              0   deleted, or there is nothing to delete
              1   refused or failed
              10  the directory is no export
              11  another run holds the lock
              77  needs root
              130 interrupted; the rest is still held
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "What `agent queue export` wrote.", completion: .directory)
    var directory: String

    @Flag(help: "Do not ask the first time.")
    var yes = false

    @Option(help: "Do not ask the second time, if so many messages would be deleted.")
    var expecting: Int?

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "queue delete", because: "The queue belongs to the MTA.")
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
            try await host.requirePostfixQueue()
            return try await withRunLock(at: runLock, owner: "agent queue delete") {
                try await delete(host, terminal)
            }
        }
    }

    private func delete(_ host: Host, _ terminal: Terminal) async throws -> ExitStatus {
        let store = try openStore(storePath(shared.store))
        try await host.recoverFirst(store: store)
        let export = try MessageExport.read(directory)
        for file in export.damaged { terminal.say("warning: \(directory)/\(file) is not as it was exported") }
        let messages = export.messages.filter(host.isHeldAsExported).map(\.messageID)
        guard !messages.isEmpty else {
            return terminal.show(nil, QueueOutcome(.delete, selected: 0), verb: "delete")
        }
        let count = messages.count
        try terminal.confirm("\(QueueAction.delete.summary(count)) from the queue for good?", assumeYes: yes)
        try terminal.confirm(number: count, expected: expecting)
        return try await host.change(await host.observe(), store, verb: "delete") { plan, instruments in
            try await changeQueue(
                .delete, messages, plan: plan, document: deletionDocument(directory, count: count).document,
                using: instruments)
        }
    }
}

extension Host {
    /// Whether a message is on hold, with the very bytes that were exported.
    fileprivate func isHeldAsExported(_ exported: ExportedMessage) -> Bool {
        let instruments = liveInstruments(terminal)
        let layout = queueLayout(instruments)
        return queueFile(of: exported.messageID, in: .hold, layout, instruments).map {
            sha256($0) == exported.queueFileSHA256
        } ?? false
    }
}
