import ArgumentParser
import HostIO
import MailModel
import Observation
import Postfix
import Qmail
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
              agent explain --qmail-config ./var-qmail

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

    @Option(
        help: ArgumentHelp(
            "The release of Postfix that reads the copy, as postconf -d mail_version says it; 3.7.11 unless given.",
            valueName: "version"))
    var postfixVersion: String?

    @Option(
        help: ArgumentHelp(
            "Read a copy of Qmail's control directory, with rules and xinetd entries beside it.",
            valueName: "dir"),
        completion: .directory)
    var qmailConfig: String?

    func validate() throws {
        guard postfixConfig == nil || qmailConfig == nil else {
            throw ValidationError("--postfix-config and --qmail-config exclude each other")
        }
        guard let postfixVersion else { return }
        guard postfixConfig != nil else {
            throw ValidationError("--postfix-version needs --postfix-config: a host knows its own release")
        }
        guard let release = PostfixVersion(postfixVersion) else {
            throw ValidationError("--postfix-version takes a release of Postfix, such as 2.11.3 or 3.10")
        }
        guard (PostfixVersion(2, 3)..<PostfixVersion(4, 0)).contains(release) else {
            throw ValidationError(
                "--postfix-version takes releases from 2.3 on and before 4.0; later ones than 3.10 are read as it"
            )
        }
    }

    func run() async throws {
        try await perform(shared) { terminal in
            let policy = try loadPolicy(shared.policy)
            let report = try await report(
                trusted: policy.whiteList.allowed(on: currentTime().day), terminal)
            terminal.show(
                text: { renderExplanation(report, style: $0) }, document: { explanationDocument(report) })
            return status(of: report.verdict)
        }
    }

    private func report(trusted: [IPNetwork], _ terminal: Terminal) async throws(Failure) -> RelayReport {
        if let postfixConfig {
            let configuration = try await observeCopy(
                directory: postfixConfig, version: postfixVersion, liveInstruments(terminal))
            return explainRelay(configuration, trusted: trusted)
        }
        if let qmailConfig {
            return explainRelay(try observeQmailCopy(directory: qmailConfig), trusted: trusted)
        }
        let instruments = liveInstruments(terminal)
        let programs = await observePrograms(instruments)
        let report: RelayReport
        let targets = Set(programs.compactMap(\.origin?.forwardsTo))
        var proxied: [String: RelayReport] = [:]
        switch await observeServingConfiguration(instruments) {
        case .postfix(let configuration):
            report = explainRelay(configuration, trusted: trusted)
            for target in targets {
                proxied[target] = explainBehindProxy(configuration, at: target, trusted: trusted)
            }
        case .qmail(let configuration):
            report = explainRelay(configuration, trusted: trusted)
            for target in targets { proxied[target] = explainBehindProxy(configuration, at: target) }
        case .sendsOnly:
            let note = RelayRisk(kind: "mta", why: "msmtp only sends: there is no MTA that takes mail in")
            report = RelayReport(mta: .msmtp, verdict: .closed, listeners: [], causes: [], risks: [note])
        case .unseen(let reason):
            throw Failure(
                .failed, "the configuration of the MTA cannot be read", detail: reason,
                remedy: "Run as root, or name a copy with --postfix-config DIR or --qmail-config DIR.")
        }
        let instances = await observeInstances(of: programs, instruments)
        return report.beside(
            programs, instances: instances.mapValues { explainRelay($0, trusted: trusted) }, proxied: proxied)
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
