import HostIO
import MailModel
import Recording

/// Messages that one run of postsuper(1) is given: what it does to them takes a moment, so that an interruption does
/// not wait and the looks before and after are close to it.
private let batchSize = 1000

extension Engine {
    /// Holds, releases or deletes messages, a batch after the other, each in the journal before it is touched.
    ///
    /// Every message is looked for again right before its turn; what has left since it was selected, or is another
    /// message under a reused queue id, is left alone and counted as gone. An interruption ends it between two
    /// batches; what was done stays done.
    func carryOut(
        _ action: QueueAction, _ messages: [MessageID], role: StepRole = .change
    ) async throws(Failure) -> QueueOutcome {
        var outcome = QueueOutcome(action, selected: messages.count)
        for start in stride(from: 0, to: messages.count, by: batchSize) {
            if role == .change, instruments.isInterrupted() {
                outcome.isInterrupted = true
                break
            }
            let batch = messages[start..<min(start + batchSize, messages.count)]
            let present = batch.filter { message in
                instruments.queue(message).map(action.concerns) ?? false
            }
            outcome.gone += batch.count - present.count
            guard !present.isEmpty else { continue }
            let step = try inJournal(role) { () throws(Failure) in
                try journal.start(action, present, role: role)
            }
            let before = outcome
            try await carryOut(step, summary: action.summary(present.count)) { () async throws(Failure) in
                try await run(action, present)
                for message in present {
                    let queue = instruments.queue(message)
                    if action.isDone(queue) {
                        outcome.done += 1
                    } else if queue == nil {
                        outcome.gone += 1
                    } else {
                        outcome.failed += 1
                    }
                }
            }
            guard outcome.done > before.done || outcome.failed == before.failed else {
                throw Failure(
                    .failed, "postsuper reported success and did nothing",
                    remedy: "Look at the mail log for what postsuper says.")
            }
        }
        return outcome
    }

    private func run(_ action: QueueAction, _ messages: [MessageID]) async throws(Failure) {
        let command = action.command
        let input = messages.map { $0.id + "\n" }.joined()
        let result = try await instruments.run(
            ProgramCall(
                executable: command[0], arguments: Array(command.dropFirst()), input: Array(input.utf8),
                deadline: .seconds(300)))
        guard result.succeeded else {
            throw Failure(
                .failed, "the queue could not be changed: \(command.joined(separator: " "))",
                detail: result.errorText, remedy: "Look at the mail log for what postsuper says.")
        }
    }

    /// Takes back what was done to messages, the last first, as far as they are still as it left them.
    func takeBackQueue(
        _ steps: [RecordedStep], role: StepRole = .compensation
    ) async throws(Failure) -> [QueueOutcome] {
        var outcomes: [QueueOutcome] = []
        for (action, messages) in try steps.reversedQueueSteps(in: journal.store) {
            let outcome = try await carryOut(action, messages, role: role)
            outcomes.append(outcome)
            if outcome.isInterrupted { break }
        }
        return outcomes
    }
}

extension [RecordedStep] {
    /// What takes back the steps that may have changed the queue, the last first, neighbours of one kind as one.
    func reversedQueueSteps(
        in store: Store
    ) throws(Failure) -> [(action: QueueAction, messages: [MessageID])] {
        var result: [(action: QueueAction, messages: [MessageID])] = []
        for step in reversed() where step.mayHaveHappened && !step.row.isCompensation {
            guard case .queue(let action) = step.action, let reversed = action.reversed else { continue }
            let messages = try step.messages(in: store)
            if result.last?.action == reversed {
                result[result.count - 1].messages += messages
            } else {
                result.append((action: reversed, messages: messages))
            }
        }
        return result
    }

    /// Whether the change set did nothing but to the queue.
    var concernTheQueueAlone: Bool {
        contains { $0.action.kind == .queue } && allSatisfy { $0.action.kind == .queue }
    }
}

extension RecordedStep {
    /// The messages of a step that changes the queue.
    func messages(in store: Store) throws(Failure) -> [MessageID] {
        guard let digest = row.beforeDigest else { return [] }
        return parseMessageList(try store.content(digest))
    }
}

/// Messages as the journal keeps them: one a line, its queue id and the microsecond since 1970 at which it came in.
func messageList(_ messages: [MessageID]) -> [UInt8] {
    Array(messages.map { "\($0.id) \($0.arrived)\n" }.joined().utf8)
}

func parseMessageList(_ bytes: [UInt8]) -> [MessageID] {
    bytes.split(separator: 0x0a).compactMap { line in
        let fields = line.split(separator: 0x20)
        guard fields.count == 2, let arrived = Int64(String(decoding: fields[1], as: UTF8.self)) else {
            return nil
        }
        return MessageID(id: String(decoding: fields[0], as: UTF8.self), arrived: arrived)
    }
}
