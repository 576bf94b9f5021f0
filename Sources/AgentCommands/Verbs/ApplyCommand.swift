import ArgumentParser
import Content
import Execution
import HostIO
import MailModel
import Recording
import Reporting

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Back up, change, reload, have it probed from outside, and keep it or go back.",
        discussion: """
            Without a plan file the host is planned afresh and the plan is shown
            first. A plan file is carried out exactly, or refused as stale.

            EXAMPLES:
              agent apply
              agent apply --yes --format json
              agent apply /root/close.json
              agent apply --confirm-timeout 600s
                               undone in ten minutes unless `agent confirm` is run
              agent apply --leave-harbour
                               out of the safe harbour that an earlier change ended in

            EXIT STATUS:
              0   applied and confirmed, or nothing to change
              1   failed; everything was taken back
              3   seen to be bad from outside: rolled back or harboured
              4   a person must act: it still relays, or agent cannot change it
              5   applied, but no vantage could confirm it, or the confirm window is open
              6   the plan is stale; nothing was touched
              10  the policy or the plan is invalid
              11  another run holds the lock, or Plesk is being upgraded
              77  needs root
              130 interrupted; everything was taken back
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(
        help: "Carry out this plan, saved by `agent plan --out`.", completion: .file(extensions: ["json"]))
    var plan: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Repair the mail server alone on a host where Plesk cannot be found.")
    var withoutPlesk = false

    @OptionGroup var timeout: ConfirmTimeoutOption

    @OptionGroup var asked: ConsentOptions

    @OptionGroup var vantage: VantageOption

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "apply", because: changesHost)
            let saved = try plan.map { path throws(Failure) in try readPlanFile(path) }
            let policy = try loadPolicy(shared.policy ?? saved?.policyFile)
            let host = Host(
                policy: policy, terminal: terminal, options: shared.common,
                consents: asked.consents.union(saved?.consents ?? []),
                vantage: try vantage.instruments(orElse: policy.probe.from),
                vantageWords: vantage.words)
            let store = storePath(shared.store)
            return try await withRunLock(at: runLock, owner: "agent apply") {
                let journal = try openStore(store)
                return try await carryOut(
                    saved, on: host.knowing(journal), store: journal, terminal: terminal)
            }
        }
    }

    private func carryOut(
        _ saved: PlanFile?, on host: Host, store: Store, terminal: Terminal
    ) async throws -> ExitStatus {
        try await host.recoverFirst(store: store)
        try host.refuseOpenWindow(store)
        var state = try await host.observeForPlan()
        if !withoutPlesk { try requirePlesk(state) }
        var plan = host.plan(for: state)
        try saved?.check(against: plan)
        let undone = try undoings(of: plan, in: store, at: currentTime())
        plan = plan.noting(undone)
        if terminal.format == .text {
            terminal.show(text: { renderPlan(plan, style: $0) }, document: { .null })
        }
        guard !plan.isEmpty else {
            show(plan, ChangeResult(changeSet: nil, outcome: .noChange), terminal)
            return plan.statusWithoutChanges
        }
        try refuseBusyPlesk(state)
        try stopFighting(undone)
        if timeout.length != nil { try host.requireRoomForWindow() }
        if !yes {
            try terminal.confirm("Carry out these \(plan.changes.count) changes?", assumeYes: yes)
            // The world may have moved on while the question stood.
            let shown = plan
            let relayed = state.relayedWaiting
            state = await host.observe()
            state.relayedWaiting = relayed
            plan = host.plan(for: state)
            try requireSame(plan, as: shown)
        }
        let result = try await withInterruption(terminal) { isInterrupted in
            try await apply(
                plan, planDocument: planDocument(plan).document, policy: host.policy,
                watchedPaths: host.watchedPaths(state), confirmWindow: timeout.length,
                using: host.instruments(
                    store: store, state: state, vantage: vantage.from, isInterrupted: isInterrupted))
        }
        show(plan, result, terminal)
        guard result.outcome == .confirmed else { return result.outcome.exitStatus }
        prune(store, host, terminal)
        return host.plan(for: await host.observe()).sayWhatIsLeft(terminal)
    }

    /// The store stays within what the policy says. That it could not be is no failure of the change.
    private func prune(_ store: Store, _ host: Host, _ terminal: Terminal) {
        do throws(Failure) {
            let pruning = try store.pruneWhatHoldsNothing(
                host.policy.backups, at: currentTime(), host.placesInQueue())
            guard !pruning.changeSets.isEmpty else { return }
            terminal.detail("Forgot \(pruning.changeSets.count) old changes, as the policy's backups say.")
        } catch {
            terminal.say("The store could not be pruned: \(error.summary)")
        }
    }

    private func show(_ plan: Plan, _ result: ChangeResult, _ terminal: Terminal) {
        if result.changeSet != nil { terminal.noteChange() }
        terminal.show(
            text: { result.changeSet == nil ? "" : renderResult(result, verb: "Applied", style: $0) },
            document: { applyDocument(plan, result) })
    }

    private func requirePlesk(_ state: HostState) throws(Failure) {
        guard let reason = state.plesk.reason else { return }
        throw Failure(
            .failed, "Plesk cannot be found on this host, so its settings cannot be put right",
            detail: reason,
            remedy: "Run it on the Plesk host, or add --without-plesk to repair the mail server alone.")
    }

    private func refuseBusyPlesk(_ state: HostState) throws(Failure) {
        guard let reason = state.plesk.value?.busy else { return }
        throw Failure(
            .locked, "Plesk must not be changed at this moment", detail: reason,
            remedy: "Wait until Plesk's installer has ended, then try again.")
    }

    /// Whoever undoes it would undo it again; closing it for minutes at a time hides that.
    private func stopFighting(_ undone: [Undoing]) throws(Failure) {
        guard let worst = undone.max(by: { $0.changeSets.count < $1.changeSets.count }),
            worst.changeSets.count >= mostUndoings
        else { return }
        throw Failure(
            .personMustAct,
            "the same was changed \(worst.changeSets.count) times within a day, and undone each time",
            detail: "\(worst.what): changes \(worst.changeSets.map(String.init).joined(separator: ", ")). "
                + "Nothing was changed this time.",
            remedy:
                "Find who writes it back (`plesk repair mail`, a snapshot that Plesk restores, configuration "
                + "management, cron), end that, and apply again a day after the first of these changes.")
    }

    private func requireSame(_ plan: Plan, as shown: Plan) throws(Failure) {
        guard plan.fingerprint == shown.fingerprint else {
            throw Failure(
                .stale, "the host changed while the question stood; nothing was touched",
                remedy: "Run `agent apply` again.")
        }
    }
}

extension Plan {
    /// What a confirmed apply ends with: success only where nothing is left that does not comply.
    fileprivate func sayWhatIsLeft(_ terminal: Terminal) -> ExitStatus {
        for finding in findings where finding.status != .ok && finding.id != .queue {
            let notes = finding.notes.map { ": " + printableText($0.utf8) }.joined()
            terminal.say("Still \(finding.status.rawValue): \(finding.id.rawValue)\(notes)")
        }
        return isEmpty ? statusWithoutChanges : .personMustAct
    }

    /// What an apply with nothing to do ends with: drift that only a person can mend is not success, and a
    /// long queue is a warning.
    var statusWithoutChanges: ExitStatus {
        let judged = findings.filter { $0.id != .queue }
        if judged.contains(where: { $0.status == .drift }) { return .personMustAct }
        return judged.contains { $0.status == .unknown } ? .cannotTell : .done
    }
}
