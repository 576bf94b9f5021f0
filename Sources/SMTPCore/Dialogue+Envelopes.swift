/// One envelope after the other, each in a transaction of its own.
extension Dialogue {
    /// Longer commands than RFC 5321 section 4.5.3.1.4 allows prove nothing.
    private static let argumentLimit = 480

    mutating func ask() -> Action {
        while next < script.questions.count {
            guard let answer = newAnswer(), let helo = wantedHELO else {
                skip(script.questions[next].test)
                next += 1
                continue
            }
            if helo != saidHELO { return sayEHLO(.forTest) }
            current = answer
            return send("MAIL FROM:\(answer.mailFrom)", then: .mail)
        }
        return leave(.done)
    }

    /// The name that the next question wants to be introduced by.
    var wantedHELO: String? {
        guard next < script.questions.count else { return nil }
        let form = script.questions[next].test.helo
        return form == .ownLiteral ? ownHELO : fill(form)
    }

    /// The vantage's address literal; a name that means nothing when the address is not known.
    var ownHELO: String {
        let literal = next < script.questions.count ? fill(.ownLiteral) : nil
        return isLiteralRefused ? AddressForm.ownName.template : literal ?? "localhost.localdomain"
    }

    func newAnswer() -> Answer? {
        let question = script.questions[next]
        guard let mailFrom = fill(question.test.mailFrom), let rcptTo = fill(question.test.rcptTo) else {
            return nil
        }
        // A server that is asked from its own address is no stranger to mail for that address.
        if question.names.vantage == question.names.address, question.test.rcptTo.namesVantage { return nil }
        return Answer(
            test: question.test, token: question.names.token, helo: saidHELO, mailFrom: mailFrom,
            rcptTo: rcptTo,
            exchanges: prelude)
    }

    /// - Returns: `nil` when a name is not known, or when what comes out could be read as two commands.
    func fill(_ form: AddressForm) -> String? {
        var names = script.questions[next].names
        names.host = names.host ?? serverName(called: names.called) ?? names.local
        names.local = names.local ?? names.host.flatMap(domainAbove)
        names.relay = names.relay ?? names.local.map { "relay.\($0)" }
        guard let text = form.filled(with: names), (1...Self.argumentLimit).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else { return nil }
        return text
    }

    mutating func mail(_ reply: Reply) -> Action {
        guard reply.isPositive else { return decided(reply, at: .mail) }
        note(reply)
        return send("RCPT TO:\(current?.rcptTo ?? "")", then: .recipient)
    }

    mutating func recipient(_ reply: Reply) -> Action {
        guard reply.isPositive, case .toOurselves = script.delivery, current?.test.weight != .control else {
            return decided(reply, at: .recipient)
        }
        note(reply)
        return send("DATA", then: .data)
    }

    mutating func data(_ reply: Reply) -> Action {
        guard reply.code == 354, let answer = current, case .toOurselves(let date) = script.delivery else {
            return decided(reply, at: .data)
        }
        note(reply)
        state = .message
        lastCommand = "."
        return .send(probeMessage(answer, date: date))
    }

    mutating func message(_ reply: Reply) -> Action {
        current?.messageTaken = reply.isPositive
        return decided(reply, at: .message)
    }

    private mutating func note(_ reply: Reply) {
        current?.exchanges.append(Exchange(command: lastCommand, reply: reply))
    }

    private mutating func decided(_ reply: Reply, at stage: Judgement.Stage) -> Action {
        settle(reply, judgement: Judgement(reply, at: stage))
        next += 1
        // The end of a message ends its transaction too, and RSET is one more command that servers count.
        if next == script.questions.count { return leave(.done) }
        return stage == .message ? ask() : send("RSET", then: .reset)
    }
}

/// What a server of this name most likely serves: `hosted.example` for `mx.hosted.example`.
/// - Returns: the name itself when what is above it is a top-level domain.
private func domainAbove(_ host: String) -> String? {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    return labels.count > 2 ? labels.dropFirst().joined(separator: ".") : host
}
