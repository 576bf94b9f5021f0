import Glibc
import MailModel

/// One message's file, as a directory of Postfix's queue shows it.
struct QueueFile {
    var queue: PostfixQueue
    var path: String
    /// The file's name: the queue id.
    var name: String
}

/// Walks Postfix's queue directories, while mail flows.
///
/// A message is one file that is moved from directory to directory and keeps its inode, so each inode counts
/// once, in the queue where it was first seen. The queues that mail runs through are read again at the end: what
/// stays in the queue while we look is seen, and seen once; what comes or goes may be either.
struct PostfixQueueFiles {
    let directory: String
    let files: HostFiles

    private static let order: [PostfixQueue] = [
        .maildrop, .incoming, .active, .deferred, .hold, .corrupt, .incoming, .active,
    ]

    /// - Parameters:
    ///   - queues: Which of them are walked.
    ///   - names: Whether the names of files are wanted; without them ``QueueFile`` names the directory alone.
    ///   - body: Gets every message's file; returns false to end the walk.
    /// - Returns: Why the walk was not whole, as a sentence without a full stop; `nil` when it was, or was ended.
    func forEach(
        in queues: [PostfixQueue] = PostfixQueue.allCases, names: HostFiles.Names, _ body: (QueueFile) -> Bool
    ) -> String? {
        if let problem = files.problem(directory) {
            return "the queue directory \(directory) cannot be read: \(errorText(problem))"
        }
        var seen: Set<UInt64> = []
        for queue in Self.order where queues.contains(queue) {
            var pending = ["\(directory)/\(queue.rawValue)"]
            while let next = pending.popLast() {
                var isEnded = false
                // A hashed queue has one-character directories, `hash_queue_depth` of them below each other.
                let problem = files.visitEntries(of: next, names: names) { entry in
                    if !entry.isDirectory {
                        guard seen.insert(entry.inode).inserted else { return true }
                        isEnded = !body(
                            QueueFile(
                                queue: queue, path: names == .all ? "\(next)/\(entry.name)" : next,
                                name: entry.name))
                    } else if entry.name.utf8.count == 1 {
                        pending.append("\(next)/\(entry.name)")
                    }
                    return !isEnded
                }
                if isEnded { return nil }
                guard problem == 0 || isAbsent(problem) else {
                    return "the queue directory \(next) cannot be read: \(errorText(problem))"
                }
            }
        }
        return nil
    }
}
