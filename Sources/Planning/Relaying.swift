import MailModel

/// Article 1394, step 1: the relaying setting is "authorization is required".
func judgeRelaying(policy: Policy, state: HostState) -> (finding: Finding, steps: [Step]) {
    let wanted: RelayingMode = policy.relaying == .closed ? .closed : .auth
    var finding = Finding(
        id: .relaying, status: .unknown, wanted: wanted.pageLabel, actual: "not seen",
        why: "With open relaying Plesk lets everybody send mail through this server to anywhere.")
    guard let plesk = state.plesk.value else {
        finding.notes.append(state.plesk.reason ?? "Plesk was not seen")
        return (finding, [])
    }
    if let busy = plesk.busy { finding.notes.append("nothing can be applied at this moment: \(busy)") }
    guard let mode = plesk.relaying.value else {
        finding.notes.append(plesk.relaying.reason ?? "the setting was not seen")
        return (finding, [])
    }
    finding.actual = mode.pageLabel
    finding.evidence = [Evidence(file: "Plesk mail server settings", text: "relaying: \(mode.rawValue)")]
    if mode == wanted || mode == .closed {
        finding.status = .ok
        if mode != wanted {
            finding.notes.append("closed is stricter than the policy asks for, and is left alone")
        }
        return (finding, [])
    }
    finding.status = .drift
    guard let change = setRelaying(to: wanted, from: mode, plesk: plesk) else {
        finding.notes.append(
            "this Plesk's mailserver utility does not offer the option: set it in the panel under "
                + "Tools & Settings > Mail Server Settings > Relaying")
        return (finding, [])
    }
    return (finding, [Step(.relaying, "Set relaying to \"\(wanted.pageLabel)\"", .plesk(change))])
}

/// - Parameter logins: which logins then let a client relay; `nil` for those that do now.
/// - Returns: `nil` when the utility's help does not show how.
func setRelaying(
    to wanted: RelayingMode, logins: LoginTypes? = nil, from mode: RelayingMode, plesk: PleskState
) -> PleskChange? {
    let commands = plesk.commands
    guard let option = commands.setRelay, let word = commands.relayWords[wanted],
        let undoWord = commands.relayWords[mode]
    else { return nil }
    let before = plesk.logins.value ?? LoginTypes(smtp: true, pop: false, popLockMinutes: nil)
    var after = logins ?? before
    // A mode that requires a login needs at least one kind of it.
    if wanted == .auth, before.authType == nil { after.smtp = true }
    let loginArguments = { (logins: LoginTypes) -> [String] in
        guard let flag = commands.authType, let type = logins.authType else { return [] }
        guard logins.pop, let lock = commands.lockTime, let minutes = logins.popLockMinutes else {
            return [flag, type]
        }
        return [flag, type, lock, String(minutes)]
    }
    return PleskChange(
        command: commands.invocation + [option, word] + (wanted == .auth ? loginArguments(after) : []),
        setting: .relaying(wanted, after),
        undoCommand: commands.invocation + [option, undoWord] + (mode == .auth ? loginArguments(before) : []),
        undoSetting: .relaying(mode, before))
}
