package import MailModel

/// What became of a message that a server took.
package enum MessageFate: Hashable, Sendable {
    /// Nothing was sent, or nobody looks for it.
    case unknown
    /// It came to the vantage, over the network: the server relayed it. The client address that the server's own
    /// Received line names, if one can be read and it is none of the vantage's.
    case arrived(believedClient: IPAddress?)
    /// A report came back to the sender: taken first, refused later (backscatter).
    case bounced
    /// It did not come within the time allowed: held, thrown away, or sent elsewhere.
    case missing
    /// Not come, and found in the server's own queue or log.
    case traced(MessageTrace)

    /// One word for a document; `nil` when there is nothing to say.
    package var word: String? {
        switch self {
        case .unknown: nil
        case .arrived: "arrived"
        case .bounced: "bounced"
        case .missing: "missing"
        case .traced(.held): "held"
        case .traced(.waiting): "waiting"
        case .traced(.kept): "kept"
        case .traced(.passedOn): "passed-on"
        }
    }
}

/// What the server itself knows of a message that has not come back.
package enum MessageTrace: Hashable, Sendable, Codable {
    /// In the hold queue: nothing happens to it until somebody looks.
    case held
    /// In the queue, with the reason for which it could not be delivered yet, and for whom it is by now.
    case waiting(String, recipient: String? = nil)
    /// Delivered on the host itself, thrown away or refused: it goes nowhere. The delivery agent, as in the log.
    case kept(String)
    /// Handed to another server, which the log names, whatever that one made of it; for whom it was by then.
    case passedOn(String, recipient: String? = nil)

    /// For whom the message leaves the server.
    package var recipient: String? {
        switch self {
        case .held, .kept: nil
        case .waiting(_, let recipient), .passedOn(_, let recipient): recipient
        }
    }
}

/// Asks the server itself, where the vantage is on its own host.
/// - Parameter queueIDs: as the server gave them when it took the messages.
/// - Returns: what it knows, by queue id; nothing for what it has never heard of.
package typealias TraceMessages = @Sendable (_ queueIDs: [String]) async -> [String: MessageTrace]

extension Answer {
    /// The name under which the server has queued the message (Postfix: `250 2.0.0 Ok: queued as 4XYZ`).
    package var queueID: String? {
        guard messageTaken, let line = decidingReply?.textLines.last,
            let mark = line.range(of: "queued as ")
        else { return nil }
        let id = line[mark.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return (6...40).contains(id.utf8.count) ? String(id) : nil
    }
}

extension String {
    /// The address of another machine that stands in brackets in Postfix's words for a server: `mx.example.org[192.0.2.9]:25`.
    /// A socket (`mx[private/lmtp]`) and loopback, where content filters listen, are this machine.
    package var remoteServer: IPAddress? {
        split(separator: "[", omittingEmptySubsequences: false).dropFirst().lazy
            .compactMap { $0.split(separator: "]", omittingEmptySubsequences: false).first }
            .compactMap { IPAddress($0.hasPrefix("IPv6:") ? $0.dropFirst(5) : $0) }
            .first { !$0.isLoopback }
    }

    fileprivate func range(of word: String) -> Range<String.Index>? { firstRange(of: word) }
}
