/// A message handed over by QMQP or QMTP: netstrings there, one back for the one recipient.
///
/// There is no question before the message. A server that is closed to the client says so at once (Postfix
/// qmqpd(8)) or hangs up (tcpserver); one that stays silent waits for the message.
extension Dialogue {
    /// In bytes; Postfix answers in one line.
    private static let handOverReplyLimit = 4096

    mutating func handOver(by queueProtocol: RelayTest.QueueProtocol) -> Action {
        guard let answer = newAnswer() else {
            skip(script.questions[next].test)
            return finish(.done)
        }
        current = answer
        state = .handedOver
        lastCommand = "(a message by \(queueProtocol.rawValue))"
        guard case .toOurselves(let date) = script.delivery else { return .wait }
        // A last line without an end is one that qmail-remote(8) does not send on.
        let message = probeMessageLines(answer, date: date).map { $0 + "\n" }.joined()
        let (sender, recipient) = (netstring(bare(answer.mailFrom)), netstring(bare(answer.rcptTo)))
        switch queueProtocol {
        case .qmqp: return .send(netstring(netstring(message) + sender + recipient))
        // The first byte of the message says how its lines end.
        case .qmtp: return .send(netstring("\n" + message) + sender + netstring(recipient))
        }
    }

    mutating func receivedForMessage(_ bytes: [UInt8]) -> Action {
        handOverReply += bytes.prefix(Self.handOverReplyLimit + 1 - handOverReply.count)
        guard handOverReply.count <= Self.handOverReplyLimit else { return finish(.violation(.lineTooLong)) }
        let digits = handOverReply.prefix { (0x30...0x39).contains($0) }
        let rest = handOverReply.dropFirst(digits.count)
        guard digits.count < 5, rest.first == nil || rest.first == UInt8(ascii: ":") else {
            return finish(.violation(.notAReply(Array(handOverReply.prefix(80)))))
        }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard !rest.isEmpty, rest.count >= length + 2 else { return .wait }
        let text = rest.dropFirst().prefix(length)
        guard let code = smtpCode(text.first) else {
            return finish(.violation(.notAReply(Array(handOverReply.prefix(80)))))
        }
        let reply = Reply(code: code, lines: [Array(text.dropFirst())])
        if case .toOurselves = script.delivery { current?.messageTaken = reply.isPositive }
        settle(reply, judgement: Judgement(reply, at: .message))
        return finish(.done)
    }

    /// Whoever is not to use the service has been told by now.
    mutating func staysSilent() -> Action {
        guard script.delivery == .never else { return finish(.timedOut(awaiting: awaiting)) }
        settle(Reply(354, "(no refusal: it waits for a message)"), judgement: .accepted)
        return finish(.done)
    }

    private func netstring(_ text: String) -> [UInt8] { netstring(Array(text.utf8)) }

    private func netstring(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(bytes.count):".utf8) + bytes + [UInt8(ascii: ",")]
    }

    private func bare(_ path: String) -> String {
        path.hasPrefix("<") && path.hasSuffix(">") ? String(path.dropFirst().dropLast()) : path
    }

    /// The class of SMTP that the first letter of an answer stands for.
    private func smtpCode(_ letter: UInt8?) -> Int? {
        switch letter {
        case UInt8(ascii: "K"): 250
        case UInt8(ascii: "Z"): 451
        case UInt8(ascii: "D"): 554
        default: nil
        }
    }
}
