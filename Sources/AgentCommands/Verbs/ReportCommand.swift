import ArgumentParser
import Execution
import HostIO
import MailModel
import Recording
import Reporting

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write one page about this host that can be mailed to a customer or a blacklist.",
        discussion: """
            The page has the verdict, what was found and which lines say so, the last
            probe test by test, what is to be done, what was changed, and the queue. It
            is one file without scripts that asks nothing of the network; passwords are
            masked. The host is looked at and not changed.

            EXAMPLES:
              agent report --html /root/relay.html
              agent report --html /root/relay.html --probe

            EXIT STATUS:
              0   written, whatever it says
              1   the file could not be written
              5   with --probe: there is nothing to probe
              10  the policy is invalid
              12  the store is damaged or of a newer version
              77  with --probe: the vantage needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Option(
        help: ArgumentHelp("Write the page to this file, in place of an older one.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var html: String

    @Flag(help: "Ask from outside now, in place of the last probe that the journal has.")
    var probe = false

    @OptionGroup var vantage: VantageOption

    func run() async throws {
        try await perform(shared) { terminal in
            let policy = try loadPolicy(shared.policy)
            var host = Host(
                policy: policy, terminal: terminal, options: shared.common,
                vantage: try probe ? vantage.instruments(orElse: policy.probe.from) : .ofThisProgram)
            let store = try readStore(shared.store)
            host.journal = store
            let state = await host.observe()
            let from = vantage.from ?? host.policy.probe.from
            if probe { try requireRoot(toProbeFrom: from) }
            let fresh = probe ? try await host.probe(state, from: from, depth: .complete) : nil
            let report = try hostReport(host, state, store, fresh)
            try savePage(renderPage(report), to: html)
            terminal.show(
                text: { _ in "\(report.judgement.level.word): \(html)\n" },
                document: { reportDocument(report, file: html) })
            return .done
        }
    }

    private func hostReport(
        _ host: Host, _ state: HostState, _ store: Store?, _ fresh: ProbeReport?
    ) throws(Failure) -> HostReport {
        let plan = host.plan(for: state)
        var journal = try statusJournal(store, undoing: plan)
        let now = fresh.map { HostReport.SeenFromOutside(when: currentTime(), report: $0) }
        if let now { journal.lastProbe = .init(when: now.when, verdict: now.report.verdict) }
        let status = HostStatus(plan: plan, queue: state.queue.value, journal: journal)
        let (changes, older) = try store.map { store throws(Failure) in try recentChanges(store) } ?? ([], 0)
        let recorded = try store.flatMap { store throws(Failure) in try lastProbe(in: store) }
        return HostReport(
            status: status,
            judgement: status.judged(
                by: StatusThresholds(queueWarning: ThresholdRange(upTo: host.policy.queue.warnAbove))),
            queueLimit: host.policy.queue.warnAbove,
            probe: now ?? recorded, changes: changes,
            olderChanges: older)
    }

    /// The newest change sets, as many as are read, and how many there are besides.
    private func recentChanges(_ store: Store) throws(Failure) -> ([ChangeDetails], Int) {
        let rows = try store.changeSets()
        let shown = rows.prefix(20)
        return (
            try shown.map { row throws(Failure) in try changeDetails(row, in: store) },
            rows.count - shown.count
        )
    }
}
