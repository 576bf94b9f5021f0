import MailModel

extension Explanation {
    /// What does not relay but weakens the host, or could not be judged.
    var risks: [RelayRisk] {
        assumption + unlimited + idle + switchedOff + uncompiled + patched + gatekeepers + forwards
    }

    /// What starts nothing at this moment is not judged, and may be switched on again.
    private var idle: [RelayRisk] {
        configuration.idleServices.map { service in
            RelayRisk(
                kind: "service", file: service.place.file, line: service.place.line, text: service.place.text,
                why: "nothing runs it, so it is not judged: it would serve port \(service.port)")
        }
    }

    /// Where every recipient is accepted, something else may keep strangers from relaying: nobody serves, or all mail
    /// stays here.
    private var unlimited: [RelayRisk] {
        guard recipients.state == .unlimited,
            !openings.joined().contains(where: { $0.mechanism == .recipientHostsMissing })
        else { return [] }
        return [
            RelayRisk(
                kind: "rcpthosts", parameter: "rcpthosts", file: "rcpthosts",
                text: "control/rcpthosts is not there, so every recipient is accepted",
                why: "no stranger's mail leaves only because "
                    + (services.isEmpty
                        || isAssumed && configuration.switchedOff.contains { $0.name == "smtp_psa" }
                        ? "nobody serves port 25" : "a catch-all of virtualdomains keeps all of it here")
                    + ": write the domains whose mail this host takes into it, one a line")
        ]
    }

    private var switchedOff: [RelayRisk] {
        configuration.switchedOff.map { name, place, _ in
            RelayRisk(
                kind: "switched-off", parameter: name, file: place.file, line: place.line, text: place.text,
                why: "this keeps \(name) off, so xinetd does not serve its port")
        }
    }

    private var assumption: [RelayRisk] {
        guard isAssumed else { return [] }
        return [
            RelayRisk(
                kind: "service",
                why:
                    "nothing was found that starts qmail-smtpd, so its environment is not known: judged as if "
                    + "tcpserver started it on port 25 with \(QmailConfiguration.usualRules)")
        ]
    }

    private var uncompiled: [RelayRisk] {
        let domains = recipients.uncompiled
        var risks: [RelayRisk] = []
        if let first = recipients.assumed.first {
            risks.append(
                RelayRisk(
                    kind: "morercpthosts", parameter: "morercpthosts", file: "morercpthosts",
                    line: first.line, text: first.text,
                    why:
                        "morercpthosts.cdb, which alone counts, is not in the copy: taken for made of this file"
                ))
        }
        if let first = domains.first {
            risks.append(
                RelayRisk(
                    kind: "morercpthosts", parameter: "morercpthosts", file: "morercpthosts",
                    line: first.line,
                    text: first.text,
                    why: "\(domains.count) of its domains are not in morercpthosts.cdb, which alone counts, "
                        + "until qmail-newmrh is run"))
        }
        let rules = Set(services.map { $0.chain?.rulesPath ?? QmailConfiguration.usualRules })
        return risks
            + rules.sorted().filter(configuration.isOutdated).map { path in
                RelayRisk(
                    kind: "rules", file: QmailConfiguration.source(of: path),
                    why: "it says something else than \(path), which alone counts, until tcprules is run")
            }
    }

    /// Files that qmail itself does not read, and that open a relay where a patch does (spamcontrol, mdw's).
    private var patched: [RelayRisk] {
        ["relaymailfrom", "relayhosts"].compactMap { name in
            control.entries(name)?.first.map { entry in
                RelayRisk(
                    kind: name, parameter: name, file: name, line: entry.line, text: entry.text,
                    why: "a patched qmail-smtpd relays for whom it names, who can be made up; qmail's own "
                        + "does not read it, and which one this is cannot be seen")
            }
        }
    }

    private var gatekeepers: [RelayRisk] {
        services.flatMap { service -> [RelayRisk] in
            guard let chain = service.chain else { return [] }
            var risks: [RelayRisk] = []
            if chain.isPlesk, !chain.hasRelayLock, chain.server == .smtp {
                risks.append(
                    RelayRisk(
                        kind: "relaylock", parameter: "relaylock", file: service.place.file,
                        line: service.place.line, text: service.place.text,
                        why:
                            "relaylock is not in the chain, so Plesk's relaying mode, white list and POP locks "
                            + "do not count on port \(service.port)"))
            }
            if chain.hasRelayLock, configuration.whiteList == nil {
                risks.append(
                    RelayRisk(
                        kind: "white-list", parameter: "relaylock", file: service.place.file,
                        line: service.place.line,
                        why: "relaylock also lets Plesk's white list relay, which was not seen"))
            }
            return risks
        }
    }

    private func leaves(_ instruction: DotQmail.Instruction) -> Bool {
        let address =
            instruction.text.hasPrefix("&") ? String(instruction.text.dropFirst()) : instruction.text
        guard instruction.kind == .forward, case .remote(let domain) = routing.destination(of: address) else {
            return false
        }
        return !routing.isOwn(domain)
    }

    /// A catch-all that sends all mail for made-up addresses somewhere else.
    private var forwards: [RelayRisk] {
        dotQmailDefaults.flatMap { path, file in
            file.instructions.filter { $0.kind == .program ? $0.sendsMail && !$0.usesRecipient : leaves($0) }
                .map {
                    RelayRisk(
                        kind: "catch-all", file: path, line: $0.line, text: $0.text,
                        why: "mail for every address that does not exist, spam first of all, is sent on")
                }
        }
    }
}
