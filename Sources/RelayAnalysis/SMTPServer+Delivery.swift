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
        guard let (rewritten, _) = rewrite(recipient), !isStoppedByHeaderChecks else { return .stays }
        let destination = resolver.resolve(rewritten, assuming: given)
        let filter = split(values.text(of: "content_filter")).name
        guard filter.isEmpty || !isSink(transport: filter) else { return .stays }
        guard !isSinking(destination, session) else { return .stays }
        switch destination.addressClass {
        case .relay, .elsewhere: return .leaves
        case .alias: return .stays
        case .local, .mailbox: return leavesByTransport(destination, session) ? .leaves : .stays
        }
    }

    /// Whether `header_checks` stop every message: each has a Received line by this host.
    private var isStoppedByHeaderChecks: Bool {
        let options = values.value(of: "receive_override_options").items.map { $0.text.folded }
        guard !options.contains("no_header_body_checks") else { return false }
        // What stops one client's mail need not stop another's.
        return [
            "Received: from \(Stranger.name) (\(Stranger.name) [185.77.12.201])",
            "Received: from [93.184.77.19] (unknown [93.184.77.19])",
        ].allSatisfy(isStopped)
    }

    private func isStopped(header: String) -> Bool {
        rewriting.value(of: "header_checks").items.contains { item in
            guard case .found(let value, _) = host.tables.table(item.text).ask(header) else { return false }
            let action = value.prefix { $0 != " " }.uppercased()
            if action == "HOLD" { return host.keeps(by: item, parameter(of: item)) }
            return ["DISCARD", "REJECT", "REDIRECT"].contains(action)
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

    /// Whether the transport throws the message away, returns it, or delivers it on this host.
    private func isSinking(_ destination: Destination, _ session: Session) -> Bool {
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
        let service = host.master.services.last { $0.name == transport.name && $0.type != "inet" }
        return switch service?.command ?? transport.name {
        case "virtual": true
        // A socket of this host is the mailbox store's; an address may be a filter's, which gives it back.
        case "lmtp": transport.nexthop.hasPrefix("unix:")
        default: false
        }
    }

    /// Whether a class whose mail stays is given to a transport that sends it to the recipient's own domain.
    private func leavesByTransport(_ destination: Destination, _ session: Session) -> Bool {
        let transport = transport(for: destination, session)
        let service = host.master.services.last { $0.name == transport.name && $0.type != "inet" }
        let command = service?.command ?? transport.name
        return ["smtp", "relay"].contains(command) && transport.nexthop.isEmpty
    }

    /// Each key is looked for in every map before the next one is (transport(5), "TABLE SEARCH ORDER").
    private func transport(
        for destination: Destination, _ session: Session
    ) -> (name: String, nexthop: String) {
        let keys =
            [destination.address.folded, destination.domain]
            + parents(of: destination.domain).map { "." + $0 }
            + ["*"]
        let tables = routing.value(of: "transport_maps").items.map { host.tables.table($0.text) }
        let values = keys.enumerated().lazy.flatMap { index, key in
            tables.lazy.compactMap { table -> String? in
                guard case .found(let value, _) = table.ask(key, index == 0 ? .whole : .part) else {
                    return nil
                }
                return value
            }
        }
        // `:nexthop` and an empty value keep the transport that the class has.
        if let chosen = values.first.map(split), !chosen.name.isEmpty { return chosen }
        if destination.addressClass == .elsewhere, let chosen = transport(bySender: session.sender) {
            return chosen
        }
        return split(routing.text(of: parameter(for: destination.addressClass)))
    }

    /// What stands in for `default_transport` where the sender has a route of its own.
    private func transport(bySender sender: String) -> (name: String, nexthop: String)? {
        let domain = sender.lastIndex(of: "@").map { at in String(sender[at...]).folded }
        let keys: [(String, KeyPart)] =
            sender.isEmpty
            ? [("<>", .whole)] : [(sender.folded, .whole)] + (domain.map { [($0, .part)] } ?? [])
        let tables = routing.value(of: "sender_dependent_default_transport_maps").items.map {
            host.tables.table($0.text)
        }
        for (key, part) in keys {
            for table in tables {
                guard case .found(let value, _) = table.ask(key, part) else { continue }
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
