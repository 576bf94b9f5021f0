import MailModel
import Qmail
import RelayAnalysis

/// The managed MTA's configuration with port 25 switched on for other hosts, where it is merely off.
struct SwitchedOn {
    /// Of the configuration with the edits that switch it on, and with those that close what they open.
    var judgement: RelayJudgement
    /// The edits that switch it on, with those that close what they open in the same files.
    var edits: [FileEdit]
    /// What is put down, and is to be started.
    var servers: [SupervisedDirectory]
    /// What kept it off.
    var note: String
}

/// - Parameter configured: The verdict on the configuration as it is.
/// - Returns: `nil` where the managed MTA serves the port already, or no edit would do.
func switchOnPort25(
    _ state: HostState, _ configured: RelayJudgement, trusted: [IPNetwork]
) -> SwitchedOn? {
    guard let managed = state.managedMTA.value, let listeners = state.listeners.value,
        !listeners.contains(where: { $0.port == 25 && $0.mta == managed.mta && !$0.address.isLoopback }),
        // A service whose name the analysis cannot resolve may be it.
        configured.listeners?.contains(where: { $0.port == 0 }) == false,
        let (on, edits, servers, what) = switchedOn(state, managed.mta)
    else { return nil }
    let exposed = judgeRelay(state: on, trusted: trusted)
    // What strangers could use is not put before them.
    guard exposed.after == .closed, servers.isEmpty || exposed.edits.isEmpty else { return nil }
    var judgement = exposed
    judgement.before = configured.before
    if exposed.finding.status == .drift {
        judgement.finding.actual =
            "\(configured.finding.actual); but once port 25 is served: \(exposed.finding.actual)"
    }
    judgement.edits.removeAll { edit in edits.contains { $0.path == edit.path } }
    let whole = edits.map { edit in
        guard let closing = exposed.edits.first(where: { $0.path == edit.path }) else { return edit }
        return FileEdit(
            path: edit.path, before: edit.before, after: closing.after,
            touches: edit.touches + closing.touches,
            compiled: closing.compiled)
    }
    return SwitchedOn(judgement: judgement, edits: whole, servers: servers, note: what)
}

private func switchedOn(
    _ state: HostState, _ mta: MailTransferAgent
) -> (HostState, [FileEdit], [SupervisedDirectory], String)? {
    var on = state
    switch mta {
    case .postfix:
        guard let postfix = state.postfix.value, let (edited, touches) = servingPort25(postfix),
            !touches.isEmpty
        else { return nil }
        on.postfix = .seen(edited)
        let files = [(postfix.mainCF, edited.mainCF), (postfix.masterCF, edited.masterCF)]
        let edits = files.filter { $0.0 != $0.1 }.map { before, after in
            FileEdit(
                path: before.path, before: before.bytes, after: after.bytes,
                touches: touches.filter { $0.path == before.path }.map(\.what))
        }
        let reasons = touches.map { touch in
            switch touch.what {
            case "smtp/inet": "\(touch.path) has no smtp service"
            case "inet_interfaces": "inet_interfaces of \(touch.path) names the loopback only"
            default: "\(touch.what) of \(touch.path) is bound to the loopback"
            }
        }
        return (on, edits, [], reasons.joined(separator: ", and "))
    case .qmail:
        if let servers = state.managedMTA.value?.downServers, !servers.isEmpty {
            on.qmail = state.qmail.map { qmail in
                var awake = qmail
                awake.idle.subtract(servers.map { "\($0.path)/run" })
                return awake
            }
            let names = servers.map(\.path).joined(separator: " and ")
            return (on, [], servers, "\(names) \(servers.count == 1 ? "is" : "are") put down")
        }
        guard let qmail = state.qmail.value, let (edited, path, what) = servingPort25(qmail),
            case .content(let before)? = qmail.files[path], case .content(let after)? = edited.files[path]
        else { return nil }
        on.qmail = .seen(edited)
        return (
            on, [FileEdit(path: before.path, before: before.bytes, after: after.bytes, touches: [what])], [],
            "\(path) keeps smtp_psa off"
        )
    case .msmtp: return nil
    }
}
