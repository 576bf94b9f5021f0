/// What is done to messages in the queue of Postfix, by their queue ids (postsuper(1)).
package enum QueueAction: String, Sendable, CaseIterable, Codable {
    /// Kept from leaving until it is released.
    case hold
    /// Tried again as any deferred message.
    case release
    /// Gone for good.
    case delete

    /// The program that reads queue ids, one a line, from its standard input.
    package var command: [String] {
        switch self {
        case .hold: ["/usr/sbin/postsuper", "-h", "-"]
        case .release: ["/usr/sbin/postsuper", "-H", "-", "hold"]
        case .delete: ["/usr/sbin/postsuper", "-d", "-", "hold"]
        }
    }

    /// Whether it concerns a message that is in a queue. What is on hold already was put there by somebody else.
    package func concerns(_ queue: PostfixQueue) -> Bool {
        switch self {
        case .hold: [.incoming, .active, .deferred].contains(queue)
        case .release, .delete: queue == .hold
        }
    }

    /// Whether a message is as it is to be; `nil` stands for one that is in no queue.
    package func isDone(_ queue: PostfixQueue?) -> Bool {
        switch self {
        case .hold: queue == .hold
        case .release: queue != .hold
        case .delete: queue == nil
        }
    }

    /// What takes it back; `nil` for what cannot be.
    package var reversed: QueueAction? {
        switch self {
        case .hold: .release
        case .release: .hold
        case .delete: nil
        }
    }

    /// As an instruction: `Hold 3 messages`.
    package func summary(_ count: Int) -> String {
        let messages = count == 1 ? "1 message" : "\(count) messages"
        return switch self {
        case .hold: "Hold \(messages)"
        case .release: "Release \(messages)"
        case .delete: "Delete \(messages)"
        }
    }
}

/// What became of messages that something was done to.
package struct QueueOutcome: Sendable, Equatable {
    package var action: QueueAction
    /// How many were meant.
    package var selected: Int
    package var done = 0
    /// They had left, or were in another queue, when their turn came.
    package var gone = 0
    /// They were there, and nothing came of it.
    package var failed = 0
    /// Whether it was cut off: the rest was not touched.
    package var isInterrupted = false

    package init(_ action: QueueAction, selected: Int) {
        self.action = action
        self.selected = selected
    }

    /// For the reader, without a full stop: `held 3 of 5 messages, 2 were gone`.
    package var sentence: String {
        let verb =
            switch action {
            case .hold: "held"
            case .release: "released"
            case .delete: "deleted"
            }
        var text = "\(verb) \(done) of \(selected) message\(selected == 1 ? "" : "s")"
        if gone > 0 { text += ", \(gone) had left" }
        if failed > 0 { text += ", \(failed) could not be" }
        if isInterrupted { text += ", then interrupted" }
        return text
    }
}
