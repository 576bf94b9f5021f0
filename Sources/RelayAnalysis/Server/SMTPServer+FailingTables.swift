import MailModel
import Postfix

/// Tables in which Postfix cannot look anything up (measured on 3.7.11).
extension SMTPServer {
    /// One for want of which mail for everybody here is refused.
    var failingTable: (why: String, place: Place)? {
        failingGreeting ?? failingMessageMap ?? failingRecipientMap ?? failingList
    }

    /// Without it smtpd does not know what to offer a client that says EHLO.
    private var failingGreeting: (why: String, place: Place)? {
        let isTLSNeeded = values.isOn("smtpd_tls_auth_only") && !values.isOn("smtpd_tls_wrappermode")
        let logins = offersLogin && !isTLSNeeded ? ["smtpd_sasl_exceptions_networks"] : []
        let names = ["smtpd_command_filter", "smtpd_discard_ehlo_keyword_address_maps"] + logins
        return failure(inAnyOf: names, values)
    }

    /// Whatever a sender is called, or a message says, is looked for in all of these.
    private var failingMessageMap: (why: String, place: Place)? {
        let maps = Self.messageMaps.map { rewriting.value(of: $0) } + [routing.value(of: "relocated_maps")]
        return maps.lazy.compactMap { value in
            self.failure(in: value.items) { before in
                if case .missing = before.ask(Stranger.sender) { false } else { true }
            }
        }.first
    }

    private static let messageMaps = [
        "sender_canonical_maps", "canonical_maps", "header_checks", "body_checks", "sender_bcc_maps",
    ]

    /// Every recipient is looked for in these, and each table before one that fails may know some.
    private var failingRecipientMap: (why: String, place: Place)? {
        let maps =
            Self.recipientMaps.map { rewriting.value(of: $0) }
            + [routing.value(of: "transport_maps"), rewriting.value(of: "recipient_bcc_maps")]
        return maps.lazy.compactMap { self.failure(in: $0.items, unless: self.knowsOwnRecipient) }.first
    }

    /// Without it smtpd cannot tell whether a recipient exists; of what is thrown away it does not ask.
    var failingRecipientList: (why: String, place: Place)? {
        guard values.isOn("smtpd_reject_unlisted_recipient"), !isHostedMailDiscarded else { return nil }
        // Of several kinds of recipients, others are served still.
        let kinds = [(Destination.Class.local, "local_recipient_maps"), (.mailbox, "virtual_mailbox_maps")]
        let found = resolver.lists.filter { hasDomains($0.list, $0.addressClass) }.map { served in
            kinds.first { $0.0 == served.addressClass }.flatMap { _, name in
                self.failure(in: values.value(of: name).items, unless: knowsOwnRecipient)
            }
        }
        return found.allSatisfy { $0 != nil } ? found.compactMap { $0 }.first : nil
    }

    private var isHostedMailDiscarded: Bool {
        guard let address = ordinaryAddress(.v4) ?? ordinaryAddress(.v6) else { return false }
        var evaluation = Evaluation()
        _ = judge(hostedSession(from: address), &evaluation)
        return evaluation.isDiscarded
    }

    /// Whether a list takes mail of a domain for this host, beside the names that the host itself has.
    private func hasDomains(_ list: DomainList, _ addressClass: Destination.Class) -> Bool {
        list.patterns.contains { pattern in
            guard !pattern.isNegated else { return false }
            switch pattern.content {
            case .literal(let text): return addressClass == .local ? isDomainServed(text) : isHostName(text)
            case .table(let table): return table.canAnswer
            case .unreadable: return true
            case .failing: return false
            }
        }
    }

    /// Whether the name is a domain that has mail, and not only what the host calls itself.
    private func isDomainServed(_ name: String) -> Bool {
        isHostName(name) && name.contains(".") && !name.hasPrefix("localhost")
            && name != values.text(of: "myhostname").folded
    }

    /// A list of domains that cannot be searched to its end, where no domain stands before that.
    private var failingList: (why: String, place: Place)? {
        let isAnyServed = resolver.lists.contains { list, _ in
            list.patterns.contains { pattern in
                guard !pattern.isNegated, case .literal(let text) = pattern.content, isDomainServed(text)
                else {
                    return false
                }
                return resolver.resolve("postmaster@\(text)", assuming: given).failure == nil
            }
        }
        guard !isAnyServed else { return nil }
        let names = ["mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains"]
        return failure(inAnyOf: names, routing)
    }

    /// Whether trivial-rewrite cannot tell how mail of the sender goes elsewhere, so that smtpd does not take it.
    func lacksRoute(for sender: String) -> Bool {
        ["sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps"].contains { name in
            failure(in: routing.value(of: name).items) { before in
                if case .missing = before.ask(sender.isEmpty ? "<>" : sender) { false } else { true }
            } != nil
        }
    }

    /// Whether cleanup cannot tell who else is to have mail for the recipient, and throws it back, where it serves others.
    func lacksCopy(for recipient: String) -> Bool {
        let domain = recipient.lastIndex(of: "@").map { String(recipient[$0...]) }
        let keys = [recipient] + [domain].compactMap(\.self)
        let found = failure(in: rewriting.value(of: "recipient_bcc_maps").items) { before in
            keys.contains { if case .missing = before.ask($0) { false } else { true } }
        }
        return found != nil && failingTable == nil
    }

    /// The first item of a list that fails, unless one before it answers first.
    private func failure(
        in items: [ListItem], unless isAnswered: (LookupTable) -> Bool
    ) -> (why: String, place: Place)? {
        for item in items where item.text.contains(":") {
            if let failure = failure(item) { return failure }
            if isAnswered(host.tables.table(item.text)) { return nil }
        }
        return nil
    }

    /// The first item that fails of several lists.
    private func failure(inAnyOf names: [String], _ values: ParameterValues) -> (why: String, place: Place)? {
        for name in names {
            if let failure = failure(in: values.value(of: name).items, unless: { _ in false }) {
                return failure
            }
        }
        return nil
    }

    private func failure(_ item: ListItem) -> (why: String, place: Place)? {
        guard item.text.contains(":"), !item.text.hasPrefix("["), !item.text.hasPrefix("!"),
            case .failing(let why) = host.tables.table(item.text).content
        else { return nil }
        return (why, host.quoting.place(of: item))
    }

    /// Whether a table may know the whole address of somebody here, for which it is asked first.
    private func knowsOwnRecipient(_ table: LookupTable) -> Bool {
        table.leaves.contains { leaf in
            switch leaf.content {
            case .constant: return true
            // The users of the system have names and no addresses.
            case .unreadable: return TableName(leaf.name)?.type != "unix"
            case .fixed(let entries, _):
                return entries.contains { entry in
                    guard let at = entry.key.lastIndex(of: "@"), at != entry.key.startIndex else {
                        return false
                    }
                    return resolver.resolve(entry.key, assuming: given).addressClass != .elsewhere
                }
            case .patterns:
                if case .missing = leaf.ask("postmaster@\(hostedDomain)") { return false }
                return true
            case .networks, .networkRules, .union, .pipe, .failing: return false
            }
        }
    }
}
