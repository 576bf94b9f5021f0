import MailModel
import Postfix

/// What keeps mail in the queue that smtpd has taken: the programs that would pass it on do not start, until somebody
/// mends what they read.
extension Host {
    func makeQueueFault() -> Fault? {
        let name = values(ofService: nil).text(of: "queue_service_name")
        guard let service = publicService(name) else { return absence(of: name) }
        return limitFault(ofService: service, 1)
            ?? startFault(ofService: service, readBy: [.everybody, .qmgr])
    }

    /// Why trivial-rewrite(8), without which smtpd knows no address, or cleanup(8), without which it has nobody to give
    /// a message to, is not there.
    func fault(ofRewriting rewrite: String, cleaning cleanup: String) -> Fault? {
        guard let rewriting = transportService(rewrite) else { return absence(of: rewrite) }
        guard let cleaning = publicService(cleanup) else { return absence(of: cleanup) }
        return commandFault(ofService: rewriting) ?? limitFault(ofService: cleaning, 0)
            ?? commandFault(ofService: cleaning)
    }

    private func absence(of service: String) -> Fault {
        ("there is no service \(service)", Place(file: .master, line: nil, range: nil, token: service))
    }

    /// A program that is to run once, or in as many processes as are wanted, and refuses to start with another limit.
    func limitFault(ofService index: Int, _ limit: Int) -> Fault? {
        let service = master.services[index]
        // A `-` is default_process_limit.
        let given =
            service.processLimit == "-"
            ? values(ofService: nil).text(of: "default_process_limit") : service.processLimit
        guard Int(given) != limit else { return nil }
        return (
            "service \(service.name) requires a process limit of \(limit)",
            Place(file: .master, line: service.line.firstLine, range: nil, token: service.name)
        )
    }

    /// Why mail that is given to a transport stays in the queue.
    func transportFault(_ name: String) -> Fault? {
        if let known = transportFaults[name] { return known }
        let start = transportService(name).flatMap { service -> Fault? in
            let reader = ParameterSyntax.Readers(named: master.services[service].command)
            return startFault(ofService: service, readBy: reader.map { [.everybody, $0] } ?? [.everybody])
                ?? clientFault(ofService: service) ?? mailboxFault(ofService: service)
        }
        let fault = start ?? limitFault(of: name)
        transportFaults[name] = .some(fault)
        return fault
    }

    /// What was met while the host was judged.
    var deliveryFaults: [Fault] {
        let met = transportFaults.sorted { $0.key < $1.key }.compactMap(\.value)
        return (queueFault.map { [$0] } ?? []) + met
    }

    /// Why the program of a service would stop before it does anything.
    private func startFault(ofService service: Int, readBy readers: ParameterSyntax.Readers) -> Fault? {
        commandFault(ofService: service) ?? syntaxFault(in: values(ofService: service), readBy: readers)
    }

    /// What its program makes of the words behind it in `master.cf`.
    func commandFault(ofService index: Int) -> Fault? {
        let service = master.services[index]
        // The others start a program with words of its own.
        guard !["pipe", "spawn"].contains(service.command) else { return nil }
        if let stray = service.strays.first {
            let isAttribute = ["smtp", "lmtp"].contains(service.command)
            let why = isAttribute ? "unknown attribute name" : "unexpected command-line argument"
            return fault("\(why): \(stray.bytes.text)", stray, of: service)
        }
        if let debugging = service.debugging, values(ofService: index).text(of: "debugger_command").isEmpty {
            return fault("no debugger_command variable set up", debugging, of: service)
        }
        return service.badOption.map { fault($0.why, $0.argument, of: service) }
    }

    private func fault(_ why: String, _ argument: MasterCF.Argument, of service: MasterCF.Service) -> Fault {
        let line = service.line.place(of: argument.range.lowerBound).line
        return (why, Place(file: .master, line: line, range: nil, token: argument.bytes.text))
    }

    /// What smtp(8) and lmtp(8) stop at besides (smtp.c, smtp_sasl_glue.c, smtp_connect.c).
    private func clientFault(ofService index: Int) -> Fault? {
        let program = master.services[index].command
        guard ["smtp", "lmtp"].contains(program) else { return nil }
        let values = values(ofService: index)
        func fault(_ why: String, _ name: String) -> Fault { (why, quoting.definition(of: name, in: values)) }
        let (logins, passwords) = ("\(program)_sasl_auth_enable", "\(program)_sasl_password_maps")
        if values.isOn(logins), values.text(of: passwords).isEmpty {
            return fault("specify a password table via the `\(passwords)' configuration parameter", logins)
        }
        let type = "\(program)_sasl_type"
        if values.isOn(logins), values.text(of: type) != "cyrus" {
            return fault("unsupported SASL client implementation: \(values.text(of: type))", type)
        }
        let source = "\(program)_bind_address"
        let address = values.text(of: source)
        guard !address.isEmpty, IPAddress(address.filter { !"[]".contains($0) }) == nil else { return nil }
        return fault("bad \(source) parameter: \(address)", source)
    }

    /// What local(8) stops at besides (local.c).
    private func mailboxFault(ofService index: Int) -> Fault? {
        guard master.services[index].command == "local" else { return nil }
        let values = values(ofService: index)
        let name = "mailbox_size_limit"
        let mailbox = Int(values.text(of: name)) ?? 0
        let message = Int(values.text(of: "message_size_limit")) ?? 0
        guard mailbox > 0, message <= 0 || mailbox < message else { return nil }
        return (
            "\(name) is smaller than message_size_limit",
            quoting.definition(of: message <= 0 ? "message_size_limit" : name, in: values)
        )
    }

    private func limitFault(of transport: String) -> Fault? {
        let values = values(ofDaemon: "qmgr")
        return main.definitions.lazy.map(\.name).compactMap { name -> Fault? in
            ParameterSyntax.of(name, limiting: transport)?.fault(of: values.value(of: name), named: name)
                .map { ($0, self.quoting.definition(of: name, in: values)) }
        }.first
    }
}
