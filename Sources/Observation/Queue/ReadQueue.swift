import Glibc
package import MailModel
package import Postfix
import Qmail

/// What became of one message's file while the queue was read.
package enum QueueReading: Sendable {
    /// - `queue`: `nil` for Qmail, whose queue is one.
    case message(QueuedMessage, id: String, queue: PostfixQueue?, size: Int)
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

/// Reads the file of every message in Qmail's queue, while mail flows (INTERNALS in qmail's source).
///
/// A message has one file in `mess`, named by its inode, as long as it is in the queue. Its envelope is in `todo` until
/// qmail-send has written all of what takes its place.
/// - Parameter body: Gets each message once.
/// - Returns: As ``readPostfixQueue(_:in:_:)``.
package func readQmailQueue(_ instruments: Instruments, _ body: (QueueReading) -> Void) -> String? {
    let files = instruments.files
    let queue = "\(qmailDirectory(files))/queue"
    var pending = [""]
    while let split = pending.popLast() {
        let problem = files.forEachEntry(of: "\(queue)/mess\(split)") { entry in
            if entry.isDirectory {
                if split.isEmpty { pending.append("/\(entry.name)") }
            } else {
                body(readQmailMessage(entry.name, split, queue, files))
            }
        }
        guard problem == 0 || (isAbsent(problem) && !split.isEmpty) else {
            return "the queue directory \(queue)/mess\(split) cannot be read: \(errorText(problem))"
        }
    }
    return nil
}

private func readQmailMessage(_ id: String, _ split: String, _ queue: String, _ files: HostFiles)
    -> QueueReading
{
    guard let file = files.opened("\(queue)/mess\(split)/\(id)") else {
        return isAbsent(errno) ? .moving : .unreadable(path: "\(queue)/mess\(split)/\(id)")
    }
    guard let envelope = qmailEnvelope(of: id, split, queue, files) else { return .moving }
    let message = QueuedMessage(
        qmailHead: file.read(0, 1 << 16), envelope: envelope, arrived: file.modified)
    // All recipients are done, or what is read was taken away between two files.
    return message.isWhole ? .message(message, id: id, queue: nil, size: file.size) : .moving
}

/// - Returns: `nil` where there is none, since the message is still being written, or has left.
private func qmailEnvelope(
    of id: String, _ split: String, _ queue: String, _ files: HostFiles
) -> [UInt8]? {
    func part(_ name: String) -> [UInt8]? {
        guard let file = files.opened("\(queue)/\(name)/\(id)") else { return nil }
        return file.read(0, min(file.size, largestEnvelope))
    }
    if let new = part("todo") ?? part("todo\(split)") { return new }
    guard let sender = part("info\(split)") else { return nil }
    return ["local", "remote"].reduce(into: sender) { $0 += part("\($1)\(split)") ?? [] }
}

private let largestEnvelope = 4 << 20

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
