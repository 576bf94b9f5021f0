import Glibc
package import MailModel
package import Postfix

/// What became of one message's file while the queue was read.
package enum QueueReading: Sendable {
    case message(QueuedMessage, id: String, queue: PostfixQueue, size: Int)
    /// It left, or is still coming in.
    case moving
    /// Not a whole queue file.
    case unreadable(path: String)
}

/// Reads the file of every message in Postfix's queue, while mail flows.
/// - Parameter body: Gets each message once; returns false to end the reading.
/// - Returns: Why not all was seen, as a sentence without a full stop; `nil` when all was, or `body` ended it.
package func readPostfixQueue(
    _ instruments: Instruments, in queues: [PostfixQueue] = PostfixQueue.allCases,
    _ body: (QueueReading) -> Bool
) -> String? {
    let files = instruments.files
    let walk = PostfixQueueFiles(directory: queueDirectory(files), files: files)
        .forEach(in: queues, names: .all) { file in
            let reading = read(file, in: files)
            if case .moving = reading { return .moved }
            return body(reading) ? .seen : .last
        }
    for _ in 0..<walk.moved where !body(.moving) { break }
    return walk.problem
}

private func read(_ entry: QueueFile, in files: HostFiles) -> QueueReading {
    guard let file = files.opened(entry.path) else {
        return isAbsent(errno) ? .moving : .unreadable(path: entry.path)
    }
    // Until it has been received whole, a file of incoming may not be executed (qmgr(8), cleanup(8)).
    if file.mode & 0o100 == 0, entry.queue == .incoming || entry.queue == .maildrop { return .moving }
    guard var message = file.withReading({ QueuedMessage(postfixQueueFile: $0) }) else {
        return .unreadable(path: entry.path)
    }
    // What sendmail(1) was given has no Received line yet, and belongs to who ran it.
    if entry.queue == .maildrop { message.userID = file.owner }
    return .message(message, id: entry.name, queue: entry.queue, size: file.size)
}

/// Where Postfix keeps messages, by the host's main.cf.
package func queueLayout(_ instruments: Instruments) -> QueueLayout { queueLayout(instruments.files) }

/// The bytes of a message's file, as long as it is in that queue.
/// - Returns: `nil` when it is not there, is another message, or is larger than any message should be.
package func queueFile(
    of message: MessageID, in queue: PostfixQueue, _ layout: QueueLayout, _ instruments: Instruments
) -> [UInt8]? {
    guard let file = instruments.files.opened(layout.path(of: message.id, in: queue)),
        file.size <= largestMessage
    else { return nil }
    let bytes = file.read(0, file.size)
    let isWhole = bytes.count == file.size
    return isWhole && file.withReading({ arrivalOfQueueFile($0) }) == message.arrived ? bytes : nil
}

private let largestMessage = 256 << 20

/// In which queue a message is at this moment; a reused queue id stands for another message.
/// - Returns: `nil` when it is gone.
package func queue(of message: MessageID, _ layout: QueueLayout, _ instruments: Instruments) -> PostfixQueue?
{
    // The order is the way of mail: what moves on between two looks is found by the later one, and what is
    // deferred may become active again.
    for queue in [.incoming, .active, .deferred, .hold, .corrupt, .active, .deferred] as [PostfixQueue] {
        guard let file = instruments.files.opened(layout.path(of: message.id, in: queue)) else { continue }
        guard file.withReading({ arrivalOfQueueFile($0) }) == message.arrived else { continue }
        return queue
    }
    return nil
}
