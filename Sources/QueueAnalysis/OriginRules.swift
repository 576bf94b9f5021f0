package import MailModel

/// What tells where a message came from: who is no stranger, and which domains are served here.
package struct OriginRules: Sendable {
    /// Networks whose clients may send without a login.
    package var trusted: [IPNetwork]
    /// Domains whose mail is delivered on or through this host, in lower case.
    package var served: Set<String>
    /// Names of local users by number.
    package var userNames: [Int: String]

    /// Since when no client could send elsewhere without a login, where the MTA's files do not mark a login; `nil` where
    /// they do, and where strangers can relay.
    package var onlyLoginsSince: Timestamp?

    package init(trusted: [IPNetwork], served: some Sequence<String>, userNames: [Int: String] = [:]) {
        self.trusted = trusted
        self.served = Set(served.map { $0.lowercased() })
        self.userNames = userNames
    }

    /// Where a message came from, and what names its source.
    package func origin(of message: QueuedMessage) -> ClassifiedMessage {
        let client = client(of: message)
        var result = ClassifiedMessage(message: message, origin: .relayed, client: client)
        if message.userID == nil, message.clientAddress == nil, message.sender?.isEmpty == true,
            !message.wasDeliveredHere
        {
            result.origin = .bounce
        } else if message.login != nil || hasLoggedInBeforeFilter(message) {
            result.origin = .login
            result.login = message.login.map(text) ?? ClassifiedMessage.unknownLogin
        } else if let user = message.userID {
            result.origin = .local
            result.user = userNames[user] ?? String(user)
            result.script = message.phpScript.map(text)
        } else if let client, trusted.contains(where: { $0.contains(client) }) {
            result.origin = .trusted
        } else if message.clientAddress == nil {
            result.origin = .forwarded
        } else if !message.recipients.isEmpty, message.recipients.allSatisfy(isServed) {
            result.origin = .incoming
        } else if let since = onlyLoginsSince, message.arrived >= since.microseconds {
            result.origin = .login
            result.login = ClassifiedMessage.unknownLogin
        }
        return result
    }

    /// The client that handed a message in; of one that a filter on this host handed back, the client that the
    /// filter had it from.
    private func client(of message: QueuedMessage) -> IPAddress? {
        let direct = message.clientAddress.flatMap { IPAddress(text($0)) }
        guard direct?.isLoopback == true, let logged = message.loggedClientAddress,
            let address = IPAddress(text(logged))
        else { return direct }
        return address
    }

    /// Whether the server in front of a filter had seen a login: ESMTPA and ESMTPSA (RFC 3848) in the second
    /// Received line, below the filter's own. Only a filter on this host can name another client than itself.
    private func hasLoggedInBeforeFilter(_ message: QueuedMessage) -> Bool {
        guard message.clientAddress != message.loggedClientAddress, message.received.count > 1,
            message.clientAddress.flatMap({ IPAddress(text($0)) })?.isLoopback == true
        else { return false }
        let line = text(message.received[1])
        return line.contains(" with ESMTPSA ") || line.contains(" with ESMTPA ")
    }

    /// By what the recipient was before aliases: where an alias leads is this host's own doing.
    private func isServed(_ recipient: QueuedMessage.Recipient) -> Bool {
        guard let domain = domain(of: recipient.original ?? recipient.address) else { return true }
        return served.contains(domain)
    }
}

/// A message, and where it came from.
package struct ClassifiedMessage: Sendable {
    package var message: QueuedMessage
    package var origin: MessageOrigin
    package var client: IPAddress?
    package var login: String?
    /// The local user's name, or the number of one that has none.
    package var user: String?
    package var script: String?

    /// Stands for a login that the files do not name.
    static let unknownLogin = "unknown"

    init(message: QueuedMessage, origin: MessageOrigin, client: IPAddress?) {
        self.message = message
        self.origin = origin
        self.client = client
    }
}

extension ClassifiedMessage {
    /// The client's network: so many addresses are one customer's at most providers (RFC 6177 for IPv6).
    package var network: IPNetwork? {
        client.flatMap { address in
            let prefix = address.unmapped.width == 32 ? 24 : 64
            return IPNetwork(address.unmapped.masked(to: prefix), prefix: prefix)
        }
    }

    /// What a reader recognises the message by.
    package func sample(id: String) -> QueueSample {
        QueueSample(
            message: MessageID(id: id, arrived: message.arrived), origin: origin,
            client: client?.unmapped.description, login: login, user: user, script: script, sender: sender,
            recipient: message.recipients.first.map { text($0.address) }, recipients: message.recipientCount,
            subject: message.subject.map(text))
    }

    /// The envelope sender, `<>` for none.
    package var sender: String { message.sender.map { $0.isEmpty ? "<>" : text($0) } ?? "<>" }
}

/// The domain of an address in lower case, without the dot that some write at its end; `nil` for a bare name.
func domain(of address: [UInt8]) -> String? {
    guard let at = address.lastIndex(of: UInt8(ascii: "@")) else { return nil }
    let name = text(address[(at + 1)...]).lowercased()
    return name.hasSuffix(".") ? String(name.dropLast()) : name
}

/// Bytes that strangers chose, cut at a length that no honest value has.
func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes.prefix(320), as: UTF8.self)
}
