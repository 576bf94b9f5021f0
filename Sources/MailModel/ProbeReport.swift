/// What a probe concluded.
package enum ProbeVerdict: String, Sendable, CaseIterable, Codable {
    case open, closed, inconclusive, unreachable
}

/// What servers were asked from outside, and what they answered.
package struct ProbeReport: Sendable, Equatable, Codable {
    /// The host as the user named it.
    package var target: String
    package var from: ProbeOrigin
    package var verdict: ProbeVerdict
    package var endpoints: [ProbeEndpoint]
    /// The control question; `nil` when there was no hosted recipient to ask for.
    package var hosted: HostedAnswer?
    /// Why no mailbox of the host was asked for, as a sentence without a full stop.
    package var hostedReason: String?

    package init(
        target: String, from: ProbeOrigin, verdict: ProbeVerdict, endpoints: [ProbeEndpoint],
        hosted: HostedAnswer?, hostedReason: String? = nil
    ) {
        self.target = target
        self.from = from
        self.verdict = verdict
        self.endpoints = endpoints
        self.hosted = hosted
        self.hostedReason = hostedReason
    }
}

extension ProbeReport {
    /// Takes out what nobody has expected to be there, where it is not: every port that does not answer beside
    /// 25, 465 and 587.
    package mutating func leaveOutUnusedPorts() {
        endpoints.removeAll { $0.verdict == .unreachable && ![25, 465, 587].contains($0.port) }
    }
}

/// Where a probe stood.
package struct ProbeOrigin: Hashable, Sendable, Codable {
    /// `netns`, `ssh`, `https` or `direct`.
    package var kind: String
    /// The address that the server saw, as far as the vantage knows.
    package var address: String?
    /// What the vantage is worth, where that is less than an outside host; `nil` for nothing to say.
    package var note: String?

    package init(kind: String, address: String?, note: String? = nil) {
        self.kind = kind
        self.address = address
        self.note = note
    }
}

/// How TLS begins on an endpoint.
package enum TLSUse: String, Sendable, CaseIterable, Codable {
    case none, starttls, implicit
}

/// One address, port and TLS state.
package struct ProbeEndpoint: Sendable, Equatable, Codable {
    package var address: String
    package var port: Int
    package var tls: TLSUse
    package var verdict: ProbeVerdict
    /// The greeting, as received, without its end of line; `nil` when none came.
    package var banner: String?
    /// Whether AUTH was announced; `nil` when EHLO was not reached.
    package var offersLogin: Bool?
    /// Whether STARTTLS was announced, before any TLS; `nil` when EHLO was not reached.
    package var offersStartTLS: Bool?
    /// Whether connections are taken and nothing comes, whatever is said first: nobody serves it; `nil` for no.
    package var isBroken: Bool?
    /// Whether nothing has answered at all, not even to refuse the connection: something on the way may keep this vantage out
    /// and nobody else; `nil` for no.
    package var isFiltered: Bool?
    /// Why there is no better verdict, as a sentence; `nil` when the tests say it all.
    package var reason: String?
    package var tests: [ProbeTest]

    package init(
        address: String, port: Int, tls: TLSUse, verdict: ProbeVerdict, banner: String?,
        offersLogin: Bool?, offersStartTLS: Bool? = nil, isBroken: Bool? = nil, reason: String?,
        tests: [ProbeTest]
    ) {
        self.address = address
        self.port = port
        self.tls = tls
        self.verdict = verdict
        self.banner = banner
        self.offersLogin = offersLogin
        self.offersStartTLS = offersStartTLS
        self.isBroken = isBroken
        self.reason = reason
        self.tests = tests
    }

    /// For the reader: `[2001:db8::10] port 25, after STARTTLS`.
    package var place: String {
        let host = address.contains(":") ? "[\(address)]" : address
        let suffix =
            switch tls {
            case .none: ""
            case .starttls: ", after STARTTLS"
            case .implicit: ", TLS"
            }
        return "\(host) port \(port)\(suffix)"
    }
}

/// One envelope that a server was asked to take.
package struct ProbeTest: Sendable, Equatable, Codable {
    package enum Verdict: String, Sendable, CaseIterable, Codable {
        case refused, accepted, deferred, delivered, error
    }

    package var id: String
    package var mailFrom: String
    package var rcptTo: String
    /// The deciding reply, lines joined by a line feed.
    package var reply: String
    package var verdict: Verdict
    /// What became of the message that was sent, in a word: `arrived`, `bounced`, `held`, `kept`, `waiting`,
    /// `passed-on`, `missing`; `nil` when none was.
    package var fate: String?
    /// The dialogue that led to ``reply``, alternating client and server: commands begin with `> `, lines of
    /// replies with `< `. Empty when nothing was said.
    package var dialogue: [String]

    package init(
        id: String, mailFrom: String, rcptTo: String, reply: String, verdict: Verdict, fate: String? = nil,
        dialogue: [String] = []
    ) {
        self.id = id
        self.mailFrom = mailFrom
        self.rcptTo = rcptTo
        self.reply = reply
        self.verdict = verdict
        self.fate = fate
        self.dialogue = dialogue
    }

    private enum CodingKeys: String, CodingKey {
        case id, reply, verdict, fate, dialogue
        case mailFrom = "mail-from"
        case rcptTo = "rcpt-to"
    }
}

/// Whether mail for a recipient that the host serves is accepted.
package struct HostedAnswer: Hashable, Sendable, Codable {
    package var recipient: String
    package var reply: String
    package var accepted: Bool
    /// Whether the server only said "not now" (4xx): then ``accepted`` is false and nothing is decided.
    package var deferred: Bool

    /// Whether senders try again, also where `soft_bounce` alone has them do so.
    package var isTriedAgain: Bool { !accepted && reply.hasPrefix("4") }

    package init(recipient: String, reply: String, accepted: Bool, deferred: Bool = false) {
        self.recipient = recipient
        self.reply = reply
        self.accepted = accepted
        self.deferred = deferred
    }
}
