package import MailModel

/// One way to ask a server to relay: an envelope, how the client introduces itself, what an answer proves.
package struct RelayTest: Hashable, Sendable {
    /// What a 2xx to RCPT is worth by itself.
    package enum Weight: String, Hashable, Sendable, CaseIterable {
        /// The server took responsibility for a foreign recipient.
        case relay
        /// Nothing until the message arrives: Qmail takes every local part, and finds out later (RFC 5321
        /// section 4.5.1 postmasters and decoders of encoded addresses likewise).
        case deliveryOnly
        /// Not relaying: the answer shows whether unknown recipients are refused or bounced later.
        case backscatter
        /// The control question: a recipient that the host serves has to be accepted.
        case control
    }

    /// What the client does before the envelope, beyond HELO.
    package enum Approach: Hashable, Sendable {
        case plain
        /// Claims another client address by XCLIENT, where the server offers it (Postfix XCLIENT_README).
        case xclient(String)
        /// Begins with a header of the PROXY protocol, version 1 (haproxy proxy-protocol.txt section 2.1).
        case proxyHeader(String)
        /// Logs in with a mechanism, an initial response, and an answer to whatever else is asked, that nobody should
        /// accept (RFC 4954).
        case login(mechanism: String, initialResponse: String, continuation: String? = nil)
        /// Claims, for the log, another client address by XFORWARD, where it is offered (XFORWARD_README).
        case xforward(String)
        /// Shows a certificate in the TLS handshake; asked in TLS only.
        case certificate(ClientCertificate)
        /// Connects from another network than the vantage's, where the vantage has an address there.
        case source(SourceNetwork)
        /// Hands the message over without a dialogue, by another protocol than SMTP.
        case handOver(QueueProtocol)
    }

    /// How Qmail and Postfix take messages by, beside SMTP: netstrings there, netstrings back.
    package enum QueueProtocol: String, Hashable, Sendable, CaseIterable {
        /// From a client that has no queue of its own (cr.yp.to/proto/qmqp.html).
        case qmqp = "QMQP"
        /// From another mail server (cr.yp.to/proto/qmtp.txt).
        case qmtp = "QMTP"

        /// By which port of TCP it is known.
        package init?(port: Int) {
            switch port {
            case 628: self = .qmqp
            case 209: self = .qmtp
            default: return nil
            }
        }
    }

    /// A certificate that no server has a reason to trust, or that the user has from a CA.
    package enum ClientCertificate: String, Hashable, Sendable, CaseIterable { case selfSigned, issued }

    /// A stable word, as in reports.
    package var id: String
    package var mailFrom: AddressForm
    package var rcptTo: AddressForm
    /// The recipient where `{third}` is an address literal, if that takes another form: outside of quotes a local part
    /// has no brackets (RFC 5321 section 4.1.2).
    package var proof: AddressForm?
    /// The argument of EHLO; the vantage's own address literal, or a name where that is not taken, unless the test is about
    /// HELO.
    package var helo: AddressForm
    package var approach: Approach
    package var weight: Weight
    /// Where the form comes from, or which measured case needs it.
    package var source: String
    /// What is wrong with a server that says yes, as a sentence without a full stop.
    package var meaning: String

    package init(
        _ id: String, from mailFrom: AddressForm, to rcptTo: AddressForm, proof: AddressForm? = nil,
        helo: AddressForm = .ownLiteral,
        approach: Approach = .plain, weight: Weight = .relay, source: String, meaning: String
    ) {
        self.id = id
        self.mailFrom = mailFrom
        self.rcptTo = rcptTo
        self.proof = proof
        self.helo = helo
        self.approach = approach
        self.weight = weight
        self.source = source
        self.meaning = meaning
    }
}

extension RelayTest {
    /// Whether a message may be sent to find out: it can go only to the vantage or to the server itself.
    ///
    /// A look-alike domain may be somebody's, so there the answer to RCPT has to do.
    package var canBeProven: Bool {
        if weight == .backscatter { return true }
        let template = rcptTo.template
        // Below its own domain it is the server's to say where mail goes.
        return template.contains("{vantage}") || template.contains("{backup}")
            || template.contains("@sub.{local}")
            || template.contains("{third}") && !template.contains(".{third}")
    }

    /// Whether an address of it is at a domain that nobody has vouched for: what a greeting says may be a stranger's.
    package func namesGuess(_ names: TestNames) -> Bool {
        [rcptTo, mailFrom].contains { form in
            names.local == nil
                && (form.template.contains("{local}") || form.template.contains("{host}")
                    || names.relay == nil && form.template.contains("{relay}"))
        }
    }
}

/// Text with placeholders in braces: `<relay-test-{token}@{third}>`.
///
/// | placeholder | stands for |
/// | --- | --- |
/// | `{token}` | a random word, another one in each test |
/// | `{third}` | the foreign domain: reserved, or the vantage's own |
/// | `{local}` | a domain that the server serves; where none is known, the one above `{host}` |
/// | `{user}` | the local part of a recipient that the server serves |
/// | `{host}` | the name in the server's greeting; where it hides that, the one that it is called by, or `{local}` |
/// | `{relay}` | a domain that the server relays for; where none is known, `relay.` in the local one |
/// | `{backup}` | a domain whose first MX is the vantage, and whose second is the server |
/// | `{helo}` | a name by which clients that are let through may introduce themselves |
/// | `{address}` | the server's address, as in a literal without brackets (RFC 5321 section 4.1.3) |
/// | `{vantage}` | the client's address, likewise |
package struct AddressForm: Hashable, Sendable, ExpressibleByStringLiteral {
    package var template: String

    package init(stringLiteral template: String) { self.template = template }

    package static let ownLiteral: AddressForm = "[{vantage}]"
    /// For servers that take no address in HELO: reserved, and so nobody's.
    package static let ownName: AddressForm = "probe.sender.example"

    var namesVantage: Bool { template.contains("{vantage}") }

    /// - Returns: `nil` when a name that the form needs is not known: the test does not apply.
    package func filled(with names: TestNames) -> String? {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            guard let value = names[rest[rest.index(after: open)..<close]] else { return nil }
            text += rest[..<open] + value
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }
}

/// What the placeholders of ``AddressForm`` stand for.
package struct TestNames: Hashable, Sendable {
    package var token: String
    package var third: String
    package var local: String?
    package var user: String?
    package var relay: String?
    package var backup: String?
    package var helo: String?
    package var host: String?
    /// The name by which whoever asks knows the server, if it is one: it does for a greeting without a name.
    package var called: String?
    package var address: String?
    package var vantage: String?

    package init(
        token: String, third: String = TestNames.reservedDomains[0], local: String? = nil,
        user: String? = nil, relay: String? = nil, backup: String? = nil, helo: String? = nil,
        host: String? = nil,
        called: String? = nil, address: String? = nil, vantage: String? = nil
    ) {
        self.token = token
        self.third = third
        self.local = local
        self.user = user
        self.relay = relay
        self.backup = backup
        self.helo = helo
        self.host = host
        self.called = called
        self.address = address
        self.vantage = vantage
    }

    /// Nobody's: reserved for documentation (RFC 2606 section 3), with an address and without mail.
    package static let reservedDomains = ["example.org", "example.com", "example.net"]

    fileprivate subscript(name: Substring) -> String? {
        switch name {
        case "token": token
        case "third": third
        case "local": local
        case "user": user
        case "relay": relay
        case "backup": backup
        case "helo": helo
        case "host": host
        case "address": address
        case "vantage": vantage
        default: nil
        }
    }
}

extension RelayTest {
    /// Whether the recipient is in the server's own name, with a foreign address hidden in the local part at most.
    package var isAtServer: Bool {
        ["@{local}>", "@{host}>", "@[{address}]>"].contains { (proof ?? rcptTo).template.hasSuffix($0) }
    }
}

extension RelayTest.Approach {
    /// What comes before everything else, where it is of the PROXY protocol.
    package var proxyHeader: String? { if case .proxyHeader(let header) = self { header } else { nil } }

    /// Whether the client says from which address it comes: what the server then believes is what it was told.
    var claimsAddress: Bool {
        switch self {
        case .xclient, .xforward, .proxyHeader: true
        case .plain, .login, .certificate, .source, .handOver: false
        }
    }

    /// By what a message is handed over, where there is no dialogue.
    package var queueProtocol: RelayTest.QueueProtocol? {
        if case .handOver(let queueProtocol) = self { queueProtocol } else { nil }
    }
}
