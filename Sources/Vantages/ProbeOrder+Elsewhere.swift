package import MailModel
internal import Probing

/// An order that somebody else has written, who knows the token and is not trusted with more.
extension ProbeOrder {
    /// What is asked at all.
    private static let endpointLimit = 64

    /// Whose servers are to be asked.
    package var addresses: [IPAddress] {
        request.endpoints.map(\.address).reduce(into: []) { found, address in
            if !found.contains(address) { found.append(address) }
        }
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
            whole: bounded(request.limits.whole, longest.whole),
            connections: max(1, min(request.limits.connections, longest.connections)),
            questionsPerConnection: max(1, min(request.limits.questionsPerConnection, 20)))
    }
}
