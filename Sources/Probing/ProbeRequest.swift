package import MailModel
internal import SMTPCore

/// What to ask, of whom, and within which bounds.
package struct ProbeRequest: Sendable, Equatable, Codable {
    /// One address and port to ask.
    package struct Endpoint: Hashable, Sendable, Codable {
        package var address: IPAddress
        package var port: Int
        /// How TLS begins. `none` also asks after STARTTLS, where the server offers it; `starttls` asks
        /// nothing in the clear.
        package var tls: TLSUse

        package init(_ address: IPAddress, port: Int, tls: TLSUse) {
            self.address = address
            self.port = port
            self.tls = tls
        }

        /// By what messages are handed over there instead of SMTP; there is no TLS in it.
        var queueProtocol: RelayTest.QueueProtocol? { tls == .none ? .init(port: port) : nil }

        /// TLS from the first byte on 465 (RFC 8314 section 3.3), plain at first on every other port.
        package init(_ address: IPAddress, port: Int) {
            self.init(address, port: port, tls: port == 465 ? .implicit : .none)
        }
    }

    /// The ports on which mail servers are found that nobody has told about: submission, re-injection and
    /// QMQP among them.
    package static let usualPorts = [25, 465, 587, 628, 2525, 10025, 10026]

    /// Domains that are nobody's, one of which stands for all foreign ones.
    package static let reservedDomains = TestNames.reservedDomains

    /// How much of the catalogue is asked.
    package enum Selection: String, Sendable, Codable, CaseIterable {
        /// The questions that decide on an ordinary server.
        case essential
        /// Every test there is.
        case all
    }

    /// The host as the user named it, for the report.
    package var target: String
    package var endpoints: [Endpoint]
    /// A mailbox that the host serves, `user@domain`: the control question, and the local sender.
    package var hostedRecipient: String?
    package var origin: ProbeOrigin
    package var tests: Selection
    /// A domain that the server relays for, such as one whose backup MX it is.
    package var relayDomain: String?
    /// One of ``reservedDomains`` that the server serves as little as any other foreign one; where `nil`, the first that
    /// no other name here is in.
    package var foreignDomain: String?
    /// A domain whose first MX is the vantage and whose second is the server.
    package var backupDomain: String?
    /// A name by which clients that the server lets through introduce themselves.
    package var heloName: String?
    /// A user's address that the server knows, for the test that claims it; ``hostedRecipient`` where `nil`.
    package var localSender: String?
    /// Addresses of the vantage in networks other than its own.
    package var networks: [NetworkAddress]
    /// Networks whose clients may relay on purpose: nothing is to be asked from there.
    package var trusted: [IPNetwork] = []
    /// A certificate with its key that a CA has issued to the user, in PEM; the program's own where `nil`.
    package var clientCertificate: String?
    /// Addresses to connect from; the kernel chooses where none is of the endpoint's family.
    package var sources: [IPAddress]
    package var limits: ProbeLimits
    /// The vantage's own addresses on which messages may be caught. Where it can listen there on port 25,
    /// every yes is followed by a message to itself; empty: no mail is sent.
    package var catchers: [IPAddress]

    /// One address of the vantage.
    package struct NetworkAddress: Hashable, Sendable, Codable {
        package var network: SourceNetwork
        package var address: IPAddress

        package init(_ network: SourceNetwork, _ address: IPAddress) {
            self.network = network
            self.address = address
        }
    }

    package init(
        target: String, endpoints: [Endpoint], hostedRecipient: String? = nil, origin: ProbeOrigin,
        tests: Selection = .all, sources: [IPAddress] = [], limits: ProbeLimits = ProbeLimits(),
        catchers: [IPAddress] = [], networks: [NetworkAddress] = []
    ) {
        self.networks = networks
        self.target = target
        self.endpoints = endpoints
        self.hostedRecipient = hostedRecipient
        self.origin = origin
        self.tests = tests
        self.sources = sources
        self.limits = limits
        self.catchers = catchers
    }
}

/// How long a server is waited for, and how hard it is asked.
package struct ProbeLimits: Sendable, Equatable, Codable {
    /// Until TCP is connected.
    package var connect: Duration
    /// From then until the greeting: Postfix looks the client's name up first, and postscreen waits 6 s.
    package var banner: Duration
    /// From a command until its whole reply.
    package var reply: Duration
    /// For everything; what is not answered by then stays unanswered.
    package var whole: Duration
    /// At once, for each address, port and TLS state. Below what servers allow one client
    /// (Postfix `smtpd_client_connection_count_limit`: 50).
    package var connections: Int
    /// At once in all, over every address, port and TLS state: they are those of one client.
    package static let connectionsInAll = 40
    /// Each may be refused, and Postfix slows down after `smtpd_soft_error_limit` (10) refusals.
    package var questionsPerConnection: Int

    /// What ``whole`` may be at most.
    package static let longest = Duration.seconds(1800)

    /// ``whole`` where nobody says otherwise: all addresses and ports share the host's processors, and the connections of
    /// one client.
    package static func time(for endpoints: Int) -> Duration {
        min(longest, ProbeLimits().whole + .seconds(2) * max(0, endpoints - 16))
    }

    package init(
        connect: Duration = .seconds(5), banner: Duration = .seconds(20), reply: Duration = .seconds(20),
        whole: Duration = .seconds(60), connections: Int = 8, questionsPerConnection: Int = 7
    ) {
        self.connect = connect
        self.banner = banner
        self.reply = reply
        self.whole = whole
        self.connections = connections
        self.questionsPerConnection = questionsPerConnection
    }
}

extension ProbeLimits {
    /// For another try with a server that has said nothing in the whole time that it had.
    var hasty: ProbeLimits {
        var limits = self
        limits.banner = min(banner, .seconds(10))
        limits.reply = min(reply, .seconds(5))
        return limits
    }
}

/// One line of a transcript, or one thing that happened between lines.
package struct TranscriptEntry: Hashable, Sendable, Codable {
    package enum Direction: String, Hashable, Sendable, Codable { case sent, received, note }

    package var endpoint: ProbeRequest.Endpoint
    /// Tells the connections of one run apart, from 1.
    package var connection: Int
    package var direction: Direction
    /// As on the wire, ends of lines included: escape it before it is shown.
    package var bytes: [UInt8]

    package init(endpoint: ProbeRequest.Endpoint, connection: Int, direction: Direction, bytes: [UInt8]) {
        self.endpoint = endpoint
        self.connection = connection
        self.direction = direction
        self.bytes = bytes
    }
}

/// Takes the transcript as it grows; called from several threads.
package typealias TranscriptSink = @Sendable (TranscriptEntry) -> Void
