package import MailModel

/// Which messages are meant: those for which every term holds.
package struct MessageSelection: Sendable, Equatable {
    enum Term: Sendable, Equatable {
        case origin(MessageOrigin)
        case client(IPNetwork)
        case login(String)
        case user(String)
        case script(String)
        /// An address, `<>`, or a domain that begins with `@`.
        case sender(String)
        case recipient(String)
        case subject(String)
        case since(Timestamp)
        case until(Timestamp)
    }

    private var terms: [Term]
    /// As they were written.
    package var texts: [String]

    /// What the planner judges to have been relayed for strangers.
    package static let relayed = MessageSelection(terms: [.origin(.relayed)], texts: ["origin=relayed"])

    package static let everything = MessageSelection(terms: [], texts: [])

    private init(terms: [Term], texts: [String]) {
        self.terms = terms
        self.texts = texts
    }

    /// The properties that a selection may name, for help and messages.
    package static let properties = [
        "client", "login", "user", "script", "sender", "recipient", "subject", "origin", "since", "until",
    ]

    /// Reads `property=value`.
    /// - Throws: ``Failure`` with `.usage` for what no message can be selected by, and for an empty selection,
    ///   which would be the whole queue.
    package init(parsing texts: [String]) throws(Failure) {
        guard !texts.isEmpty else {
            throw Failure(
                .usage, "no messages are named",
                remedy: "Add --relayed, or --matching with a property and a value, such as "
                    + "--matching login=bob@example.net.")
        }
        self.texts = texts
        terms = try texts.map { text throws(Failure) in try Self.term(text) }
    }

    private static func term(_ text: String) throws(Failure) -> Term {
        guard let equals = text.firstIndex(of: "="), text.index(after: equals) < text.endIndex else {
            throw Failure(
                .usage, "\(text) is not property=value",
                remedy: "Properties are \(properties.joined(separator: ", ")).")
        }
        let value = String(text[text.index(after: equals)...])
        switch text[..<equals] {
        case "client":
            guard let network = IPNetwork(value) else {
                throw Failure(.usage, "\(value) is no address and no network", remedy: "As 198.51.100.0/24.")
            }
            return .client(network)
        case "origin":
            guard let origin = MessageOrigin(rawValue: value) else {
                let known = MessageOrigin.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.usage, "\(value) is no origin", remedy: "Origins are \(known).")
            }
            return .origin(origin)
        case "since": return .since(try time(value))
        case "until": return .until(try time(value))
        case "login": return .login(value)
        case "user": return .user(value)
        case "script": return .script(value)
        case "sender": return .sender(value.lowercased())
        case "recipient": return .recipient(value.lowercased())
        case "subject": return .subject(value)
        default:
            throw Failure(
                .usage, "\(text[..<equals]) is no property of a message",
                remedy: "Properties are \(properties.joined(separator: ", ")).")
        }
    }

    private static func time(_ text: String) throws(Failure) -> Timestamp {
        guard let time = Timestamp(rfc3339: text) else {
            throw Failure(.usage, "\(text) is no time", remedy: "As 2027-03-31T08:00:00Z, in UTC.")
        }
        return time
    }

    package func matches(_ message: ClassifiedMessage) -> Bool { terms.allSatisfy { $0.holds(message) } }
}

extension MessageSelection.Term {
    fileprivate func holds(_ message: ClassifiedMessage) -> Bool {
        switch self {
        case .origin(let origin): message.origin == origin
        case .client(let network): message.client.map(network.contains) ?? false
        case .login(let login): message.login == login
        case .user(let user): message.user == user || message.message.userID.map(String.init) == user
        case .script(let script): message.script == script
        case .sender(let sender): isNamed(message.sender, by: sender)
        case .recipient(let recipient):
            message.message.recipients.contains { isNamed(text($0.address), by: recipient) }
        case .subject(let subject): message.message.subject.map { text($0).contains(subject) } ?? false
        case .since(let time): message.message.arrived >= time.microseconds
        case .until(let time): message.message.arrived < time.microseconds
        }
    }

    private func isNamed(_ address: String, by pattern: String) -> Bool {
        let address = address.lowercased()
        return pattern.hasPrefix("@") ? address.hasSuffix(pattern) : address == pattern
    }
}
