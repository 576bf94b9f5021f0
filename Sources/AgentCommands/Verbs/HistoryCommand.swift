import ArgumentParser
import MailModel
import Recording
import Reporting

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List the change sets, newest first.",
        discussion: """
            EXAMPLES:
              agent history
              agent history --limit 5 --format json

            EXIT STATUS:
              0   listed, an empty list included
              12  the store is damaged or of a newer version
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: "List at most so many.")
    var limit = 1000

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes a number from 1") }
    }

    func run() async throws {
        try await perform(shared) { terminal in
            let rows = try readStore(shared.store)?.changeSets(limit: limit) ?? []
            terminal.show(
                text: { renderHistory(rows.map(ChangeSummary.init), style: $0) },
                document: { historyDocument(rows.map(ChangeSummary.init)) })
            return .done
        }
    }
}

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one change set: difference, commands, probe evidence.",
        discussion: """
            EXAMPLES:
              agent show 7

            EXIT STATUS:
              0   shown
              1   there is no such change
              12  the store is damaged or of a newer version
              77  needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The change set, as `agent history` numbers it.")
    var change: Int

    func run() async throws {
        try await perform(shared) { terminal in
            guard let store = try readStore(shared.store), let row = try store.changeSet(change) else {
                throw Failure(
                    .failed, "there is no change \(change)", remedy: "`agent history` lists what there is.")
            }
            let details = try changeDetails(row, in: store)
            terminal.show(
                text: { renderChange(details, style: $0) }, document: { changeDocument(details) })
            return .done
        }
    }
}
