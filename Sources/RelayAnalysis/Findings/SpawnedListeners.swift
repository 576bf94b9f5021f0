import MailModel
import Postfix

/// What spawn(8) starts for strangers speaks for itself: no list of Postfix's is asked, and `sendmail -bs` or a
/// connection to smtpd on the loopback takes mail from everybody.
extension Host {
    /// The services by which strangers reach another program.
    var spawnedListeners: [ServiceListener] {
        master.services.indices.compactMap { index in
            let service = master.services[index]
            guard service.type == "inet", service.command == "spawn", !isDisabled(service) else { return nil }
            let endpoint = ServiceEndpoint(serviceName: service.name)
            let listener = ServiceListener(
                program: .smtpd, service: index, listening: index, title: service.title,
                port: endpoint.port ?? 0, addresses: addresses(endpoint.host))
            return listener.reachableFamilies.isEmpty ? nil : listener
        }
    }

    func words(aboutSpawned listener: ServiceListener) -> String {
        let program = master.services[listener.service].givenProgram ?? "a program"
        return "Strangers reach \(program) on port \(port(of: listener)), and whom it serves is not judged "
            + "here: " + remedy(forSpawned: listener)
    }

    fileprivate func remedy(forSpawned listener: ServiceListener) -> String {
        let port = port(of: listener)
        return "ask it (agent probe HOST:\(port)), or name the service 127.0.0.1:\(port) if only this host "
            + "needs it"
    }

    private func port(of listener: ServiceListener) -> String {
        listener.port == 0 ? master.services[listener.service].name : String(listener.port)
    }
}

extension Explanation {
    var spawnedCauses: [RelayCause] {
        host.spawnedListeners.map { listener in
            let service = host.master.services[listener.service]
            let place = Place(
                file: .master, line: service.line.firstLine, range: nil, token: service.command)
            let remedy = host.remedy(forSpawned: listener)
            return RelayCause(
                kind: "spawned-program", parameter: service.title,
                file: host.quoting.name(of: place.file), line: place.line, text: host.quoting.text(of: place),
                culprit: place.token,
                opens: "whom \(service.givenProgram ?? "its program") serves, which is not judged here",
                listener: listener.port, address: nil,
                remedy: remedy.prefix(1).uppercased() + remedy.dropFirst() + ".")
        }
    }
}
