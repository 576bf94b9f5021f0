import MailModel

/// Article 1394, step 2: the white list holds nothing but what the policy allows.
func judgeWhiteList(policy: Policy, state: HostState) -> (finding: Finding, steps: [Step]) {
    var finding = Finding(
        id: .whiteList, status: .unknown,
        wanted: "nothing outside " + policy.whiteList.within.map(\.description).joined(separator: ", "),
        actual: "not seen",
        why: "Every client in the white list may send mail to anywhere without a login, whatever the mode.")
    guard let plesk = state.plesk.value, let entries = plesk.whiteList.value else {
        finding.notes.append(
            state.plesk.reason ?? state.plesk.value?.whiteList.reason ?? "the white list was not seen")
        return (finding, [])
    }
    finding.actual = entries.isEmpty ? "empty" : entries.map(\.text).joined(separator: ", ")
    finding.notes = vouchingNotes(policy: policy, entries: entries, on: state.observedAt.day)
    let allowed = policy.whiteList.allowed(on: state.observedAt.day)
    var unwanted: [WhiteListEntry] = []
    for entry in entries where !allowed.contains(where: { $0.contains(entry.network) }) {
        if !unwanted.contains(entry) { unwanted.append(entry) }
    }
    finding.evidence = unwanted.map { Evidence(file: "Plesk white list", text: $0.text) }
    guard !unwanted.isEmpty else {
        finding.status = .ok
        return (finding, [])
    }
    finding.status = .drift
    guard let remove = plesk.commands.removeFromWhiteList, let add = plesk.commands.addToWhiteList else {
        finding.notes.append(
            "this Plesk's mailserver utility does not offer the option: remove the entries in the panel "
                + "under Tools & Settings > Mail Server Settings > White list")
        return (finding, [])
    }
    // The widest goes first: from the first command on, as few strangers as possible are let in.
    let widestFirst = unwanted.sorted { ($0.network.prefix, $0.text) < ($1.network.prefix, $1.text) }
    let steps = widestFirst.map { entry in
        Step(
            .whiteList, "Remove \(entry.text) from the white list",
            .plesk(
                PleskChange(
                    command: plesk.commands.invocation + [remove, entry.text],
                    setting: .whiteListWithout(entry.text),
                    undoCommand: plesk.commands.invocation + [add, entry.text],
                    undoSetting: .whiteListWith(entry.text))))
    }
    return (finding, steps)
}

/// Every network that somebody vouched for, by the entries of the white list in it: where there is none, it may stand in
/// what the MTA reads.
private func vouchingNotes(policy: Policy, entries: [WhiteListEntry], on day: CalendarDay) -> [String] {
    let others = entries.filter { entry in
        !policy.whiteList.within.contains { $0.contains(entry.network) }
    }
    return policy.whiteList.vouched.flatMap { vouched -> [String] in
        let listed = others.filter { vouched.network.contains($0.network) }.map(\.text)
        let wider = others.first { $0.network.contains(vouched.network) && $0.network != vouched.network }
        let alone =
            listed.isEmpty
            ? wider.map { "; the white list has it only in \($0.text), so add it there by itself" } ?? "" : ""
        let written = vouched.location.description
        return (listed.isEmpty ? [vouched.network.description] : listed).compactMap { network in
            if vouched.holds(on: day) {
                let end = vouched.until.map { " until \($0)" } ?? ""
                return "\(network) is allowed by \(written)\(end): \(vouched.reason)\(alone)"
            }
            return vouched.until.map { "\(network) was allowed by \(written) until \($0), which has passed" }
        }
    }
}
