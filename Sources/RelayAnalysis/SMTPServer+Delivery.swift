import MailModel
import Postfix

/// What happens to a message once smtpd has taken it.
enum Delivery: Hashable {
    /// It goes on to a host that the recipient's domain names.
    case leaves
    /// It stays here, bounces, or is thrown away.
    case stays
}

/// What decides where a message goes.
struct Route: Hashable {
    var recipient: String
    /// Empty where the sender has no say.
    var sender: String
}

extension SMTPServer {
    func delivery(of session: Session) -> Delivery {
        guard closed.isEmpty, session.trusting.isEmpty else { return deliveryAnew(of: session) }
        let route = Route(recipient: session.recipient, sender: routesBySender ? session.sender : "")
        if let known = deliveries[route] { return known }
        let delivery = deliveryAnew(of: session)
        if deliveries.count < 1000 { deliveries[route] = delivery }
        return delivery
    }

    private func deliveryAnew(of session: Session) -> Delivery {
        let given = given(trusting: session.trusting)
        let recipient = resolver.resolve(session.recipient, assuming: given).address
        guard let (rewritten, _) = rewrite(recipient) else { return .stays }
        let destination = resolver.resolve(rewritten, assuming: given)
        let filter = split(values.text(of: "content_filter")).name
        guard filter.isEmpty || !isSink(transport: filter), !isTooLong else { return .stays }
        if strayBlame(destination, session) != nil { return .leaves }
        guard !isSinking(destination, session) else { return .stays }
        switch destination.addressClass {
        case .relay, .elsewhere: return .leaves
        case .alias: return .stays
        case .local, .mailbox: return leavesByTransport(destination, session) ? .leaves : .stays
        }
    }

    /// The recipient after `recipient_canonical_maps`, `canonical_maps` and `virtual_alias_maps`, and the entry
    /// that made it what it is.
    /// - Returns: `nil` when there is nothing left of it.
    func rewrite(_ recipient: String) -> (address: String, blame: Blame?)? {
        var address = recipient
        var blame: Blame?
        let options = values.value(of: "receive_override_options").items.map { $0.text.folded }
        if options.contains("no_address_mappings") { return address.isEmpty ? nil : (address, nil) }
        for parameter in Self.recipientMaps where rewritesRecipients(parameter) {
            for _ in 0..<5 {
                guard let (next, cause) = lookUp(address, in: parameter), next != address else { break }
                address = next
                blame = cause
            }
        }
        return address.isEmpty ? nil : (address, blame)
    }

    static let recipientMaps = ["recipient_canonical_maps", "canonical_maps", "virtual_alias_maps"]

    /// Whether a map of addresses is for recipients of the envelope at all (`canonical_classes`).
    private func rewritesRecipients(_ parameter: String) -> Bool {
        guard parameter != "virtual_alias_maps" else { return true }
        let classes = rewriting.value(of: parameter.replacing("_maps", with: "_classes"))
        return classes.items.contains { $0.text.folded == "envelope_recipient" }
    }

    private func lookUp(_ address: String, in parameter: String) -> (String, Blame)? {
        guard let at = address.lastIndex(of: "@") else { return nil }
        let local = String(address[..<at])
        let domain = String(address[address.index(after: at)...])
        let items = rewriting.value(of: parameter).items
        for (key, part) in rewritingKeys(address, local, domain) {
            for item in items {
                let table = host.tables.table(item.text)
                guard case .found(let value, let entry) = table.ask(key, part) else { continue }
                var blame = Blame(
                    kind: .addressRewriting, parameter: self.parameter(of: item) ?? parameter,
                    place: host.quoting.place(of: item), item: item)
                if let entry { blame.accuse(entry, of: table) }
                guard !closed.contains(blame.identity) else { continue }
                let targets = rewritingTargets(value).map { $0.hasPrefix("@") ? local + $0 : $0 }
                    .map { $0.contains("@") ? $0 : "\($0)@\(rewriting.text(of: "myorigin"))" }
                // Of several targets, one that leads outside is what counts.
                return ((targets.first(where: isForeign) ?? targets.first ?? ""), blame)
            }
        }
        return nil
    }

    private func rewritingKeys(_ address: String, _ local: String, _ domain: String) -> [(String, KeyPart)] {
        var keys: [(String, KeyPart)] = [(address, .whole)]
        let isHere = resolver.resolve("x@\(domain)", assuming: given).addressClass == .local
        if isHere { keys.append((local, .part)) }
        keys.append(("@\(domain)", .part))
        return keys
    }

    /// Whether every message is longer than `message_size_limit`: cleanup counts the envelope in its file as well.
    private var isTooLong: Bool {
        guard values.text(of: "smtpd_proxy_filter").isEmpty else { return false }
        let limit = Int(rewriting.text(of: "message_size_limit")) ?? 0
        return (1...Self.shortestMessage).contains(limit)
    }

    /// Less than what Postfix writes of a message with hardly any text: one of 60 bytes does not fit into 600.
    private static let shortestMessage = 300

    /// Whether the mail of every recipient is returned with a new address.
    private var relocatesAll: Bool {
        routing.value(of: "relocated_maps").items.contains { item in
            if case .constant = host.tables.table(item.text).content { true } else { false }
        }
    }

    /// Whether the transport throws the message away, returns it, or delivers it on this host.
    private func isSinking(_ destination: Destination, _ session: Session) -> Bool {
        guard !relocatesAll else { return true }
        let transport = transport(for: destination, session)
        guard !isSink(transport: transport.name), !deliversHere(transport) else { return true }
        let deferred = host.values(ofDaemon: "qmgr").value(of: "defer_transports").items.map(\.text)
        return host.deferred == .stays && deferred.contains(transport.name)
    }

    /// Whether a transport puts what it gets into mailboxes of this host, whatever its domain.
    private func deliversHere(_ transport: (name: String, nexthop: String)) -> Bool {
        let service = host.master.services.lastIndex { $0.name == transport.name && $0.type != "inet" }
        guard (service.map { host.master.services[$0].command } ?? transport.name) == "local" else {
            return isMailboxStore(transport)
        }
        // What local(8) hands on may leave by the recipient's own domain.
        let values = host.values(ofService: service)
        let maps = ["mailbox_transport_maps", "fallback_transport_maps"].map(values.text)
        let others = ["mailbox_transport", "fallback_transport"].map(values.text).filter { !$0.isEmpty }
        return maps.allSatisfy(\.isEmpty)
            && others.map(split).allSatisfy { isSink(transport: $0.name) || isMailboxStore($0) }
    }

    private func isMailboxStore(_ transport: (name: String, nexthop: String)) -> Bool {
        switch command(of: transport.name) {
        case "virtual": true
        // A socket of this host is the mailbox store's; an address may be a filter's, which gives it back.
        case "lmtp": transport.nexthop.hasPrefix("unix:")
        default: false
        }
    }

    /// Whether a class whose mail stays is given to a transport that sends it to the recipient's own domain, or to the
    /// host that sends out everything.
    private func leavesByTransport(_ destination: Destination, _ session: Session) -> Bool {
        let chosen = transport(for: destination, session)
        if command(of: chosen.name) == "local" {
            // What local(8) does not deliver itself, for users it knows and for all others.
            let local = host.values(ofDaemon: chosen.name)
            return ["mailbox_transport", "fallback_transport"].contains {
                let chosen = split(local.text(of: $0))
                // Without a host it sends to where its own mail was to go: to this host, from which it comes back.
                return !chosen.nexthop.isEmpty && leads(chosen, destination)
            }
        }
        return leads(chosen, destination)
    }

    private func leads(_ transport: (name: String, nexthop: String), _ destination: Destination) -> Bool {
        guard ["smtp", "relay"].contains(command(of: transport.name)) else { return false }
        let host = transport.nexthop.prefix { $0 != "]" }.filter { $0 != "[" }
        let isHere = IPAddress(host)?.isLoopback ?? host.hasPrefix("localhost")
        // The host behind may be the one that has the mailboxes, of the domains that are written down.
        return transport.nexthop.isEmpty || (!isHere && !isDeclared(destination))
    }

    private func isDeclared(_ destination: Destination) -> Bool {
        guard let item = destination.blame?.item, item.text.contains(":"), !item.text.hasPrefix("[") else {
            return true
        }
        return !destination.domain.hasSuffix(Stranger.domain)
    }

    /// The program behind a transport's name.
    func command(of transport: String) -> String {
        let service = host.master.services.last { $0.name == transport && $0.type != "inet" }
        return service?.command ?? transport
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
                case .unreadable, .missing, .failure: continue
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

    /// What a map that cannot be read may say.
    private static let outwards = (name: "smtp", nexthop: "")

    /// What stands in for `default_transport` where the sender has a route of its own.
    private func transport(bySenderOf session: Session) -> (name: String, nexthop: String)? {
        let sender = session.sender
        let domain = sender.lastIndex(of: "@").map { at in String(sender[at...]).folded }
        let keys: [(String, KeyPart)] =
            sender.isEmpty
            ? [("<>", .whole)] : [(sender.folded, .whole)] + (domain.map { [($0, .part)] } ?? [])
        let tables = routing.value(of: "sender_dependent_default_transport_maps").items.map {
            host.tables.table($0.text)
        }
        for (key, part) in keys {
            for table in tables {
                let value: String
                switch table.ask(key, part) {
                case .found(let text, _): value = text
                case .unreadable where session.trusting.contains(table.name): return Self.outwards
                case .unreadable, .missing, .failure: continue
                }
                let chosen = split(value)
                return chosen.name.isEmpty || chosen.name == "DUNNO" ? nil : chosen
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

    private func split(_ transport: String) -> (name: String, nexthop: String) {
        guard let colon = transport.firstIndex(of: ":") else { return (transport, "") }
        return (String(transport[..<colon]), String(transport[transport.index(after: colon)...]))
    }
}

/// The addresses that the value of an alias or canonical map names.
func rewritingTargets(_ value: String) -> [String] {
    value.split { $0 == "," || $0.isWhitespace }.map(String.init)
}
