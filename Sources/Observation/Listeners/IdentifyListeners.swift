import HostIO
import MailModel
import Qmail

/// Finds out, for every listener that is not the managed MTA's own, what the program is and what would start it
/// again.
///
/// A program counts as managed only where stopping its manager's service stops it and little else: what runs in the
/// control group of a login, of cron or of a container engine is nobody's service.
func identified(_ listeners: [Listener], _ instruments: Instruments) async -> [Listener] {
    let files = instruments.files
    var instances: [Int?: String?] = [:]
    let served = listeners.map { listener in
        var listener = listener
        if let entry = SuperserverEntry.serving(listener, in: files) { listener.served = entry.programs }
        if listener.executable.map(baseName).map(connectionServers.union(socketServers).contains) == true,
            let process = listener.processID
        {
            listener.served = commandLine(of: process, in: files)
        }
        let instance = instances[listener.processID] ?? furtherInstance(listener, in: files)
        instances[listener.processID] = .some(instance)
        listener.instance = instance
        return listener
    }
    return await withOrigins(served, instruments) { $0.mta == nil }
}

/// What the listeners of another MTA than the managed one are, and what would start them again.
func identified(
    _ listeners: [Listener], besides managed: MailTransferAgent, _ instruments: Instruments
) async -> [Listener] {
    await withOrigins(listeners, instruments) { $0.mta != nil && $0.mta != managed }
}

private func withOrigins(
    _ listeners: [Listener], _ instruments: Instruments, where isForeign: (Listener) -> Bool
) async -> [Listener] {
    let files = instruments.files
    let foreign = listeners.filter(isForeign)
    guard !foreign.isEmpty else { return listeners }
    let sockets = await listeningSockets(foreign, instruments)
    var origins: [Listener: ProgramOrigin] = [:]
    var scripts: [Listener: String] = [:]
    for listener in foreign where listener.executable != nil {
        origins[listener] = await origin(of: listener, sockets: sockets, instruments)
        if let program = listener.executable, origins[listener]?.forwardsTo == ownConfiguration,
            let target = configuredTarget(program, served: listeners, in: files)
        {
            origins[listener]?.forwardsTo = target
        }
        if origins[listener]?.forwardsTo == nil,
            let filter = mailFilter(listener, origins[listener]?.command ?? [], served: listeners, in: files)
        {
            origins[listener]?.forwardsTo = filter.target
            origins[listener]?.isFilter = true
            scripts[listener] = filter.script
        }
    }
    return listeners.map { listener in
        guard let origin = origins[listener] else { return listener }
        var known = listener
        known.origin = origin
        if let script = scripts[listener], known.served.isEmpty { known.served = [script] }
        // systemd holds the sockets of programs that it starts for a client.
        if listener.processID == 1, let command = known.origin?.command,
            command != commandLine(of: 1, in: files)
        {
            known.served = command
            // It is the managed MTA's own, as long as that is not another.
            if known.mta != nil, !isForeign(known) { known.origin = nil }
        }
        return known
    }
}

private func origin(
    of listener: Listener, sockets: [SocketUnit], _ instruments: Instruments
) async -> ProgramOrigin {
    let files = instruments.files
    var origin = ProgramOrigin(command: listener.processID.map { commandLine(of: $0, in: files) } ?? [])
    var program = listener.executable ?? ""
    if let entry = SuperserverEntry.serving(listener, in: files) {
        if case .xinetd(let file, _) = entry.manager,
            QmailConfiguration.pleskEntries.contains(baseName(file)),
            listener.mta == nil
        {
            origin.keeper = "xinetd"
            origin.note =
                "\(file) is Plesk's own entry, and what it starts is not known here, so it is left as it is"
        } else {
            origin.manager = entry.manager
        }
        origin.command = entry.programs
        origin.forwardsTo = entry.redirect
        program = entry.programs.first ?? program
    } else if let socket = sockets.first(where: { $0.listens(listener) }) {
        let found = await socketManager(socket, instruments)
        origin.manager = found.manager
        if !found.command.isEmpty { origin.command = found.command }
        program = origin.command.first ?? program
    } else if superservers.contains(baseName(listener.executable ?? "")) {
        origin.keeper = baseName(program)
        origin.note =
            "no entry in its usual files has this port, so it may have others: the entry is to be disabled there"
    } else if let instance = listener.instance {
        // Where one unit starts all instances, stopping it would stop the host's own.
        let isElsewhere = instance.hasPrefix("/proc/")
        origin.keeper = isElsewhere ? "a mount namespace" : "postmulti"
        origin.note =
            "it is a further instance of Postfix: `agent explain --postfix-config \(instance)` judges it, "
            + (isElsewhere
                ? "and whatever started it, as a container's engine does, is to stop it"
                : "postmulti -l lists it, and postmulti -p stop with -e disable takes it away")
    } else {
        (origin.manager, origin.keeper, origin.note) = await serviceManager(listener, instruments)
    }
    origin.package = await package(of: program, instruments)
    origin.forwardsTo = origin.forwardsTo ?? proxyTarget(program, origin.command)
    // A further instance has its queue where its own main.cf says.
    if listener.instance == nil { origin.queue = foreignQueue(program, in: files) }
    return origin
}

/// The words that a process was started with (proc(5)).
func commandLine(of process: Int, in files: HostFiles) -> [String] {
    guard let text = files.text("/proc/\(process)/cmdline") else { return [] }
    return text.split(separator: "\0").map(String.init)
}

/// Of master(8): its arguments come before `MAIL_CONFIG`, which postfix(1) always hands to it.
private func furtherInstance(_ listener: Listener, in files: HostFiles) -> String? {
    guard listener.mta == .postfix, let process = listener.processID else { return nil }
    let arguments = commandLine(of: process, in: files)
    let prefix = "MAIL_CONFIG="
    let named =
        arguments.firstIndex(of: "-c").flatMap { arguments.dropFirst($0 + 1).first }
        ?? files.text("/proc/\(process)/environ")?.split(separator: "\0")
        .first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    guard let own = files.resolved(postfixDirectory) else { return nil }
    if let named, files.resolved(named) != own { return named }
    // In a mount namespace of its own, as containers have one, the same name may be another directory.
    let seen = "/proc/\(process)/root\(postfixDirectory)"
    guard let other = files.identity(seen), other != files.identity(postfixDirectory) else { return nil }
    return seen
}

// MARK: - The program

/// The package whose file it is; where /usr is merged, a package may name the file without it.
private func package(of program: String, _ instruments: Instruments) async -> String? {
    guard program.hasPrefix("/") else { return nil }
    let files = instruments.files
    var names = [program]
    if program.hasPrefix("/usr/") { names.append(String(program.dropFirst(4))) }
    if files.isExecutable("/usr/bin/dpkg-query") {
        for name in names {
            let call = ProgramCall(
                executable: "/usr/bin/dpkg-query", arguments: ["-S", "--", name],
                deadline: instruments.deadlines.system, outputLimit: 1 << 16)
            guard let result = try? await instruments.run(call), result.succeeded else { continue }
            return result.outputText.split(separator: ":").first.map(String.init)
        }
    }
    if files.isExecutable("/bin/rpm") || files.isExecutable("/usr/bin/rpm") {
        let call = ProgramCall(
            executable: files.isExecutable("/bin/rpm") ? "/bin/rpm" : "/usr/bin/rpm",
            arguments: ["-qf", "--queryformat", "%{NAME}\n", program],
            deadline: instruments.deadlines.system, outputLimit: 1 << 16)
        guard let result = try? await instruments.run(call), result.succeeded else { return nil }
        return result.outputText.split(whereSeparator: \.isNewline).first.map(String.init)
    }
    return nil
}

let ownConfiguration = "what its own configuration says"

/// Where a well-known proxy hands connections on to, by its arguments.
func proxyTarget(_ program: String, _ command: [String]) -> String? {
    let name = program.split(separator: "/").last.map(String.init) ?? program
    switch name {
    case "docker-proxy":
        let value = { (option: String) in
            command.firstIndex(of: option).flatMap {
                command.indices.contains($0 + 1) ? command[$0 + 1] : nil
            }
        }
        guard let host = value("-container-ip"), let port = value("-container-port") else { return nil }
        return "\(host):\(port)"
    case "systemd-socket-proxyd": return command.dropFirst().last { !$0.hasPrefix("-") }
    case "socat", "socat1":
        return command.dropFirst().last {
            $0.uppercased().hasPrefix("TCP") && !$0.uppercased().contains("LISTEN")
        }
        .flatMap { $0.split(separator: ":", maxSplits: 1).last.map { String($0.prefix { $0 != "," }) } }
    case "haproxy", "nginx", "stunnel", "stunnel4", "rinetd", "redir", "sniproxy", "envoy":
        return ownConfiguration
    default: return nil
    }
}

/// The queues of other MTAs, by where their packages keep them: what is counted is one file a message.
func foreignQueue(_ program: String, in files: HostFiles) -> ForeignQueue? {
    let name = program.split(separator: "/").last.map(String.init) ?? program
    let queues: [(programs: Set<String>, directories: [String], isMessage: (String) -> Bool)] = [
        (["exim4", "exim"], ["/var/spool/exim4/input", "/var/spool/exim/input"], { $0.hasSuffix("-H") }),
        (
            ["sendmail", "sendmail-mta", "sendmail.sendmail"],
            ["/var/spool/mqueue", "/var/spool/clientmqueue"], { $0.hasPrefix("qf") }
        ),
        (["smtpd", "opensmtpd"], ["/var/spool/smtpd/queue"], { $0 == "envelope" || $0.utf8.count == 16 }),
        (["master"], ["/var/spool/postfix/deferred"], { !$0.isEmpty }),
        (["qmail-smtpd", "tcp-env", "tcpserver"], ["/var/qmail/queue/mess"], { !$0.isEmpty }),
    ]
    guard let queue = queues.first(where: { $0.programs.contains(name) }),
        let directory = queue.directories.first(where: files.exists)
    else { return nil }
    var count = 0
    var tests = 0
    var pending = [directory]
    while let next = pending.popLast() {
        _ = files.forEachEntry(of: next) { entry in
            if entry.isDirectory {
                pending.append("\(next)/\(entry.name)")
            } else if queue.isMessage(entry.name) {
                count += 1
                // A probe's message says so in its header, which exim and sendmail keep in this file.
                guard count <= mostReadMessages,
                    case .bytes(let bytes) = files.read("\(next)/\(entry.name)", limit: 1 << 16)
                else { return }
                if bytes.contains(Array("X-Relay-Test: ".utf8)) { tests += 1 }
            }
        }
    }
    return ForeignQueue(directory: directory, messages: count, tests: tests == 0 ? nil : tests)
}

/// Of a queue that is longer, the rest is only counted.
private let mostReadMessages = 1000
