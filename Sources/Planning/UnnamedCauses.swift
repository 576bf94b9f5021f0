import MailModel

/// Article 1394, step 3: it names another article, 6114, whose text is lost. These are the causes that are known from
/// elsewhere; each says how surely.
///
/// - Returns: only what there is something to tell about, with what Plesk can do against it.
func judgeUnnamedCauses(
    policy: Policy, state: HostState, risks: [RelayRisk]
) -> (findings: [Finding], steps: [Step]) {
    let locks = judgePopLocks(state, isClosing: policy.relaying == .closed)
    return ([judgeShortNames(state), locks.finding, judgeCatchAlls(risks)].compactMap(\.self), locks.steps)
}

/// Logins without a domain, through which strangers were reported to relay.
private func judgeShortNames(_ state: HostState) -> Finding? {
    guard let plesk = state.plesk.value, plesk.shortLoginNames.value == true else { return nil }
    let major = plesk.version.split(separator: ".").first.flatMap { Int($0) } ?? 0
    let isReported = major < 9 && state.managedMTA.value?.mta != .postfix
    return Finding(
        id: .shortNames, status: isReported ? .drift : .ok, wanted: "logins with the whole address only",
        actual: "the name of a mailbox without its domain is a login",
        why:
            "With short names allowed, crafted logins let strangers relay (SecurityTracker 1020801, September 2008).",
        evidence: [Evidence(file: "Plesk database, misc", text: "allow_short_pop3_names = enabled")],
        notes: [
            isReported
                ? "how surely: reported in public for Plesk 8 with Qmail, not proven here, since a crafted login is not "
                    + "tried. Allow whole addresses only, in the panel under Server > Mail: users with short names "
                    + "must then change them"
                : "short login names are allowed (allow_short_pop3_names). Through them strangers relayed on Plesk 8 "
                    + "with Qmail; of this version and MTA nothing such is known"
        ])
}

/// A POP login opens the relay for the client's address; a lock for a whole network, for strangers.
private func judgePopLocks(
    _ state: HostState, isClosing: Bool
) -> (finding: Finding?, steps: [Step]) {
    guard let plesk = state.plesk.value, let wide = plesk.wideLocks, let locks = plesk.popLocks.value,
        let logins = plesk.logins.value
    else { return (nil, []) }
    var finding = Finding(
        id: .popLocks, status: wide.isEmpty ? .ok : .drift,
        wanted: "a lock for each address that logged in, no network",
        actual: "\(locks.count) address\(locks.count == 1 ? "" : "es") may relay after a POP login",
        why: "Whoever has an address that a POP lock covers may relay without a login until the lock ends.",
        evidence: wide.map {
            Evidence(file: "Plesk database, smtp_poplocks", text: "POP lock for \($0.text)")
        },
        notes: [
            "POP before SMTP is on: everybody behind the address of a user who logged in, such as a shared gateway, "
                + "may relay for \(logins.popLockMinutes.map { "\($0) minutes" } ?? "a time")"
        ])
    guard !wide.isEmpty else { return (finding, []) }
    finding.actual += ", \(wide.count) of the locks cover\(wide.count == 1 ? "s" : "") a network"
    finding.notes.append(
        "how surely: Plesk writes locks for single addresses, so a network comes from elsewhere; that the MTA takes "
            + "it for a whole network is assumed")
    var smtpOnly = logins
    (smtpOnly.smtp, smtpOnly.pop) = (true, false)
    // In the mode closed, which the policy asks for, no lock counts.
    guard !isClosing else { return (finding, []) }
    guard plesk.canSwitchPopOff,
        let change = setRelaying(to: .auth, logins: smtpOnly, from: .auth, plesk: plesk)
    else {
        finding.notes.append(
            "switch POP before SMTP off in the panel under Tools & Settings > Mail Server Settings")
        return (finding, [])
    }
    finding.notes.append("users who log in by POP alone must log in by SMTP as well")
    return (finding, [Step(.popLocks, "Switch POP before SMTP off", .plesk(change))])
}

/// A host may have thousands of them.
private let shownForwards = 5

/// Not a relay: whom the mail goes to is fixed. But what leaves is spam, from this host.
private func judgeCatchAlls(_ risks: [RelayRisk]) -> Finding? {
    let forwards = risks.filter { $0.kind == "catch-all" }
    guard !forwards.isEmpty else { return nil }
    let evidence = forwards.map { Evidence(file: $0.file ?? "", line: $0.line, text: $0.text ?? "") }
    return Finding(
        id: .catchAll, status: .ok, wanted: "no catch-all that forwards to another host",
        actual: "\(forwards.count) forward\(forwards.count == 1 ? "s" : "") to another host",
        why:
            "Spam for made-up addresses leaves from here, and is put down to this host; strangers cannot choose where to.",
        evidence: evidence,
        notes: [
            "mail for made-up addresses is sent on. Not a relay, since nobody but its owner chooses where to, but "
                + "blacklists count it as this host's spam"
        ]
            + evidence.prefix(shownForwards).map { place in
                "\(place.file)\(place.line.map { ":\($0)" } ?? ""): \(place.text)"
            }
            + (evidence.count > shownForwards ? ["and \(evidence.count - shownForwards) more"] : []))
}
