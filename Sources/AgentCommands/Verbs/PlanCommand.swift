import ArgumentParser
import HostIO
import MailModel
import Recording
import Reporting

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Compare the host with the policy; print the difference, why, and what would be run.",
        discussion: """
            Changes nothing. With --out the plan is saved: `agent apply FILE` carries
            out exactly that plan, or refuses it as stale.

            EXAMPLES:
              agent plan
              agent plan --detailed-exitcode --format json
              agent plan --out /root/close.json && agent apply /root/close.json

            EXIT STATUS:
              0   planned; with --detailed-exitcode: nothing to change
              2   with --detailed-exitcode: changes are needed, or one was interrupted
              5   with --detailed-exitcode: not everything could be seen
              10  the policy is invalid
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: ArgumentHelp("Save the plan.", valueName: "file"), completion: .file(extensions: ["json"]))
    var out: String?

    @Flag(help: "Exit with 2 when changes are needed.")
    var detailedExitcode = false

    @OptionGroup var asked: ConsentOptions

    func run() async throws {
        try await perform(shared) { terminal in
            var host = Host(
                policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common,
                consents: asked.consents)
            // A store that cannot be read takes nothing away from the plan but the notes.
            var store: Store?
            var refusals: [String] = []
            do throws(Failure) {
                store = try readStore(shared.store)
            } catch {
                if error.status == .storeUnusable { refusals.append(error.summary) }
            }
            host.journal = store
            var plan = try host.plan(for: try await host.observeForPlan(), notedWith: store)
            if !plan.isEmpty { plan.refusals += refusals }
            if let out { try savePlanFile(plan, to: out) }
            terminal.show(text: { renderPlan(plan, style: $0) }, document: { planDocument(plan) })
            let interrupted = try store.map(interruptedChangeSets) ?? []
            for change in interrupted {
                terminal.say(
                    "Change \(change) was interrupted: `agent apply` or `agent recover` finishes it.")
            }
            guard detailedExitcode else { return .done }
            return interrupted.isEmpty ? plan.detailedStatus : .changesNeeded
        }
    }
}

extension Plan {
    /// What `--detailed-exitcode` reports: what could not be seen never counts as compliant.
    var detailedStatus: ExitStatus {
        if !isEmpty || findings.contains(where: { $0.status == .drift }) { return .changesNeeded }
        return findings.contains { $0.status == .unknown } ? .cannotTell : .done
    }
}
