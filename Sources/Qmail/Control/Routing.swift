package import MailModel

/// What qmail-send does with a recipient, whoever it is from (qmail-send(8); `rewrite` in qmail-send.c).
struct Routing: Sendable {
    enum Destination: Hashable, Sendable {
        /// Stays on the host.
        case local
        /// A virtual domain: the local part begins with this user.
        case virtual(user: String)
        case remote(domain: String)
    }

    /// The host's name.
    let me: String?
    private let locals: Set<String>
    /// User by domain, `.suffix`, whole address, or nothing for all mail that would leave.
    private let virtual: [String: String]
    private let percentDomains: Set<String>
    /// What a recipient without a domain gets.
    let defaultDomain: String
    /// What stands for the host's own addresses in brackets.
    let literalDomain: String
    private let own: Set<String>

    init(_ control: Control) {
        me = control.line("me")
        let name = (me ?? "").folded
        locals = Set((control.entries("locals")?.map(\.text) ?? [name]).map(\.folded))
        percentDomains = Set((control.entries("percenthack") ?? []).map { $0.text.folded })
        defaultDomain = (control.line("envnoathost") ?? me ?? "envnoathost").folded
        literalDomain = (control.line("localiphost") ?? me ?? "").folded
        // Of two lines for one name, the one that was read later is found first (constmap.c).
        virtual = Dictionary(
            (control.entries("virtualdomains") ?? []).compactMap { entry in
                guard let colon = entry.text.firstIndex(of: ":") else { return nil }
                let user = entry.text[entry.text.index(after: colon)...]
                return (entry.text[..<colon].description.folded, String(user))
            }, uniquingKeysWith: { _, later in later })
        own = Set(([name, "localhost", "localhost.localdomain"] + control.hostedDomains).map(\.folded))
    }

    func destination(of recipient: String) -> Destination {
        var address = recipient
        if !address.contains("@") { address += "@\(defaultDomain)" }
        var (local, domain) = Self.parts(address)
        while percentDomains.contains(domain), let percent = local.lastIndex(of: "%") {
            domain = local[local.index(after: percent)...].description.folded
            local = String(local[..<percent])
        }
        if locals.contains(domain) { return .local }
        for key in [(local + "@" + domain).folded] + Self.suffixes(of: domain) + [""] {
            guard let user = virtual[key] else { continue }
            if user.isEmpty { break }
            return .virtual(user: user)
        }
        return .remote(domain: domain)
    }

    /// Whether mail for a domain has no other host to go to: its own name, or one that Plesk hosts.
    func isOwn(_ domain: String) -> Bool { own.contains(domain) || locals.contains(domain) }

    /// The domains whose mail stays here, as `rcpthosts` must have them.
    var hosted: [String] {
        let domains = virtual.filter { !$0.value.isEmpty }.keys.filter { !$0.isEmpty && !$0.contains("@") }
        return Set(locals).union(domains).union(own.filter { !$0.isEmpty }).filter { !$0.isEmpty }.sorted()
    }

    /// What stands behind `alias-` where virtual domains are the alias user's: `fwd` of `example.net:alias-fwd`.
    var aliasPrefixes: Set<String> {
        Set(virtual.values.filter { $0.hasPrefix("alias-") }.map { String($0.dropFirst(6)) })
    }

    /// The domains that an empty value leads away from a catch-all: their mail leaves.
    var exceptions: [String] {
        virtual.filter { $0.value.isEmpty && !$0.key.isEmpty }.map { $0.key }
            .filter { key in
                let domain = key.hasPrefix(".") ? "x\(key)" : key
                guard
                    case .remote(let left) = destination(of: domain.contains("@") ? domain : "user@\(domain)")
                else { return false }
                return !isOwn(left)
            }.sorted()
    }

    var percentHackDomains: [String] { percentDomains.sorted() }

    private static func parts(_ address: String) -> (local: String, domain: String) {
        guard let at = address.lastIndex(of: "@") else { return (address, "") }
        return (String(address[..<at]), address[address.index(after: at)...].description.folded)
    }

    /// The name, then each of its ends that begin with a dot.
    static func suffixes(of domain: String) -> [String] {
        [domain]
            + domain.indices.filter { domain[$0] == "." && $0 != domain.startIndex }
            .map { String(domain[$0...]) }
    }
}

/// The domains whose mail a Qmail delivers itself, in lower case.
package func servedDomains(of configuration: QmailConfiguration) -> [String] {
    Routing(Control(configuration: configuration)).hosted
}

/// The control files of one configuration, by name.
struct Control: Sendable {
    let configuration: QmailConfiguration

    func file(_ name: String) -> QmailConfiguration.File? { configuration.files[path(name)] }

    func path(_ name: String) -> String { "\(configuration.directory)/control/\(name)" }

    /// - Returns: `nil` when the file is not there or cannot be read.
    func entries(_ name: String) -> [ControlFile.Entry]? {
        file(name)?.bytes.map { ControlFile($0).entries }
    }

    /// The first line of a file (`control_readline`).
    func line(_ name: String) -> String? {
        guard let bytes = file(name)?.bytes else { return nil }
        var line = bytes.prefix { $0 != 0x0a }
        while let last = line.last, last.isBlank { line = line.dropLast() }
        return line.text
    }

    var hostedDomains: [String] { configuration.domains ?? [] }
}
