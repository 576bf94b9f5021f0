internal import MailModel

extension Engine {
    /// Has the change looked at from outside and keeps it, or follows the policy where it is bad.
    func judge(
        before: ProbeReport?, policy: Policy, relayedBefore: RelayVerdict?
    ) async throws(Failure) -> ChangeResult {
        instruments.report(.probing(.after))
        let after: ProbeReport
        do throws(Failure) {
            after = try await instruments.probe(.complete)
        } catch {
            return try await unconfirmed([error.summary], probe: nil, policy: policy)
        }
        instruments.report(.probed(after.verdict))
        switch confirm(before: before, after: after, relaying: policy.relaying) {
        case .fixed:
            return try close(.confirmed, probe: after)
        case .stillOpen:
            let reason = "it still relays, as the probe shows; the change is kept, since it only closes"
            return try close(.stillOpen, reasons: [reason], probe: after)
        case .cannotTell(let reason):
            return try await unconfirmed([reason], probe: after, policy: policy)
        case .worse(let losses):
            let relayed = relayedBefore == .open || relayedBefore == .partial || before?.verdict == .open
            return try await worse(losses, probe: after, policy: policy, relayedBefore: relayed)
        }
    }

    private func unconfirmed(
        _ reasons: [String], probe: ProbeReport?, policy: Policy
    ) async throws(Failure) -> ChangeResult {
        switch policy.afterApply.unconfirmed {
        case .keep: return try close(.unconfirmed, reasons: reasons, probe: probe)
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

    private func goBack(_ reasons: [String], probe: ProbeReport?) async throws(Failure) -> ChangeResult {
        try await takeBack(because: reasons.joined(separator: "; "))
        return try close(.rolledBack, reasons: reasons, probe: probe)
    }

    /// The old state relays, so going back to it is not safe: strangers are refused and nothing is bounced.
    private func enterHarbour(
        _ reasons: [String], probe: ProbeReport?
    ) async throws(Failure) -> ChangeResult {
        instruments.report(.goingBack(reasons.joined(separator: "; ")))
        do throws(Failure) {
            for edit in try await instruments.harbour() where edit.before != edit.after {
                try await write(edit, summary: "Harbour: edit \(edit.path)")
            }
            try await reload()
        } catch {
            throw await abandon(after: error)
        }
        return try close(.harboured, reasons: reasons, probe: probe)
    }

    func close(
        _ outcome: Outcome, reasons: [String] = [], probe: ProbeReport?
    ) throws(Failure) -> ChangeResult {
        let evidence = try probe.map { report throws(Failure) in try encode(report.withoutRepetition) }
        try record(outcome, message: reasons.joined(separator: "; "), evidence: evidence)
        return ChangeResult(
            changeSet: journal.changeSet, outcome: outcome, reasons: reasons, probe: probe)
    }
}

extension Engine {
    /// Closes the change set. The outcome counts for more than its evidence: where there is no room for both,
    /// the outcome alone is written, since an open change set is one that the next run takes back.
    private func record(_ outcome: Outcome, message: String, evidence: String?) throws(Failure) {
        do throws(Failure) {
            try journal.close(outcome, message: message, probe: evidence)
            return
        } catch {
            do throws(Failure) {
                try journal.close(outcome, message: message, probe: nil)
            } catch {
                throw Failure(
                    .personMustAct, "the change is made, and could not be written to the journal as closed",
                    detail: "It ended as \(outcome.rawValue). \(error.summary)",
                    remedy: "Make room for the store first. Until then `agent recover`, and `apply` and "
                        + "`rollback` before anything else, would take the change back.")
            }
        }
    }
}

extension ProbeReport {
    /// The report with the dialogue of one test for each place: the journal keeps what decides.
    fileprivate var withoutRepetition: ProbeReport {
        var report = self
        for index in report.endpoints.indices {
            let endpoint = report.endpoints[index]
            let deciding = endpoint.tests.firstIndex { $0.verdict == .accepted } ?? 0
            for test in endpoint.tests.indices where test != deciding {
                report.endpoints[index].tests[test].dialogue = []
            }
        }
        return report
    }
}
