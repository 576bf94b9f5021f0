import MailModel
import Postfix

/// A service of `master.cf` that takes mail from the network, and where.
struct ServiceListener {
    enum Program: String { case smtpd, qmqpd }

    enum Family: Hashable { case v4, v6 }

    struct Address: Hashable {
        /// As bound: `0.0.0.0`, `::`, an address, or a name that is not resolved here.
        var text: String
        var families: Set<Family>
        var isLoopback: Bool
    }

    var program: Program
    /// The service that has the parameters: behind postscreen, another than the one that listens.
    var service: Int
    var listening: Int
    var title: String
    /// 0 for a service name that only the host's services(5) may know.
    var port: Int
    var addresses: [Address]
    /// Where the client's address comes from a PROXY line: the parameter that says so.
    var proxyParameter: (name: String, values: ParameterValues)?
    /// postscreen(8), where it is what listens.
    var screen: Screen?

    /// Families in which clients from elsewhere can connect.
    var reachableFamilies: Set<Family> {
        addresses.filter { !$0.isLoopback }.reduce(into: []) { $0.formUnion($1.families) }
    }
}

extension Host {
    /// Every service that takes mail from the network, in the order of `master.cf`.
    var listeners: [ServiceListener] {
        var positions: [String: Int] = [:]
        // Of two services for one address and port, or of one name, master uses the last.
        for (index, service) in master.services.enumerated() { positions[endpoint(of: service)] = index }
        return master.services.indices.filter {
            positions[endpoint(of: master.services[$0])] == $0 && !isDisabled(master.services[$0])
        }.compactMap(listener)
    }

    /// What tells services apart: `465`, `smtps` and `:urd` are one, `localhost:25` and `127.0.0.1:25` are two.
    private func endpoint(of service: MasterCF.Service) -> String {
        let endpoint = ServiceEndpoint(serviceName: service.name)
        guard service.type == "inet", let port = endpoint.port else { return service.title }
        let host = endpoint.host.map { IPAddress($0)?.description ?? $0.folded } ?? ""
        return "[\(host)]:\(port)"
    }

    /// Whether `master_service_disable` keeps master(8) from listening for a service (postconf(5)): by its type, or by
    /// its name and type, the first that matches.
    func isDisabled(_ service: MasterCF.Service) -> Bool {
        for item in values(ofService: nil).value(of: "master_service_disable").items.map(\.text.folded) {
            let bangs = item.prefix { $0 == "!" }.count
            let pattern = item.dropFirst(bangs)
            // Before 2.11 the two were parted by a dot, which Postfix still takes.
            let titles = [service.type, service.title, "\(service.name).\(service.type)"].map(\.folded)
            if titles.contains(String(pattern)) { return bangs.isMultiple(of: 2) }
        }
        return false
    }

    private func listener(_ index: Int) -> ServiceListener? {
        let service = master.services[index]
        guard service.type == "inet" else { return nil }
        let endpoint = ServiceEndpoint(serviceName: service.name)
        var found = ServiceListener(
            program: .smtpd, service: index, listening: index, title: service.title, port: endpoint.port ?? 0,
            addresses: addresses(endpoint.host).compactMap { serving($0, as: index) })
        switch service.command {
        case "smtpd": found.proxyParameter = ("smtpd_upstream_proxy_protocol", values(ofService: index))
        case "qmqpd": found.program = .qmqpd
        case "postscreen":
            let screen = values(ofService: index)
            let name = screen.text(of: "smtpd_service_name")
            let behind = master.services.lastIndex { $0.type == "pass" && $0.name == name }
                .flatMap { isDisabled(master.services[$0]) ? nil : $0 }
            found.service = behind ?? index
            found.proxyParameter = ("postscreen_upstream_proxy_protocol", screen)
            found.screen = Screen(self, screen, at: found.addresses)
            if behind == nil {
                let line = service.line.place(of: 0).line
                found.screen?.fault = (
                    "cannot connect to service private/\(name): there is no \(name)/pass",
                    Place(file: .master, line: line, range: nil, token: service.name)
                )
            }
        default: return nil
        }
        if !version.includes(.proxyProtocol) { found.proxyParameter = nil }
        return found
    }

    /// What master listens on, as far as the program that it starts can speak there.
    private func serving(_ address: ServiceListener.Address, as service: Int) -> ServiceListener.Address? {
        var address = address
        address.families.formIntersection(families(ofService: service))
        return address.families.isEmpty ? nil : address
    }

    private var families: Set<ServiceListener.Family> { families(ofService: nil) }

    private func families(ofService service: Int?) -> Set<ServiceListener.Family> {
        let protocols = values(ofService: service).value(of: "inet_protocols").items.map { $0.text.folded }
        var families: Set<ServiceListener.Family> = []
        if protocols.contains("all") || protocols.contains("ipv4") { families.insert(.v4) }
        if protocols.contains("all") || protocols.contains("ipv6") { families.insert(.v6) }
        return families
    }

    /// Where master(8) listens for a host of a service name; `nil` for none.
    func addresses(_ name: String?) -> [ServiceListener.Address] {
        if let name { return addresses(named: name) }
        let interfaces = values(ofService: nil).value(of: "inet_interfaces")
        if interfaces.text.text.folded == "all" {
            return [("0.0.0.0", ServiceListener.Family.v4), ("::", .v6)].filter { families.contains($0.1) }
                .map { ServiceListener.Address(text: $0.0, families: [$0.1], isLoopback: false) }
        }
        if interfaces.text.text.folded == "loopback-only" { return addresses(named: "localhost") }
        return interfaces.items.flatMap { addresses(named: $0.text.filter { !"[]".contains($0) }) }
    }

    private func addresses(named name: String) -> [ServiceListener.Address] {
        if let address = IPAddress(name) {
            let family: ServiceListener.Family = address.width == 32 ? .v4 : .v6
            return [.init(text: address.description, families: [family], isLoopback: address.isLoopback)]
        }
        if name.folded == "localhost" || name.folded.hasPrefix("localhost.") {
            return [("127.0.0.1", ServiceListener.Family.v4), ("::1", .v6)].filter { families.contains($0.1) }
                .map { .init(text: $0.0, families: [$0.1], isLoopback: true) }
        }
        return [.init(text: name, families: families, isLoopback: false)]
    }
}
