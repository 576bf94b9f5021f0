import MailModel

extension Explanation {
    /// A domain that nobody hosts and no list can name.
    private static let foreign = "third-party.invalid"

    func queueProtocol(_ service: MailService, _ everybody: String) -> Opening {
        Opening(
            mechanism: .queueProtocol, verdict: everybody == "every client" ? .open : .partial, kind: "qmqp",
            place: service.place,
            opens: "\(everybody), over QMQP: qmail-qmqpd takes any message to anywhere from whoever connects",
            remedy: "switch the service off, or admit only the hosts that hand their queue over")
    }

    // MARK: - RELAYCLIENT

    /// With RELAYCLIENT in its environment, even empty, qmail-smtpd accepts every recipient.
    func relayClients(_ service: MailService) -> [Opening] {
        if let chain = service.chain, configuration.takesRelayClientAway(chain) { return [] }
        var openings: [Opening] = []
        if let setting = service.environment.last(where: { $0.name == "RELAYCLIENT" }),
            let clients = population.clients(of: service)
        {
            openings.append(contentsOf: relaying(setting, rule: nil, clients: clients))
        }
        for group in service.clients where !group.isDenied {
            guard let setting = group.environment.last(where: { $0.name == "RELAYCLIENT" }),
                let clients = population.strangers(group.client, of: service)
            else { continue }
            openings += relaying(setting, rule: group.client, clients: clients)
        }
        return openings
    }

    private func relaying(
        _ setting: MailService.Setting, rule: RuleClient?, clients: String
    ) -> [Opening] {
        let verdict: RelayVerdict
        // The value is appended to each recipient, which may keep it on the host.
        switch routing.destination(of: "user@\(Self.foreign)\(setting.value)") {
        case .local: return []
        case .virtual(let user):
            guard let program = forwarder(user: user, extension: "user@\(Self.foreign)") else { return [] }
            verdict = program.decides ? .unknown : (clients == "every client" ? .open : .partial)
        case .remote: verdict = clients == "every client" ? .open : .partial
        }
        let isWrapper = setting.place.file == "/etc/hosts.allow"
        let named =
            setting.isInherited
            ? "take RELAYCLIENT out of the environment of what starts the service, and restart that"
            : rule == nil
                ? "take RELAYCLIENT out of the environment of the service"
                : "take RELAYCLIENT out of the rule"
                    + (isWrapper ? "" : ", and make the compiled rules anew with tcprules")
        return [
            Opening(
                mechanism: .relayClient(setting, client: rule), verdict: verdict, kind: "relayclient",
                place: setting.place, opens: clients, remedy: named)
        ]
    }

    /// The program that a virtual user's `.qmail` hands mail to; mail that no such file takes bounces.
    private func forwarder(user: String, extension name: String) -> (decides: Bool, path: String)? {
        guard user.hasPrefix("alias-") else { return nil }
        let base = "\(configuration.directory)/alias/.qmail-\(user.dropFirst(6))"
        for path in ["\(base)-default", base] {
            guard let bytes = configuration.files[path]?.bytes else { continue }
            let programs = DotQmail(bytes).instructions.filter { $0.kind == .program }
            guard !programs.isEmpty else { return nil }
            return (!programs.contains(where: \.sendsMail), path)
        }
        return nil
    }

    // MARK: - Recipients

    /// What everybody may send to, whoever it is: the lists of recipient domains, and what qmail-send makes
    /// of the addresses that they let in.
    func unlisted(_ service: MailService, _ everybody: String) -> [Opening] {
        if recipients.state == .unlimited {
            var missing = Opening(
                mechanism: .recipientHostsMissing,
                verdict: everybody == "every client" ? .open : .partial, kind: "rcpthosts",
                place: .init(
                    file: "rcpthosts", line: nil,
                    text: "control/rcpthosts is not there, so every recipient is accepted", culprit: nil),
                opens: everybody, remedy: "write the domains whose mail this host takes into it, one a line")
            if case .remote = routing.destination(of: "user@\(Self.foreign)") { return [missing] }
            let exceptions = routing.exceptions
            missing.verdict = .partial
            missing.opens =
                "\(everybody), to \(exceptions.joined(separator: ", ")), which virtualdomains sends away from its "
                + "catch-all"
            return (exceptions.isEmpty ? [] : [missing]) + percentHack(everybody) + catchAll(everybody)
        }
        return listedStrangers(everybody) + percentHack(everybody) + catchAll(everybody)
    }

    /// Entries that let in domains whose mail leaves this host again.
    private func listedStrangers(_ everybody: String) -> [Opening] {
        recipients.entries.compactMap { entry in
            let key = entry.text.folded
            let sample = key == "." ? "\(Self.foreign)." : key.hasPrefix(".") ? "x" + key : key
            // An entry with blanks or a return in it is looked up by no client's domain.
            // No host has a star for its name, which is no pattern here.
            guard !key.contains(where: { $0.isWhitespace || $0 == "*" }),
                recipients.entry(for: sample) != nil,
                case .remote(let domain) = routing.destination(of: "user@\(sample)"),
                !routing.isOwn(domain)
            else { return nil }
            let whom =
                key == "."
                ? "to any domain with a dot behind it"
                : key.hasPrefix(".") ? "to every domain below \(key.dropFirst())" : "to \(key)"
            return Opening(
                mechanism: .recipientHost(entry), verdict: .partial,
                kind: entry.file == "rcpthosts" ? "rcpthosts" : "morercpthosts", place: place(of: entry),
                opens: "\(everybody), \(whom), whose mail is not delivered here",
                remedy: "take the entry out, unless this host is meant to be a backup MX of the domain")
        }
    }

    private func place(of entry: RecipientHosts.Entry) -> MailService.Place {
        .init(file: entry.file, line: entry.line, text: entry.text, culprit: entry.text)
    }

    /// `user%domain@host` is sent on to `user@domain` for each host in percenthack, once it has been accepted.
    private func percentHack(_ everybody: String) -> [Opening] {
        routing.percentHackDomains.compactMap { domain in
            let isUnlimited = recipients.state == .unlimited
            let isAccepted = isUnlimited || recipients.entry(for: domain) != nil
            let isDefault = domain == routing.defaultDomain
            let isLiteral = domain == routing.literalDomain && recipients.entry(for: domain) != nil
            guard isAccepted || isDefault || isLiteral,
                case .remote = routing.destination(of: "user%\(Self.foreign)@\(domain)")
            else { return nil }
            let line = control.entries("percenthack")?.first { $0.text.folded == domain }
            let form = isAccepted ? "user%domain@\(domain)" : "user%domain"
            return Opening(
                mechanism: .percentHack(domain: domain, line: line?.line),
                verdict: everybody == "every client" ? .open : .partial, kind: "percenthack",
                place: .init(
                    file: "percenthack", line: line?.line, text: line?.text ?? domain, culprit: line?.text),
                opens: "\(everybody), by addresses of the form \(form)",
                remedy: "take \(domain) out of percenthack, and restart qmail-send")
        }
    }

    /// A `.qmail-default` whose program makes another address of the recipient's.
    private func catchAll(_ everybody: String) -> [Opening] {
        dotQmailDefaults.flatMap { path, file in
            file.instructions.filter { $0.kind == .program && $0.sendsMail && $0.usesRecipient }.map {
                Opening(
                    mechanism: .catchAll, verdict: .partial, kind: "catch-all",
                    place: .init(file: path, line: $0.line, text: $0.text, culprit: nil),
                    opens: "\(everybody), to the address that this program makes of the recipient's",
                    remedy: "forward to a fixed address, or check the recipient in the program")
            }
        }
    }

    var dotQmailDefaults: [(path: String, file: DotQmail)] {
        // A prefix of its own is asked only by those who know of it, unless a whole domain is led to it.
        let ofDomains = routing.aliasPrefixes.map { "\(configuration.directory)/alias/.qmail-\($0)-default" }
        return configuration.files.compactMap { path, file in
            guard path.baseName == ".qmail-default" || ofDomains.contains(path), let bytes = file.bytes else {
                return nil
            }
            return (path, DotQmail(bytes))
        }
        .sorted { $0.path < $1.path }
    }

    // MARK: - Logins

    func logins(_ service: MailService, _ everybody: String) -> [Opening] {
        let opens = "\(everybody) that logs in, with any name and any password"
        guard let chain = service.chain else { return [] }
        let argument: Int
        var detail = ""
        var remedy = "put a program that checks passwords in its place"
        switch chain.login(configuration.disguised) {
        case .none, .checked: return []
        case .everyPassword(let place):
            argument = place
            let program = chain.arguments[place].text
            detail = configuration.disguised[program].map { ": \(program) is \($0) in truth" } ?? ""
        case .hostNameMissing(let place):
            argument = place
            detail =
                ": up to release 0.31 the SMTP AUTH patch takes the first argument for the host's name, and "
                + "lets \(chain.arguments[place].text) check the passwords"
            remedy = "name the host in front of the program that checks passwords"
        }
        return [
            Opening(
                mechanism: .login(argument), verdict: everybody == "every client" ? .open : .partial,
                kind: "checkpassword", place: place(of: chain.arguments[argument], in: service),
                opens: opens + detail, remedy: remedy)
        ]
    }

    private func place(of word: Word, in service: MailService) -> MailService.Place {
        let lines = configuration.files[service.place.file]?.bytes.map(Lines.init)
        return .init(
            file: service.place.file, line: word.line, text: lines?.text(word.line) ?? service.place.text,
            culprit: word.text)
    }

    // MARK: - relaylock

    /// Plesk's gatekeeper sets RELAYCLIENT for whom Plesk's white list has.
    func whiteList(_ service: MailService) -> [Opening] {
        admitted(by: configuration.whiteList ?? [], service) { entry in
            Opening(
                mechanism: .whiteList(entry), verdict: .open, kind: "white-list",
                place: .init(file: "Plesk white list", line: nil, text: entry.text, culprit: entry.text),
                opens: "", remedy: "take \(entry.text) out of Plesk's white list")
        }
    }

    /// The same for whom a POP lock covers. Plesk locks the one address that logged in: a network comes from elsewhere.
    func popLocks(_ service: MailService) -> [Opening] {
        admitted(by: configuration.popLocks, service) { entry in
            Opening(
                mechanism: .popLock, verdict: .open, kind: "pop-lock",
                place: .init(
                    file: "Plesk database, smtp_poplocks", line: nil, text: "POP lock for \(entry.text)",
                    culprit: entry.text),
                opens: "", remedy: "switch POP before SMTP off, or take the lock out of smtp_poplocks")
        }
    }

    private func admitted(
        by entries: [WhiteListEntry], _ service: MailService, _ opening: (WhiteListEntry) -> Opening
    ) -> [Opening] {
        guard service.chain?.hasRelayLock == true else { return [] }
        return entries.compactMap { entry in
            guard let clients = population.strangers(RuleClient(network: entry.network), of: service) else {
                return nil
            }
            var opening = opening(entry)
            opening.opens = clients
            opening.verdict = clients == "every client" ? .open : .partial
            return opening
        }
    }
}
