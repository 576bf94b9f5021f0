import MailModel

struct Workshop {
    let original: QmailConfiguration
    let trusted: [IPNetwork]
    private(set) var current: QmailConfiguration
    private var touches: [String: [String]] = [:]
    private var notes: [String] = []
    /// The files that this round mends: their lines keep their numbers until the round ends.
    private var open: [String: Lines] = [:]
    /// The compiled rules to be made anew of their sources at the end of the round.
    var outdatedRules: Set<String> = []
    /// The supervised services whose processes have what their scripts do not give them any more.
    var stale: Set<String> = []
    var restartsSuperserver = false
    var restartedUnits: Set<String> = []
    var reloadsUnits = false

    init(_ configuration: QmailConfiguration, trusted: [IPNetwork]) {
        original = configuration
        current = configuration
        self.trusted = trusted
    }

    mutating func work() {
        // What one round closes may have hidden more.
        for _ in 0..<8 {
            let explanation = Explanation(current, trusted: trusted)
            let before = current
            for (service, openings) in zip(explanation.services, explanation.openings) {
                for opening in openings { mend(opening, of: service, explanation) }
            }
            restoreGatekeepers(explanation.services)
            finishRound()
            guard current != before else { return }
        }
    }

    var result: QmailRepair {
        let edits = current.files.keys.sorted().compactMap { path -> FileEdit? in
            guard let after = current.files[path]?.bytes, original.files[path]?.bytes != after else {
                return nil
            }
            let place: String
            if case .content(let content)? = original.files[path] {
                place = content.path
            } else {
                place = path
            }
            return FileEdit(
                path: place, before: original.files[path]?.bytes, after: after, touches: touches[path] ?? [])
        }
        let paths = touches.keys
        return QmailRepair(
            repair: RelayRepair(
                edits: edits, notes: notes, after: Explanation(current, trusted: trusted).report),
            reloadsSuperserver: paths.contains { current.isXinetd($0) || $0 == "/etc/inetd.conf" },
            restartsSuperserver: restartsSuperserver,
            restartedServices: Set(paths.compactMap(Self.supervisedDirectory)).union(stale).sorted(),
            restartsQmail: paths.contains { $0.hasSuffix("/control/percenthack") },
            restartedUnits: restartedUnits.sorted(), reloadsUnits: reloadsUnits)
    }

    /// `/service/NAME` of its `run` or of a file in its `env`.
    private static func supervisedDirectory(_ path: String) -> String? {
        if path.hasSuffix("/run") { return String(path.dropLast(4)) }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.dropLast().last == "env" else { return nil }
        return parts.dropLast(2).joined(separator: "/")
    }

    private mutating func mend(_ opening: Opening, of service: MailService, _ explanation: Explanation) {
        switch opening.mechanism {
        case .recipientHostsMissing: makeRecipientHosts(explanation)
        case .recipientHost(let entry): remove(entry, explanation)
        case .percentHack(let domain, let line):
            guard let line else { return }
            edit(explanation.control.path("percenthack"), touching: domain) { $0.remove(line: line) }
        case .relayClient(let setting, let client):
            if !restart(whatGives: setting, to: service) {
                remove(setting, client: client, opens: opening.opens)
            }
        case .login(let argument): mendLogin(argument: argument, of: service)
        case .queueProtocol: disable(service)
        case .whiteList, .popLock, .catchAll, .fault: return
        }
    }

    // MARK: - Control files

    private mutating func makeRecipientHosts(_ explanation: Explanation) {
        let path = explanation.control.path("rcpthosts")
        let domains = explanation.routing.hosted
        guard !domains.isEmpty, current.files[path] == nil else { return }
        write(Array(domains.map { $0 + "\n" }.joined().utf8), to: path, touching: "rcpthosts")
        note(
            "control/rcpthosts is made of the \(domains.count) domains whose mail stays here; add any that this "
                + "host is a backup MX of")
    }

    private mutating func remove(_ entry: RecipientHosts.Entry, _ explanation: Explanation) {
        note(
            "No longer accepted from strangers: mail for \(entry.text). If this host is a backup MX of it, put it "
                + "back into rcpthosts")
        if entry.file == "rcpthosts", let line = entry.line {
            edit(explanation.control.path("rcpthosts"), touching: entry.text) { $0.remove(line: line) }
            return
        }
        let source = explanation.control.path("morercpthosts")
        if let line = entry.line {
            edit(source, touching: entry.text) { $0.remove(line: line) }
        }
        let compiled = explanation.control.path("morercpthosts.cdb")
        guard let bytes = current.files[compiled]?.bytes,
            let records = try? ConstantDatabase.records(bytes)
        else { return }
        let kept = records.filter { $0.key.text != entry.text }
        write(ConstantDatabase.bytes(kept), to: compiled, touching: "compiled morercpthosts")
    }

    // MARK: - Chains

    private mutating func mendLogin(argument: Int, of service: MailService) {
        guard let chain = service.chain, current.isXinetd(service.place.file) else {
            note(
                "\(service.place.file): name a program that checks passwords; start scripts are not rewritten"
            )
            return
        }
        let word = chain.arguments[argument]
        guard original.disguised[word.text] == nil else {
            note(
                "\(word.text) is \(original.disguised[word.text] ?? "") in truth: put the program that it should be back"
            )
            return
        }
        guard chain.isPlesk, case .everyPassword = chain.login([:]) else {
            edit(service.place.file, touching: "checkpassword") { $0.remove(words: chain.arguments) }
            note("Logins are no longer offered on port \(service.port): nothing checked their passwords")
            return
        }
        // Plesk names two checkers, each with the program that it starts: one for passwords, one for CRAM-MD5.
        let checker = "\(original.directory)/bin/" + (argument == 0 ? "smtp_auth" : "cmd5checkpw")
        let before = chain.words.count - chain.arguments.count + argument
        let occurrence = chain.words.prefix(before).count { $0 == word }
        edit(service.place.file, touching: "checkpassword") {
            $0.replace(word, with: checker, occurrence: occurrence)
        }
    }

    private mutating func disable(_ service: MailService) {
        guard current.isXinetd(service.place.file) else {
            note(
                "\(service.name): switch qmail-qmqpd off, or admit only the hosts that use it; start scripts are "
                    + "not rewritten")
            return
        }
        edit(service.place.file, touching: "disable") { $0.disable(entryAt: service.place.line ?? 1) }
    }

    /// Plesk's chain without Plesk's gatekeeper follows none of Plesk's settings.
    private mutating func restoreGatekeepers(_ services: [MailService]) {
        for service in services {
            guard let chain = service.chain, chain.isPlesk, !chain.hasRelayLock, chain.server == .smtp,
                current.isXinetd(service.place.file)
            else { continue }
            let gatekeeper = "\(original.directory)/bin/relaylock"
            edit(service.place.file, touching: "relaylock") {
                $0.insert(gatekeeper, before: chain.serverWord)
            }
        }
    }

    // MARK: - Bytes

    mutating func edit(_ path: String, touching what: String, _ change: (inout Lines) -> Void) {
        guard let bytes = current.files[path]?.bytes else { return }
        var lines = open[path] ?? Lines(bytes)
        let before = lines.bytes
        change(&lines)
        open[path] = lines
        if lines.bytes != before { touch(path, what) }
    }

    private mutating func finishRound() {
        for (path, lines) in open { replace(path, with: lines.bytes) }
        open = [:]
        for path in outdatedRules.sorted() {
            guard let source = current.files[QmailConfiguration.source(of: path)]?.bytes,
                let made = TCPRules.compiled(source: source)
            else { continue }
            write(made, to: path, touching: "compiled rules")
        }
        outdatedRules = []
        // What is started again has what its files say.
        let restarted = Set(touches.keys.compactMap(Self.supervisedDirectory)).union(stale)
        if restartsSuperserver { current.starters.removeAll(where: \.isSuperserver) }
        let renewed = current.starters.filter { $0.unit.map(restartedUnits.contains) ?? false }.map(\.name)
        current.starters.removeAll { renewed.contains($0.name) }
        current.running.removeAll { $0.supervised.map(renewed.contains) ?? false }
        current.running.removeAll { $0.supervised.map(restarted.contains) ?? false }
    }

    mutating func write(_ bytes: [UInt8], to path: String, touching what: String) {
        guard current.files[path]?.bytes != bytes else { return }
        replace(path, with: bytes)
        touch(path, what)
    }

    private mutating func replace(_ path: String, with bytes: [UInt8]) {
        let place: String
        if case .content(let content)? = current.files[path] { place = content.path } else { place = path }
        current.files[path] = .content(FileContent(path: place, bytes: bytes))
    }

    private mutating func touch(_ path: String, _ what: String) {
        if touches[path]?.contains(what) != true { touches[path, default: []].append(what) }
    }

    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }
}
