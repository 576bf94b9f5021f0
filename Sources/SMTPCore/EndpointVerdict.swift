package import MailModel

extension ProbeTest.Verdict {
    /// - Parameter fate: what is known of the message, where one was sent.
    package init(_ answer: Answer, fate: MessageFate = .unknown) {
        if case .arrived = fate, answer.test.weight != .control {
            self = .delivered
            return
        }
        switch answer.judgement {
        case .accepted: self = .accepted
        case .deferred: self = .deferred
        case .refused(.sender), .refused(.recipientDomain), .refused(.blockList), .refused(.vantage),
            .refused(.content), nil:
            self = .error
        case .refused: self = .refused
        }
    }
}

extension EndpointEvidence {
    private var relayAnswers: [Answer] {
        answers.filter { $0.test.weight == .relay || $0.test.weight == .deliveryOnly }
    }

    private func fate(_ answer: Answer) -> MessageFate { fates[answer.token] ?? .unknown }

    /// The verdict, and what has to be said with it.
    ///
    /// Open needs a proof or a plain yes; closed needs at least one refusal that is about relaying, and no
    /// question left open; everything else is inconclusive, with the reason.
    package var verdict: (ProbeVerdict, reason: String?) {
        let asked = relayAnswers
        if let proof = asked.first(where: { ProbeTest.Verdict($0, fate: fate($0)) == .delivered }) {
            return (.open, maskedClient(proof) ?? (takesPlainMail(asked) ? nil : way(proof)))
        }
        if let reason = asked.lazy.compactMap({ underWay(fate($0)) }).first { return (.open, reason) }
        let believed = asked.filter {
            $0.judgement == .accepted
                && ($0.test.weight == .relay || $0.messageTaken && $0.test.approach.queueProtocol != nil)
        }
        let isBounced = believed.contains { fate($0) == .bounced }
        // A bounce to the null sender goes nowhere: what one form came to holds for the others.
        if !isBounced, let reason = believed.lazy.compactMap({ undelivered(fate($0)) }).first {
            return (.inconclusive, reason)
        }
        if let waiting = asked.lazy.map(fate).first(where: \.isWaiting) {
            return (.inconclusive, undelivered(waiting))
        }
        // Where the messages of other tests were refused after DATA, a yes to RCPT is worth nothing.
        let refusal = asked.first(where: \.isRefusedAsMessage)
        if refusal == nil, !isBounced, let yes = believed.first(where: { fate($0) == .unknown }) {
            // Where some were sent and went nowhere, an answer to RCPT is worth nothing.
            if !believed.contains(where: { fate($0) != .unknown }) { return unproven(yes, believed) }
        }
        if let reason = undecided(asked) { return (.inconclusive, reason) }
        return (.closed, remark(asked))
    }

    /// What a yes is worth that no message has followed.
    private func unproven(_ yes: Answer, _ believed: [Answer]) -> (ProbeVerdict, String?) {
        let word: String
        if let proofs {
            let failed = believed.compactMap { proofs.failed[$0.test.id] }
            if let waiting = failed.first(where: { $0.judgement == .deferred }) {
                return (
                    .inconclusive,
                    "it takes foreign recipients, and puts the message off that is to prove it: \(firstLine(waiting))"
                )
            }
            if let refused = failed.first {
                word = "not proved, for it refuses a message to the vantage itself: \(firstLine(refused))"
            } else if believed.contains(where: { proofs.unsent.contains($0.test.id) }) {
                return (
                    .inconclusive,
                    "it takes foreign recipients, and the message that is to prove it could not be sent: "
                        + (trouble ?? "there was no time left")
                )
            } else {
                word = "not proved, for a message could go to somebody else"
            }
        } else {
            word = "not proved: no message was sent"
        }
        let yeses = "it takes foreign recipients (\(word))"
        return (.open, way(yes).map { "\($0): \(yeses)" } ?? yeses)
    }

    private func undecided(_ asked: [Answer]) -> String? {
        for answer in asked where answer.judgement == .accepted && fate(answer) == .unknown {
            guard let name = answer.test.approach.queueProtocol?.rawValue else { continue }
            return
                "it waits for a message by \(name); whether it relays shows only where mail is sent and caught"
        }
        // What was put off may be taken another time, and arrive.
        if let deferred = asked.first(where: { $0.judgement == .deferred }) {
            return "it put \(deferred.test.id) off: \(firstLine(deferred))"
        }
        let evidence = asked.filter { $0.test.weight == .relay || $0.test.approach.queueProtocol != nil }
        if let trouble, !unanswered.isEmpty || evidence.isEmpty { return trouble }
        if let blocked = evidence.first(where: { $0.judgement == .refused(.blockList) }) {
            return "it refuses this vantage, which is on a block list: \(firstLine(blocked))"
        }
        // What the tests of HELO claim is refused by many; what the vantage itself is, is asked in plain ones.
        if let unwanted = evidence.first(where: { $0.judgement == .refused(.vantage) && $0.test.isPlain }) {
            return
                "it refuses this vantage for what it is, and might take another client: \(firstLine(unwanted))"
        }
        if let disliked = evidence.first(where: { $0.judgement == .refused(.content) }) {
            return
                "it takes foreign recipients, and refuses what the test's message says: \(firstLine(disliked))"
        }
        let decided = evidence.contains { answer in
            switch answer.judgement {
            case .refused(.relay), .refused(.login), .refused(.client), .refused(.persistent): true
            case .accepted: isHarmless(fate(answer))
            case .refused(.sender), .refused(.recipientDomain), .refused(.blockList), .refused(.vantage),
                .refused(.content), .refused(.approach), .deferred, nil:
                false
            }
        }
        if decided { return lateness(asked) }
        // What a trick came to says nothing of the others.
        guard let first = evidence.first(where: \.test.isPlain) ?? evidence.first else {
            return "no test could be asked"
        }
        if first.judgement == nil { return "its answers fit no command: \(firstLine(first))" }
        return "it refuses the tests' own addresses before it decides about relaying: \(firstLine(first))"
    }

    /// What was taken and had less time than it may need, where only its arrival counts.
    private func lateness(_ asked: [Answer]) -> String? {
        guard let proofs, proofs.isCutShort,
            let missing = asked.first(where: { $0.messageTaken && fate($0) == .missing })
        else { return nil }
        return "it takes \(missing.test.id), and what was sent so has not been seen to arrive within"
            + " \(proofs.seconds) s: there was no time to wait longer"
    }

    /// A closed endpoint of which more is to be said.
    private func remark(_ asked: [Answer]) -> String? {
        let refusals = asked.filter { $0.test.weight == .relay && $0.judgement != .refused(.approach) }
        if !refusals.isEmpty, refusals.allSatisfy({ $0.judgement == .refused(.client) }) {
            return "it refuses this client whatever it asks: \(firstLine(refusals[0]))"
        }
        if let late = asked.first(where: {
            $0.judgement != .refused(.persistent) && $0.isRefusedAsMessage
        }) {
            return "it takes foreign recipients and refuses the message: \(firstLine(late))"
        }
        if let bounced = answers.first(where: { fate($0) == .bounced }) {
            return "it takes \(bounced.test.id) and bounces it later (backscatter)"
        }
        for answer in asked {
            switch fate(answer) {
            case .traced(.held): return "it takes messages for strangers and holds them in its queue"
            case .traced(.kept(let agent)):
                return
                    "it takes messages for strangers and sends none to where they were meant to go (\(agent))"
            default: continue
            }
        }
        if asked.contains(where: { $0.test.id == "sub-domain" && $0.judgement == .accepted }) {
            return "it takes mail for every name below the domain that it serves"
        }
        if let late = asked.first(where: { $0.judgement == .refused(.persistent) }) {
            return
                "it put \(late.test.id) off for more than five minutes, which counts as a refusal: \(firstLine(late))"
        }
        // Logins do not work, for nobody maybe: that is not to be taken for one that was refused.
        if let late = asked.first(where: {
            $0.judgement == .refused(.approach) && $0.decidingReply?.beforeSoftBounce.isTransient == true
        }) {
            return "it put \(late.test.id) off before that came to relaying: \(firstLine(late))"
        }
        if let missing = asked.first(where: { $0.messageTaken && fate($0) == .missing }) {
            return "it takes \(missing.test.id), and what was sent so has not come out again\(withinTime)"
        }
        return nameless
    }

    /// What is left out where a server hides its name.
    private var nameless: String? {
        let ids = Set(notApplicable)
        let count = TestCatalogue.all.count { ids.contains($0.id) && $0.wantsServerName }
        guard TestCatalogue.all.contains(where: { ids.contains($0.id) && $0.wantsHostName }) else {
            return nil
        }
        return
            "it hides its name, so that \(count) tests with a name of its own were not asked: --hosted names one"
    }

    private func isHarmless(_ fate: MessageFate) -> Bool {
        switch fate {
        case .bounced, .traced(.held), .traced(.kept): true
        case .unknown, .arrived, .missing, .traced(.waiting), .traced(.passedOn): false
        }
    }

    /// What the server's own log or queue says of a message that leaves it, or is to.
    private func underWay(_ fate: MessageFate) -> String? {
        switch fate {
        case .traced(.passedOn(let relay, _)):
            "its own word is that it has passed a stranger's message on to \(relay)"
        case .traced(.waiting(let reason, _)) where reason.speaksOfAnotherServer:
            "its own queue has a stranger's message for another server: \(reason)"
        default: nil
        }
    }

    /// Why nothing can be said of a message that was taken and has not come.
    private func undelivered(_ fate: MessageFate) -> String? {
        switch fate {
        case .missing:
            "it took a message for a stranger, which has not arrived\(withinTime): held, discarded, late or sent elsewhere"
        case .traced(.waiting(let reason, _)):
            "it took a message for a stranger and has not delivered it yet: \(reason)"
        case .unknown, .arrived, .bounced, .traced: nil
        }
    }

    private var withinTime: String { proofs.map { " within \($0.seconds) s" } ?? "" }

    /// Whether what the tests have in common is taken: then no form of theirs made the difference.
    private func takesPlainMail(_ asked: [Answer]) -> Bool {
        asked.contains { answer in
            guard answer.judgement == .accepted, answer.test.id == "plain" else { return false }
            return switch fate(answer) {
            case .unknown, .arrived, .traced(.passedOn): true
            case .bounced, .missing, .traced: false
            }
        }
    }

    /// What made the difference, where it is not that anybody may relay.
    private func way(_ answer: Answer) -> String? {
        ["plain", "null-sender", "literal-sender"].contains(answer.test.id) ? nil : answer.test.meaning
    }

    /// A server that sees an address of its own side instead of the vantage's takes everybody for a neighbour.
    private func maskedClient(_ proof: Answer) -> String? {
        guard case .arrived(let believed?) = fate(proof), !proof.test.approach.claimsAddress else {
            return nil
        }
        return "the message arrived; the server took the client for \(believed): a proxy in front of it hides"
            + " who connects, and that is the hole"
    }

    private func firstLine(_ answer: Answer) -> String {
        answer.decidingReply?.textLines.first ?? "no reply"
    }
}

extension Answer {
    /// Whether the message was not taken, after its recipient was.
    fileprivate var isRefusedAsMessage: Bool {
        judgement != .accepted && exchanges.last?.command.isMessageStage == true
    }
}

extension RelayTest {
    fileprivate var isPlain: Bool { approach == .plain && (helo == .ownLiteral || helo == .ownName) }

    /// What is known of every server that says its name.
    fileprivate var wantsHostName: Bool { names("{host}") }

    fileprivate var wantsServerName: Bool { wantsHostName || names("{local}") || names("{relay}") }

    private func names(_ placeholder: String) -> Bool {
        [mailFrom, rcptTo, helo].contains { $0.template.contains(placeholder) }
    }
}

extension MessageFate {
    fileprivate var isWaiting: Bool { if case .traced(.waiting) = self { true } else { false } }
}

extension String {
    /// Whether Postfix's smtp(8) gives this as the reason for a delay.
    fileprivate var speaksOfAnotherServer: Bool {
        ["connect to ", "lost connection with ", "conversation with ", "host "].contains { hasPrefix($0) }
            && remoteServer != nil
    }

    /// Whether this command comes after the recipients were taken.
    fileprivate var isMessageStage: Bool { self == "DATA" || self == "." }
}
