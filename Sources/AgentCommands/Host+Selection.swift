import Execution
import MailModel
import Observation
import Postfix
import QueueAnalysis

extension Host {
    /// Reads the queues and picks what is meant.
    /// - Parameter queues: Those that what is to be done concerns.
    func select(
        _ selection: MessageSelection, _ state: HostState,
        in queues: [PostfixQueue] = [.incoming, .active, .deferred]
    ) throws(Failure) -> SelectedMessages {
        let rules = originRules(state)
        var selected = SelectedMessages()
        var progress = Progress(of: "messages", in: state.queue.value?.total ?? 0, terminal)
        let problem = readPostfixQueue(liveInstruments(terminal), in: queues) { reading in
            progress.step()
            guard case .message(let message, let id, let queue?, let size) = reading,
                QueueLayout.isQueueID(id)
            else { return true }
            let classified = rules.origin(of: message)
            guard selection.matches(classified) else { return true }
            selected.ids.append(MessageID(id: id, arrived: message.arrived))
            selected.countByQueue[queue, default: 0] += 1
            selected.bytes += size
            // Not only of the first directory: the second, the fourth, the eighth and so on.
            if selected.ids.count.nonzeroBitCount == 1 { selected.samples.append(classified.sample(id: id)) }
            return true
        }
        if let problem { throw unseenQueue(problem) }
        return selected
    }

    /// What strangers relayed and that may still leave.
    func relayedMessages(_ state: HostState) throws(Failure) -> [MessageID] {
        try select(.relayed, state).ids
    }

    /// Tells where a message is at the moment.
    func placesInQueue() -> @Sendable (MessageID) -> PostfixQueue? {
        let instruments = liveInstruments(terminal)
        let layout = queueLayout(instruments)
        return { queue(of: $0, layout, instruments) }
    }

    /// Qmail has no hold queue, and what its queue directories hold is numbered by inodes: a message that is moved
    /// out cannot be put back as it was.
    func requirePostfixQueue() async throws(Failure) {
        guard try await servingMTA(terminal) != .postfix else { return }
        throw Failure(
            .failed, "Qmail cannot hold messages; nothing was touched",
            detail: "Its queue has no place where a message waits for a person.",
            remedy: "While you look, keep qmail-send from sending by stopping it: `service qmail stop`. Mail "
                + "that comes in waits as well.")
    }
}
