/// Messages waiting, counted from directories alone.
package struct QueueCount: Sendable, Equatable {
    /// By Postfix queue name (`incoming`, `active`, `deferred`, `hold`, `corrupt`, `maildrop`); of Qmail, by whether
    /// qmail-send has preprocessed them (`preprocessed`, `todo`; qmail-qstat(8)).
    package var messagesByQueue: [String: Int]
    /// The files' sizes and times; `nil` where they were not asked for.
    package var files: Files?

    /// What the directory entries say of the messages' files.
    package struct Files: Sendable, Equatable {
        package var bytes = 0
        /// When the first and the last of them were written, or are to be tried again.
        package var oldest: Timestamp?
        package var newest: Timestamp?

        package init() {}
    }

    package init(messagesByQueue: [String: Int], files: Files? = nil) {
        self.messagesByQueue = messagesByQueue
        self.files = files
    }

    package var total: Int { messagesByQueue.values.reduce(0, +) }

    /// Messages that may leave by themselves.
    package var waiting: Int { total - (messagesByQueue["hold"] ?? 0) - (messagesByQueue["corrupt"] ?? 0) }
}
