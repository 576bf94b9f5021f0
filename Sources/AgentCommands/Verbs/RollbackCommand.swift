import ArgumentParser
import Execution
import HostIO
import MailModel
import Recording
import Reporting

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Restore exactly what a change set replaced; a rollback can be rolled back itself.",
        discussion: """
            Files come back byte for byte, with owner, mode, ACL, extended attributes
            and time; Plesk's settings come back through Plesk's own commands. A state
            that relays for strangers comes back only with --allow-insecure.

            EXAMPLES:
              agent rollback                 the last change set
              agent rollback 7 --yes
              agent rollback --allow-insecure --yes

            EXIT STATUS:
              0   taken back
              1   refused or failed; the host is as it was
              4   a person must act: going back failed, or others than before have the mail ports
              5   taken back, but no vantage could look
              11  another run holds the lock
              77  needs root
              130 interrupted
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The change set, as `agent history` numbers it; the last one that was kept if left out.")
    var change: Int?

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Go back even to a state that relays for strangers.")
    var allowInsecure = false

    @OptionGroup var vantage: VantageOption

    func run() async throws {
        try await perform(shared) { terminal in
            try requireRoot(for: "rollback", because: changesHost)
            let policy = try loadPolicy(shared.policy)
            let host = Host(
                policy: policy, terminal: terminal, options: shared.common,
                vantage: try vantage.instruments(orElse: policy.probe.from))
            let store = storePath(shared.store)
            return try await withRunLock(at: runLock, owner: "agent rollback") {
                try await carryOut(on: host, store: try openStore(store), terminal: terminal)
            }
        }
    }

    private func carryOut(on host: Host, store: Store, terminal: Terminal) async throws -> ExitStatus {
        try await host.recoverFirst(store: store)
        try host.refuseOpenWindow(store)
        let target = try chooseChange(in: store)
        try store.requireSeal(of: target.id)
        let state = await host.observe()
        let plan = host.plan(for: state)
        try refuseForeign(target, plan)
        try refuseInsecure(target, store)
        try refuseDeletion(target)
        try terminal.confirm(
            "Take back change \(target.id) of \(target.created.rfc3339)?", assumeYes: yes)
        if try concernsTheQueueAlone(target.id, in: store) {
            return try await host.change(state, store, verb: "rollback") { plan, instruments in
                try await rollBackQueue(
                    target.id, plan: plan, document: planDocument(plan).document, using: instruments)
            }
        }
        let ports = try retiredPorts(by: target.id, in: store)
        let result = try await withInterruption(terminal) { isInterrupted in
            try await rollBack(
                target.id, plan: plan, planDocument: planDocument(plan).document,
                using: host.instruments(
                    store: store, state: state, vantage: vantage.from, restoring: ports,
                    isInterrupted: isInterrupted))
        }
        terminal.noteChange()
        terminal.show(
            text: { renderResult(result, verb: "Took back change \(target.id)", style: $0) },
            document: { rollbackDocument(result, reverts: target.id) })
        return result.outcome.exitStatus
    }

    private func chooseChange(in store: Store) throws(Failure) -> ChangeSetRow {
        if let change {
            guard let row = try store.changeSet(change) else {
                throw Failure(
                    .failed, "there is no change \(change)", remedy: "`agent history` lists what there is.")
            }
            guard row.isInEffect else {
                throw Failure(
                    .failed, "change \(change) left nothing behind: it ended as \(row.outcome ?? "open")",
                    remedy: "`agent history` lists what there is.")
            }
            return row
        }
        guard let row = try store.changeSets().first(where: { $0.isInEffect && $0.kind != .delete }) else {
            throw Failure(
                .failed, "there is nothing to take back",
                detail: "The history has no change set that is in effect.")
        }
        return row
    }

    private func refuseForeign(_ target: ChangeSetRow, _ plan: Plan) throws(Failure) {
        guard target.host == plan.host.name else {
            throw Failure(
                .invalid, "change \(target.id) was made on another host, \(target.host)",
                remedy: "Name this host's own store with --store.")
        }
    }

    private func refuseDeletion(_ target: ChangeSetRow) throws(Failure) {
        guard target.kind == .delete else { return }
        throw Failure(
            .failed, "change \(target.id) deleted messages, and they cannot be put back into the queue",
            remedy: "The directory that `agent queue export` had written has a copy of each.")
    }

    private func refuseInsecure(_ target: ChangeSetRow, _ store: Store) throws(Failure) {
        guard !allowInsecure, relayedBefore(target, in: store) else { return }
        throw Failure(
            .failed, "the state before change \(target.id) relays for strangers",
            detail: "Spammers find an open relay within hours. Nothing was changed.",
            remedy: "Add --allow-insecure if that state is wanted all the same.")
    }
}

extension ChangeSetRow {
    /// Whether what the change set did is still there to be taken back.
    var isInEffect: Bool {
        switch outcome.flatMap(Outcome.init) {
        case .confirmed, .unconfirmed, .incomplete, .stillOpen, .harboured: true
        case .rolledBack, .noChange, .failed, nil: false
        }
    }
}
