internal import MailModel
internal import SMTPCore

/// What one endpoint is asked in one TLS state, in batches: one batch, one connection.
struct Questions {
    var request: ProbeRequest
    var endpoint: ProbeRequest.Endpoint
    var tls: TLSUse

    private var perConnection: Int { max(1, request.limits.questionsPerConnection) }

    /// - Parameter asksControl: whether the hosted recipient is among them.
    func batches(asksControl: Bool) -> [[DialogueScript.Question]] {
        // A port for another protocol has one question of its own.
        let isComplete = request.tests == .all || endpoint.queueProtocol != nil
        var tests = (isComplete ? TestCatalogue.all : TestCatalogue.essential).filter(isPossible)
        if asksControl, let recipient = request.hostedRecipient {
            // Not the first: a server may take no more than one recipient a minute from a client.
            tests.insert(TestCatalogue.hosted(recipient), at: min(1, tests.count))
        }
        let plain = tests.filter { $0.approach == .plain }
        // A connection whose client has claimed to be somebody else is of no use for other questions.
        let tricks = tests.filter { $0.approach != .plain }.map { [question($0)] }
        let chunks = stride(from: 0, to: plain.count, by: perConnection).map { start in
            plain[start..<min(start + perConnection, plain.count)].map(question)
        }
        return chunks + tricks
    }

    /// Whether the vantage has what the test takes, and the endpoint speaks what it is asked in.
    private func isPossible(_ test: RelayTest) -> Bool {
        if let spoken = endpoint.queueProtocol { return test.approach.queueProtocol == spoken }
        switch test.approach {
        case .handOver: return false
        case .certificate(.selfSigned): return tls != .none
        case .certificate(.issued): return tls != .none && request.clientCertificate != nil
        case .source(let network):
            return request.networks.contains {
                $0.network == network && $0.address.width == endpoint.address.width
            }
        case .plain, .xclient, .xforward, .proxyHeader, .login: return true
        }
    }

    private func question(_ test: RelayTest) -> DialogueScript.Question {
        let known = (request.localSender ?? request.hostedRecipient)?.split(separator: "@")
        return DialogueScript.Question(
            test: test,
            names: TestNames(
                token: Self.newToken(), third: foreignDomain, local: known?.last.map(String.init),
                user: known.flatMap { $0.count == 2 ? String($0[0]) : nil }, relay: request.relayDomain,
                backup: request.backupDomain, helo: request.heloName, called: nameOfTarget,
                address: endpoint.address.literal))
    }

    private var foreignDomain: String {
        let reserved = ProbeRequest.reservedDomains
        // Whoever has a probe made elsewhere has no say in whose domain it names.
        if let domain = request.foreignDomain, reserved.contains(domain) { return domain }
        let own = [request.hostedRecipient, request.localSender, request.relayDomain].compactMap { name in
            name?.split(separator: "@").last?.lowercased()
        }
        return reserved.first { !own.contains($0) } ?? reserved[0]
    }

    /// `mail.example.net` of `mail.example.net:25`.
    private var nameOfTarget: String { String(request.target.prefix { $0 != ":" }) }

    private static let tokenPrefix = "relay-test-"
    private static let tokenLength = 12

    /// A word that nobody else uses as a mailbox: 60 random bits.
    static func newToken() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
        return tokenPrefix
            + String((0..<tokenLength).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }

    /// The first word in a text that is formed like a token.
    static func token(in text: String) -> String? {
        guard let start = text.firstRange(of: tokenPrefix) else { return nil }
        let word = text[start.lowerBound...].prefix(tokenPrefix.count + tokenLength)
        return word.count == tokenPrefix.count + tokenLength ? String(word) : nil
    }
}

extension IPAddress {
    /// As in an address literal, without the brackets (RFC 5321 section 4.1.3).
    var literal: String {
        switch self {
        case .v4: description
        case .v6: "IPv6:\(description)"
        }
    }
}
