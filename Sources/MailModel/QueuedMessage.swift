/// What a queue file says of its message: where it came from and where it is to go.
///
/// Texts are the bytes of the file, which strangers chose.
package struct QueuedMessage: Sendable, Equatable {
    /// One address that the message has yet to reach.
    package struct Recipient: Sendable, Equatable {
        package var address: [UInt8]
        /// What it was before aliases were looked up.
        package var original: [UInt8]?

        package init(address: [UInt8], original: [UInt8]? = nil) {
            self.address = address
            self.original = original
        }
    }

    /// Microseconds since 1970 at which it came in: with the queue id it tells one message from all others.
    package var arrived: Int64
    /// Of the envelope; empty for the null sender, `nil` where none stands in the file.
    package var sender: [UInt8]?
    /// The first of them; ``recipientCount`` counts all.
    package var recipients: [Recipient] = []
    package var recipientCount = 0
    /// The SMTP client that handed it in; `nil` for what was made on this host.
    package var clientAddress: [UInt8]?
    /// The client that a filter in front named instead of itself (XFORWARD), or that a forwarded message
    /// came from.
    package var loggedClientAddress: [UInt8]?
    package var login: [UInt8]?
    /// The local user who ran sendmail(1), by the topmost Received line.
    package var userID: Int?
    /// Values of the first Received lines, the topmost first.
    package var received: [[UInt8]] = []
    package var subject: [UInt8]?
    /// `X-PHP-Originating-Script`: user id and file, as PHP writes it (php.ini, `mail.add_x_header`).
    package var phpScript: [UInt8]?
    package var wasDeliveredHere = false
    /// Whether the file was read to the end of its recipients and headers.
    package var isWhole = false

    package init(arrived: Int64) { self.arrived = arrived }
}

/// Where in Postfix's queue a message is (qmgr(8)).
package enum PostfixQueue: String, Sendable, CaseIterable, Codable {
    case maildrop, incoming, active, deferred, hold, corrupt
}

/// What tells one message of a queue from all others: queue ids alone are used again.
package struct MessageID: Hashable, Sendable, Codable {
    package var id: String
    /// Microseconds since 1970.
    package var arrived: Int64

    package init(id: String, arrived: Int64) {
        self.id = id
        self.arrived = arrived
    }
}

/// How a message came into the queue.
package enum MessageOrigin: String, Sendable, CaseIterable, Codable {
    /// Made by the MTA itself, of mail that it could not deliver.
    case bounce
    /// From a client that had logged in.
    case login
    /// From a user or a script of this host, through sendmail(1).
    case local
    /// From a client that the policy vouches for, this host included.
    case trusted
    /// From anybody, for domains that are served here.
    case incoming
    /// From a stranger without a login, for domains that are not served here.
    case relayed
    /// Delivered here and sent on by an alias or a `.forward` file.
    case forwarded
}
