import MailModel

extension QmailConfiguration {
    /// Every enabled service of xinetd, inetd and the supervised start scripts that runs a server of Qmail; a
    /// plain qmail-smtpd on port 25 where there is none, so that the control files are judged.
    func services() -> (found: [MailService], isAssumed: Bool) {
        let running = runningServices()
        let configured =
            xinetdServices() + unreadInclusions() + inetdServices() + socketServices()
            + supervisedServices().map { $0.running(as: running) }
        let ports = Set(configured.map(\.port))
        let found = configured + running.filter { !ports.contains($0.port) }
        // What Plesk starts is known where it is switched off.
        guard found.isEmpty, !switchedOff.contains(where: { $0.name == "smtp_psa" }) else {
            return (found.sorted { ($0.port, $0.name) < ($1.port, $1.name) }, false)
        }
        let path = Self.usualRules
        return (
            [
                MailService(
                    name: "qmail-smtpd", server: .smtp, address: "0.0.0.0", port: 25, chain: nil,
                    place: .init(file: path, line: nil, text: "", culprit: nil), environment: [],
                    clients: clients(rules: path), onlyFrom: nil)
            ], true
        )
    }

    /// The port on which what a supervised directory starts serves mail; `nil` when it is no server of Qmail.
    package func port(ofSupervised directory: String) -> Int? {
        supervisedServices().first { $0.name == directory }?.port
    }

    /// Those that the services are on, as far as they are known.
    package var servedPorts: Set<Int> {
        let (found, isAssumed) = services()
        return isAssumed ? [] : Set(found.map(\.port))
    }

    /// The services whose files are ``QmailConfiguration/idle``.
    var idleServices: [MailService] {
        var awake = self
        awake.idle = []
        return (awake.inetdServices() + awake.supervisedServices()).filter { idle.contains($0.place.file) }
            .sorted { ($0.port, $0.name) < ($1.port, $1.name) }
    }

    /// In `/etc/xinetd.d`.
    package static let pleskEntries: Set<String> = ["smtp_psa", "smtps_psa", "submission_psa"]

    static let usualRules = "/etc/tcp.smtp.cdb"

    static func place(of directory: String, home: String) -> String {
        let relative = directory.hasPrefix("./") ? String(directory.dropFirst(2)) : directory
        return directory.hasPrefix("/") ? directory : "\(home)/\(relative)"
    }

    /// Where a script starts its server: in its own directory, unless it leaves that.
    static func home(of script: ServiceScript, at path: String) -> String {
        let own = String(path.dropLast("/run".utf8.count))
        return script.directory.map { place(of: $0, home: own) } ?? own
    }

    /// The directories of variables that the services name by their whole path.
    package var namedDirectories: Set<String> {
        let scripts = files.filter { $0.key.hasSuffix("/run") }.flatMap { path, file -> [String] in
            guard let script = file.bytes.map(ServiceScript.init) else { return [] }
            let home = Self.home(of: script, at: path)
            return script.environmentDirectories.map { Self.place(of: $0, home: home) }
        }
        let chains = services().found.flatMap { $0.chain?.environmentDirectories ?? [] }
        return Set((scripts + chains).filter { $0.hasPrefix("/") })
    }

    /// The programs that the services name by their whole path.
    package var namedPrograms: Set<String> {
        Set(services().found.flatMap { $0.chain?.words ?? [] }.map(\.text).filter { $0.hasPrefix("/") })
    }

    /// The files that the services name and whose content decides.
    package var namedFiles: Set<String> {
        let rules = services().found.compactMap { $0.chain?.rulesPath ?? Self.usualRules }
        return Set(rules + [Self.usualRules]).reduce(into: []) { paths, path in
            paths.insert(path)
            paths.insert(Self.source(of: path))
        }
    }

    static func source(of compiled: String) -> String {
        compiled.hasSuffix(".cdb") ? String(compiled.dropLast(4)) : compiled
    }

    // MARK: - xinetd

    private func xinetdServices() -> [MailService] {
        let parsed = xinetdTexts.map { (path: $0.path, bytes: $0.bytes, text: XinetdText($0.bytes)) }
        let defaults = parsed.flatMap(\.text.entries).first { $0.service == nil }
        return parsed.flatMap { file in
            file.text.entries.compactMap { entry in
                service(entry, in: file.path, lines: Lines(file.bytes), defaults: defaults)
            }
        }
    }

    func files(below directory: String) -> [(path: String, bytes: [UInt8])] {
        files.compactMap { path, file in
            guard path.hasPrefix(directory), let bytes = file.bytes else { return nil }
            return (path, bytes)
        }
        .sorted { $0.path < $1.path }
    }

    private var xinetdTexts: [(path: String, bytes: [UInt8])] {
        xinetdPaths.compactMap { path in (files[path]?.bytes).map { (path, $0) } }
    }

    private func service(
        _ entry: XinetdText.Entry, in path: String, lines: Lines, defaults: XinetdText.Entry?
    ) -> MailService? {
        guard let name = entry.service, let server = entry.value("server") ?? entry.value("redirect") else {
            return nil
        }
        guard Self.whatDisables(entry, defaults) == nil,
            let port = entry.value("port").flatMap({ Int($0.text) }) ?? MailService.port(named: name)
        else { return nil }
        guard let chain = ServerChain([server] + entry.values("server_args")) else {
            guard isCopy || Self.pleskEntries.contains(path.baseName) else { return nil }
            return foreignService(named: path.baseName, port: port, server, in: path, lines)
        }
        // Without a list of what is passed on, all is (xinetd.conf(5), passenv).
        let isPassedOn =
            entry.values("passenv", over: defaults)?.contains { $0.text == Self.variable } ?? true
        let environment =
            (isPassedOn ? inherited(from: "xinetd") : [])
            + (entry.values("env") + chain.settings).compactMap { word in
                setting(word.text, file: path, line: word.line, lines: lines)
            }
        let isIPv6 = entry.values("flags").contains { $0.text == "IPv6" }
        let serverLine = chain.serverWord.line
        // xinetd starts its servers with an environment of its own, whatever libwrap made of it; tcpd does not.
        let wrapped = chain.words.drop { $0.text.baseName != "tcpd" }.dropFirst().first
        let daemon = wrapped ?? entry.value("libwrap") ?? server
        let isWrapped =
            wrapped != nil || !entry.values("flags").contains { $0.text.uppercased() == "NOLIBWRAP" }
        return MailService(
            name: path.baseName, server: chain.server,
            address: (entry.value("bind") ?? entry.value("interface"))?.text ?? (isIPv6 ? "::" : "0.0.0.0"),
            port: port, chain: chain,
            place: .init(file: path, line: serverLine, text: lines.text(serverLine), culprit: nil),
            environment: environment + directorySettings(chain.environmentDirectories, home: "/"),
            clients: isWrapped
                ? wrapperClients(daemon: daemon.text.baseName, handsOn: wrapped != nil) : [],
            onlyFrom: entry.values("only_from", over: defaults)?.map(\.text),
            noAccess: entry.values("no_access", over: defaults)?.map(\.text) ?? [])
    }

    func setting(_ text: String, file: String, line: Int, lines: Lines) -> MailService.Setting? {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        return MailService.Setting(
            name: String(text[..<equals]), value: String(text[text.index(after: equals)...]),
            place: .init(file: file, line: line, text: lines.text(line), culprit: text))
    }

    /// What keeps an entry of xinetd off (xinetd.conf(5)): its own word, or one of the entry `defaults`.
    private static func whatDisables(
        _ entry: XinetdText.Entry, _ defaults: XinetdText.Entry?
    ) -> (word: Word, obstacle: Obstacle)? {
        if let word = entry.value("disable"), word.text.folded == "yes" { return (word, .own) }
        guard let defaults, let id = entry.value("id")?.text ?? entry.service else { return nil }
        if let word = defaults.values("disabled").first(where: { $0.text == id }) { return (word, .disabled) }
        let enabled = defaults.values("enabled")
        return enabled.contains { $0.text == id } ? nil : enabled.first.map { ($0, .enabledOthers(id)) }
    }

    /// How an entry is kept off: by its own `disable`, or by a list of the entry `defaults`.
    enum Obstacle: Hashable {
        case own, disabled
        /// The list names others, and not this one.
        case enabledOthers(String)
    }

    /// Plesk's entries that are switched off, each with the line that does it.
    var switchedOff: [(name: String, place: MailService.Place, obstacle: Obstacle)] {
        let entries = xinetdTexts.map {
            ($0.path, Lines($0.bytes), XinetdText($0.bytes).entries)
        }
        let defaults = entries.compactMap { path, lines, entries in
            entries.first { $0.service == nil }.map { (path: path, lines: lines, entry: $0) }
        }.first
        return entries.flatMap { path, lines, entries in
            entries.compactMap { entry -> (name: String, place: MailService.Place, obstacle: Obstacle)? in
                guard Self.pleskEntries.contains(path.baseName), entry.service != nil,
                    let (word, obstacle) = Self.whatDisables(entry, defaults?.entry)
                else { return nil }
                let place =
                    obstacle == .own ? (path, lines) : (defaults?.path ?? path, defaults?.lines ?? lines)
                return (
                    path.baseName,
                    .init(file: place.0, line: word.line, text: place.1.text(word.line), culprit: word.text),
                    obstacle
                )
            }
        }
    }

    // MARK: - inetd

    /// Lines of `service type protocol wait user program arguments…` (inetd.conf(5)).
    private func inetdServices() -> [MailService] {
        let path = "/etc/inetd.conf"
        guard !idle.contains(path), let bytes = files[path]?.bytes else { return [] }
        let lines = Lines(bytes)
        return lines.lines.enumerated().compactMap { index, line in
            let words = words(of: line, number: index + 1)
            guard words.count > 6, let first = words.first, !first.text.hasPrefix("#") else { return nil }
            let endpoint = first.text.split(separator: ":")
            let port = endpoint.last.flatMap { MailService.port(named: String($0)) }
            guard let port, let chain = ServerChain([words[5]] + words[7...]) else {
                return isCopy ? foreignService(named: first.text, port: port, words[5], in: path, lines) : nil
            }
            return MailService(
                name: first.text, server: chain.server,
                address: endpoint.count == 2 ? String(endpoint[0]) : "0.0.0.0", port: port, chain: chain,
                place: .init(file: path, line: index + 1, text: lines.text(index + 1), culprit: nil),
                environment: inherited(from: "inetd")
                    + chain.settings.compactMap { word in
                        setting(word.text, file: path, line: word.line, lines: lines)
                    } + directorySettings(chain.environmentDirectories, home: "/"),
                // The name that the program is started under: behind tcpd, that of the next one.
                clients: wrapperClients(daemon: words[6].text.baseName, handsOn: true), onlyFrom: nil)
        }
    }
}

extension MailService {
    fileprivate func isSame(_ other: MailService) -> Bool { port == other.port && server == other.server }

    /// With what the process that runs has been given: files that a script reads tell it in no other way.
    fileprivate func running(as processes: [MailService]) -> MailService {
        let processes = processes.filter(isSame)
        guard !processes.isEmpty, chain != nil else { return self }
        var known = self
        known.doubt = nil
        if !environment.contains(where: { $0.name == "RELAYCLIENT" }) {
            known.environment += processes.flatMap(\.environment).filter { $0.name == "RELAYCLIENT" }
        }
        return known
    }
}
