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
    /// Those that are known to relay, and that no step takes away.
    var relaying: [(program: String, report: RelayReport)] = []
    /// Whether the steps leave none of them.
    var leavesNoneUnjudged = true
}

/// - Parameters:
///   - configured: Where the managed MTA's configuration has it listen, and what keeps it from that.
///   - programs: What programs in its place do with strangers, as far as that is known.
///   - switching: The edits that let it, which `configured` has already.
func judgePort25(
    state: HostState, configured: RelayJudgement, programs: [Listener: RelayReport],
    switching: SwitchedOn? = nil, consents: Set<Consent>
) -> Port25Judgement {
    var finding = Finding(
        id: .port25, status: .unknown, wanted: "the MTA that Plesk manages, and nothing else",
        actual: "not seen",
        why:
            "Mail from outside arrives on port 25; a program there that Plesk does not manage would follow its own rules."
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
    let off = configured.risks.first { $0.kind == "switched-off" && $0.parameter == "smtp_psa" }
    return Port25(
        managed: managed, all: all, configured: configured.listeners, programs: programs, switchedOff: off,
        switching: switching, state: state, consents: consents
    )
    .judgement(finding)
}

struct Port25 {
    let managed: ManagedMTA
    let listeners: [Listener]
    /// On 465 and 587, and on the ports of QMTP and QMQP, as far as another program has them.
    let beside: [Listener]
    let configured: [ListenerVerdict]?
    let programs: [Listener: RelayReport]
    /// What keeps xinetd from serving port 25 for Qmail.
    let switchedOff: RelayRisk?
    /// What lets it serve the port, where it is merely off.
    let switching: SwitchedOn?
    let state: HostState
    let consents: Set<Consent>

    init(
        managed: ManagedMTA, all: [Listener], configured: [ListenerVerdict]?,
        programs: [Listener: RelayReport], switchedOff: RelayRisk?, switching: SwitchedOn?, state: HostState,
        consents: Set<Consent>
    ) {
        self.programs = programs
        self.switching = switching
        self.switchedOff = switchedOff
        self.managed = managed
        self.configured = configured
        listeners = all.filter { $0.port == 25 }
        beside = all.filter { [465, 587, 209, 628].contains($0.port) && $0.mta != managed.mta }
        self.state = state
        self.consents = consents
    }

    var foreign: [Listener] { listeners.filter { $0.mta != managed.mta } }

    /// An MTA's listeners that strangers reach, and that the managed MTA's configuration says nothing of.
    private var unread: [Listener] {
        (foreign + beside.filter { !$0.takesLoginsOnly }).filter {
            !$0.address.isLoopback && $0.executable != nil
        }
    }

    /// Those of them of which nothing is known, one a program.
    private var unjudged: [Listener] {
        var named: Set<String> = []
        return unread.filter { programs[$0] == nil && named.insert($0.programName).inserted }
    }

    /// Instances and proxies, which are left alone.
    private var relaying: [(program: String, report: RelayReport)] {
        unread.compactMap { listener in
            guard let report = programs[listener], [.open, .partial].contains(report.verdict) else {
                return nil
            }
            return (listener.programName, report)
        }
    }

    private var servesPort25: Bool {
        // A service whose name the analysis cannot resolve has port 0.
        guard let configured, managed.mta == .postfix else { return true }
        return configured.contains { $0.port == 25 || $0.port == 0 }
    }

    /// By its configuration.
    var isKeptToLoopback: Bool {
        guard let addresses = configured?.filter({ $0.port == 25 }).map(\.address), !addresses.isEmpty else {
            return false
        }
        return addresses.allSatisfy { IPAddress($0)?.isLoopback == true || $0 == "localhost" }
    }

    /// Mail from outside would not arrive any more, or does not anyway.
    private var whyNobodyIsReplaced: String? {
        if isKeptToLoopback || !servesPort25, !foreign.isEmpty,
            foreign.allSatisfy({ $0.origin?.forwardsTo != nil })
        {
            return
                "\(managed.mta.rawValue) is reached through it, as far as what it hands on to is \(managed.mta.rawValue)"
        }
        if managed.mta == .qmail, serving.isEmpty, let off = switchedOff {
            let place = "\(off.file ?? ""):\(off.line ?? 0)"
            return
                "\(place) keeps smtp_psa off (\(off.text ?? "")), so nobody would serve port 25 if Qmail were started: take "
                + "that out, and plan again"
        }
        if managed.mta == .qmail, serving.isEmpty, switching == nil, let down = managed.downServers.first {
            return
                "\(down.path) is put down, so nobody would serve port 25 if Qmail were started: its script lets strangers "
                + "relay, or cannot be read for certain; mend it, start it, and plan again"
        }
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

    var loopbackNote: String {
        "\(managed.mta.rawValue) is to listen on the loopback only, as its configuration says: mail from outside cannot arrive"
            + (managed.mta == .postfix
                ? ". If it is to, set inet_interfaces = all in main.cf and restart Postfix" : "")
    }

    var serving: [Listener] { listeners.filter { $0.mta == managed.mta } }

    func judgement(_ empty: Finding) -> Port25Judgement {
        var judgement = judgementOfNow(empty)
        keepAfterBoot(&judgement)
        return judgement
    }

    /// A service that runs because somebody has started it by hand is gone after the next boot.
    private func keepAfterBoot(_ judgement: inout Port25Judgement) {
        guard !serving.isEmpty, judgement.finding.status != .unknown, !judgement.startsMTA,
            case let gone = (services + managed.supervisors).filter(\.isGoneAfterBoot), !gone.isEmpty
        else { return }
        if judgement.finding.status == .ok {
            judgement.finding.status = .drift
            judgement.finding.wanted = "\(managed.mta.rawValue), which Plesk manages, at every boot"
            judgement.finding.why =
                "Mail from outside arrives on port 25: what is not started at boot does not serve it after the next one."
        }
        for service in gone {
            judgement.finding.notes.append(
                "\(managed.mta.rawValue) runs, and \(service.name) is not enabled: after the next boot nobody would "
                    + "serve port 25")
            let change = ServiceChange.enable(managed.mta, service)
            judgement.steps.append(Step(.port25, change.summary, .service(change)))
        }
    }

    /// What starts the managed MTA.
    private var services: [ServiceManager] {
        [managed.service].compactMap(\.self) + managed.servers.map(ServiceManager.supervised)
    }

    private func judgementOfNow(_ empty: Finding) -> Port25Judgement {
        var finding = empty
        finding.evidence = (listeners + beside).map { listener in
            Evidence(file: listener.place, text: description(of: listener))
        }
        let programs = Set(
            listeners.map { listener in
                listener.mta == managed.mta || listener.programName == listener.holderName
                    ? listener.holderName : "\(listener.programName), run by \(listener.holderName)"
            }
        ).sorted()
        finding.actual = programs.isEmpty ? "nothing listens" : programs.joined(separator: ", ")
        if managed.mta == .msmtp { finding.wanted = "nothing: msmtp only sends, this host takes no mail in" }
        if foreign.contains(where: { $0.executable == nil }) {
            finding.notes.append("the program behind the port can be seen only by root")
            return Port25Judgement(finding: finding)
        }
        let isReachable = managed.mta == .msmtp || serving.contains { !$0.address.isLoopback }
        guard !isReachable || !foreign.isEmpty || beside.contains(where: isMailServer) else {
            finding.status = .ok
            finding.notes += besideNotes
            return Port25Judgement(
                finding: finding, unjudged: unjudged.map(\.programName), relaying: relaying,
                leavesNoneUnjudged: unjudged.isEmpty)
        }
        finding.status = .drift
        if foreign.isEmpty, !isReachable {
            finding.why =
                "Mail from outside arrives on port 25: while nobody serves it there for other hosts, this host takes none."
        }
        return repaired(finding, isReachable: isReachable)
    }

    private func repaired(_ drift: Finding, isReachable: Bool) -> Port25Judgement {
        var kept = Port25Judgement(
            finding: drift, unjudged: unjudged.map(\.programName), relaying: relaying,
            leavesNoneUnjudged: unjudged.isEmpty)
        for note in (foreign + beside.filter(isMailServer)).flatMap(notes)
        where !kept.finding.notes.contains(note) {
            kept.finding.notes.append(note)
        }
        if let reason = whyNobodyIsReplaced {
            kept.finding.notes.append(reason)
            return kept
        }
        var work = kept
        let staying = (foreign + beside.filter(isMailServer)).filter { !take(away: $0, &work) }
        let obstacles = obstacles(staying)
        guard obstacles.isEmpty || work.steps.isEmpty else {
            kept.finding.notes.append(
                "\(managed.mta.rawValue) could not start beside \(obstacles.joined(separator: " and ")), so nothing is "
                    + "stopped in its favour: once that is gone, plan again")
            return kept
        }
        work.leavesNoneUnjudged =
            unjudged.isEmpty
            || staying.isEmpty
                && beside.allSatisfy {
                    isMailServer($0) || $0.takesLoginsOnly || $0.address.isLoopback || programs[$0] != nil
                }
        work.finding.notes += besideNotes.filter { !work.finding.notes.contains($0) }
        if managed.mta == .msmtp {
            work.finding.notes.append(
                "Plesk manages no MTA that takes mail in, so nothing is put in its place")
        } else if obstacles.isEmpty, !isReachable || !work.steps.isEmpty {
            start(isReachable: isReachable, &work)
        }
        return work
    }

    /// The programs that keep the managed MTA from being started, where what is planned stops another for it.
    private func obstacles(_ staying: [Listener]) -> [String] {
        guard managed.mta != .msmtp else { return [] }
        // Postfix ends where one of its ports is another's; xinetd and tcpserver serve the others.
        let others = managed.mta == .postfix ? beside.filter { !isMailServer($0) && isWanted($0) } : []
        return Set((staying + others).map(\.programName)).sorted()
    }

    /// Whether the managed MTA's configuration has it listen there.
    func isWanted(_ listener: Listener) -> Bool {
        (configured ?? []).contains { own in
            guard own.port == listener.port, let address = IPAddress(own.address) else { return false }
            return listener.address == address
                || address.width == listener.address.width
                    && (address.isUnspecified || listener.address.isUnspecified)
        }
    }
}

/// Its unit on hosts with systemd; its own pidless signal is not used, as it would have to be aimed.
package let reloadXinetd = ["/bin/systemctl", "reload", "xinetd.service"]
