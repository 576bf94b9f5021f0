import MailModel
import Postfix

/// Mail for elsewhere that is handed to this very host, from which it comes back until it is returned.
extension SMTPServer {
    /// Whether what the transport gets is handed to this host: smtp(8) knows it by its address or by its greeting
    /// (smtp_addr.c, `smtp_find_self`; smtp_proto.c), and an smtpd of its own on another port starts all over. Of a
    /// destination that is no host smtp(8) dies, and the mail waits.
    ///
    /// Only the addresses count that are known, or that the configuration names: whom a domain name leads to is
    /// for the DNS to say.
    func loops(_ transport: (name: String, nexthop: String), _ session: Session) -> Bool {
        switch target(of: transport, session) {
        case .host(let host, let port): isThisHost(host) && (port == 25 || comesBack(to: host, port))
        case .none: host.keeps(misdirectedBy: parameter(naming: transport.nexthop))
        case .unknown: false
        }
    }

    /// The same of a filter, which may well listen on another port.
    func loopsAtOnce(_ filter: (name: String, nexthop: String), _ session: Session) -> Bool {
        switch target(of: filter, session) {
        case .host(let host, let port): isThisHost(host) && port == 25
        case .none: host.keeps(misdirectedBy: "content_filter")
        case .unknown: false
        }
    }

    private func parameter(naming nexthop: String) -> String {
        guard nexthop.isEmpty else {
            return ["default_transport", "relay_transport"].first {
                split(routing.text(of: $0)).nexthop == nexthop
            } ?? "transport_maps"
        }
        let bySender = "sender_dependent_relayhost_maps"
        return routing.text(of: "relayhost").isEmpty ? bySender : "relayhost"
    }

    private enum Target {
        /// The port is `nil` for a service that only the host's services(5) may know.
        case host(String, port: Int?)
        /// What no host can be called.
        case none
        /// The recipient's own domain, or what other programs deliver.
        case unknown
    }

    private func target(of transport: (name: String, nexthop: String), _ session: Session) -> Target {
        guard command(of: transport.name) == "smtp" else { return .unknown }
        let next = transport.nexthop.isEmpty ? relayhost(for: session) : transport.nexthop
        guard let first = next.split(whereSeparator: { $0 == "," || $0.isWhitespace }).first.map(String.init),
            first.utf8.allSatisfy({ $0 < 0x80 })
        else { return .unknown }
        return target(named: first)
    }

    /// smtp_connect.c, `smtp_parse_destination`.
    private func target(named destination: String) -> Target {
        let endpoint = ServiceEndpoint(serviceName: destination)
        let isBracketed = destination.first == "["
        let hasPort = isBracketed ? !destination.hasSuffix("]") : destination.contains(":")
        var name = (endpoint.host ?? (hasPort || isBracketed ? "" : destination)).folded
        if name.hasPrefix("ipv6:") { name = String(name.dropFirst(5)) }
        guard IPAddress(name) != nil || isHostName(name) else { return .none }
        let service =
            destination.split(separator: isBracketed ? "]:" : ":", omittingEmptySubsequences: false).last
            ?? ""
        guard hasPort, !service.isEmpty else { return .host(name, port: 25) }
        let isValid =
            service.allSatisfy(\.isNumber)
            ? (1...0xffff).contains(Int(service) ?? 0)
            : service.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
        return isValid ? .host(name, port: endpoint.port) : .none
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
    private func comesBack(to name: String, _ port: Int?) -> Bool {
        host.master.services.indices.contains { index in
            let service = host.master.services[index]
            guard service.type == "inet", service.command == "smtpd", !host.isDisabled(service) else {
                return false
            }
            let endpoint = ServiceEndpoint(serviceName: service.name)
            guard let port, endpoint.port == port,
                endpoint.host.map({ IPAddress($0) == IPAddress(name) }) ?? true
            else { return false }
            let values = host.values(ofService: index)
            return ["content_filter", "smtpd_proxy_filter"].allSatisfy { values.text(of: $0).isEmpty }
        }
    }
}
