package import MailModel

extension QueuedMessage {
    /// Reads a queue file as Postfix 2.x and 3.x write it, in any of its queues, `maildrop` included.
    ///
    /// Damaged files are read as far as they go; nothing in them makes it read much more than 1 MiB.
    /// - Parameters:
    ///   - read: Gives so many bytes (second) from an offset (first) of the file on, fewer at its end.
    ///   - keptRecipients: How many recipients are kept; all are counted.
    /// - Returns: `nil` where this is no queue file.
    package init?(
        postfixQueueFile read: @escaping (_ offset: Int, _ count: Int) -> [UInt8], keptRecipients: Int = 100
    ) {
        var reader = QueueFileReader(keptRecipients: keptRecipients, read)
        guard let message = reader.parse() else { return nil }
        self = message
    }
}

/// When the message of a queue file came in, in microseconds since 1970: the cheapest question that tells
/// whether a queue id still stands for the same message.
/// - Parameter read: As for ``MailModel/QueuedMessage/init(postfixQueueFile:)``.
/// - Returns: `nil` where this is no queue file.
package func arrivalOfQueueFile(_ read: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) -> Int64? {
    var records = QueueRecords(windowSize: 256, read)
    guard var record = records.next() else { return nil }
    if record.type == UInt8(ascii: "C") {
        guard let next = records.next() else { return nil }
        record = next
    }
    return record.type == UInt8(ascii: "T") ? time(record.data) : nil
}

/// Hands out the message of a queue file as it was handed in: headers and text, with line feeds.
///
/// Lines that a filter moved are read where they were moved to. Reading ends where the content does.
/// - Parameters:
///   - read: As for ``MailModel/QueuedMessage/init(postfixQueueFile:)``.
///   - limit: The most bytes of the file that are read.
///   - body: Gets one piece of the content after the other.
/// - Returns: Whether the content was read to its end.
package func readContent(
    ofQueueFile read: @escaping (_ offset: Int, _ count: Int) -> [UInt8], limit: Int,
    _ body: (ArraySlice<UInt8>) -> Void
) -> Bool {
    var records = QueueRecords(windowSize: 1 << 16, budget: limit, dataLimit: 1 << 16, read)
    while let record = records.next() {
        guard record.type != UInt8(ascii: "M") else { break }
    }
    while let record = records.next() {
        guard record.data.count == record.length else { return false }
        switch record.type {
        case UInt8(ascii: "N"): body(record.data + [0x0a])
        case UInt8(ascii: "L"): body(record.data)
        case UInt8(ascii: "X"): return true
        default: return false
        }
    }
    return false
}
