internal import Content
package import MailModel
internal import RelayAnalysis

/// Compares a host with a policy and says what must change, in which order, and why.
///
/// A pure function: the same policy, host and day give the same plan. Findings stand in the order of
/// Plesk article 1394. Plesk's own settings come before file edits, since Plesk rewrites the files, and
/// every step closes more than it opens.
/// - Parameters:
///   - agentVersion: The version that the plan is bound to.
///   - consents: What is done only because somebody asked for it.
/// - Returns: The plan; it is empty when the host complies or when nothing can be done about what does not.
package func makePlan(
    policy: Policy, state: HostState, agentVersion: String, consents: Set<Consent> = []
) -> Plan {
    let allowed = policy.whiteList.allowed(on: state.observedAt.day)
    let relaying = judgeRelaying(policy: policy, state: state)
    let whiteList = judgeWhiteList(policy: policy, state: state)
    var configured = judgeRelay(state: state, trusted: allowed)
    let harbour = judgeHarbour(state, isLeft: consents.contains(.leaveHarbour))
    if harbour != nil, consents.contains(.leaveHarbour), state.harbour?.conflicts.isEmpty == true {
        configured = judgeRelay(state: withoutHarbour(state), trusted: allowed)
            .leavingHarbour(state, before: configured.before)
    }
    let programs = judgePrograms(state, trusted: allowed)
    var port25 = judgePort25(
        state: state, configured: configured, programs: programs, consents: consents)
    if let on = switchOnPort25(state, configured, trusted: allowed) {
        let switched = judgePort25(
            state: state, configured: on.judgement, programs: programs, switching: on, consents: consents)
        if switched.startsMTA { (configured, port25) = (on.judgement, switched) }
    }
    let relay = configured.beside(port25)
    let unnamed = judgeUnnamedCauses(policy: policy, state: state, risks: relay.risks)
    // Setting the relaying mode would bring the kinds of login with it that are to go.
    var steps = relaying.steps + unnamed.steps + whiteList.steps
    let pleskDecides = !steps.isEmpty
    steps += relay.edits.map { edit in
        Step(.relay, editSummary(edit, onlyIfLeft: pleskDecides), .edit(edit))
    }
    steps += port25.edits.map { Step(.port25, editSummary($0, onlyIfLeft: false), .edit($0)) }
    // An MTA that is started reads its configuration then, and could not be reloaded before.
    steps += relay.services.filter { !(port25.startsMTA && $0.isSpared(byStarting: state.managedMTA.value)) }
    steps += port25.steps
    steps += holdRelayed(policy: policy, state: state, relayAfter: relay.after)
    let policyIdentity = identity(of: policy)
    var plan = Plan(
        created: state.observedAt, agentVersion: agentVersion, host: identity(of: state),
        policy: policyIdentity,
        fingerprint: fingerprint(
            of: state, policy: policyIdentity, allowed: allowed, agentVersion: agentVersion),
        relayBefore: relay.before, relayAfter: relay.after,
        findings: [
            relaying.finding, whiteList.finding, relay.finding, port25.finding,
            judgeQueue(policy: policy, state: state),
        ] + unnamed.findings + [harbour].compactMap(\.self),
        changes: steps.enumerated().map { index, step in
            Change(number: index + 1, finding: step.finding, summary: step.summary, action: step.action)
        })
    plan.consents = consents
    plan.holders = (state.listeners.value ?? []).map(PortHolder.init)
    return plan
}

/// A change that has no number yet.
struct Step {
    var finding: Finding.ID
    var summary: String
    var action: ChangeAction

    init(_ finding: Finding.ID, _ summary: String, _ action: ChangeAction) {
        self.finding = finding
        self.summary = summary
        self.action = action
    }

    /// Whether it only has something read its files again that is started after it.
    fileprivate func isSpared(byStarting managed: ManagedMTA?) -> Bool {
        switch (action, managed?.service) {
        case (.service(.reloadPostfix), _): true
        case (.service(.reloadSuperserver), .systemd(let units)?):
            units.contains { $0.name == "xinetd.service" }
        default: false
        }
    }
}

private func editSummary(_ edit: FileEdit, onlyIfLeft pleskDecides: Bool) -> String {
    let what = "Edit \(edit.path): \(edit.touches.joined(separator: ", "))"
    return pleskDecides ? what + " (as far as Plesk, above, has not done it)" : what
}

private func identity(of state: HostState) -> HostIdentity {
    HostIdentity(
        name: state.name, machineID: state.machineID, plesk: state.plesk.value?.version,
        mta: state.managedMTA.value?.mta)
}

/// The name and digest of a policy, with its drop-ins.
package func identity(of policy: Policy) -> PolicyIdentity {
    // One file has its own digest, as sha256sum(1) prints it.
    if let only = policy.files.first, policy.files.count == 1 {
        return PolicyIdentity(path: only.path, sha256: sha256(only.bytes))
    }
    let digests = policy.files.map { "\($0.path) \(sha256($0.bytes))\n" }.joined()
    return PolicyIdentity(
        path: policy.files.first?.path ?? "built in", dropIns: policy.files.dropFirst().map(\.path),
        sha256: sha256(digests.utf8))
}
