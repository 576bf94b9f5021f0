import ArgumentParser
import HostIO
import MailModel
import Observation
import RelayAnalysis
import Reporting

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say, from the configuration alone, whether strangers can relay and which line lets them.",
        discussion: """
            Reads this host's configuration, or a copy of a configuration directory
            from anywhere, as an ordinary user, with no server running.

            EXAMPLES:
              agent explain
              agent explain --postfix-config ./etc-postfix --format json

            EXIT STATUS:
              0   closed
              2   open or partial
              4   broken: the MTA would not start, or refuses everyone
              5   unknown
            """)

    @OptionGroup var shared: SharedOptions

    @Option(
        help: ArgumentHelp("Read a copy of a Postfix configuration directory.", valueName: "dir"),
        completion: .directory)
    var postfixConfig: String?

    func run() async throws {
        try await perform(shared) { terminal in
            let policy = try loadPolicy(shared.policy)
            let configuration = try await configuration(terminal)
            let report = explainRelay(configuration, trusted: policy.whiteList.allowed(on: currentTime().day))
            terminal.show(
                text: { renderExplanation(report, style: $0) }, document: { explanationDocument(report) })
            return status(of: report.verdict)
        }
    }

    private func configuration(_ terminal: Terminal) async throws(Failure) -> PostfixConfiguration {
        if let postfixConfig { return try observeCopy(directory: postfixConfig) }
        switch await observePostfix(liveInstruments(terminal)) {
        case .seen(let configuration): return configuration
        case .unseen(let reason):
            throw Failure(
                .failed, "the configuration of the MTA cannot be read", detail: reason,
                remedy: "Run as root, or name a copy with --postfix-config DIR.")
        }
    }

    private func status(of verdict: RelayVerdict) -> ExitStatus {
        switch verdict {
        case .closed: .done
        case .open, .partial: .changesNeeded
        case .broken: .personMustAct
        case .unknown: .cannotTell
        }
    }
}
