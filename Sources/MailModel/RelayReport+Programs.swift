extension RelayReport {
    /// The report for a host where other programs have mail ports in the MTA's place: what they do with strangers is
    /// not in the MTA's configuration, so that a host is not closed by what that says.
    ///
    /// - Parameters:
    ///   - mta: The MTA of the report; its own listeners say nothing new.
    ///   - listeners: Everybody on the mail ports of the host.
    ///   - instances: What further instances of Postfix do, by their configuration directories, as far as it was read.
    ///   - proxied: What the MTA does with those who come through a proxy, by where that hands connections on to.
    package func beside(
        _ listeners: [Listener], instances: [String: RelayReport] = [:], proxied: [String: RelayReport] = [:]
    ) -> RelayReport {
        var report = self
        var verdicts: [RelayVerdict] = []
        for listener in listeners where !listener.address.isLoopback && listener.mta != mta {
            guard listener.executable != nil else { continue }
            guard !listener.takesLoginsOnly else {
                report.risks.append(
                    listener.risk(
                        "\(listener.programName) serves it, which relays for nobody without a login"))
                continue
            }
            let own =
                listener.instance.flatMap { directory in
                    instances[directory].map { $0.onPort(of: listener, below: directory) }
                }
                ?? listener.origin?.forwardsTo.flatMap { target in
                    proxied[target].flatMap { report in
                        // What a filter refuses does not get to what would take it.
                        listener.origin?.isFilter == true && report.verdict != .closed
                            ? nil : report.through(listener, to: target)
                    }
                }
            verdicts.append(own?.verdict ?? .unknown)
            report.listeners.append(
                ListenerVerdict(
                    address: listener.address.description, port: listener.port, service: listener.programName,
                    verdict: own?.verdict ?? .unknown))
            report.causes += (own?.causes ?? [listener.unreadCause]).filter { !report.causes.contains($0) }
        }
        if listeners.contains(where: { $0.executable == nil }) {
            report.risks.append(
                RelayRisk(
                    kind: "port-25",
                    why:
                        "which programs have the mail ports can be seen only by root: this is what the MTA would do"
                ))
        }
        let all = [verdict] + verdicts
        let worst = [RelayVerdict.open, .partial, .unknown].first(where: all.contains)
        report.verdict = worst ?? verdict
        return report
    }

    /// What it says of those who come through a proxy.
    private func through(
        _ proxy: Listener, to target: String
    ) -> (verdict: RelayVerdict, causes: [RelayCause]) {
        let named = causes.map { cause in
            var cause = cause
            (cause.listener, cause.address) = (proxy.port, proxy.address.description)
            cause.opens += ", through \(proxy.programName), which hands connections on to \(target)"
            return cause
        }
        return (verdict, named)
    }

    /// What it says of one listener; of a port that the configuration does not have, nothing is known.
    private func onPort(
        of listener: Listener, below directory: String
    ) -> (verdict: RelayVerdict, causes: [RelayCause]) {
        let same = listeners.filter { $0.port == listener.port || $0.port == 0 }
        let exact = same.filter { IPAddress($0.address) == listener.address }
        let verdicts = (exact.isEmpty ? same : exact).map(\.verdict)
        let worst = [RelayVerdict.open, .partial, .unknown, .broken, .closed].first(where: verdicts.contains)
        let own = causes.filter { $0.listener == listener.port || $0.listener == 0 }.map { cause in
            var cause = cause
            if !cause.file.hasPrefix("/") { cause.file = "\(directory)/\(cause.file)" }
            return cause
        }
        return worst.map { ($0, own) } ?? (.unknown, [listener.unreadCause])
    }
}

extension Listener {
    /// Dovecot's submission service relays for nobody without a login.
    package var takesLoginsOnly: Bool { executable?.hasSuffix("/dovecot") == true }

    /// For a sentence: `port 25 on [::]`.
    package var place: String {
        "port \(port) on " + (address.width == 128 ? "[\(address)]" : address.description)
    }

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
                origin?.isFilter == true
                    ? "whom its own rules let relay, if what answers behind it (\($0)) trusts its address"
                    : "whoever reaches it, if what answers at \($0) trusts the address that it comes from"
            }
                ?? "whom its own rules let relay, which are not read here",
            listener: port, address: address.description,
            remedy: target == nil
                ? "`agent plan` tells what it is, and what stops it"
                : "have it pass on the client's address (PROXY protocol), or trust no address behind it")
    }
}
