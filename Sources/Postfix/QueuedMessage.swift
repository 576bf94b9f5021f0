/// What a queue file says of its message: where it came from and where it is to go.
///
/// Texts are the bytes of the file, which strangers chose.
package struct QueuedMessage: Sendable, Equatable {
    /// One address that the message has yet to reach.
    package struct Recipient: Sendable, Equatable {
        package var address: [UInt8]
        /// What it was before aliases were looked up.
        package var original: [UInt8]?
    }

    /// Microseconds since 1970 at which it came in: with the queue id it tells one message from all others.
    package var arrived: Int
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
    package var received: [[UInt8]] = []
    package var subject: [UInt8]?
    /// `X-PHP-Originating-Script`: user id and file, as PHP writes it (php.ini, `mail.add_x_header`).
    package var phpScript: [UInt8]?
    package var wasDeliveredHere = false
    /// Whether the file was read to the end of its recipients and headers.
    package var isWhole = false

    package init(arrived: Int) { self.arrived = arrived }
}

extension QueuedMessage {
    /// Reads a queue file as Postfix 2.x and 3.x write it, in any of its queues, `maildrop` included.
    ///
    /// Damaged files are read as far as they go; nothing in them makes it read much more than 1 MiB.
    /// - Parameter read: Gives so many bytes (second) from an offset (first) of the file on, fewer at its end.
    /// - Returns: `nil` where this is no queue file.
    package init?(read: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) {
        var reader = QueueFileReader(read)
        guard let message = reader.parse() else { return nil }
        self = message
    }
}
