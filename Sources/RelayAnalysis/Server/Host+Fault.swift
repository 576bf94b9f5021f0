import MailModel
import Postfix

extension Host {
    /// Why no program of Postfix would start at all.
    func makeFatalFault() -> Fault? {
        if let fault = main.faults.first {
            return (
                fault.why,
                Place(file: .main, line: fault.line.firstLine, range: nil, token: fault.line.bytes.text)
            )
        }
        if let fault = master.faults.first {
            return (
                fault.why,
                Place(file: .master, line: fault.line.firstLine, range: nil, token: fault.line.bytes.text)
            )
        }
        return syntaxFault(in: values(ofService: nil), readBy: [.everybody]) ?? nameFault ?? relayhostFault
            ?? protocolFault ?? interfaceFault ?? endpointFault ?? systemFault
    }

    /// A value with which one of the programs that read it does not start.
    func syntaxFault(
        in values: ParameterValues, readBy readers: ParameterSyntax.Readers
    ) -> Fault? {
        let overrides = values.service.map { master.services[$0].overrides.map(\.name) } ?? []
        for name in overrides + main.definitions.map(\.name) {
            guard let syntax = ParameterSyntax.of(name), !readers.isDisjoint(with: syntax.readers),
                let why = syntax.fault(of: values.value(of: name), named: name)
            else { continue }
            return (why, quoting.definition(of: name, in: values))
        }
        return nil
    }

    /// The names that the host has must be names (mail_params.c).
    private var nameFault: Fault? {
        let values = values(ofService: nil)
        let written = ["myhostname", "mydomain", "myorigin"].filter { main.definition(of: $0) != nil }
        // Debian's Postfix reads myorigin from a file.
        let bad = written.first { name in
            let text = values.text(of: name)
            return !isHostName(text) && !(name == "myorigin" && text.hasPrefix("/"))
        }
        guard let name = bad else { return nil }
        return (
            "host name \"\(values.text(of: name))\" is no name, for parameter \(name)",
            quoting.definition(of: name, in: values)
        )
    }

    /// mail_params.c.
    private var relayhostFault: Fault? {
        let values = values(ofService: nil)
        let name = values.text(of: "myhostname")
        guard !name.isEmpty, values.text(of: "relayhost").folded == name.folded else { return nil }
        return (
            "myhostname and relayhost parameter settings must not be identical: \(name)",
            quoting.definition(of: "relayhost", in: values)
        )
    }

    /// inet_proto.c.
    private var protocolFault: Fault? {
        let values = values(ofService: nil)
        let words = values.value(of: "inet_protocols").items.map(\.text)
        let bad = words.first { !["all", "ipv4", "ipv6"].contains($0) }
        guard bad != nil || words.isEmpty else { return nil }
        return (
            "config variable inet_protocols: bad protocol name \"\(bad ?? "")\"",
            quoting.definition(of: "inet_protocols", in: values)
        )
    }

    /// own_inet_addr.c: `all` and `loopback-only` are words by themselves, and everything else names a host.
    private var interfaceFault: Fault? {
        let values = values(ofService: nil)
        let value = values.value(of: "inet_interfaces")
        guard !["all", "loopback-only"].contains(value.text.text) else { return nil }
        let bad = value.items.map(\.text).first {
            !isNameOfHost($0) || ["all", "loopback-only"].contains($0.folded)
        }
        guard bad != nil || value.items.isEmpty else { return nil }
        return (
            "config variable inet_interfaces: host not found: \(bad ?? "")",
            quoting.definition(of: "inet_interfaces", in: values)
        )
    }

    /// `*:2525` is what people write who mean every address (host_port.c, master_ent.c).
    private var endpointFault: Fault? {
        for service in master.services where service.type == "inet" && !isDisabled(service) {
            guard let name = ServiceEndpoint(serviceName: service.name).host, !isNameOfHost(name) else {
                continue
            }
            let place = service.line.place(of: 0)
            return (
                "valid hostname or network address required in \"\(service.name)\"",
                Place(file: .master, line: place.line, range: nil, token: service.name)
            )
        }
        return nil
    }

    private func isNameOfHost(_ text: String) -> Bool {
        let name = text.filter { !"[]".contains($0) }
        return IPAddress(name) != nil || isHostName(name)
    }
}
