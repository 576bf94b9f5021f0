import MailModel

/// Counts the messages in Postfix's queue from its directories alone; no file is opened.
///
/// A message is one file that is moved from directory to directory and keeps its inode, so each inode counts
/// once, in the queue where it was first seen. The queues that mail runs through are read again at the end: what
/// stays in the queue while we look is counted, and counted once; what comes or goes may be either.
/// - Parameters:
///   - directory: Postfix's `queue_directory`.
///   - deadline: How long counting may take.
func observeQueue(_ directory: String, deadline: Duration, in files: HostFiles) -> Observed<QueueCount> {
    let end = ContinuousClock.now + deadline
    if let problem = files.problem(directory) {
        return .unseen("the queue directory \(directory) cannot be read: \(errorText(problem))")
    }
    var counts: [String: Int] = [:]
    var seen: Set<UInt64> = []
    for queue in ["maildrop", "incoming", "active", "deferred", "hold", "corrupt", "incoming", "active"] {
        var pending = ["\(directory)/\(queue)"]
        counts[queue, default: 0] += 0
        while let next = pending.popLast() {
            guard ContinuousClock.now < end, !Task.isCancelled else {
                return .unseen("the queue in \(directory) was not counted within \(deadline)")
            }
            var found = 0
            // A hashed queue has one-character directories, `hash_queue_depth` of them below each other.
            let problem = files.forEachEntry(of: next, names: .ofDirectories) { entry in
                if !entry.isDirectory {
                    found += seen.insert(entry.inode).inserted ? 1 : 0
                } else if entry.name.utf8.count == 1 {
                    pending.append("\(next)/\(entry.name)")
                }
            }
            counts[queue, default: 0] += found
            guard problem == 0 || isAbsent(problem) else {
                return .unseen("the queue directory \(next) cannot be read: \(errorText(problem))")
            }
        }
    }
    return .seen(QueueCount(messagesByQueue: counts))
}
