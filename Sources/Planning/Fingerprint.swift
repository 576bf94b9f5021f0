import Content
import MailModel

/// Binds a plan to everything it depends on, so that a changed host is noticed before the first write.
///
/// The queue is left out: mail flows. Process ids are left out: a restart changes nothing.
func fingerprint(
    of state: HostState, policy: PolicyIdentity, allowed: [IPNetwork], agentVersion: String
) -> String {
    var facts = ["agent \(agentVersion)", "host \(state.name) \(state.machineID ?? "-")"]
    facts.append("policy \(policy.path) \(policy.sha256)")
    facts += allowed.map { "allowed \($0)" }
    facts += pleskFacts(state.plesk)
    facts.append("mta \(state.managedMTA.value?.mta.rawValue ?? "-")")
    switch state.listeners {
    case .seen(let listeners):
        facts += listeners.map {
            "listener \($0.address) \($0.port) \($0.executable ?? "-") \($0.unit ?? "-") "
                + "\($0.served.joined(separator: " ")) \($0.origin.map { "\($0.manager.map { "\($0)" } ?? "-")" } ?? "")"
        }
        .sorted()
    case .unseen: facts.append("listeners -")
    }
    facts += state.superserverFiles.sorted { $0.key < $1.key }.map { "file \($0) \(sha256($1.bytes))" }
    facts += postfixFacts(state.postfix) + qmailFacts(state.qmail)
    facts += state.instances.sorted { $0.key < $1.key }.flatMap { postfixFacts(.seen($0.value)) }
    let text = facts.map { fact in "\(fact.utf8.count):\(fact)\n" }.joined()
    return "sha256:" + sha256(text.utf8)
}

private func pleskFacts(_ observed: Observed<PleskState>) -> [String] {
    guard let plesk = observed.value else { return ["plesk -"] }
    let logins = plesk.logins.value.map { "\($0.smtp) \($0.pop) \($0.popLockMinutes ?? 0)" }
    var facts = ["plesk \(plesk.version) \(plesk.commands.invocation.joined(separator: " "))"]
    facts.append("relaying \(plesk.relaying.value?.rawValue ?? "-") \(logins ?? "-")")
    facts += (plesk.whiteList.value ?? []).map { "white-list \($0.text)" }.sorted()
    // Locks of single addresses come and go.
    facts += (plesk.popLocks.value ?? []).filter { $0.network.prefix < $0.network.address.width }
        .map { "pop-lock \($0.text)" }.sorted()
    facts.append("white-list-seen \(plesk.whiteList.value != nil)")
    return facts
}

private func qmailFacts(_ observed: Observed<QmailConfiguration>) -> [String] {
    guard let qmail = observed.value else { return ["qmail -"] }
    return ["qmail \(qmail.directory)"]
        + qmail.files.sorted { $0.key < $1.key }.map { path, file in
            "file \(path) \(file.bytes.map { sha256($0) } ?? "-")"
        } + qmail.idle.sorted().map { "idle \($0)" }
        // What is supervised counts by its files: it may be started again at any time.
        + qmail.disguised.sorted { $0.key < $1.key }.map { "program \($0) \($1)" }
        + qmail.running.filter { $0.supervised == nil }.map { server in
            "runs \(server.command.joined(separator: " ")) \(server.environment["RELAYCLIENT"] ?? "-")"
        }
        .sorted()
}

private func postfixFacts(_ observed: Observed<PostfixConfiguration>) -> [String] {
    guard let postfix = observed.value else { return ["postfix -"] }
    var facts = ["postfix \(postfix.version ?? "-") \(postfix.hostName ?? "-")"]
    facts += [postfix.mainCF, postfix.masterCF].map { "file \($0.path) \(sha256($0.bytes))" }
    facts += postfix.otherFiles.sorted { $0.key < $1.key }.map { path, content in
        "file \(path) \(content.map { sha256($0.bytes) } ?? "-")"
    }
    facts += postfix.unreadableFiles.keys.sorted().map { "file \($0) -" }
    facts += postfix.tables.sorted { $0.key < $1.key }.map { name, content in
        switch content {
        case .entries(let entries, let source):
            let text = entries.map { "\($0.key)\u{0}\($0.value)\u{0}" }.joined()
            return "table \(name) \(source) \(sha256(text.utf8))"
        case .asked(let answers, _):
            let text = answers.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)\u{0}" }.joined()
            return "table \(name) asked \(sha256(text.utf8))"
        case .unreadable, .failing: return "table \(name) -"
        }
    }
    facts += (postfix.interfaces ?? []).map { "interface \($0)" }.sorted()
    return facts
}
