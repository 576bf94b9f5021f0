internal import MailModel
package import Recording

/// Whether strangers could relay, by the configuration or as seen from outside.
func relayed(_ verdict: RelayVerdict?, seenAs before: ProbeReport?) -> Bool {
    verdict == .open || verdict == .partial || before?.verdict == .open
}

/// Whether the state before a change set relayed for strangers, by its configuration or as it was seen from outside:
/// another program on port 25 may relay while the MTA's own files are closed.
package func relayedBefore(_ row: ChangeSetRow, in store: Store) -> Bool {
    relayed(row.relayBefore, seenAs: try? row.probeBefore(in: store))
}

extension ChangeSetRow {
    /// What the outside saw before the change; `nil` when nobody looked.
    func probeBefore(in store: Store) throws(Failure) -> ProbeReport? {
        try probeBeforeDigest.map { digest throws(Failure) in try recordedProbe(store.content(digest)) }
    }
}

extension Engine {
    /// Has the change looked at from outside and keeps it, or follows the policy where it is bad.
    /// - Parameters:
    ///   - window: How long a person has to confirm what is not bad; `nil` keeps it at once.
    ///   - holdingRelayed: Whether what strangers relayed is held, once the relay is seen closed.
    func judge(
        before: ProbeReport?, policy: Policy, relayedBefore: RelayVerdict?, window: Duration? = nil,
        holdingRelayed: Bool = false
    ) async throws(Failure) -> ChangeResult {
        instruments.report(.probing(.after))
        let after: ProbeReport
        do throws(Failure) {
            after = try await instruments.probe(.complete)
        } catch {
            return try await unconfirmed([error.summary], probe: nil, policy: policy, window: window)
        }
        instruments.report(.probed(after.verdict))
        let leavesHarbour = try hasLeftHarbour(journal.store)
        switch confirm(
            before: before, after: after, relaying: policy.relaying, leavesHarbour: leavesHarbour)
        {
        case .fixed:
            let reasons = holdingRelayed ? [await holdRelayed()] : []
            return try await keep(.confirmed, reasons: reasons, probe: after, window: window)
        case .stillOpen:
            let reason = "it still relays, as the probe shows; the change is kept, since it only closes"
            return try close(.stillOpen, reasons: [reason], probe: after)
        case .cannotTell(let reason):
            return try await unconfirmed([reason], probe: after, policy: policy, window: window)
        case .worse(let losses):
            return try await worse(
                losses, probe: after, policy: policy,
                relayedBefore: relayed(relayedBefore, seenAs: before))
        }
    }

    /// That the relay is closed does not depend on the queue: what stands in the way of holding is said, and the next
    /// plan has it again.
    /// - Returns: What came of it, for the reader.
    private func holdRelayed() async -> String {
        do throws(Failure) {
            return try await carryOut(.hold, instruments.relayedMessages()).sentence
        } catch {
            return "what strangers relayed could not be held: \(error.summary)"
        }
    }

    private func unconfirmed(
        _ reasons: [String], probe: ProbeReport?, policy: Policy, window: Duration?
    ) async throws(Failure) -> ChangeResult {
        switch policy.afterApply.unconfirmed {
        case .keep: return try await keep(.unconfirmed, reasons: reasons, probe: probe, window: window)
        case .rollBack: return try await goBack(reasons, probe: probe)
        case .harbour: return try await enterHarbour(reasons, probe: probe)
        }
    }

    private func worse(
        _ losses: [String], probe: ProbeReport, policy: Policy, relayedBefore: Bool
    ) async throws(Failure) -> ChangeResult {
        switch policy.afterApply.mailBroken {
        case .keep: return try close(.unconfirmed, reasons: losses, probe: probe)
        case .rollBack: return try await goBack(losses, probe: probe)
        case .harbour: return try await enterHarbour(losses, probe: probe)
        case .automatic:
            return relayedBefore
                ? try await enterHarbour(losses, probe: probe) : try await goBack(losses, probe: probe)
        }
    }

    /// Takes everything back and closes the change set with that outcome.
    func goBack(
        _ reasons: [String], probe: ProbeReport? = nil, as outcome: Outcome = .rolledBack
    ) async throws(Failure) -> ChangeResult {
        // Where there is no room for the decision, the files tell the next run.
        try? journal.enter(.goingBack, decided: outcome, reasons: reasons, probe: probe)
        return try await finishGoingBack(reasons, probe: probe, as: outcome)
    }

    func finishGoingBack(
        _ reasons: [String], probe: ProbeReport?, as outcome: Outcome
    ) async throws(Failure) -> ChangeResult {
        let taken = try await takeBack(because: reasons.joined(separator: "; "))
        // What is left of it can be taken back later, by a rollback.
        return try close(taken.isWhole ? outcome : .unconfirmed, reasons: reasons + taken.kept, probe: probe)
    }

    /// The old state relays, so going back to it is not safe: strangers are refused and nothing is bounced.
    func enterHarbour(_ reasons: [String], probe: ProbeReport?) async throws(Failure) -> ChangeResult {
        // Where there is no room for the decision, the next run judges again and comes to the same.
        try? journal.enter(.harbour, decided: .harboured, reasons: reasons, probe: probe)
        return try await finishHarbour(reasons, probe: probe)
    }

    /// Can be run again after a crash in it: only what is not yet so is edited.
    func finishHarbour(_ reasons: [String], probe: ProbeReport?) async throws(Failure) -> ChangeResult {
        instruments.report(.enteringHarbour(reasons.joined(separator: "; ")))
        do throws(Failure) {
            for edit in try await instruments.harbour() where edit.before != edit.after {
                try await write(edit, summary: harbourMark + edit.path)
            }
            for service in instruments.usualReload where instruments.isFollowed(service) {
                try await carryOut(service, role: .change)
            }
        } catch {
            // Going back would open the relay again: what is there stays, and the next run goes on.
            throw Failure(
                .personMustAct, "the safe harbour could not be entered: \(error.summary)",
                detail: [error.detail, "The change is kept as it is; the old state relays for strangers."]
                    .compactMap { $0 }.joined(separator: "\n"),
                remedy: "Mend what stands in the way, then run `agent recover`.")
        }
        return try close(.harboured, reasons: reasons, probe: probe)
    }

    /// Closes the change set. The outcome counts for more than its evidence: where there is no room for both,
    /// the outcome alone is written.
    func close(
        _ outcome: Outcome, reasons: [String] = [], probe: ProbeReport?
    ) throws(Failure) -> ChangeResult {
        let message = reasons.joined(separator: "; ")
        let evidence = try probe.map { report throws(Failure) in try encode(report.withoutRepetition) }
        do throws(Failure) {
            try journal.close(outcome, message: message, probe: evidence)
        } catch {
            do throws(Failure) {
                try journal.close(outcome, message: message, probe: nil)
            } catch {
                throw Failure(
                    .personMustAct, "it is done, and could not be written to the journal as closed",
                    detail: "It ended as \(outcome.rawValue). \(error.summary)",
                    remedy: "Make room for the store, then run `agent recover`: it closes the change set.")
            }
        }
        return ChangeResult(
            changeSet: journal.changeSet, outcome: outcome, reasons: reasons, probe: probe)
    }
}
