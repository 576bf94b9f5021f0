import MailModel

@testable import RelayAnalysis

/// One session of a stranger in the measured world.
struct Attempt: Codable, Sendable {
    var id: String
    var client = "198.51.100.7"
    var name: String? = "client.attacker.test"
    var claimed: String?
    var helo: String? = "client.attacker.test"
    var mail = "<probe.{t}@attacker.test>"
    var rcpt = "<relaytest.{t}@third.test>"
    var port = 25
    var tls: String?
    var certificate: String?
    var login = false
    /// What is said before the greeting (PROXY) or before MAIL (XCLIENT).
    var before: [String] = []
    var qmqp = false

    private enum CodingKeys: String, CodingKey {
        case id, client, name, claimed, helo, mail, rcpt, port, tls, certificate, login, before, qmqp
    }

    init(_ id: String, _ change: (inout Attempt) -> Void = { _ in }) {
        self.id = id
        change(&self)
    }

    // A client that says no HELO is something else than one of which nothing is said.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(client, forKey: .client)
        try container.encode(name, forKey: .name)
        try container.encode(claimed, forKey: .claimed)
        try container.encode(helo, forKey: .helo)
        try container.encode(mail, forKey: .mail)
        try container.encode(rcpt, forKey: .rcpt)
        try container.encode(port, forKey: .port)
        try container.encode(tls, forKey: .tls)
        try container.encode(certificate, forKey: .certificate)
        try container.encode(login, forKey: .login)
        try container.encode(before, forKey: .before)
        try container.encode(qmqp, forKey: .qmqp)
    }

    /// A session that the analysis says relays.
    init?(_ finding: RelayAnalysis.Finding, of listener: ServiceListener, _ number: Int) {
        let session = finding.session
        // Which networks the host is in is not known, so its neighbours are tried by attempts of their own.
        let isClaimed = [.xclient, .proxyProtocol].contains(finding.blame.kind)
        // A name of the host's own is its administrator's to give, and the world would have to give it.
        let isWorlds = !session.client.name.hasSuffix("example.net")
        let isAnyonesClaim = finding.traits.allSatisfy { $0.dimension != .claim || $0.isEverybodys }
        guard !finding.isUncertain, !session.client.isNeighbour,
            !isClaimed || isAnyonesClaim && isWorlds
        else { return nil }
        self.init("finding \(number)")
        if isClaimed {
            claim(session, by: finding.blame.kind, port: listener.port)
        } else {
            client = session.client.address.description
            name = session.client.name == "unknown" ? nil : session.client.name
            claimed = name == nil ? session.reverseName : nil
        }
        helo = session.helo
        mail = "<\(session.sender)>"
        rcpt = session.isBackedUpHere ? "<relaytest.{t}@evil-mx.test>" : "<\(session.recipient)>"
        port = listener.port
        tls = session.usesTLS ? "starttls" : nil
        switch session.certificate {
        case .none: break
        case .any: certificate = "any"
        case .verified: certificate = "verified"
        }
        qmqp = listener.program == .qmqpd
    }

    /// What PROXY says is looked up as any client is, so that the names of it are the world's to give.
    private mutating func claim(_ session: Session, by kind: CauseKind, port: Int) {
        let address = session.client.address
        guard kind == .proxyProtocol else {
            let text = address.width == 32 ? "\(address)" : "IPV6:\(address)"
            before = [
                session.isLoggedIn
                    ? "XCLIENT LOGIN=alice" : "XCLIENT NAME=\(session.client.name) ADDR=\(text)"
            ]
            return
        }
        let ends = address.width == 32 ? "TCP4 \(address) 192.0.2.10" : "TCP6 \(address) 2001:db8:0:1::10"
        before = ["PROXY \(ends) 4711 \(port)"]
        guard !address.isLoopback else { return }
        client = address.description
        name = session.client.name
    }
}

extension Attempt {
    /// What every host is asked, from every side that the world has.
    static let all: [Attempt] = bySender + byRecipient + byClient + byGreeting + byDoor

    private static let bySender = [
        "<>", "<probe@third.test>", "<probe@mx.example.net>", "<nobody.{t}@example.net>",
        "<alice@example.net>",
        "<probe@[192.0.2.10]>", "<probe@localhost>", "<probe>", "<postmaster@example.net>",
        "<friend@partner.test>",
        "<alice+{t}@example.net>",
    ].map { sender in Attempt("from \(sender)") { $0.mail = sender } }

    private static let byRecipient = [
        "<relaytest.{t}%third.test@example.net>", "<relaytest.{t}%third.test@[192.0.2.10]>",
        "<\"relaytest.{t}@third.test\">", "<\"relaytest.{t}@third.test\"@example.net>",
        "<relaytest.{t}@third.test@example.net>", "<@example.net,@mx.example.net:relaytest.{t}@third.test>",
        "<third.test!relaytest.{t}>", "<third.test!relaytest.{t}@example.net>", "<relaytest.{t}%third.test>",
        "<RELAYTEST.{t}@THIRD.TEST>", "<relaytest.{t}@third.test.>", "<relaytest.{t}@sub.example.net>",
        "<relaytest.{t}@deep.third.test>", "<relaytest.{t}@notexample.net>",
        "<relaytest.{t}@example.net.attacker.test>", "<relaytest.{t}@evil-mx.test>",
        "<relaytest.{t}%third.test@relay.example.net>", "<relaytest.{t}@third.test@relay.example.net>",
        "<postmaster@third.test>", "<abuse@third.test>", "<relaytest.{t}=third.test@example.net>",
        "<relaytest.{t}+third.test@example.net>", "<relaytest.{t}@bank.com>", "<relaytest.{t}@bank.co.uk>",
    ].map { recipient in Attempt("to \(recipient)") { $0.rcpt = recipient } }

    private static let byClient: [Attempt] = [
        Attempt("plain"), Attempt("provider's name") { $0.name = "dsl-7.isp.test" },
        Attempt("a name that holds ours") { $0.name = "mail.example.net.attacker.test" },
        Attempt("a name that ends like ours") { $0.name = "notexample.net" },
        Attempt("an unverified name of ours") {
            $0.client = "198.51.100.8"
            $0.name = nil
            $0.claimed = "mail.example.net"
        },
        Attempt("no name") { $0.name = nil },
        Attempt("neighbour") { $0.client = "192.0.2.77" }, Attempt("private") { $0.client = "10.9.8.7" },
        Attempt("low") { $0.client = "11.1.2.3" }, Attempt("high") { $0.client = "203.0.113.200" },
        Attempt("IPv6") { $0.client = "2001:db8:ffff::7" },
        Attempt("IPv6 neighbour") { $0.client = "2001:db8:0:1::77" },
    ]

    private static let byGreeting: [Attempt] =
        ["localhost", "mx.example.net", "example.net", "127.0.0.1", "[127.0.0.1]", "partner.test"].map {
            (name: String) in
            Attempt("helo \(name)") { $0.helo = name }
        } + [
            Attempt("no helo") { $0.helo = nil }, Attempt("starttls") { $0.tls = "starttls" },
            Attempt("self-signed certificate") {
                $0.tls = "starttls"
                $0.certificate = "any"
            },
            Attempt("certificate of the authority") {
                $0.tls = "starttls"
                $0.certificate = "verified"
            },
            Attempt("XCLIENT address") { $0.before = ["XCLIENT NAME=localhost ADDR=127.0.0.1"] },
            Attempt("XCLIENT login") { $0.before = ["XCLIENT LOGIN=alice"] },
            Attempt("PROXY") { $0.before = ["PROXY TCP4 127.0.0.1 192.0.2.10 4711 25"] },
        ]

    /// Ports beside 25.
    private static let byDoor: [Attempt] =
        [587, 465, 2525, 10025, 26].flatMap { port -> [Attempt] in
            let tls = port == 465 ? "implicit" : nil
            return [
                Attempt("port \(port)") {
                    $0.port = port
                    $0.tls = tls
                },
                Attempt("port \(port) from <alice@example.net>") {
                    $0.port = port
                    $0.tls = port == 587 ? "starttls" : tls
                    $0.mail = "<alice@example.net>"
                },
                Attempt("port \(port), XCLIENT") {
                    $0.port = port
                    $0.tls = tls
                    $0.before = ["XCLIENT NAME=localhost ADDR=127.0.0.1"]
                },
                Attempt("port \(port), a neighbour") {
                    $0.port = port
                    $0.tls = port == 587 ? "starttls" : tls
                    $0.client = "192.0.2.77"
                },
            ]
        } + [
            Attempt("port 587 with TLS") {
                $0.port = 587
                $0.tls = "starttls"
            },
            Attempt("port 587 with TLS and a provider's name") {
                $0.port = 587
                $0.tls = "starttls"
                $0.name = "dsl-7.isp.test"
            },
            Attempt("port 26, PROXY") {
                $0.port = 26
                $0.before = ["PROXY TCP4 127.0.0.1 192.0.2.10 4711 26"]
            },
            Attempt("QMQP") {
                $0.port = 628
                $0.qmqp = true
            },
        ]

    /// Mail that must be taken: for a user of the host, and from one.
    static let hosted = Attempt("hosted") {
        $0.client = "203.0.113.201"
        $0.name = "mail.friend.test"
        $0.helo = "mail.friend.test"
        $0.mail = "<somebody@friend.test>"
        $0.rcpt = "<alice@example.net>"
    }

    /// The same from a client that uses TLS, which a rule of the administrator's may demand.
    static let hostedByTLS = Attempt("hosted with TLS") {
        $0 = hosted
        $0.id = "hosted with TLS"
        $0.tls = "starttls"
    }

    static let login = Attempt("login") {
        $0.port = 587
        $0.tls = "starttls"
        $0.login = true
        $0.mail = "<alice@example.net>"
    }
}
