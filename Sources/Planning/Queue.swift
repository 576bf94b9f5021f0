import MailModel

/// Article 1394, step 5: how many messages wait.
func judgeQueue(policy: Policy, state: HostState) -> Finding {
    var finding = Finding(
        id: .queue, status: .unknown, wanted: "at most \(policy.queue.warnAbove) messages",
        actual: "not seen",
        why:
            "After an open relay the queue is full of spam, and each message that leaves makes the blacklisting worse."
    )
    guard let queue = state.queue.value else {
        finding.notes.append(state.queue.reason ?? "the queue was not seen")
        return finding
    }
    let parts = queue.messagesByQueue.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        .map { "\($0.value) \($0.key)" }
    finding.actual =
        "\(queue.total) message\(queue.total == 1 ? "" : "s")"
        + (parts.isEmpty ? "" : " (" + parts.joined(separator: ", ") + ")")
    finding.status = queue.total > policy.queue.warnAbove ? .drift : .ok
    if finding.status == .drift {
        finding.notes.append("`agent queue` says who put them there")
        if state.managedMTA.value?.mta == .qmail {
            finding.notes.append("Qmail's own count: \(qmailStatus(state))")
        }
    }
    return finding
}

/// What the policy's `flood: hold` asks for: what strangers relayed is kept from leaving, once the relay is closed.
func holdRelayed(policy: Policy, state: HostState, relayAfter: RelayVerdict?) -> [Step] {
    guard policy.queue.flood == .hold, relayAfter == .closed,
        state.queue.value.map({ $0.waiting > policy.queue.warnAbove }) ?? false,
        let relayed = state.relayedWaiting, relayed > 0
    else { return [] }
    return [
        Step(
            .queue, QueueAction.hold.summary(relayed) + " that strangers relayed, once they are refused",
            .hold(messages: relayed))
    ]
}

/// The command of article 1394, step 5.
private func qmailStatus(_ state: HostState) -> String {
    (state.qmail.value?.directory ?? "/var/qmail") + "/bin/qmail-qstat"
}
