import MailModel

extension Port25 {
    func notes(on listener: Listener) -> [String] {
        let name = listener.programName
        guard let origin = listener.origin else { return [] }
        var notes: [String] = []
        if let target = origin.forwardsTo {
            notes.append(
                (origin.isFilter == true
                    ? "\(name) filters mail, hands it on to \(target) and is left alone: "
                    : "\(name) hands connections on to \(target) and is left alone: ")
                    + Self.words(on: programs[listener]?.verdict))
        } else if origin.manager == nil, let keeper = origin.keeper {
            notes.append(
                "\(keeper) may start \(name) again when it ends (pid \(listener.processID ?? 0): "
                    + "\(command(of: listener))), so it is left alone: stop it there")
        } else if origin.manager == nil, !consents.contains(.stopUnmanaged) {
            notes.append(
                "nothing manages \(name) (pid \(listener.processID ?? 0): \(command(of: listener))), so it is left alone: end it "
                    + "where it was started, or let agent end it with --stop-unmanaged")
        }
        if let note = origin.note { notes.append(note) }
        if let queue = origin.queue {
            let tests = queue.tests.map { ", \($0) of them from probes of this program: they can be deleted" }
            notes.append(
                "its queue is kept: \(queue.messages) message\(queue.messages == 1 ? "" : "s") in \(queue.directory)"
                    + (tests ?? ""))
        }
        return notes
    }

    private static func words(on verdict: RelayVerdict?) -> String {
        switch verdict {
        case .closed: "what answers there refuses strangers who come through it"
        case .broken: "what answers there serves nobody who comes through it"
        case .open, .partial: "what answers there takes every client for this host"
        case .unknown, nil:
            "what answers there may take every client for this host, so look at what it trusts"
        }
    }

    var besideNotes: [String] {
        beside.filter { !isMailServer($0) }.map { listener in
            "\(listener.place) is served by \(listener.programName), which is left alone"
        }
    }

    /// On the other ports only what is known to be another MTA is stopped: an IMAP server may offer submission.
    func isMailServer(_ listener: Listener) -> Bool {
        guard listener.instance == nil else { return true }
        let known: Set<String> = [
            "exim", "exim4", "sendmail", "sendmail-mta", "sendmail.sendmail", "opensmtpd", "smtpd",
            "qmail-smtpd", "xmail", "couriertcpd",
        ]
        let programs = [listener.executable ?? ""] + listener.served.prefix(1)
        let names = programs.map { $0.split(separator: "/").last.map(String.init) ?? "" }
        return listener.mta != nil || names.contains(where: known.contains)
    }

    func command(of listener: Listener) -> String {
        let words = listener.origin?.command ?? []
        return words.isEmpty ? listener.programName : words.joined(separator: " ")
    }
}

func description(of listener: Listener) -> String {
    guard let executable = listener.executable else { return listener.holderName }
    var text = listener.holderName
    if let process = listener.processID { text += ", pid \(process)" }
    // What manages it says so itself, below; the unit of systemd's own process is nobody's.
    if let unit = listener.unit, listener.processID != 1, listener.origin?.manager?.isUnit(unit) != true {
        text += ", \(unit)"
    }
    if let served = listener.served.first, served != executable { text += ", serves \(served)" }
    guard let origin = listener.origin else { return text }
    if let package = origin.package { text += ", package \(package)" }
    switch origin.manager {
    case .systemd(let units):
        text +=
            ", "
            + units.filter { !$0.isDragged }.map { "\($0.name) \($0.active) \($0.file)" }.joined(
                separator: ", ")
    case .xinetd(let file, _): text += ", \(file)"
    case .inetd(let file, let line): text += ", \(file):\(line)"
    case .script(let path, let isEnabled): text += ", \(path)\(isEnabled ? "" : ", not run at boot")"
    case .upstart(let job): text += ", upstart job \(job)"
    case .supervised(let directory):
        text += ", supervised in \(directory.path)\(directory.isEnabled ? "" : ", not started at boot")"
    case nil: text += origin.keeper.map { ", kept running by \($0)" } ?? ", nothing manages it"
    }
    return text
}

extension ServiceManager {
    fileprivate func isUnit(_ name: String) -> Bool {
        guard case .systemd(let units) = self else { return false }
        return units.contains { $0.name == name }
    }
}
