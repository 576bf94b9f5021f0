package import MailModel

/// Says what a service of Qmail does with strangers who reach it through a proxy on this host.
///
/// qmail-smtpd and what starts it believe no proxy about its clients: all of them have the proxy's address, which is
/// one of the host's own.
/// - Parameter target: Where the proxy hands connections on to: `127.0.0.1:25`.
/// - Returns: `nil` where nothing is known to serve that address of the loopback, or a rule for the proxy is not
///   understood.
package func explainBehindProxy(_ configuration: QmailConfiguration, at target: String) -> RelayReport? {
    guard let colon = target.lastIndex(of: ":"),
        let port = MailService.port(named: String(target[target.index(after: colon)...]))
    else { return nil }
    let host = target[..<colon].filter { !"[]".contains($0) }
    guard let address = IPAddress(host == "localhost" ? "127.0.0.1" : host), address.isLoopback else {
        return nil
    }
    let (services, isAssumed) = configuration.services()
    let answering = services.filter { $0.port == port && $0.answers(at: address) }
    guard !isAssumed,
        let service = answering.first(where: { IPAddress($0.address) == address }) ?? answering.first,
        case .known(let rule) = service.rule(for: address)
    else { return nil }
    guard rule?.isDenied != true, Population.isAdmitted(address, to: service) else {
        return .refusing(service, at: address)
    }
    var seen = service
    seen.address = address.width == 32 ? "0.0.0.0" : "::"
    (seen.onlyFrom, seen.noAccess, seen.clients) = (nil, [], [])
    seen.environment += rule?.environment ?? []
    let explanation = Explanation(configuration, judging: seen, from: Population(allAt: address))
    var report = explanation.report
    report.risks = []
    report.listeners = [
        ListenerVerdict(
            address: address.description, port: port, service: service.name, verdict: report.verdict)
    ]
    for index in report.causes.indices
    where ["relayclient", "white-list", "pop-lock"].contains(report.causes[index].kind) {
        report.causes[index].remedy =
            "Lead strangers to Qmail itself, since qmail-smtpd believes no proxy about its clients, or let "
            + "\(address) relay no longer"
    }
    return report
}

private enum KnownRule {
    /// `nil` where none is for the client.
    case known(MailService.Clients?)
    case unknown
}

extension MailService {
    fileprivate func answers(at address: IPAddress) -> Bool {
        guard let bound = IPAddress(self.address == "localhost" ? "127.0.0.1" : self.address) else {
            return false
        }
        // A socket of IPv6 takes clients of IPv4 as well, unless it is told not to.
        return bound == address || bound.isUnspecified && bound.width >= address.width
    }

    /// The one rule that counts for a client of this host.
    fileprivate func rule(for address: IPAddress) -> KnownRule {
        let isRanked = chain?.rulesPath != nil
        var best: (rank: Int, group: Clients)?
        for (index, group) in clients.enumerated() {
            guard let closeness = closeness(of: group.client, to: address) else { continue }
            // libwrap takes the first rule that fits, tcpserver the one that names the client most closely.
            if case .described = group.client.kind {
                if best == nil { return .unknown }
                continue
            }
            let rank = isRanked ? closeness : index
            if rank < best?.rank ?? .max { best = (rank, group) }
        }
        return .known(best?.group)
    }

    /// In the order in which tcpserver looks for rules: the address, the name, shorter and shorter parts of the
    /// address, any name, everybody; `nil` for a rule that is not for the client.
    private func closeness(of client: RuleClient, to address: IPAddress) -> Int? {
        switch client.kind {
        case .networks(let networks):
            guard let prefix = networks.filter({ $0.contains(address) }).map(\.prefix).max() else {
                return nil
            }
            return prefix == address.width ? 0 : 2 + address.width - prefix
        case .named(let name) where chain?.looksUpNames != false:
            return name == "localhost" ? 1 : name.isEmpty ? 200 : nil
        case .named, .nobody, .identified: return nil
        case .everybody: return 201
        case .described: return 0
        }
    }
}

extension RelayReport {
    fileprivate static func refusing(_ service: MailService, at address: IPAddress) -> RelayReport {
        RelayReport(
            mta: .qmail, verdict: .broken,
            listeners: [
                ListenerVerdict(
                    address: address.description, port: service.port, service: service.name, verdict: .broken)
            ],
            causes: [
                RelayCause(
                    kind: "rules", parameter: service.name, file: service.place.file,
                    line: service.place.line, text: service.place.text, culprit: nil, opens: "nobody",
                    listener: service.port,
                    remedy: "Let \(address) in, without RELAYCLIENT: no client is served through the proxy")
            ], risks: [])
    }
}
