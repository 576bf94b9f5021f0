import MailModel

/// One attempt of a stranger, with everything about it that smtpd can ask.
struct Session: Hashable {
    enum Certificate: Hashable {
        case none
        /// Any certificate, such as a self-signed one.
        case any
        /// One that a trusted authority signed.
        case verified
    }

    var client: Client
    /// The unverified name, which whoever owns the address chooses.
    var reverseName: String
    /// `nil` when the client says no HELO.
    var helo: String?
    /// Without the angle brackets; empty for the null sender.
    var sender: String
    var recipient: String
    var usesTLS: Bool
    var certificate: Certificate = .none
    var isLoggedIn = false
    /// Where the connection comes from, if that is not what XCLIENT says of the client.
    var peer: IPAddress?
    /// The recipient's domain has this host as its second mail exchanger.
    var isBackedUpHere = false
    /// A header or a line of the message, other than what every message has.
    var text: String?
    /// Whether the recipient is one of this host's that surely exist.
    var hasKnownRecipient = false
    /// Tables and services that are taken to say yes.
    var trusting: Set<String> = []
    /// Whether the policy services do not answer.
    var policyServicesAreDown = false
}

/// What is gathered while the restrictions are evaluated.
struct Evaluation {
    /// Whether the list is asked about one recipient: at DATA there may be several, before RCPT there is none.
    var knowsRecipient = true
    /// Whether there is a message at all: a client or a greeting that is judged at once is judged before it.
    var knowsSender = true
    /// The list in which `defer_if_permit` was met: in the end nothing is permitted.
    var deferring: Stage?
    var stage = Stage.client
    /// The list that made the message go nowhere: DISCARD, HOLD, REDIRECT.
    var sink: Stage?
    /// DISCARD was met: smtpd asks no more whether recipients exist (smtpd_check.c, `smtpd_check_rcpt`).
    var isDiscarded = false
    var stopsHere = false
    /// The row that gives the message to an address which the sender chose: REDIRECT, BCC.
    var led: Blame?
    /// The transport that a FILTER gives the message to.
    var filter: String?
    /// How deep the list was in which `warn_if_reject` stood, while it is in force.
    var warningDepth: Int?
    var depth = 0
    /// The rejection that was only logged.
    var loggedRejection: Restriction?
    /// What makes the recipient's domain one that mail is taken for.
    var grantedDestination: Blame?
    /// What every rule said, in short: two sessions with one trace went the same way.
    private(set) var trace = 0

    mutating func note(_ step: Int) { trace = (trace ^ step) &* 0x0100_0000_01b3 }

    mutating func sink(at stage: Stage) { sink = sink ?? stage }
}

/// What a restriction, or a list of them, says.
enum Ruling {
    /// `nil` for a permission that no stranger can use.
    case permit(Blame?)
    case dunno
    case reject(Rejection)

    var code: Int {
        switch self {
        case .permit: 1
        case .dunno: 2
        case .reject: 3
        }
    }
}

enum Rejection: Hashable {
    /// By what somebody wrote.
    case policy
    /// Because the recipient is elsewhere.
    case destination
    /// With 451, because something in the configuration cannot work.
    case configuration(why: String, Place?)
}
