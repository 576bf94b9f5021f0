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
    var filter: String?
}

extension SMTPServer {
    /// - Parameter filter: what a FILTER says, which counts before `content_filter`.
    func delivery(of session: Session, through filter: String? = nil) -> Delivery {
        guard closed.isEmpty, session.trusting.isEmpty else { return deliveryAnew(of: session, filter) }
        let route = Route(
            recipient: session.recipient, sender: routesBySender ? session.sender : "", filter: filter)
        if let known = deliveries[route] { return known }
        let delivery = deliveryAnew(of: session, filter)
        if deliveries.count < 1000 { deliveries[route] = delivery }
        return delivery
    }

    private func deliveryAnew(of session: Session, _ filter: String?) -> Delivery {
        let given = given(trusting: session.trusting)
        let recipient = resolver.resolve(session.recipient, assuming: given).address
        guard let (rewritten, _) = rewrite(recipient, trusting: session.trusting) else { return .stays }
        let destination = resolver.resolve(rewritten, assuming: given)
        // What trivial-rewrite cannot tell waits.
        guard destination.failure == nil else { return .stays }
        if destination.addressClass == .elsewhere, lacksRoute(for: session.sender) { return .stays }
        if lacksCopy(for: rewritten) { return .stays }
        let filter = split(filter ?? values.text(of: "content_filter"))
        guard !isTooLong else { return .stays }
        guard filter.name.isEmpty || !(isSink(transport: filter.name) || isWaiting(for: filter.name)) else {
            return .stays
        }
        // It has the message before any transport of the recipient's.
        if !filter.name.isEmpty {
            if leads(filter, destination) { return .leaves }
            if !filter.nexthop.isEmpty, loopsAtOnce(filter, session) { return .stays }
        }
        if strayBlame(destination, session) != nil { return copiesLeave ? .leaves : .stays }
        guard !isSinking(destination, session) else { return .stays }
        switch destination.addressClass {
        case .relay, .elsewhere: return .leaves
        case .alias: return .stays
        case .local, .mailbox: return leavesByTransport(destination, session) ? .leaves : .stays
        }
    }

    /// The recipient after `recipient_canonical_maps`, `canonical_maps` and `virtual_alias_maps`, and the entry
    /// that made it what it is.
    /// - Parameter trusted: what a session trusts.
    /// - Returns: `nil` when there is nothing left of it.
    func rewrite(_ recipient: String, trusting trusted: Set<String>) -> (address: String, blame: Blame?)? {
        var address = recipient
        var blame: Blame?
        let options = values.value(of: "receive_override_options").items.map { $0.text.folded }
        if options.contains("no_address_mappings") { return address.isEmpty ? nil : (address, nil) }
        for parameter in Self.recipientMaps where rewritesRecipients(parameter) {
            for _ in 0..<5 {
                guard let (next, cause) = lookUp(address, in: parameter, trusting: trusted), next != address
                else { break }
                address = next
                blame = cause
            }
        }
        return address.isEmpty ? nil : (address, blame)
    }

    /// What a session is said to trust that takes a map for one which leads wherever a stranger wants. It says nothing
    /// of the domains for which the same table may stand in a list.
    static func trust(leadingOutBy table: String) -> String { "leading out \(table)" }

    func isTrustedToLeadOut(_ table: LookupTable, _ trusted: Set<String>) -> Bool {
        !trusted.isEmpty && table.leaves.contains { trusted.contains(Self.trust(leadingOutBy: $0.name)) }
    }

    /// The maps by which the sender has a say in where mail goes.
    static let senderMaps = ["sender_dependent_default_transport_maps", "sender_dependent_relayhost_maps"]

    static let recipientMaps = ["recipient_canonical_maps", "canonical_maps", "virtual_alias_maps"]

    /// Whether a map of addresses is for recipients of the envelope at all (`canonical_classes`).
    private func rewritesRecipients(_ parameter: String) -> Bool {
        guard parameter != "virtual_alias_maps" else { return true }
        let classes = rewriting.value(of: "\(parameter.dropLast("_maps".count))_classes")
        return classes.items.contains { $0.text.folded == "envelope_recipient" }
    }

    private func lookUp(_ address: String, in parameter: String, trusting trusted: Set<String>) -> (
        String, Blame
    )? {
        guard let at = address.lastIndex(of: "@") else { return nil }
        let local = String(address[..<at])
        let domain = String(address[address.index(after: at)...])
        let items = rewriting.value(of: parameter).items
        for (key, part) in rewritingKeys(address, local, domain) {
            for item in items {
                let table = host.tables.table(item.text)
                let isLedOut = isTrustedToLeadOut(table, trusted)
                let answer = isLedOut ? .found(Stranger.recipient, entry: nil) : table.ask(key, part)
                if case .missing = answer { continue }
                if case .unreadable = answer { continue }
                var blame = Blame(
                    kind: .addressRewriting, parameter: self.parameter(of: item) ?? parameter,
                    place: host.quoting.place(of: item), item: item)
                // cleanup takes nothing where it cannot look.
                guard case .found(let value, let entry) = answer else { return ("", blame) }
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

    /// Whether every message is longer than `message_size_limit`, for which cleanup counts the envelope in its file as
    /// well, or has come too far.
    private var isTooLong: Bool {
        // The line that smtpd writes on top is one of the hops that cleanup counts.
        if rewriting.text(of: "hopcount_limit") == "1" { return true }
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
        if isWaiting(for: transport.name) { return true }
        if destination.addressClass == .relay || destination.addressClass == .elsewhere,
            let program = obscureProgram(behind: transport.name)
        {
            return !session.trusting.contains(program.trust) && host.deferred == .stays
        }
        return isSink(transport: transport.name) || isConfined(transport, session)
            || loops(transport, session) || deliversHere(transport, destination, session)
    }

    /// Whether what a transport is given waits in the queue, and counts as kept there.
    private func isWaiting(for transport: String) -> Bool {
        guard host.deferred == .stays else { return false }
        if host.queueFault != nil || host.transportFault(transport) != nil { return true }
        return host.values(ofDaemon: "qmgr").value(of: "defer_transports").items.contains {
            $0.text == transport
        }
    }

    /// Whether mail goes on that a recipient of this host is only the occasion for.
    var copiesLeave: Bool { !isWaiting(for: split(routing.text(of: "default_transport")).name) }
}

/// The addresses that the value of an alias or canonical map names.
func rewritingTargets(_ value: String) -> [String] {
    value.split { $0 == "," || $0.isWhitespace }.map(String.init)
}
