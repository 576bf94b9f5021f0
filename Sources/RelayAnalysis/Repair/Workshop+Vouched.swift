import MailModel
import Postfix

extension Workshop {
    /// Lists a network that somebody vouched for in `mynetworks` where it relayed as part of a wider one that is gone:
    /// a row of a table, or what `mynetworks_style` trusts.
    mutating func keepVouched() {
        let networks = trusted.filter { !$0.isLoopback }
        guard !networks.isEmpty, let now = host(current), let before = host(original) else { return }
        for service in touchedServices.sorted() where now.master.services[service].command == "smtpd" {
            let relayed = relaying(networks, service, before, by: { $0?.kind.isAboutNetworks == true })
            let lost = Set(relayed).subtracting(relaying(relayed, service, now, by: { _ in true }))
            guard !lost.isEmpty else { continue }
            let saved = self
            var mender = Mender(Explanation(now))
            mender.list(relayed.filter(lost.contains), for: SMTPServer(now, service: service))
            guard take(mender), let then = host(current),
                relaying(relayed, service, then, by: { _ in true }).count == relayed.count,
                Explanation(then).verdict == Explanation(now).verdict
            else {
                self = saved
                continue
            }
            return keepVouched()
        }
    }

    private func host(_ configuration: PostfixConfiguration) -> Host? {
        let host = Host(configuration, trusted: trusted, deferred: deferred)
        return host.fatalFault == nil ? host : nil
    }

    /// The networks whose clients relay, with nothing else to show for themselves, by what `isRight` holds for.
    private func relaying(
        _ networks: [IPNetwork], _ service: Int, _ host: Host, by isRight: (Blame?) -> Bool
    ) -> [IPNetwork] {
        let server = SMTPServer(host, service: service)
        guard server.startupFault == nil else { return [] }
        return networks.filter { network in
            var session = Stranger.session(from: network.first, usingTLS: server.offersTLS)
            session.client.isNeighbour =
                host.configuration.interfaces?.contains { $0.contains(network.first) } ?? false
            guard case .relays(let blame) = server.judge(session) else { return false }
            return isRight(blame)
        }
    }
}

extension CauseKind {
    fileprivate var isAboutNetworks: Bool { [.mynetworks, .mynetworksStyle, .clientAccess].contains(self) }
}

extension Mender {
    mutating func list(_ networks: [IPNetwork], for server: SMTPServer) {
        let words = networks.map(\.asListItem)
        noteStaying(networks)
        guard let last = server.values.value(of: "mynetworks").items.last,
            let range = host.quoting.place(of: last).range
        else {
            // What is listed takes the place of all that the style trusts.
            let own = (host.configuration.interfaces ?? []).map(\.address).filter { !$0.isLoopback }
            let always = ["127.0.0.0/8", "[::1]/128"] + own.map { IPNetwork($0).asListItem }
            return set("mynetworks", to: (always + words).joined(separator: " "), for: server)
        }
        let place = host.quoting.place(of: last)
        let separator = isPlainOverride(last) ? "," : " "
        add(
            TextEdit(insert: words.map { separator + $0 }.joined(), at: range.upperBound), place.file,
            touches: title(place.file, "mynetworks", server.service))
    }
}
