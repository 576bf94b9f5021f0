import MailModel
import Postfix

/// Mail for elsewhere that is handed to this very host, from which it comes back until it is returned.
extension SMTPServer {
    /// Whether what the transport gets is handed to this host: smtp(8) knows it by its address or by its greeting
    /// (smtp_addr.c, `smtp_find_self`; smtp_proto.c), and an smtpd of its own on another port starts all over.
    ///
    /// Only the addresses count that are known, or that the configuration names: whom a domain name leads to is
    /// for the DNS to say.
    func loops(_ transport: (name: String, nexthop: String), _ session: Session) -> Bool {
        guard let target = ownTarget(of: transport, session) else { return false }
        return target.port == 25 || comesBack(by: target)
    }

    /// The same of a filter, which may well listen on another port.
    func loopsAtOnce(_ filter: (name: String, nexthop: String), _ session: Session) -> Bool {
        ownTarget(of: filter, session)?.port == 25
    }

    private func ownTarget(of transport: (name: String, nexthop: String), _ session: Session) -> (
        host: String, port: Int
    )? {
        guard command(of: transport.name) == "smtp" else { return nil }
        let next = transport.nexthop.isEmpty ? relayhost(for: session) : transport.nexthop
        return target(of: next).flatMap { isThisHost($0.host) ? $0 : nil }
    }

    /// The first of the hosts that a destination of smtp(8) names, and the port.
    private func target(of nexthop: String) -> (host: String, port: Int)? {
        guard
            let first = nexthop.split(whereSeparator: { $0 == "," || $0.isWhitespace }).first.map(String.init)
        else { return nil }
        let endpoint = ServiceEndpoint(serviceName: first)
        guard let name = endpoint.host else { return (first.folded, 25) }
        let port = first.hasSuffix("]") ? 25 : endpoint.port
        let host = name.folded.hasPrefix("ipv6:") ? String(name.dropFirst(5)) : name.folded
        return port.map { (host, $0) }
    }

    private func isThisHost(_ name: String) -> Bool {
        let listening = routing.value(of: "inet_interfaces").items.map {
            $0.text.folded.filter { !"[]".contains($0) }
        }
        guard let address = IPAddress(name) else {
            return name == routing.text(of: "myhostname").folded && !listening.contains("loopback-only")
        }
        guard address.isLoopback || address.isUnspecified else {
            let translated = routing.value(of: "proxy_interfaces").items.map(\.text)
            return ownAddresses.contains(address) || host.boundAddresses.contains(address)
                || translated.contains { IPAddress($0.filter { !"[]".contains($0) }) == address }
        }
        // Where this server does not listen, another one may.
        return listening.contains { ["all", "loopback-only", "localhost", address.description].contains($0) }
    }

    /// Whether an smtpd of this host listens there that hands what it takes to the same queue, and to no filter.
    private func comesBack(by target: (host: String, port: Int)) -> Bool {
        host.master.services.indices.contains { index in
            let service = host.master.services[index]
            guard service.type == "inet", service.command == "smtpd", !host.isDisabled(service) else {
                return false
            }
            let endpoint = ServiceEndpoint(serviceName: service.name)
            guard endpoint.port == target.port,
                endpoint.host.map({ IPAddress($0) == IPAddress(target.host) }) ?? true
            else { return false }
            let values = host.values(ofService: index)
            return ["content_filter", "smtpd_proxy_filter"].allSatisfy { values.text(of: $0).isEmpty }
        }
    }
}
