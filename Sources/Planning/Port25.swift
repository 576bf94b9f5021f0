import MailModel
import Qmail

/// Article 1394, step 4: SMTP is served by the MTA that Plesk manages, and by nothing else.
///
/// A program that a manager would start again is stopped and disabled through that manager, and never killed; one
/// that nothing manages is ended only when the user asked for it. A proxy that hands on to the MTA is reported.
struct Port25Judgement {
    var finding: Finding
    var edits: [FileEdit] = []
    /// After the edits.
    var steps: [Step] = []
    /// Whether the managed MTA is started: it reads its configuration then.
    var startsMTA = false
    /// The programs that strangers reach on a mail port and whose rules were not looked at.
    var unjudged: [String] = []
    /// Whether the steps leave none of them.
    var leavesNoneUnjudged = true
}

/// Whether programs that nothing manages are ended as well (`--stop-unmanaged`).
package enum UnmanagedPrograms: Sendable {
    case areReported, areEnded
}

/// - Parameter configured: Where the managed MTA's configuration has it listen; `nil` where that was not seen.
func judgePort25(
    state: HostState, configured: [ListenerVerdict]?, unmanaged: UnmanagedPrograms
) -> Port25Judgement {
    var finding = Finding(
        id: .port25, status: .unknown, wanted: "the MTA that Plesk manages, and nothing else",
        actual: "not seen",
        why:
            "Mail from outside arrives on port 25; another program there follows its own rules, not Plesk's settings."
    )
    guard let managed = state.managedMTA.value else {
        finding.notes.append(state.managedMTA.reason ?? "the MTA that Plesk manages was not seen")
        if state.plesk.value != nil {
            finding.notes.append(
                "Plesk's own pages name it: Tools & Settings, Updates, Add/Remove Components, Mail hosting")
        }
        return Port25Judgement(finding: finding)
    }
    finding.wanted = "\(managed.mta.rawValue), which Plesk manages, and nothing else"
    guard let all = state.listeners.value else {
        finding.notes.append(state.listeners.reason ?? "the listeners were not seen")
        return Port25Judgement(finding: finding)
    }
    finding.notes += managed.dissent.map { sign in
        "one sign names another MTA: \(sign.file): \(sign.text)"
    }
    return Port25(managed: managed, all: all, configured: configured, state: state, unmanaged: unmanaged)
        .judgement(finding)
}

private struct Port25 {
    let managed: ManagedMTA
    let listeners: [Listener]
    /// On 465 and 587, and on the ports of QMTP and QMQP, as far as another program has them.
    let beside: [Listener]
    let configured: [ListenerVerdict]?
    let state: HostState
    let unmanaged: UnmanagedPrograms

    init(
        managed: ManagedMTA, all: [Listener], configured: [ListenerVerdict]?, state: HostState,
        unmanaged: UnmanagedPrograms
    ) {
        self.managed = managed
        self.configured = configured
        listeners = all.filter { $0.port == 25 }
        beside = all.filter { [465, 587, 209, 628].contains($0.port) && $0.mta != managed.mta }
        self.state = state
        self.unmanaged = unmanaged
    }

    private var foreign: [Listener] { listeners.filter { $0.mta != managed.mta } }

    /// An MTA's listeners that strangers reach, and that the managed MTA's configuration says nothing of.
    private var unjudged: [Listener] {
        var named: Set<String> = []
        return (foreign + beside.filter { !takesLoginsOnly($0) }).filter {
            !$0.address.isLoopback && $0.executable != nil && named.insert($0.programName).inserted
        }
    }

    private var servesPort25: Bool {
        // A service whose name the analysis cannot resolve has port 0.
        guard let configured, managed.mta == .postfix else { return true }
        return configured.contains { $0.port == 25 || $0.port == 0 }
    }

    /// By its configuration.
    private var isKeptToLoopback: Bool {
        guard let addresses = configured?.filter({ $0.port == 25 }).map(\.address), !addresses.isEmpty else {
            return false
        }
        return addresses.allSatisfy { IPAddress($0)?.isLoopback == true || $0 == "localhost" }
    }

    /// Mail from outside would not arrive any more, or does not anyway.
    private var whyNobodyIsReplaced: String? {
        if isKeptToLoopback, !foreign.isEmpty {
            return loopbackNote + "; until then the other program is left alone"
        }
        guard !servesPort25 else { return nil }
        return
            "\(managed.mta.rawValue) is not configured to serve port 25, so nothing is put in its place: mail from "
            + "outside would not arrive"
            + (managed.mta == .postfix
                ? ". If it is to, give master.cf its smtp service again: smtp inet n - y - - smtpd" : "")
    }

    private var loopbackNote: String {
        "\(managed.mta.rawValue) is to listen on the loopback only, as its configuration says: mail from outside cannot arrive"
            + (managed.mta == .postfix
                ? ". If it is to, set inet_interfaces = all in main.cf and restart Postfix" : "")
    }

    private var serving: [Listener] { listeners.filter { $0.mta == managed.mta } }

    func judgement(_ empty: Finding) -> Port25Judgement {
        var finding = empty
        finding.evidence = (listeners + beside).map { listener in
            Evidence(
                file: "port \(listener.port) on \(listener.address)", text: description(of: listener))
        }
        let programs = Set(listeners.map(\.holderName)).sorted()
        finding.actual = programs.isEmpty ? "nothing listens" : programs.joined(separator: ", ")
        if managed.mta == .msmtp {
            finding.wanted = "nothing: msmtp only sends, this host takes no mail in"
            finding.status = listeners.isEmpty ? .ok : .drift
            if !listeners.isEmpty {
                finding.notes.append(
                    "Plesk manages no MTA that takes mail in, so nothing is put in its place")
            }
            return Port25Judgement(
                finding: finding, unjudged: unjudged.map(\.programName), leavesNoneUnjudged: unjudged.isEmpty)
        }
        if foreign.contains(where: { $0.executable == nil }) {
            finding.notes.append("the program behind the port can be seen only by root")
            return Port25Judgement(finding: finding)
        }
        let isReachable = serving.contains { !$0.address.isLoopback }
        guard !isReachable || !foreign.isEmpty || beside.contains(where: isMailServer) else {
            finding.status = .ok
            finding.notes += besideNotes
            return Port25Judgement(
                finding: finding, unjudged: unjudged.map(\.programName), leavesNoneUnjudged: unjudged.isEmpty)
        }
        finding.status = .drift
        return repaired(finding, isReachable: isReachable)
    }

    private func repaired(_ drift: Finding, isReachable: Bool) -> Port25Judgement {
        var judgement = Port25Judgement(finding: drift, unjudged: unjudged.map(\.programName))
        if let reason = whyNobodyIsReplaced {
            judgement.leavesNoneUnjudged = unjudged.isEmpty
            for note in (foreign + beside.filter(isMailServer)).flatMap(notes) + [reason]
            where !judgement.finding.notes.contains(note) {
                judgement.finding.notes.append(note)
            }
            return judgement
        }
        var isFreed = true
        var retired: [ServiceManager] = []
        for listener in foreign + beside.filter(isMailServer) {
            judgement.finding.notes += notes(on: listener).filter { !judgement.finding.notes.contains($0) }
            guard let origin = listener.origin, origin.forwardsTo == nil else {
                isFreed = isFreed && listener.port != 25
                judgement.leavesNoneUnjudged = false
                continue
            }
            if let manager = origin.manager {
                guard !retired.contains(manager) else { continue }
                retired.append(manager)
                isFreed = retire(manager, listener, &judgement) && isFreed
            } else if unmanaged == .areEnded, origin.keeper == nil, let process = listener.processID {
                let step = Step(
                    .port25, "End \(listener.programName) (pid \(process)), which nothing manages",
                    .service(.end(processID: process, command: origin.command)))
                if !judgement.steps.contains(where: { $0.summary == step.summary }) {
                    judgement.steps.append(step)
                    judgement.finding.notes.append(
                        "a rollback does not start \(listener.programName) again; it was: "
                            + command(of: listener))
                }
            } else {
                isFreed = false
            }
        }
        let isNoneLeft = beside.allSatisfy {
            isMailServer($0) || takesLoginsOnly($0) || $0.address.isLoopback
        }
        judgement.leavesNoneUnjudged =
            unjudged.isEmpty || judgement.leavesNoneUnjudged && isFreed && isNoneLeft
        judgement.finding.notes += besideNotes.filter { !judgement.finding.notes.contains($0) }
        let isMissing = !isReachable || !retired.isEmpty || !judgement.steps.isEmpty
        guard isFreed, isMissing else { return judgement }
        start(isReachable: isReachable, &judgement)
        return judgement
    }

    /// - Returns: whether the program will be gone.
    private func retire(
        _ manager: ServiceManager, _ listener: Listener, _ judgement: inout Port25Judgement
    ) -> Bool {
        let name = listener.programName
        switch manager {
        case .systemd(let units):
            if units.contains(where: \.isTransient) {
                judgement.finding.notes.append(
                    "a rollback cannot start \(name) again, as its unit goes with it; it was: "
                        + command(of: listener))
            }
            let list = units.map(\.name).joined(separator: ", ")
            judgement.steps.append(
                Step(
                    .port25, "Stop and disable \(name == list ? list : "\(name) (\(list))")",
                    .service(.retire(manager))))
        case .script(let path, _):
            judgement.steps.append(
                Step(.port25, "Stop and disable \(name) (\(path))", .service(.retire(manager))))
        case .upstart(let job):
            if let file = state.superserverFiles["/etc/init/\(job).conf"],
                let after = upstartDisabling(file.bytes)
            {
                judgement.edits.append(
                    FileEdit(path: file.path, before: file.bytes, after: after, touches: ["start on"]))
            }
            judgement.steps.append(
                Step(.port25, "Stop and disable \(name) (upstart job \(job))", .service(.retire(manager))))
        case .xinetd(let path, let service):
            guard let file = state.superserverFiles[path],
                let after = xinetdDisabling(service, at: listener.port, in: file.bytes)
            else { return false }
            judgement.edits.append(
                FileEdit(
                    path: file.path, before: file.bytes, after: after,
                    touches: ["\(service): disable = yes"]))
            judgement.steps.append(
                Step(
                    .port25, "Reload xinetd, without \(name)", .service(.reloadSuperserver(reload(listener))))
            )
        case .inetd(let path, let line):
            guard let file = state.superserverFiles[path],
                let after = inetdDisabling(line: line, in: file.bytes)
            else { return false }
            judgement.edits.append(
                FileEdit(path: file.path, before: file.bytes, after: after, touches: ["line \(line)"]))
            judgement.steps.append(
                Step(
                    .port25, "Reload inetd, without \(name)",
                    .service(.reloadSuperserver(reload(listener)))))
        }
        return true
    }

    /// Its unit's, or its start script's.
    private func reload(_ listener: Listener) -> [String] {
        let name = listener.executable?.split(separator: "/").last.map(String.init) ?? "xinetd"
        return state.superserverReloads[name] ?? ["/bin/systemctl", "reload", "\(name).service"]
    }

    private func start(isReachable: Bool, _ judgement: inout Port25Judgement) {
        guard let service = managed.service else {
            judgement.finding.notes.append(
                "what starts \(managed.mta.rawValue) was not seen: start it by hand")
            return
        }
        if isKeptToLoopback {
            judgement.finding.notes.append(loopbackNote)
            if !serving.isEmpty, judgement.steps.isEmpty { return }
        } else if !isReachable, foreign.isEmpty {
            judgement.finding.notes.append(
                listeners.isEmpty
                    ? "mail from outside cannot arrive"
                    : "\(managed.mta.rawValue) runs with other addresses than its configuration says now, and takes them up "
                        + "when it is restarted: mail from outside cannot arrive")
        }
        judgement.startsMTA = true
        judgement.steps.append(
            Step(
                .port25, "Start \(managed.mta.rawValue), and wait for its banner",
                .service(.start(managed.mta, service))))
    }

    // MARK: - Words

    private func notes(on listener: Listener) -> [String] {
        let name = listener.programName
        guard let origin = listener.origin else { return [] }
        var notes: [String] = []
        if let target = origin.forwardsTo {
            notes.append(
                "\(name) hands connections on to \(target) and is left alone: behind it the MTA takes every client "
                    + "for this host, so look at what it trusts")
        } else if origin.manager == nil, let keeper = origin.keeper {
            notes.append(
                "\(keeper) may start \(name) again when it ends (pid \(listener.processID ?? 0): "
                    + "\(command(of: listener))), so it is left alone: stop it there")
        } else if origin.manager == nil, unmanaged == .areReported {
            notes.append(
                "nothing manages \(name) (pid \(listener.processID ?? 0): \(command(of: listener))), so it is left alone: end it "
                    + "where it was started, or let agent end it with --stop-unmanaged")
        }
        if let note = origin.note { notes.append(note) }
        if let queue = origin.queue {
            notes.append(
                "its queue is kept: \(queue.messages) message\(queue.messages == 1 ? "" : "s") in \(queue.directory)"
            )
        }
        return notes
    }

    private var besideNotes: [String] {
        beside.filter { !isMailServer($0) }.map { listener in
            "port \(listener.port) on \(listener.address) is served by \(listener.programName), which is left alone"
        }
    }

    /// On the other ports only what is known to be another MTA is stopped: an IMAP server may offer submission.
    private func isMailServer(_ listener: Listener) -> Bool {
        guard listener.instance == nil else { return true }
        let known: Set<String> = [
            "exim", "exim4", "sendmail", "sendmail-mta", "sendmail.sendmail", "opensmtpd", "smtpd",
            "qmail-smtpd", "xmail", "couriertcpd",
        ]
        let programs = [listener.executable ?? ""] + listener.served.prefix(1)
        let names = programs.map { $0.split(separator: "/").last.map(String.init) ?? "" }
        return listener.mta != nil || names.contains(where: known.contains)
    }

    /// Dovecot's submission service relays for nobody without a login.
    private func takesLoginsOnly(_ listener: Listener) -> Bool {
        listener.executable?.hasSuffix("/dovecot") == true
    }

    private func command(of listener: Listener) -> String {
        let words = listener.origin?.command ?? []
        return words.isEmpty ? listener.programName : words.joined(separator: " ")
    }

}

/// Its unit on hosts with systemd; its own pidless signal is not used, as it would have to be aimed.
package let reloadXinetd = ["/bin/systemctl", "reload", "xinetd.service"]

private func description(of listener: Listener) -> String {
    guard let executable = listener.executable else { return listener.holderName }
    var text = listener.holderName
    if let process = listener.processID { text += ", pid \(process)" }
    if let unit = listener.unit { text += ", \(unit)" }
    if let served = listener.served.first, served != executable { text += ", serves \(served)" }
    guard let origin = listener.origin else { return text }
    if let package = origin.package { text += ", package \(package)" }
    switch origin.manager {
    case .systemd(let units):
        text += ", " + units.map { "\($0.name) \($0.active) \($0.file)" }.joined(separator: ", ")
    case .xinetd(let file, _): text += ", \(file)"
    case .inetd(let file, let line): text += ", \(file):\(line)"
    case .script(let path, let isEnabled): text += ", \(path)\(isEnabled ? "" : ", not run at boot")"
    case .upstart(let job): text += ", upstart job \(job)"
    case nil: text += origin.keeper.map { ", kept running by \($0)" } ?? ", nothing manages it"
    }
    return text
}
