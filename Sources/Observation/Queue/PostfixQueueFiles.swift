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
    /// While the files are read, which takes long, a message may be tried and deferred again behind our back: what
    /// was not seen by then is looked for once more, which is quick.
    private static let again: [PostfixQueue] = [.deferred, .hold, .incoming, .active]

    /// What became of one file.
    enum Visit {
        case seen
        /// It was not there any more: it may come up in another queue.
        case moved
        /// Nothing more is wanted.
        case last
    }

    /// - Parameters:
    ///   - queues: Which of them are walked.
    ///   - names: Whether the names of files are wanted; without them ``QueueFile`` names the directory alone.
    ///   - body: Gets every message's file.
    /// - Returns: Why the walk was not whole, as a sentence without a full stop; `nil` when it was, or was ended. And
    ///   how many files were moved and did not come up again.
    func forEach(
        in queues: [PostfixQueue] = PostfixQueue.allCases, names: HostFiles.Names,
        _ body: (QueueFile) -> Visit
    ) -> (problem: String?, moved: Int) {
        if let problem = files.problem(directory) {
            return ("the queue directory \(directory) cannot be read: \(errorText(problem))", 0)
        }
        var seen: Set<UInt64> = []
        var moved: Set<UInt64> = []
        for queue in Self.order + (names == .all ? Self.again : []) where queues.contains(queue) {
            var pending = ["\(directory)/\(queue.rawValue)"]
            while let next = pending.popLast() {
                var isEnded = false
                // A hashed queue has one-character directories, `hash_queue_depth` of them below each other.
                let problem = files.visitEntries(of: next, names: names) { entry in
                    if !entry.isDirectory {
                        guard seen.insert(entry.inode).inserted else { return true }
                        let file = QueueFile(
                            queue: queue, path: names == .all ? "\(next)/\(entry.name)" : next,
                            name: entry.name)
                        switch body(file) {
                        case .seen: if !moved.isEmpty { moved.remove(entry.inode) }
                        case .moved:
                            seen.remove(entry.inode)
                            moved.insert(entry.inode)
                        case .last: isEnded = true
                        }
                    } else if entry.name.utf8.count == 1 {
                        pending.append("\(next)/\(entry.name)")
                    }
                    return !isEnded
                }
                if isEnded { return (nil, moved.count) }
                guard problem == 0 || isAbsent(problem) else {
                    return ("the queue directory \(next) cannot be read: \(errorText(problem))", moved.count)
                }
            }
        }
        return (nil, moved.count)
    }
}
