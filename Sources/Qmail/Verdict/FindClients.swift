import MailModel

extension QmailConfiguration {
    /// The groups of clients that the rules of tcpserver part.
    func clients(of chain: ServerChain) -> [MailService.Clients] {
        chain.rulesPath.map { clients(rules: $0) } ?? []
    }

    /// The rules that count: the compiled ones, with lines from the source where it says the same; in a copy
    /// without the compiled ones, the source.
    /// - Parameter path: of the compiled file.
    func clients(rules path: String) -> [MailService.Clients] {
        let source = Self.source(of: path)
        guard let rules = tcpRules(path) else { return [] }
        let isWritten = rules.rules.contains { $0.line != nil }
        let lines = files[source]?.bytes.map(Lines.init)
        return rules.rules.map { rule in
            let text = rule.line.flatMap { lines?.text($0) } ?? rule.client.text
            return MailService.Clients(
                client: rule.client, isDenied: rule.isDenied,
                environment: rule.environment.map { setting in
                    MailService.Setting(
                        name: setting.name, value: setting.value,
                        place: .init(
                            file: isWritten ? source : path, line: rule.line, text: text,
                            culprit: "\(setting.name)=\"\(setting.value)\""))
                })
        }
    }

    /// Whether it can be said what the rules are: a copy may not have them, and a shell may make their name.
    func isKnown(rules path: String) -> Bool {
        if path.contains(where: { "`$ ".contains($0) }) { return false }
        return !isCopy || files[path] != nil || files[Self.source(of: path)] != nil
    }

    func tcpRules(_ path: String) -> TCPRules? {
        let written = files[Self.source(of: path)]?.bytes.map(TCPRules.init(source:))
        guard path.hasSuffix(".cdb"), let bytes = files[path]?.bytes else {
            return written
        }
        guard let compiled = try? TCPRules(compiled: bytes) else { return nil }
        if let written, written.saysTheSame(as: compiled) { return written }
        return compiled
    }

    /// Whether the rules' source says something else than the compiled file that counts.
    func isOutdated(rules path: String) -> Bool {
        guard let source = files[Self.source(of: path)]?.bytes, let bytes = files[path]?.bytes,
            path.hasSuffix(".cdb"), let compiled = try? TCPRules(compiled: bytes)
        else { return false }
        return !TCPRules(source: source).saysTheSame(as: compiled)
    }

    /// The groups of clients that hosts.allow parts, with what `setenv` gives each (hosts_options(5)).
    /// - Parameters:
    ///   - daemon: The program's name as libwrap is told it.
    ///   - handsOn: Whether the program gets the environment that the rules made.
    func wrapperClients(daemon: String, handsOn: Bool) -> [MailService.Clients] {
        let path = "/etc/hosts.allow"
        guard let bytes = files[path]?.bytes else { return [] }
        let rules = HostsAllow(bytes, daemon: daemon).rules
        let reached = rules.prefix((rules.firstIndex(where: \.isForEverybody) ?? rules.count - 1) + 1)
        return reached.flatMap { rule in
            let environment = rule.options.compactMap { words -> MailService.Setting? in
                guard handsOn, words.first == "setenv", words.count > 1 else { return nil }
                return MailService.Setting(
                    name: words[1], value: words.dropFirst(2).joined(separator: " "),
                    place: .init(file: path, line: rule.line, text: rule.text, culprit: words[1]))
            }
            return rule.clients.map { pattern in
                MailService.Clients(
                    client: RuleClient(wrapperPattern: pattern),
                    isDenied: rule.options.contains { $0.first == "deny" }, environment: environment)
            }
        }
    }
}
