package import MailModel

/// Says from Qmail's configuration alone which strangers can relay, and which line lets them.
///
/// What qmail-smtpd accepts is not yet what leaves: `user%domain@host`, `host!user` and `user@domain@host` are
/// taken for local and bounce later, so a recipient relays only when qmail-send would also route it away.
/// - Parameters:
///   - configuration: the files as they were read.
///   - trusted: networks whose clients are not strangers; the host itself never is one.
package func explainRelay(_ configuration: QmailConfiguration, trusted: [IPNetwork]) -> RelayReport {
    Explanation(configuration, trusted: trusted).report
}

/// One thing that opens the relay, with the configuration's own parts, so that an edit can find it.
struct Opening: Hashable, Sendable {
    enum Mechanism: Hashable, Sendable {
        case recipientHostsMissing
        case recipientHost(RecipientHosts.Entry)
        case percentHack(domain: String, line: Int?)
        case relayClient(MailService.Setting, client: RuleClient?)
        /// The place among the arguments of the server.
        case login(Int)
        case queueProtocol
        case catchAll
        case whiteList(WhiteListEntry)
        case popLock
        /// Nothing is opened: the service is broken, or something could not be seen.
        case fault
    }

    var mechanism: Mechanism
    var verdict: RelayVerdict
    var kind: String
    var place: MailService.Place
    var opens: String
    var remedy: String
}

struct Explanation: Sendable {
    let configuration: QmailConfiguration
    let control: Control
    let routing: Routing
    let recipients: RecipientHosts
    let services: [MailService]
    let isAssumed: Bool
    let population: Population
    /// By service, in their order.
    private(set) var openings: [[Opening]] = []

    init(_ configuration: QmailConfiguration, trusted: [IPNetwork]) {
        self.configuration = configuration
        control = Control(configuration: configuration)
        routing = Routing(control)
        recipients = RecipientHosts(control)
        (services, isAssumed) = configuration.services()
        population = Population(trusted: trusted)
        openings = services.map(openings)
    }

    /// One service alone, as some clients meet it.
    init(_ configuration: QmailConfiguration, judging service: MailService, from population: Population) {
        self.configuration = configuration
        control = Control(configuration: configuration)
        routing = Routing(control)
        recipients = RecipientHosts(control)
        (services, isAssumed) = ([service], false)
        self.population = population
        openings = services.map(openings)
    }

    var verdict: RelayVerdict { Self.worst(openings.map(Self.verdict)) }

    private static func verdict(_ openings: [Opening]) -> RelayVerdict { worst(openings.map(\.verdict)) }

    private static func worst(_ verdicts: [RelayVerdict]) -> RelayVerdict {
        [.open, .partial, .unknown, .broken].first(where: verdicts.contains) ?? .closed
    }

    var report: RelayReport {
        let listeners = zip(services, openings).map { service, openings in
            ListenerVerdict(
                address: service.address, port: service.port, service: service.name,
                verdict: Self.verdict(openings))
        }
        let causes = zip(services, openings).flatMap { service, openings in
            openings.map { opening in
                RelayCause(
                    kind: opening.kind, parameter: parameter(of: opening), file: opening.place.file,
                    line: opening.place.line, text: opening.place.text, culprit: opening.place.culprit,
                    opens: opening.opens, listener: service.port, remedy: opening.remedy)
            }
        }
        return RelayReport(mta: .qmail, verdict: verdict, listeners: listeners, causes: causes, risks: risks)
    }

    private func parameter(of opening: Opening) -> String {
        switch opening.mechanism {
        case .recipientHostsMissing: "rcpthosts"
        case .recipientHost(let entry): entry.file
        case .percentHack: "percenthack"
        case .relayClient: "RELAYCLIENT"
        case .login: "checkpassword"
        case .queueProtocol: "qmail-qmqpd"
        case .catchAll: ".qmail"
        case .whiteList, .popLock: "relaylock"
        case .fault: opening.kind
        }
    }

    private func openings(_ service: MailService) -> [Opening] {
        guard let everybody = population.clients(of: service) else {
            return refusesEveryone(service).map { [$0] } ?? []
        }
        if let fault = fault(of: service) { return [fault] }
        let doubts = doubts(about: service)
        guard service.chain != nil || doubts.isEmpty else { return doubts }
        if service.server == .qmqp { return [queueProtocol(service, everybody)] }
        return relayClients(service) + unlisted(service, everybody) + logins(service, everybody)
            + whiteList(service) + popLocks(service) + doubts
    }

    /// Why no client is let in on port 25, not even the host itself, so that no mail arrives.
    private func refusesEveryone(_ service: MailService) -> Opening? {
        guard service.port == 25, service.server == .smtp, IPAddress(service.address)?.isLoopback != true
        else {
            return nil
        }
        if service.onlyFrom?.isEmpty == true {
            return fault(
                "only_from", .broken, file: service.place.file,
                "only_from names nobody, so xinetd serves nobody and no mail arrives",
                remedy: "take the empty only_from out, and reload xinetd")
        }
        guard service.clients.allSatisfy(\.isDenied),
            service.clients.contains(where: { $0.client.kind == .everybody })
        else { return nil }
        return fault(
            "rules", .broken, file: service.chain?.rulesPath ?? service.place.file,
            "every client is denied, so no mail arrives",
            remedy: "let everybody in, without RELAYCLIENT")
    }

    /// What may give the server RELAYCLIENT, or be another server, and is not known here.
    private func doubts(about service: MailService) -> [Opening] {
        let disguised = (service.chain?.words ?? []).filter {
            $0.text.baseName == "relaylock" && configuration.disguised[$0.text] != nil
        }
        let wrappers = ((service.chain?.unknownWrappers ?? []) + disguised).map { word in
            var opening = fault(
                "wrapper", .unknown, file: service.place.file,
                "what \(configuration.disguised[word.text].map { "\(word.text), \($0) in truth," } ?? word.text) adds to the environment is not known here",
                remedy: "see whether it sets RELAYCLIENT, or take it out of the chain")
            opening.place.line = word.line
            return opening
        }
        let scripts = service.doubt.map { doubt in
            fault(
                "script", .unknown, file: service.place.file, doubt,
                remedy: "see whether it sets RELAYCLIENT; on the host itself, what runs is looked at")
        }
        var rules: [Opening] = []
        if let path = service.chain?.rulesPath, !configuration.isKnown(rules: path) {
            rules = [
                fault(
                    "rules", .unknown, file: service.place.file,
                    "the rules of tcpserver, \(path), are not "
                        + (configuration.isCopy ? "in the copy" : "known: their name is made when it starts"),
                    remedy: "see whether a rule sets RELAYCLIENT")
            ]
        }
        if let instructions = service.chain?.instructions {
            rules = [
                fault(
                    "rules", .unknown, file: service.place.file,
                    "the instructions of tcpsvd, \(instructions.text), are not read here",
                    remedy: "see whether one sets RELAYCLIENT (ipsvd-instruct(5))")
            ]
        }
        return (wrappers + (scripts.map { [$0] } ?? []) + rules).map { opening in
            var opening = opening
            opening.opens = "whom it gives RELAYCLIENT, if to any"
            return opening
        }
    }

    /// Why the service answers nobody, or cannot be judged.
    private func fault(of service: MailService) -> Opening? {
        if configuration.isXinetd(service.place.file),
            let bytes = configuration.files[service.place.file]?.bytes,
            Lines(bytes).lines.contains(where: {
                $0.suffix(2) == [0x0d, 0x0a] && $0.first { !$0.isBlank } != UInt8(ascii: "#")
            })
        {
            // Measured with xinetd 2.3.15.4: "Error parsing attribute … DISABLING SERVICE".
            return fault(
                "xinetd", .broken, file: service.place.file,
                "xinetd does not read lines that end in a carriage return, and serves nobody here",
                remedy: "take the carriage returns out of the file, and reload xinetd")
        }
        if let path = service.chain?.rulesPath, configuration.isCopy, configuration.files[path]?.bytes == nil,
            let source = configuration.files[QmailConfiguration.source(of: path)]?.bytes,
            let line = TCPRules(source: source).unreadableLine
        {
            return fault(
                "rules", .unknown, file: QmailConfiguration.source(of: path),
                "tcprules does not understand line \(line), so what counts are compiled rules that are not in the copy",
                remedy: "correct the line, or add the compiled rules to the copy")
        }
        if let path = service.chain?.rulesPath, path.hasSuffix(".cdb"), !configuration.isCopy {
            switch configuration.files[path] {
            case nil where !(service.chain?.words.contains { $0.text == "-X" } ?? false):
                return fault(
                    "rules", .broken, file: path, "\(path) is not there, so tcpserver drops every client",
                    remedy: "make it: tcprules \(path) \(path).tmp < \(QmailConfiguration.source(of: path))")
            case .content(let content):
                if (try? TCPRules(compiled: content.bytes)) != nil { break }
                return fault(
                    "rules", .unknown, file: path, "\(path) is damaged",
                    remedy:
                        "make it anew: tcprules \(path) \(path).tmp < \(QmailConfiguration.source(of: path))")
            case .unreadable(let reason):
                return fault("rules", .unknown, file: path, reason, remedy: "run as root")
            default: break
            }
        }
        guard service.server != .qmqp else { return nil }
        if service.server == .smtp, control.line("me") == nil, control.line("smtpgreeting") == nil {
            return fault(
                "me", .broken, file: "me", "without control/me qmail-smtpd says 421 to every client",
                remedy: "write the host's name into control/me")
        }
        switch recipients.state {
        case .refusesEveryone(let reason):
            return fault(
                "rcpthosts", .broken, file: "rcpthosts", "\(reason): qmail-smtpd says 421 to every client",
                remedy: "put a file with the hosted domains in its place")
        case .unknown(let reason):
            return fault("rcpthosts", .unknown, file: "rcpthosts", reason, remedy: "run as root")
        case .listed, .unlimited: return nil
        }
    }

    private func fault(
        _ kind: String, _ verdict: RelayVerdict, file: String, _ text: String, remedy: String
    ) -> Opening {
        Opening(
            mechanism: .fault, verdict: verdict, kind: kind,
            place: .init(file: file, line: nil, text: text, culprit: nil), opens: "nobody", remedy: remedy)
    }
}
