import MailModel
import Postfix

/// Which transport a message is given to, and whether that leads out of this host.
extension SMTPServer {
    /// Whether a transport puts what it gets into mailboxes of this host, whatever its domain.
    func deliversHere(
        _ transport: (name: String, nexthop: String), _ destination: Destination, _ session: Session
    ) -> Bool {
        guard command(of: transport.name) == "local" else { return isMailboxStore(transport) }
        // What local(8) hands on may leave by the recipient's own domain.
        let values = host.values(ofDaemon: transport.name)
        guard let next = successor(of: values, for: destination, session) else { return true }
        return isSink(transport: next.name) || isMailboxStore(next)
    }

    /// A program that pipe(8) hands mail to.
    struct PipedProgram: Hashable {
        var transport: String
        var path: String

        /// What a session is said to trust that takes the program for one which sends mail on.
        var trust: String { "pipe \(transport)" }
    }

    /// The program behind a transport of which it cannot be told whether it sends on what it gets.
    func obscureProgram(behind transport: String) -> PipedProgram? {
        guard let path = program(behind: transport),
            Self.senders.union(Self.keepers).isDisjoint(with: [baseName(path)])
        else { return nil }
        return PipedProgram(transport: transport, path: path)
    }

    private func program(behind transport: String) -> String? {
        host.transportService(transport).flatMap { host.master.services[$0].pipedProgram }
    }

    /// The obscure program that gets a stranger's mail for elsewhere.
    func obscureProgram(for session: Session) -> PipedProgram? {
        let destination = resolver.resolve(session.recipient, assuming: given(trusting: session.trusting))
        return obscureProgram(behind: transport(for: destination, session).name)
    }

    private static let senders: Set = ["sendmail", "uux", "rmail", "exim", "exim4", "qmail-inject", "msmtp"]

    /// They put mail into mailboxes of this host, or nowhere.
    private static let keepers: Set = [
        "maildrop", "procmail", "deliver", "dovecot-lda", "cyrdeliver", "false", "true",
    ]

    private func isMailboxStore(_ transport: (name: String, nexthop: String)) -> Bool {
        switch command(of: transport.name) {
        case "virtual": true
        case "pipe": program(behind: transport.name).map { Self.keepers.contains(baseName($0)) } ?? true
        // A socket of this host is the mailbox store's; an address may be a filter's, which gives it back.
        case "lmtp": transport.nexthop.hasPrefix("unix:")
        default: false
        }
    }

    /// What local(8) gives mail to in place of a mailbox of its own (local(8), "DELIVERY METHOD CONTROLS"): for every
    /// user, or for those that it does not know.
    /// - Parameter local: the parameters of that local(8).
    /// - Returns: `nil` where it delivers itself.
    func successor(of local: ParameterValues, for destination: Destination, _ session: Session) -> (
        name: String, nexthop: String
    )? {
        let delimiters = local.text(of: "recipient_delimiter")
        let user = destination.address.prefix { $0 != "@" && !delimiters.contains($0) }
        for name in ["mailbox_transport", "fallback_transport"] {
            for item in local.value(of: "\(name)_maps").items {
                let table = host.tables.table(item.text)
                switch table.ask(String(user).folded) {
                case .found(let value, _): return split(value)
                case .unreadable where session.trusting.contains(table.name):
                    return (Self.outwards.name, Stranger.domain)
                case .unreadable, .missing, .failure: continue
                }
            }
            let transport = local.text(of: name)
            if !transport.isEmpty { return split(transport) }
        }
        return nil
    }

    /// The parameters of the local(8) that mail for this host's own domains is given to.
    var mailboxes: ParameterValues { host.values(ofDaemon: split(routing.text(of: "local_transport")).name) }

    /// Whether a class whose mail stays is given to a transport that sends it to the recipient's own domain, or to the
    /// host that sends out everything.
    func leavesByTransport(_ destination: Destination, _ session: Session) -> Bool {
        let chosen = transport(for: destination, session)
        guard command(of: chosen.name) == "local" else { return leads(chosen, destination) }
        guard let next = successor(of: host.values(ofDaemon: chosen.name), for: destination, session) else {
            return false
        }
        // Without a host it sends to where its own mail was to go: to this host, from which it comes back.
        return !next.nexthop.isEmpty && leads(next, destination)
    }

    func leads(_ transport: (name: String, nexthop: String), _ destination: Destination) -> Bool {
        guard ["smtp", "relay"].contains(command(of: transport.name)) else { return false }
        // The host behind may be the one that has the mailboxes, of the domains that are written down.
        return !isHere(transport.nexthop) && !isDeclared(destination)
    }

    private func isHere(_ nexthop: String) -> Bool {
        let host = nexthop.prefix { $0 != "]" }.filter { $0 != "[" }
        return IPAddress(host)?.isLoopback ?? host.hasPrefix("localhost")
    }

    /// Whether somebody wrote down that the domain is this host's.
    private func isDeclared(_ destination: Destination) -> Bool {
        guard let blame = destination.blame, let item = blame.item, item.text.contains(":"),
            !item.text.hasPrefix("[")
        else { return true }
        guard !destination.domain.hasSuffix(Stranger.domain) else { return false }
        guard let entry = blame.entry, case .patterns(let rules) = host.tables.table(entry.table).content,
            let pattern = rules[entry.index].pattern, !pattern.isNegated
        else { return true }
        return names(destination.domain, pattern.pattern)
    }

    /// The program behind a transport's name; empty where master(8) has no such service, so that mail for it waits.
    func command(of transport: String) -> String {
        host.transportService(transport).map { host.master.services[$0].command } ?? ""
    }

    /// Whether mail that is given to the transport goes nowhere.
    func isSink(transport: String) -> Bool {
        ["error", "discard", "retry", ""].contains(command(of: transport))
    }

    /// Whether smtp(8) speaks from an address of this host's own, so that it reaches nobody else.
    func isConfined(_ transport: (name: String, nexthop: String), _ session: Session) -> Bool {
        let program = command(of: transport.name)
        guard ["smtp", "lmtp"].contains(program) else { return false }
        let values = host.values(ofDaemon: transport.name)
        let protocols = values.value(of: "inet_protocols").items.map(\.text.folded)
        let sources = [("ipv4", "bind_address"), ("ipv6", "bind_address6")].filter {
            protocols.contains($0.0) || protocols.contains("all")
        }.map { values.text(of: "\(program)_\($0.1)").filter { !"[]".contains($0) } }
        guard !sources.isEmpty, sources.allSatisfy({ IPAddress($0)?.isLoopback == true }) else {
            return false
        }
        // What listens on this host, such as a filter, may pass it on.
        let next = transport.nexthop.isEmpty ? relayhost(for: session) : transport.nexthop
        return !isHere(next)
    }

    /// Each key is looked for in every map before the next one is (transport(5), "TABLE SEARCH ORDER").
    func transport(
        for destination: Destination, _ session: Session
    ) -> (name: String, nexthop: String) {
        let keys =
            [destination.address.folded, destination.domain]
            + parents(of: destination.domain).map { "." + $0 }
            + ["*"]
        var nexthop = ""
        let tables = routing.value(of: "transport_maps").items.map { host.tables.table($0.text) }
        keys: for (index, key) in keys.enumerated() {
            for table in tables {
                let value: String
                switch table.ask(key, index == 0 ? .whole : .part) {
                case .found(let text, _): value = text
                case .unreadable where session.trusting.contains(table.name): return Self.outwards
                case .failure: return Self.waiting
                case .unreadable, .missing: continue
                }
                let chosen = split(value)
                guard chosen.name.isEmpty else { return chosen }
                // `:nexthop` and an empty value keep the transport that the class has.
                nexthop = chosen.nexthop
                break keys
            }
        }
        var chosen = split(routing.text(of: parameter(for: destination.addressClass)))
        if destination.addressClass == .elsewhere, let other = transport(bySenderOf: session) {
            chosen = other
        }
        if !nexthop.isEmpty { chosen.nexthop = nexthop }
        return chosen
    }

    /// What becomes of mail whose route cannot be looked up.
    private static let waiting = (name: "", nexthop: "")

    /// What a map that cannot be read may say.
    private static let outwards = (name: "smtp", nexthop: "")

    /// What stands in for `default_transport` where the sender has a route of its own.
    private func transport(bySenderOf session: Session) -> (name: String, nexthop: String)? {
        let value = value(
            bySenderOf: session, in: "sender_dependent_default_transport_maps", unread: "smtp:")
        return value.map(split).flatMap { $0.name.isEmpty ? nil : $0 }
    }

    /// Where mail for elsewhere goes whose transport names no host.
    func relayhost(for session: Session) -> String {
        value(bySenderOf: session, in: "sender_dependent_relayhost_maps", unread: "")
            ?? routing.text(of: "relayhost")
    }

    /// What a map says of a sender, by the whole address and then by the domain.
    /// - Parameter unread: what a map that cannot be read is taken to say.
    private func value(bySenderOf session: Session, in parameter: String, unread: String) -> String? {
        let sender = session.sender
        let domain = sender.lastIndex(of: "@").map { at in String(sender[at...]).folded }
        let keys: [(String, KeyPart)] =
            sender.isEmpty
            ? [("<>", .whole)] : [(sender.folded, .whole)] + (domain.map { [($0, .part)] } ?? [])
        let tables = routing.value(of: parameter).items.map { host.tables.table($0.text) }
        for (key, part) in keys {
            for table in tables {
                switch table.ask(key, part) {
                case .found(let text, _): return text.folded == "dunno" ? nil : text
                case .unreadable where session.trusting.contains(table.name): return unread
                case .unreadable, .missing, .failure: continue
                }
            }
        }
        return nil
    }

    private func parameter(for addressClass: Destination.Class) -> String {
        switch addressClass {
        case .local: "local_transport"
        case .alias: "virtual_transport"
        case .mailbox: "virtual_transport"
        case .relay: "relay_transport"
        case .elsewhere: "default_transport"
        }
    }

    private func parents(of domain: String) -> [String] {
        var parents: [String] = []
        var rest = domain[...]
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            parents.append(String(rest))
        }
        return parents
    }

    func split(_ transport: String) -> (name: String, nexthop: String) {
        guard let colon = transport.firstIndex(of: ":") else { return (transport, "") }
        return (String(transport[..<colon]), String(transport[transport.index(after: colon)...]))
    }
}

private func baseName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
