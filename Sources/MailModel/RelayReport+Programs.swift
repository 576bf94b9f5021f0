extension RelayReport {
    /// The report for a host where other programs have mail ports in the MTA's place: what they do with strangers is
    /// not in the MTA's configuration, so that a host is not closed by what that says.
    ///
    /// - Parameters:
    ///   - mta: The MTA of the report; its own listeners say nothing new.
    ///   - listeners: Everybody on the mail ports of the host.
    package func beside(_ listeners: [Listener]) -> RelayReport {
        var report = self
        for listener in listeners where !listener.address.isLoopback && listener.mta != mta {
            guard listener.executable != nil else { continue }
            guard !listener.takesLoginsOnly else {
                report.risks.append(
                    listener.risk(
                        "\(listener.programName) serves it, which relays for nobody without a login"))
                continue
            }
            report.listeners.append(
                ListenerVerdict(
                    address: listener.address.description, port: listener.port, service: listener.programName,
                    verdict: .unknown))
            report.causes.append(listener.unreadCause)
        }
        if listeners.contains(where: { $0.executable == nil }) {
            report.risks.append(
                RelayRisk(
                    kind: "port-25",
                    why:
                        "which programs have the mail ports can be seen only by root: this is what the MTA would do"
                ))
        }
        let isRead = report.causes.count == causes.count
        if !isRead, verdict == .closed || verdict == .broken { report.verdict = .unknown }
        return report
    }
}

extension Listener {
    /// Dovecot's submission service relays for nobody without a login.
    package var takesLoginsOnly: Bool { executable?.hasSuffix("/dovecot") == true }

    fileprivate var place: String { "port \(port) on \(address)" }

    fileprivate func risk(_ why: String) -> RelayRisk {
        RelayRisk(kind: "port-25", why: "\(place): \(why)")
    }

    /// That nobody has read what this program does with strangers.
    fileprivate var unreadCause: RelayCause {
        let target = origin?.forwardsTo
        return RelayCause(
            kind: "port-25", parameter: programName, file: place, line: nil,
            text: origin.map { $0.command.joined(separator: " ") }.flatMap { $0.isEmpty ? nil : $0 }
                ?? programName,
            culprit: nil,
            opens: target.map {
                "whoever reaches it, if what answers at \($0) trusts the address that it comes from"
            }
                ?? "whom its own rules let relay, which are not read here",
            listener: port, address: address.description,
            remedy: target == nil
                ? "`agent plan` tells what it is, and what stops it"
                : "have it pass on the client's address (PROXY protocol), or trust no address behind it")
    }
}
