import MailModel
import Planning
import Testing

@Suite("The way out of the safe harbour")
struct LeaveHarbourTests {
    private static let harbourCF =
        HostFixture.mainCF.replacing("reject_unauth_destination", with: "defer_unauth_destination")
        + "soft_bounce = yes\n"

    /// A host in the harbour of change 3, which holds `without` outside of it.
    private func harboured(
        now: String = harbourCF, without: String = HostFixture.mainCF, conflicts: [String] = []
    ) -> HostState {
        var state = HostFixture.host(postfix: .seen(HostFixture.postfix(mainCF: now)))
        let files = conflicts.isEmpty ? ["/etc/postfix/main.cf": Array(without.utf8)] : [:]
        state.harbour = SafeHarbour(changeSet: 3, filesWithout: files, conflicts: conflicts)
        return state
    }

    private func plan(_ state: HostState, _ consents: Set<Consent> = []) -> Plan {
        makePlan(policy: HostFixture.policy(), state: state, agentVersion: "1.0.0", consents: consents)
    }

    private func harbour(in plan: Plan) -> Finding? { plan.findings.first { $0.id == .harbour } }

    @Test("It is a drift, nothing is done about it unasked, and what to run is said")
    func stays() throws {
        let plan = plan(harboured())
        #expect(plan.isEmpty)
        let finding = try #require(harbour(in: plan))
        #expect(finding.status == .drift)
        #expect(finding.actual == "in the safe harbour since change 3")
        #expect(finding.notes.contains { $0.contains("agent apply --leave-harbour") })
    }

    @Test("Asked to leave it, the plan puts back what was there, and reloads")
    func leaves() throws {
        let plan = plan(harboured(), [.leaveHarbour])
        guard case .edit(let edit)? = plan.changes.first?.action else {
            Issue.record("no edit: \(plan.changes)")
            return
        }
        #expect(edit.before == Array(Self.harbourCF.utf8))
        #expect(edit.after == Array(HostFixture.mainCF.utf8))
        #expect(plan.changes.map(\.action.kind) == ["edit", "service"])
        #expect(plan.relayBefore == .closed && plan.relayAfter == .closed)
        #expect(plan.consents == [.leaveHarbour])
    }

    @Test("What relays outside of the harbour is closed in the same edit")
    func closesAsWell() throws {
        let open = HostFixture.mainCF.replacing("127.0.0.0/8 [::1]/128", with: "0.0.0.0/0")
        let plan = plan(harboured(without: open), [.leaveHarbour])
        guard case .edit(let edit)? = plan.changes.first?.action else {
            Issue.record("no edit: \(plan.changes)")
            return
        }
        #expect(edit.before == Array(Self.harbourCF.utf8))
        let after = String(decoding: edit.after, as: UTF8.self)
        #expect(!after.contains("0.0.0.0/0") && !after.contains("soft_bounce"), "\(after)")
        #expect(plan.changes.count { $0.action.kind == "edit" } == 1)
        #expect(plan.relayAfter == .closed)
    }

    @Test("Where somebody changed the harbour's own lines, only a person finds the way")
    func conflict() throws {
        let plan = plan(harboured(conflicts: ["/etc/postfix/main.cf"]), [.leaveHarbour])
        #expect(plan.isEmpty)
        #expect(harbour(in: plan)?.notes.contains { $0.contains("by hand") } == true)
    }

    @Test("Who has left it by hand is not told of it", arguments: [[], [Consent.leaveHarbour]])
    func leftByHand(consents: Set<Consent>) {
        let plan = plan(harboured(now: HostFixture.mainCF + "# by hand\n"), consents)
        #expect(harbour(in: plan) == nil)
        #expect(plan.isEmpty)
    }
}
