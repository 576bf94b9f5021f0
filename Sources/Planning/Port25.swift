import MailModel

/// Article 1394, step 4: SMTP is served by the MTA that Plesk manages, and by nothing else.
func judgePort25(state: HostState) -> Finding {
    var finding = Finding(
        id: .port25, status: .unknown, wanted: "the MTA that Plesk manages, and nothing else",
        actual: "not seen",
        why: "Another program on port 25 follows its own rules, not Plesk's settings.")
    guard let managed = state.managedMTA.value else {
        finding.notes.append(state.managedMTA.reason ?? "the MTA that Plesk manages was not seen")
        return finding
    }
    finding.wanted = "\(managed.mta.rawValue), which Plesk manages, and nothing else"
    guard let listeners = state.listeners.value?.filter({ $0.port == 25 }) else {
        finding.notes.append(state.listeners.reason ?? "the listeners were not seen")
        return finding
    }
    finding.evidence = listeners.map { listener in
        Evidence(file: "port 25 on \(listener.address)", text: description(of: listener))
    }
    let programs = Set(listeners.map { $0.executable ?? "a program that could not be seen" }).sorted()
    finding.actual = programs.isEmpty ? "nothing listens" : programs.joined(separator: ", ")
    if managed.mta == .msmtp {
        finding.wanted = "nothing: msmtp only sends"
        finding.status = listeners.isEmpty ? .ok : .drift
        return finding
    }
    let outside = listeners.filter { !$0.address.isLoopback }
    if outside.isEmpty {
        finding.status = .drift
        finding.notes.append("mail from outside cannot arrive: start \(managed.mta.rawValue)")
    } else if outside.contains(where: { $0.executable == nil }) {
        finding.notes.append("the program behind the port can be seen only by root")
    } else if listeners.allSatisfy({ serves(managed.mta, $0) }) {
        finding.status = .ok
    } else {
        finding.status = .drift
        finding.notes.append("stop and disable the other program, then start \(managed.mta.rawValue)")
    }
    return finding
}

private func description(of listener: Listener) -> String {
    guard let executable = listener.executable else { return "a program that could not be seen" }
    let process = listener.processID.map { ", pid \($0)" } ?? ""
    return executable + process + (listener.unit.map { ", \($0)" } ?? "")
}

private func serves(_ mta: MailTransferAgent, _ listener: Listener) -> Bool {
    guard let executable = listener.executable else { return false }
    let name = executable.split(separator: "/").last.map(String.init) ?? executable
    switch mta {
    // master(8) holds the sockets; smtpd inherits them.
    case .postfix:
        return executable.contains("/postfix/")
            && (name == "master" || name == "smtpd" || name == "postscreen")
    case .qmail: return ["xinetd", "tcpserver", "inetd", "qmail-smtpd"].contains(name)
    case .msmtp: return false
    }
}
