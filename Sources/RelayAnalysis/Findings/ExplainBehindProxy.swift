package import MailModel
import Postfix

/// Says what a service does with strangers who reach it through a proxy on this host.
///
/// Without the PROXY protocol smtpd takes all of them for the proxy, whose address is one of the host's own.
/// - Parameters:
///   - target: Where the proxy hands connections on to: `127.0.0.1:25`.
/// - Returns: `nil` where this configuration has no smtpd there that would start, or where XCLIENT may tell the clients
///   apart.
package func explainBehindProxy(
    _ configuration: PostfixConfiguration, at target: String, trusted: [IPNetwork],
    deferred: DeferredMail = .stays
) -> RelayReport? {
    let host = Host(configuration, trusted: trusted, deferred: deferred)
    let endpoint = ServiceEndpoint(serviceName: target)
    guard host.fatalFault == nil, let port = endpoint.port,
        let address = endpoint.host.flatMap({ IPAddress($0 == "localhost" ? "127.0.0.1" : $0) }),
        address.isLoopback || configuration.interfaces?.contains(where: { $0.address == address }) == true,
        let listener = host.listeners.first(where: { $0.answers(at: address, port) })
    else { return nil }
    let server = SMTPServer(host, service: listener.service)
    server.screen = listener.screen
    let family: ServiceListener.Family = address.width == 32 ? .v4 : .v6
    var judgement = ListenerJudgement(listener: listener)
    judgement.mainFamily = family
    guard listener.screen?.fault == nil, server.startupFault == nil, server.commandFault == nil,
        let source = listener.takesProxyProtocol ? server.ordinaryAddress(family) : address,
        listener.takesProxyProtocol || !server.takesXClient(from: address)
    else { return nil }
    let findings = server.findings(from: source)
    judgement.findings = findings.found
    judgement.decisive = [family: findings.found]
    judgement.isComplete = findings.isComplete
    let verdict = judgement.verdict(family)
    let name = listener.screen == nil ? "smtpd" : "postscreen"
    let isEverybodys = verdict == .open && findings.found.first?.traits.isEmpty == true
    let causes = Explanation(host, [judgement]).causes(judgement) { _ in true }.map { cause in
        var cause = cause
        // Whoever comes has the proxy's address.
        if isEverybodys { cause.opens = "every client" }
        cause.remedy =
            "Have the proxy say who its client is (PROXY protocol, \(name)_upstream_proxy_protocol = haproxy), or trust no "
            + "address in \(listener.title): -o mynetworks="
        return cause
    }
    return RelayReport(
        mta: .postfix, verdict: verdict,
        listeners: [
            ListenerVerdict(
                address: address.description, port: port, service: listener.title, verdict: verdict)
        ], causes: causes, risks: [])
}

extension ServiceListener {
    fileprivate func answers(at address: IPAddress, _ port: Int) -> Bool {
        program == .smtpd && self.port == port
            && addresses.contains { own in
                guard let bound = IPAddress(own.text) else { return false }
                return bound == address || bound.isUnspecified && bound.width == address.width
            }
    }

    fileprivate var takesProxyProtocol: Bool {
        proxyParameter.map { !$0.values.text(of: $0.name).isEmpty } ?? false
    }
}

extension SMTPServer {
    fileprivate func takesXClient(from address: IPAddress) -> Bool {
        let value = values.value(of: "smtpd_authorized_xclient_hosts")
        let list = ClientList(host.listParser.parse(value), matchesParents: false)
        if case .match = list.match(Client(address: address, name: "localhost")) { return true }
        return false
    }

    /// The ways of clients that all have this address.
    fileprivate func findings(from address: IPAddress) -> (found: [Finding], isComplete: Bool) {
        var session = Stranger.session(from: address, usingTLS: offersTLS)
        if host.isTrusted(address) { (session.client.name, session.reverseName) = ("localhost", "localhost") }
        if case .relays(let blame) = judge(session) {
            return ([Finding(session: session, blame: blame ?? trustBlame(session.client), traits: [])], true)
        }
        var search = StrangerSearch(self)
        search.run(from: address)
        return (search.findings, search.isComplete)
    }

    /// What lets the host itself relay.
    private func trustBlame(_ client: Client) -> Blame {
        guard let mynetworks else {
            let place = host.quoting.definition(of: "mynetworks_style", in: values)
            return Blame(kind: .mynetworksStyle, parameter: "mynetworks_style", place: place)
        }
        if case .match(let index, _) = mynetworks.match(client) {
            let pattern = mynetworks.patterns[index]
            return Blame(
                kind: .mynetworks, parameter: parameter(of: pattern.item) ?? "mynetworks",
                place: pattern.place, item: pattern.item)
        }
        let list = Stage.relay.rawValue
        return Blame(kind: .permit, parameter: list, place: host.quoting.definition(of: list, in: values))
    }
}
