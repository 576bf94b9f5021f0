/// One message of the queue, for a reader who has to know whether it is what was meant.
package struct QueueSample: Sendable, Equatable {
    package var message: MessageID
    package var origin: MessageOrigin
    package var client: String?
    package var login: String?
    package var user: String?
    package var script: String?
    package var sender: String
    /// The first of them.
    package var recipient: String?
    package var recipients: Int
    package var subject: String?

    package init(
        message: MessageID, origin: MessageOrigin, client: String?, login: String?, user: String?,
        script: String?, sender: String, recipient: String?, recipients: Int, subject: String?
    ) {
        self.message = message
        self.origin = origin
        self.client = client
        self.login = login
        self.user = user
        self.script = script
        self.sender = sender
        self.recipient = recipient
        self.recipients = recipients
        self.subject = subject
    }
}

/// The messages that something is to be done to.
package struct SelectedMessages: Sendable, Equatable {
    package var ids: [MessageID] = []
    package var countByQueue: [PostfixQueue: Int] = [:]
    package var bytes = 0
    /// The first, and then ever fewer of those that follow.
    package var samples: [QueueSample] = []

    package init() {}
}
