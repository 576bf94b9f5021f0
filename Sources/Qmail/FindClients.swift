import MailModel

extension QmailConfiguration {
    /// The groups of clients that the rules of a chain part: tcpserver's, else those of hosts.allow.
    func clients(of chain: ServerChain) -> [MailService.Clients] {
        if let rules = chain.rulesPath { return clients(rules: rules) }
        guard chain.words.contains(where: { ["tcp-env", "tcpd"].contains($0.text.baseName) }) else {
            return []
        }
        return wrapperClients()
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

    /// Lines of `daemons : clients : setenv = NAME VALUE` (hosts_options(5)), the first that fits counts.
    private func wrapperClients() -> [MailService.Clients] {
        let path = "/etc/hosts.allow"
        guard let bytes = files[path]?.bytes else { return [] }
        let lines = Lines(bytes)
        var clients: [MailService.Clients] = []
        var next = 0
        while next < lines.lines.count {
            let index = next
            let last = lines.lastOfContinued(from: index)
            next = last + 1
            let text = (index...last).map { number in
                number < last ? String(lines.text(number + 1).dropLast()) : lines.text(number + 1)
            }.joined()
            guard !text.hasPrefix("#") else { continue }
            let fields = text.split(separator: ":", omittingEmptySubsequences: false)
            let daemons = (fields.first ?? "").split(whereSeparator: { ", \t".contains($0) })
            guard fields.count >= 2, daemons.contains(where: { ["tcp-env", "ALL"].contains($0) }) else {
                continue
            }
            let options = fields.dropFirst(2).map { $0.split(whereSeparator: { " \t=".contains($0) }) }
            let environment = options.compactMap { words -> MailService.Setting? in
                guard words.first == "setenv", words.count > 1 else { return nil }
                return MailService.Setting(
                    name: String(words[1]), value: words.dropFirst(2).joined(separator: " "),
                    place: .init(file: path, line: index + 1, text: text, culprit: "setenv"))
            }
            let isDenied = options.contains { $0.first == "deny" }
            for pattern in fields[1].split(whereSeparator: { ", \t".contains($0) }) {
                if pattern == "EXCEPT" { break }
                clients.append(
                    MailService.Clients(
                        client: RuleClient(wrapperPattern: String(pattern)), isDenied: isDenied,
                        environment: environment))
            }
        }
        return clients
    }
}

extension RuleClient {
    /// `ALL`, `.domain`, `192.0.2.` or an address (hosts_access(5)), as tcpserver would write it.
    fileprivate init(wrapperPattern pattern: String) {
        if pattern == "ALL" {
            self.init("")
        } else if pattern.hasPrefix(".") || pattern.contains(where: \.isLetter) && !pattern.contains(":") {
            self.init("=\(pattern)")
        } else {
            self.init(pattern)
        }
    }
}
