import Glibc
package import MailModel

/// Counts the messages in the queue of an MTA from its directories alone; no file is opened and no daemon asked.
/// - Parameters:
///   - withFiles: Whether sizes and ages are wanted as well, which costs a look at each file's inode.
package func countQueue(
    of mta: MailTransferAgent, withFiles: Bool = false, _ instruments: Instruments
) -> Observed<QueueCount> {
    let files = instruments.files
    let deadline = instruments.deadlines.queue
    switch mta {
    case .postfix:
        return observeQueue(queueDirectory(files), deadline: deadline, withFiles: withFiles, in: files)
    case .qmail: return observeQmailQueue("\(qmailDirectory(files))/queue", deadline: deadline, in: files)
    case .msmtp: return .unseen("msmtp keeps no queue")
    }
}

/// - Parameters:
///   - directory: Postfix's `queue_directory`.
///   - deadline: How long counting may take.
func observeQueue(
    _ directory: String, deadline: Duration, withFiles: Bool = false, in files: HostFiles
) -> Observed<QueueCount> {
    let end = ContinuousClock.now + deadline
    var counts = [Int](repeating: 0, count: PostfixQueue.allCases.count)
    var sizes = QueueCount.Files()
    var isLate = ContinuousClock.now >= end
    var sinceLook = 0
    let queues = PostfixQueue.allCases
    let problem = PostfixQueueFiles(directory: directory, files: files).forEach(
        names: withFiles ? .all : .ofDirectories
    ) { file in
        counts[queues.firstIndex(of: file.queue) ?? 0] += 1
        if withFiles { sizes.add(file, in: files) }
        sinceLook += 1
        if sinceLook == 1000 {
            sinceLook = 0
            isLate = ContinuousClock.now >= end || Task.isCancelled
        }
        return isLate ? .last : .seen
    }.problem
    if let problem { return .unseen(problem) }
    guard !isLate else { return .unseen("the queue in \(directory) was not counted within \(deadline)") }
    return .seen(
        QueueCount(
            messagesByQueue: Dictionary(
                uniqueKeysWithValues: zip(queues.map(\.rawValue), counts).map { ($0, $1) }),
            files: withFiles ? sizes : nil))
}

extension QueueCount.Files {
    fileprivate mutating func add(_ file: QueueFile, in files: HostFiles) {
        guard let status = files.birth(of: file.path) else { return }
        bytes += status.size
        oldest = min(oldest ?? status.born, status.born)
        newest = max(newest ?? status.born, status.born)
    }
}

/// Counts as qmail-qstat(8) does: every message has a file in `mess`, and one in `todo` until qmail-send has
/// preprocessed it. Either directory may be split into numbered ones.
func observeQmailQueue(_ directory: String, deadline: Duration, in files: HostFiles) -> Observed<QueueCount> {
    let end = ContinuousClock.now + deadline
    var counts: [String: Int] = [:]
    for queue in ["mess", "todo"] {
        var pending = ["\(directory)/\(queue)"]
        var found = 0
        while let next = pending.popLast() {
            guard ContinuousClock.now < end else {
                return .unseen("the queue in \(directory) was not counted within \(deadline)")
            }
            let problem = files.forEachEntry(of: next, names: .ofDirectories) { entry in
                if entry.isDirectory { pending.append("\(next)/\(entry.name)") } else { found += 1 }
            }
            guard problem == 0 || (isAbsent(problem) && next != "\(directory)/mess") else {
                return .unseen("the queue directory \(next) cannot be read: \(errorText(problem))")
            }
        }
        counts[queue] = found
    }
    let todo = min(counts["todo"] ?? 0, counts["mess"] ?? 0)
    return .seen(
        QueueCount(messagesByQueue: ["preprocessed": (counts["mess"] ?? 0) - todo, "todo": todo]))
}
