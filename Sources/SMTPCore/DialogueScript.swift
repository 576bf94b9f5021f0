package import MailModel

/// What one connection is to ask.
package struct DialogueScript: Hashable, Sendable {
    /// A question and the names that fill it, the token above all.
    package struct Question: Hashable, Sendable {
        package var test: RelayTest
        package var names: TestNames

        package init(test: RelayTest, names: TestNames) {
            self.test = test
            self.names = names
        }
    }

    /// Whether a message follows an accepted recipient.
    package enum Delivery: Hashable, Sendable {
        /// RCPT decides; no mail is sent.
        case never
        /// A message is sent when every name in the envelope is the vantage's own or the server's: the
        /// caller sees to that by ``TestNames/third``.
        case toOurselves(date: String)
    }

    package var tls: TLSUse
    package var questions: [Question]
    package var delivery: Delivery

    /// All questions of one script share one ``RelayTest/Approach``.
    package init(tls: TLSUse, questions: [Question], delivery: Delivery = .never) {
        self.tls = tls
        self.questions = questions
        self.delivery = delivery
    }

    package var approach: RelayTest.Approach { questions.first?.test.approach ?? .plain }
}

/// What was heard on one connection.
package struct DialogueRecord: Hashable, Sendable {
    /// The text of the greeting, lines joined by a line feed; `nil` when none came.
    package var banner: String?
    /// As announced last: after STARTTLS what holds there.
    package var capabilities: Capabilities?
    /// Whether STARTTLS was announced before TLS, where it may be.
    package var offeredStartTLS = false
    /// Whether a byte came in, TLS handshakes left out: a banner that is dripped out is more than none.
    package var hasHeard = false
    package var answers: [Answer] = []
    /// Questions that make no sense here: a name is not known, an extension is not offered.
    package var notApplicable: [String] = []

    package init() {}

    /// Takes every answer for a refusal of the approach, where replies have turned out to belong to other commands.
    mutating func disregardAnswers() {
        for index in answers.indices {
            answers[index].judgement = .refused(.approach)
            answers[index].messageTaken = false
        }
    }
}

/// A question as it was asked, and what came back.
package struct Answer: Hashable, Sendable {
    package var test: RelayTest
    /// The word to look for in a mailbox.
    package var token: String
    package var helo: String
    package var mailFrom: String
    package var rcptTo: String
    /// The commands and replies of this question, the deciding one last.
    package var exchanges: [Exchange]
    package var judgement: Judgement?
    /// Whether a message was handed over, and taken.
    package var messageTaken: Bool

    package init(
        test: RelayTest, token: String, helo: String, mailFrom: String, rcptTo: String,
        exchanges: [Exchange] = [], judgement: Judgement? = nil, messageTaken: Bool = false
    ) {
        self.test = test
        self.token = token
        self.helo = helo
        self.mailFrom = mailFrom
        self.rcptTo = rcptTo
        self.exchanges = exchanges
        self.judgement = judgement
        self.messageTaken = messageTaken
    }

    package var decidingReply: Reply? { exchanges.last?.reply }

    /// Whether an envelope was asked about, and not only what comes before.
    package var reachedEnvelope: Bool {
        test.approach.queueProtocol != nil || exchanges.contains { $0.command.hasPrefix("MAIL FROM:") }
    }
}

/// One command and what is kept of the reply to it (``Reply/excerpt``).
package struct Exchange: Hashable, Sendable {
    package var command: String
    package let reply: Reply

    package init(command: String, reply: Reply) {
        self.command = command
        self.reply = reply.excerpt
    }
}

/// How a connection ended.
package enum DialogueEnd: Hashable, Sendable {
    case done
    /// The connection is open and the server says nothing: its smtpd does not run.
    case noBanner
    /// The greeting has begun, with so many bytes, and did not end in time: the server drips it out.
    case unfinishedBanner(bytes: Int)
    /// The greeting is a refusal.
    case turnedAway(Reply)
    /// Neither EHLO nor HELO is taken.
    case heloRefused(Reply)
    case startTLSNotOffered
    case startTLSRefused(Reply)
    /// Bytes came in the clear behind the reply to STARTTLS (CVE-2011-0411): they were thrown away.
    case plainTextAfterSTARTTLS
    case tlsFailed(String)
    /// 421 (RFC 5321 section 4.2.3).
    case serviceClosing(Reply)
    /// The server hung up; what was waited for.
    case closed(awaiting: String)
    case timedOut(awaiting: String)
    case violation(ReplyViolation)
    /// A reply came that no command had asked for: those after it cannot be told apart.
    case unsolicitedReply
}
