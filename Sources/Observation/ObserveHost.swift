package import MailModel
import Qmail

/// Looks at everything that a plan is made from. Nothing is changed.
///
/// The sources are asked at the same time, each with a deadline. On the longest way one call of Plesk follows
/// another only where the first one failed.
package func observeHost(_ instruments: Instruments) async -> HostState {
    let files = instruments.files
    let installation = PleskInstallation.find(in: files)
    async let pleskSeen = observePlesk(installation, instruments)
    async let postfixSeen = observePostfix(instruments)
    async let serving = observeServing(try? installation.get(), instruments)
    async let queues = observeQueues(instruments)
    let plesk = await pleskSeen
    let postfix = await postfixSeen
    var hosted = plesk.hosted
    if hosted.value == nil { hosted = await hostedMail(postfix, instruments) }
    // Postfix may serve none of Plesk's mailboxes.
    if case .seen(var mail) = hosted, case .seen(let configuration) = postfix {
        mail.recipients += localRecipients(configuration, files).filter { !mail.recipients.contains($0) }
        mail.relayDomain = relayDomain(configuration)
        hosted = .seen(mail)
    }
    let (managedMTA, listeners) = await serving
    let counts = await queues
    var state = HostState(
        name: hostName(files) ?? "unknown", machineID: machineID(files), observedAt: instruments.now(),
        plesk: plesk.state, managedMTA: managedMTA, listeners: listeners, postfix: postfix,
        queue: managedMTA.value?.mta == .qmail ? counts.qmail : counts.postfix, hosted: hosted,
        qmail: observeQmail(plesk: plesk.state, domains: plesk.hosted.value?.domains, instruments),
        superserverFiles: superserverFiles(of: listeners.value ?? [], in: files),
        superserverReloads: superserverReloads(listeners.value ?? [], in: files))
    if case .seen(var managed) = managedMTA, managed.mta == .qmail, let qmail = state.qmail.value {
        managed.servers = supervisedServers(of: qmail, areWanted: true, files)
        if !qmail.servedPorts.contains(25) {
            managed.downServers = supervisedServers(of: qmail, areWanted: false, files)
        }
        managed.supervisors = await supervisorUnits(of: managed.servers + managed.downServers, instruments)
        state.managedMTA = .seen(managed)
    }
    state.instances = await observeInstances(of: listeners.value ?? [], instruments)
    return state
}

/// Who serves SMTP, and which MTA should.
private func observeServing(
    _ plesk: PleskInstallation?, _ instruments: Instruments
) async -> (Observed<ManagedMTA>, Observed<[Listener]>) {
    // Reading files holds a thread: the slow programs are started first.
    await Task.yield()
    let files = instruments.files
    var listeners = observeListeners(ports: servedPorts(instruments), in: files)
    if case .seen(let seen) = listeners { listeners = .seen(await identified(seen, instruments)) }
    let managed = await observeManagedMTA(plesk, listeners: listeners, instruments)
    if let mta = managed.value?.mta, case .seen(let seen) = listeners {
        listeners = .seen(await identified(seen, besides: mta, instruments))
    }
    return (managed, listeners)
}

/// By its unit, where systemd runs; else by its start script.
private func superserverReloads(_ listeners: [Listener], in files: HostFiles) -> [String: [String]] {
    var reloads: [String: [String]] = [:]
    for listener in listeners {
        guard let name = listener.executable?.split(separator: "/").last.map(String.init),
            superservers.contains(name)
        else { continue }
        if files.exists("/run/systemd/system") {
            guard let unit = listener.unit, unit.hasSuffix(".service") else { continue }
            reloads[name] = ["/bin/systemctl", "reload", unit]
        } else {
            let names = [name] + (name == "inetd" ? ["openbsd-inetd"] : [])
            let scripts = names.flatMap { ["/etc/rc.d/init.d/\($0)", "/etc/init.d/\($0)"] }
            reloads[name] = scripts.first(where: files.isExecutable).map { [$0, "reload"] }
        }
    }
    return reloads
}

private func superserverFiles(of listeners: [Listener], in files: HostFiles) -> [String: FileContent] {
    var contents: [String: FileContent] = [:]
    for listener in listeners {
        let path: String
        switch listener.origin?.manager {
        case .xinetd(let file, _), .inetd(let file, _): path = file
        case .upstart(let job): path = "/etc/init/\(job).conf"
        case .systemd, .script, .supervised, nil: continue
        }
        guard case .bytes(let bytes) = files.read(path) else { continue }
        contents[path] = FileContent(path: files.resolved(path) ?? path, bytes: bytes)
    }
    return contents
}

/// The queues of both MTAs: which one counts is known only when the slow programs have answered.
private func observeQueues(
    _ instruments: Instruments
) async -> (postfix: Observed<QueueCount>, qmail: Observed<QueueCount>) {
    await Task.yield()
    return (countQueue(of: .postfix, instruments), countQueue(of: .qmail, instruments))
}

private func machineID(_ files: HostFiles) -> String? {
    guard let text = files.text("/etc/machine-id")?.trimmed, !text.isEmpty else { return nil }
    return text
}
