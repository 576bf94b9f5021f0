package import MailModel
internal import Probing

/// An order that somebody else has written, who knows the token and is not trusted with more.
extension ProbeOrder {
    /// What is asked at all.
    private static let endpointLimit = 128

    /// Whose servers are to be asked.
    package var addresses: [IPAddress] {
        request.endpoints.map(\.address).reduce(into: []) { found, address in
            if !found.contains(address) { found.append(address) }
        }
    }

    /// Puts the address from which the order came in the place of the one that the asker does not know.
    ///
    /// Where a balancer or another host stands there, a verdict on it would be one on somebody else: only the asker's own
    /// answer there shows that it is not so. What cannot be asked is left out where something else is left.
    /// - Throws: ``ExitStatus/cannotTell`` when nothing is left.
    package mutating func nameAsker(
        _ asker: IPAddress?, isProved: (IPAddress) async -> Bool
    ) async throws(Failure) {
        guard request.endpoints.contains(where: \.isAtAsker) else { return }
        let others = request.endpoints.filter { !$0.isAtAsker }
        var note = "this host has private addresses only, and asks over IPv6"
        if let asker, asker.width == 32 {
            if await isProved(asker) {
                request.endpoints = request.endpoints.map { $0.isAtAsker ? .init(asker, port: $0.port) : $0 }
                return say("\(asker), from which this host asks, stands for its private addresses")
            }
            note = "this host asks from \(asker), and does not answer there on TCP port \(AddressProof.port)"
        }
        guard !others.isEmpty else {
            throw Failure(
                .cannotTell, "the vantage cannot ask this host: \(note)",
                remedy: "Name the address that it is reached by: --address ADDRESS.")
        }
        request.endpoints = others
        say("not asked at its private addresses: \(note)")
    }

    private mutating func say(_ note: String) {
        request.origin.note = request.origin.note.map { "\($0); \(note)" } ?? note
    }

    /// Whether the asker answers a challenge on an address.
    package func isProved(_ address: IPAddress) async -> Bool {
        guard let secret else { return false }
        let challenge = randomToken()
        return await AddressProof.ask(address, challenge: challenge)
            == proof(of: secret, challenge: challenge)
    }

    /// Answers challenges while `body` runs, on the addresses that are asked; and on this machine's, where somebody else
    /// hands on what comes to one of those.
    static func answering<T: Sendable>(
        for request: ProbeRequest, _ interfaces: [IPNetwork], secret: String,
        body: () async throws(Failure) -> T
    ) async throws(Failure) -> T {
        let own = globalAddresses(interfaces)
        let asked = Set(request.endpoints.filter { !$0.isAtAsker }.map(\.address))
        let isHandedOn = request.endpoints.contains { $0.isAtAsker || !own.contains($0.address) }
        return try await AddressProof.answering(
            on: Array(isHandedOn ? asked.union(own) : asked), { proof(of: secret, challenge: $0) }, body: body
        )
    }

    /// Takes out what the asker has no say in, and bounds the rest.
    /// - Parameter backupDomains: domains whose names have this vantage as their first MX, in lower case.
    /// - Throws: ``ExitStatus/usage`` for what no vantage does for others.
    package mutating func prepareForElsewhere(backupDomains: [String] = []) throws(Failure) {
        guard link == nil, !request.endpoints.isEmpty, request.endpoints.count <= Self.endpointLimit,
            request.endpoints.allSatisfy({ (1...65_535).contains($0.port) })
        else {
            throw Failure(
                .usage, "the vantage refuses: the order names no servers, or too many",
                detail: "It takes 1 to \(Self.endpointLimit) addresses and ports.")
        }
        // Mail goes to the vantage and to the servers that are asked, and nowhere else.
        if let domain = request.backupDomain?.lowercased(),
            !backupDomains.contains(where: { domain == $0 || domain.hasSuffix(".\($0)") })
        {
            throw Failure(
                .usage, "the vantage refuses: the domain for the test of backup MXs is none of its own",
                detail:
                    "Whoever is named there gets mail, so that the vantage's operator has to vouch for it.",
                remedy: "Ask without --backup-domain, or have the vantage started with --backup-domain.")
        }
        request.origin = ProbeOrigin(kind: "https", address: nil)
        request.sources = []
        request.networks = []
        request.catchers = []
        let longest = ProbeLimits()
        // Less than nothing is no time limit at all, by the time it is a deadline.
        let bounded = { (asked: Duration, most: Duration) in max(.milliseconds(1), min(asked, most)) }
        request.limits = ProbeLimits(
            connect: bounded(request.limits.connect, longest.connect),
            banner: bounded(request.limits.banner, longest.banner),
            reply: bounded(request.limits.reply, longest.reply),
            whole: bounded(request.limits.whole, ProbeLimits.time(for: request.endpoints.count)),
            connections: max(1, min(request.limits.connections, longest.connections)),
            questionsPerConnection: max(1, min(request.limits.questionsPerConnection, 20)))
    }
}
