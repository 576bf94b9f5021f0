internal import MailModel

/// One SMTP connection as a client sees it, without the connection: what happened goes in, what to do
/// comes out. No clock, no I/O, bounded memory.
///
/// Commands and replies alternate (no PIPELINING), so that each reply belongs to one command.
package struct Dialogue: Sendable {
    package enum Event: Hashable, Sendable {
        case connected
        case bytes([UInt8])
        case tlsEstablished
        case tlsFailed(String)
        case closed
        /// What was waited for did not come within the time that the caller allows.
        case timedOut
    }

    package enum Action: Hashable, Sendable {
        /// Send these bytes, then wait with a fresh deadline.
        case send([UInt8])
        /// Begin the TLS handshake; only TLS events count until it is over.
        case startTLS
        /// Send these bytes in the clear, then begin the TLS handshake at once.
        case sendThenStartTLS([UInt8])
        /// Go on waiting; the deadline is not moved, or a drip of bytes would never end.
        case wait
        /// Close the connection. No event is looked at after it.
        case finish(DialogueEnd)
    }

    enum State: Hashable, Sendable {
        case connecting
        case implicitHandshake
        case banner
        case ehlo(EHLOPurpose)
        case startTLS
        case handshake
        case xclient
        case login
        case mail
        case recipient
        case data
        case message
        case reset
        case quit
        case handedOver
        case finished
    }

    enum EHLOPurpose: Hashable, Sendable { case first, afterTLS, afterXCLIENT, forTest }

    package private(set) var record = DialogueRecord()
    let script: DialogueScript
    var state = State.connecting
    var next = 0
    var current: Answer?
    /// The argument of the EHLO that the server last took.
    var saidHELO = ""
    /// The argument of the EHLO that waits for its reply.
    var askedHELO = ""
    /// Until EHLO is refused.
    var speaksESMTP = true
    /// Whether the vantage's address in EHLO and in HELO was refused.
    var isLiteralRefused = false
    var lastCommand = ""
    /// How it ends when the server has taken leave.
    var leaving = DialogueEnd.done
    /// What was said and answered before the envelope and belongs to the answer: a login, XCLIENT.
    var prelude: [Exchange] = []
    /// Whether a reply came with the greeting, so that it is one to the header of the PROXY protocol.
    var hasAnsweredHeader = false
    /// How often a server has asked for more in a login.
    var loginResponses = 0
    /// What has come of the answer to a message that was handed over without a dialogue.
    var handOverReply: [UInt8] = []
    private var parser = ReplyParser()

    package init(_ script: DialogueScript) {
        self.script = script
    }

    /// What is being waited for, in the words of a report: `the banner`, `the reply to RCPT TO`.
    package var awaiting: String {
        switch state {
        case .connecting: "the connection"
        case .implicitHandshake, .handshake: "the TLS handshake"
        case .banner: "the banner"
        case .finished: "nothing"
        case .message, .handedOver: "the reply to the message"
        default: "the reply to \(lastCommand.prefix { $0 != " " && $0 != ":" })"
        }
    }

    package mutating func received(_ event: Event) -> Action {
        if state == .finished { return .wait }
        switch event {
        case .connected: return connected()
        case .bytes(let bytes): return received(bytes)
        case .tlsEstablished: return tlsEstablished()
        case .tlsFailed(let reason): return finish(.tlsFailed(reason))
        case .closed: return finish(state == .quit ? leaving : .closed(awaiting: awaiting))
        case .timedOut:
            if state == .quit { return finish(leaving) }
            if state == .handedOver { return staysSilent() }
            return finish(timedOut)
        }
    }

    private var timedOut: DialogueEnd {
        let begun = parser.begunBytes
        if state == .banner { return begun > 0 ? .unfinishedBanner(bytes: begun) : .noBanner }
        return .timedOut(awaiting: begun > 0 ? "the end of \(awaiting)" : awaiting)
    }

    private mutating func connected() -> Action {
        guard state == .connecting else { return .wait }
        if script.tls == .implicit {
            state = .implicitHandshake
            // The header comes before everything else, TLS too (proxy-protocol.txt section 2).
            guard let header = script.approach.proxyHeader else { return .startTLS }
            lastCommand = header
            return .sendThenStartTLS(Array((header + "\r\n").utf8))
        }
        state = .banner
        switch script.approach {
        case .proxyHeader(let header):
            lastCommand = header
            return .send(Array((header + "\r\n").utf8))
        case .handOver(let queueProtocol): return handOver(by: queueProtocol)
        default: return .wait
        }
    }

    private mutating func tlsEstablished() -> Action {
        switch state {
        case .implicitHandshake:
            state = .banner
            return .wait
        case .handshake: return sayEHLO(.afterTLS)
        default: return finish(.tlsFailed("the handshake ended when none was due"))
        }
    }

    private mutating func received(_ bytes: [UInt8]) -> Action {
        record.hasHeard = record.hasHeard || !bytes.isEmpty
        switch state {
        case .connecting, .implicitHandshake, .handshake:
            return state == .handshake ? finish(.plainTextAfterSTARTTLS) : finish(.unsolicitedReply)
        case .handedOver: return receivedForMessage(bytes)
        default: break
        }
        parser.append(bytes)
        do {
            guard let reply = try parser.nextReply() else { return .wait }
            return answered(reply)
        } catch {
            return finish(.violation(error))
        }
    }

    private mutating func answered(_ reply: Reply) -> Action {
        if reply.code == 421 { return serviceClosing(reply) }
        let action = step(reply)
        guard case .finish = action else { return sendOnlyInStep(action) }
        return action
    }

    /// A reply that waits before its command was sent would be taken for the answer to it.
    private mutating func sendOnlyInStep(_ action: Action) -> Action {
        guard parser.hasUnusedBytes else { return action }
        if state == .handshake {
            parser.discard()
            return finish(.plainTextAfterSTARTTLS)
        }
        // A server that does not speak the PROXY protocol greets, then answers the header as a command.
        if script.approach.proxyHeader != nil, state == .ehlo(.first) {
            hasAnsweredHeader = true
            return received(.bytes([]))
        }
        // What comes behind may be the reply to QUIT.
        if state == .quit, action == .wait { return received(.bytes([])) }
        if state == .quit { return action }
        // Who has had enough says so behind his answer (Postfix: smtpd_hard_error_limit, which is 1 under stress).
        guard let last = try? parser.nextReply(), last.code == 421 else { return finish(.unsolicitedReply) }
        current = nil
        return finish(.serviceClosing(last))
    }

    private mutating func serviceClosing(_ reply: Reply) -> Action {
        if current != nil { settle(reply, judgement: .deferred) }
        return finish(state == .quit ? leaving : .serviceClosing(reply))
    }

    mutating func finish(_ end: DialogueEnd) -> Action {
        let end = endOfApproach(end)
        state = .finished
        parser.discard()
        return .finish(end)
    }

    /// A server that hangs up on a header of the PROXY protocol, or finds it in place of TLS, has answered: it takes none.
    private mutating func endOfApproach(_ end: DialogueEnd) -> DialogueEnd {
        guard script.approach.proxyHeader != nil, record.answers.isEmpty, next < script.questions.count else {
            return end
        }
        switch end {
        case .closed, .tlsFailed, .violation, .unsolicitedReply:
            for question in script.questions[next...] { skip(question.test) }
            return .done
        case .done, .noBanner, .unfinishedBanner, .turnedAway, .heloRefused, .startTLSNotOffered,
            .startTLSRefused,
            .plainTextAfterSTARTTLS, .serviceClosing, .timedOut:
            return end
        }
    }

    mutating func send(_ command: String, then state: State) -> Action {
        self.state = state
        lastCommand = command
        return .send(Array((command + "\r\n").utf8))
    }

    mutating func greeted(_ reply: Reply) {
        record.banner = reply.excerpt.lines.map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: "\n")
        greetingName = reply.lines.first.flatMap { hostName(in: $0) }
    }

    mutating func announced(_ reply: Reply) {
        let capabilities = Capabilities(reply)
        record.capabilities = capabilities
        if capabilities.offersStartTLS { record.offeredStartTLS = true }
    }

    /// The name of the server, for addresses at it: its own word for it, unless that is no more than a word (`220 ESMTP`).
    /// - Parameter called: how whoever asks calls it.
    func serverName(called: String?) -> String? {
        let own = [record.capabilities?.serverName, greetingName].compactMap(\.self)
        return own.first(where: isQualified)
            ?? called.flatMap { hostName(in: Array($0.utf8)) }.flatMap { isQualified($0) ? $0 : nil }
            ?? own.first { !["smtp", "esmtp"].contains($0.lowercased()) }
    }

    /// Whether it is a name of DNS, and not an address either.
    private func isQualified(_ name: String) -> Bool {
        name.contains(".") && name.utf8.last.map { !(0x30...0x39).contains($0) } == true
    }

    private var greetingName: String?

    mutating func settle(_ reply: Reply, judgement: Judgement?) {
        guard var answer = current else { return }
        answer.exchanges.append(Exchange(command: lastCommand, reply: reply))
        answer.judgement = judgement
        record.answers.append(answer)
        current = nil
    }

    mutating func disregardAnswers() { record.disregardAnswers() }

    mutating func skip(_ test: RelayTest) { record.notApplicable.append(test.id) }
}

extension Dialogue {
    /// Which of the caller's deadlines the present wait falls under.
    package enum Patience: Hashable, Sendable { case banner, reply, farewell }

    package var patience: Patience {
        switch state {
        case .banner: .banner
        case .quit: .farewell
        case .handedOver where script.delivery == .never: .farewell
        default: .reply
        }
    }
}
