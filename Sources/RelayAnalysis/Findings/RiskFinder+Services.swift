import MailModel
import Postfix

extension RiskFinder {
    /// Services of `master.cf` of which not everything is known here.
    var services: [RelayRisk] { unknownPorts + spawnedPrograms }

    /// master(8) does not start with a name that is not in services(5), which a copy does not hold.
    private var unknownPorts: [RelayRisk] {
        explanation.judgements.filter { $0.listener.port == 0 }.map { judgement in
            let service = host.master.services[judgement.listener.listening]
            return risk(
                "unknown-port", service,
                why:
                    "Which port the service \(service.name) has is said by services(5) of the host; where that does "
                    + "not know it, Postfix does not start.")
        }
    }

    /// A way out that leads to a domain whose mail this host takes: to whom the DNS sends it is not asked here.
    var returns: [RelayRisk] {
        let resolver = SMTPServer.resolver(of: host, values)
        return ["relayhost", "default_transport"].compactMap { name in
            let text = values.text(of: name)
            let hop = name == "relayhost" ? text : String(text.drop { $0 != ":" }.dropFirst())
            let domain = hop.prefix { $0 != "]" && $0 != ":" }.filter { $0 != "[" }.folded
            guard !domain.isEmpty, IPAddress(domain) == nil,
                resolver.resolve("x7q@\(domain)", assuming: .none).addressClass == .local
            else { return nil }
            return risk(
                "loop", name, values,
                why:
                    "Mail for elsewhere goes to \(domain), whose own mail this host takes: where the DNS leads from "
                    + "there to this host, it comes back and none of it leaves.")
        }
    }

    /// What spawn(8) starts for strangers, where the verdict does not say already that it is not judged.
    private var spawnedPrograms: [RelayRisk] {
        guard explanation.verdict != .unknown else { return [] }
        return host.spawnedListeners.map { listener in
            let service = host.master.services[listener.service]
            return risk("spawn", service, why: host.words(aboutSpawned: listener) + ".")
        }
    }

    private func risk(_ kind: String, _ service: MasterCF.Service, why: String) -> RelayRisk {
        let place = Place(file: .master, line: service.line.firstLine, range: nil, token: service.name)
        return RelayRisk(
            kind: kind, file: host.quoting.name(of: place.file), line: place.line,
            text: host.quoting.text(of: place), why: why)
    }
}
