/// A message handed over by QMQP: one netstring there, one back (cr.yp.to/proto/qmqp.html).
///
/// There is no question before the message. A server that is closed to the client says so at once (Postfix
/// qmqpd(8)) or hangs up (tcpserver); one that stays silent waits for the message.
extension Dialogue {
    /// In bytes; Postfix answers in one line.
    private static let qmqpReplyLimit = 4096

    mutating func handOverByQMQP() -> Action {
        guard let answer = newAnswer() else {
            skip(script.questions[next].test)
            return finish(.done)
        }
        current = answer
        state = .qmqp
        lastCommand = "(a message by QMQP)"
        guard case .toOurselves(let date) = script.delivery else { return .wait }
        let message = probeMessageLines(answer, date: date).joined(separator: "\n")
        let parts = [message, bare(answer.mailFrom), bare(answer.rcptTo)].map { netstring(Array($0.utf8)) }
        return .send(netstring(parts.flatMap { $0 }))
    }

    mutating func receivedByQMQP(_ bytes: [UInt8]) -> Action {
        qmqpReply += bytes.prefix(Self.qmqpReplyLimit + 1 - qmqpReply.count)
        guard qmqpReply.count <= Self.qmqpReplyLimit else { return finish(.violation(.lineTooLong)) }
        let digits = qmqpReply.prefix { (0x30...0x39).contains($0) }
        let rest = qmqpReply.dropFirst(digits.count)
        guard digits.count < 5, rest.first == nil || rest.first == UInt8(ascii: ":") else {
            return finish(.violation(.notAReply(Array(qmqpReply.prefix(80)))))
        }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard !rest.isEmpty, rest.count >= length + 2 else { return .wait }
        let text = rest.dropFirst().prefix(length)
        guard let code = qmqpCode(text.first) else {
            return finish(.violation(.notAReply(Array(qmqpReply.prefix(80)))))
        }
        let reply = Reply(code: code, lines: [Array(text.dropFirst())])
        if case .toOurselves = script.delivery { current?.messageTaken = reply.isPositive }
        settle(reply, judgement: Judgement(reply, at: .message))
        return finish(.done)
    }

    /// Whoever is not to use the service has been told by now.
    mutating func qmqpStaysSilent() -> Action {
        guard script.delivery == .never else { return finish(.timedOut(awaiting: awaiting)) }
        settle(Reply(354, "(no refusal: it waits for a message)"), judgement: .accepted)
        return finish(.done)
    }

    private func netstring(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(bytes.count):".utf8) + bytes + [UInt8(ascii: ",")]
    }

    private func bare(_ path: String) -> String {
        path.hasPrefix("<") && path.hasSuffix(">") ? String(path.dropFirst().dropLast()) : path
    }

    /// The class of SMTP that a letter of QMQP stands for.
    private func qmqpCode(_ letter: UInt8?) -> Int? {
        switch letter {
        case UInt8(ascii: "K"): 250
        case UInt8(ascii: "Z"): 451
        case UInt8(ascii: "D"): 554
        default: nil
        }
    }
}
