internal import MailModel

/// What each reply leads to, state by state.
extension Dialogue {
    mutating func step(_ reply: Reply) -> Action {
        switch state {
        case .connecting, .implicitHandshake, .handshake, .handedOver, .finished:
            return finish(.unsolicitedReply)
        case .banner: return banner(reply)
        case .ehlo(let purpose): return ehlo(reply, purpose)
        case .startTLS: return startTLS(reply)
        case .xclient: return xclient(reply)
        case .login: return login(reply)
        case .mail: return mail(reply)
        case .recipient: return recipient(reply)
        case .data: return data(reply)
        case .message: return message(reply)
        case .reset: return reply.isPositive ? ask() : leave(.done)
        case .quit: return farewell(reply)
        }
    }

    /// One reply too many: the header was answered as a command, and each reply belongs to the command before.
    private mutating func farewell(_ reply: Reply) -> Action {
        if script.approach.proxyHeader != nil, reply.code != 221 {
            disregardAnswers()
            return .wait
        }
        return finish(leaving)
    }

    private mutating func banner(_ reply: Reply) -> Action {
        if let header = script.approach.proxyHeader {
            // Exim gives up on whoever speaks before it has greeted (smtp_enforce_sync).
            if reply.isPermanent { return refusedBeforeEnvelope(reply, command: header) }
            prelude = [Exchange(command: header, reply: reply)]
        }
        greeted(reply)
        guard reply.isPositive else { return finish(.turnedAway(reply)) }
        return sayEHLO(.first)
    }

    mutating func sayEHLO(_ purpose: EHLOPurpose) -> Action {
        // Only the questions about HELO lie in it, and not before the server was heard.
        askedHELO = purpose == .forTest || purpose == .afterTLS ? wantedHELO ?? ownHELO : ownHELO
        return send("\(speaksESMTP ? "EHLO" : "HELO") \(askedHELO)", then: .ehlo(purpose))
    }

    private mutating func ehlo(_ reply: Reply, _ purpose: EHLOPurpose) -> Action {
        if hasAnsweredHeader, let header = script.approach.proxyHeader {
            return refusedBeforeEnvelope(reply, command: header)
        }
        guard reply.isPositive else { return ehloRefused(reply, purpose) }
        announced(reply)
        saidHELO = askedHELO
        switch purpose {
        case .forTest: return ask()
        case .afterTLS, .afterXCLIENT: return begin()
        case .first:
            guard script.tls == .starttls else { return begin() }
            guard record.capabilities?.offersStartTLS == true else { return leave(.startTLSNotOffered) }
            return send("STARTTLS", then: .startTLS)
        }
    }

    private mutating func ehloRefused(_ reply: Reply, _ purpose: EHLOPurpose) -> Action {
        switch purpose {
        case .first:
            if let header = script.approach.proxyHeader {
                return refusedBeforeEnvelope(reply, command: header)
            }
            guard reply.isPermanent else { return finish(.heloRefused(reply)) }
            if speaksESMTP, script.tls != .starttls {
                speaksESMTP = false
                return sayEHLO(.first)
            }
            guard !isLiteralRefused else { return finish(.heloRefused(reply)) }
            (isLiteralRefused, speaksESMTP) = (true, true)
            return sayEHLO(.first)
        case .afterTLS where askedHELO == ownHELO, .afterXCLIENT: return finish(.heloRefused(reply))
        case .forTest, .afterTLS:
            // The name is refused, which answers the question about the name.
            saidHELO = askedHELO
            current = newAnswer()
            settle(reply, judgement: Judgement(reply, at: .helo))
            saidHELO = ""
            next += 1
            return ask()
        }
    }

    /// Takes leave as a polite client does; the end is what was learned before.
    mutating func leave(_ end: DialogueEnd) -> Action {
        leaving = end
        return send("QUIT", then: .quit)
    }

    private mutating func startTLS(_ reply: Reply) -> Action {
        guard reply.code == 220 else { return finish(.startTLSRefused(reply)) }
        state = .handshake
        return .startTLS
    }

    /// HELO is over: what comes before the envelope, then the envelopes.
    private mutating func begin() -> Action {
        let done = !prelude.isEmpty
        switch script.approach {
        case .xclient(let attributes) where !done:
            guard record.capabilities?.offersXCLIENT == true else { return skipAll() }
            return send("XCLIENT \(attributes)", then: .xclient)
        case .login(let mechanism, let initialResponse, _) where !done:
            guard record.capabilities?.loginMechanisms.contains(mechanism) == true else { return skipAll() }
            return send("AUTH \(mechanism) \(initialResponse)", then: .login)
        case .xforward(let attributes) where !done:
            guard record.capabilities?.offersXFORWARD == true else { return skipAll() }
            return send("XFORWARD \(attributes)", then: .login)
        case .plain, .proxyHeader, .xclient, .login, .xforward, .certificate, .source, .handOver: return ask()
        }
    }

    private mutating func skipAll() -> Action {
        for question in script.questions[next...] { skip(question.test) }
        next = script.questions.count
        return leave(.done)
    }

    private mutating func xclient(_ reply: Reply) -> Action {
        guard reply.isPositive else { return refusedBeforeEnvelope(reply, command: lastCommand) }
        prelude = [Exchange(command: lastCommand, reply: reply)]
        // The reply to XCLIENT is a new greeting (Postfix XCLIENT_README), so EHLO comes again.
        return sayEHLO(.afterXCLIENT)
    }

    private mutating func login(_ reply: Reply) -> Action {
        if reply.code == 334, case .login(_, _, let password?) = script.approach, loginResponses < 2 {
            // Whoever does not take the first response with the command asks for it once more.
            loginResponses += 1
            prelude.append(Exchange(command: lastCommand, reply: reply))
            return send(password, then: .login)
        }
        guard reply.isPositive else { return refusedBeforeEnvelope(reply, command: lastCommand) }
        prelude.append(Exchange(command: lastCommand, reply: reply))
        return ask()
    }

    /// The trick itself was refused, which answers every question that was to use it; or put off, as by a server whose
    /// logins do not work for the moment (RFC 4954 section 6).
    mutating func refusedBeforeEnvelope(_ reply: Reply, command: String) -> Action {
        let judgement = reply.beforeSoftBounce.isTransient ? Judgement.deferred : .refused(.approach)
        while next < script.questions.count {
            current = newAnswer()
            if current != nil {
                lastCommand = command
                settle(reply, judgement: judgement)
            } else {
                skip(script.questions[next].test)
            }
            next += 1
        }
        return leave(.done)
    }
}
