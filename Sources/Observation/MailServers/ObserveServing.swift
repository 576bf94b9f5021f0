package import MailModel
import Qmail

/// The configuration of the MTA that serves this host's mail.
package enum ServingConfiguration: Sendable {
    case postfix(PostfixConfiguration)
    case qmail(QmailConfiguration)
    /// Plesk manages msmtp, which takes no mail in.
    case sendsOnly
    /// Why there is none, as a sentence without a full stop.
    case unseen(String)
}

/// Reads the configuration of the one MTA that is here; where both are, of the one that Plesk manages.
package func observeServingConfiguration(_ instruments: Instruments) async -> ServingConfiguration {
    let plesk = PleskInstallation.find(in: instruments.files)
    if packageWitness(instruments.files)?.mta == .msmtp,
        await observeManagedMTA(instruments).value?.mta == .msmtp
    {
        return .sendsOnly
    }
    let isQmail: Bool
    switch await observeServingMTA(instruments) {
    case .seen(let mta): isQmail = mta == .qmail
    case .unseen(let reason): return .unseen(reason)
    }
    guard isQmail else {
        switch await observePostfix(instruments) {
        case .seen(let configuration): return .postfix(configuration)
        case .unseen(let reason): return .unseen(reason)
        }
    }
    let observed = await observePlesk(plesk, instruments)
    switch observeQmail(
        plesk: observed.state, domains: observed.hosted.value?.domains, instruments)
    {
    case .seen(let configuration): return .qmail(configuration)
    case .unseen(let reason): return .unseen(reason)
    }
}

/// The one MTA that is here, by its files; where both are, the one that Plesk manages. Postfix where neither is.
package func observeServingMTA(_ instruments: Instruments) async -> Observed<MailTransferAgent> {
    let hasQmail = instruments.files.exists("\(qmailDirectory(instruments.files))/control")
    let hasPostfix = instruments.files.exists("\(postfixDirectory)/main.cf")
    guard hasQmail, hasPostfix else { return .seen(hasQmail ? .qmail : .postfix) }
    return await observeManagedMTA(instruments).map(\.mta)
}

/// Who serves SMTP, with what is known of every program that is not Postfix or Qmail.
/// - Parameter ports: All of mail where left out, as for a plan.
package func observePrograms(on ports: Set<Int>? = nil, _ instruments: Instruments) async -> [Listener] {
    let all = ports ?? servedPorts(instruments)
    guard let listeners = observeListeners(ports: all, in: instruments.files).value else { return [] }
    return await identified(listeners, instruments)
}

/// The ports of mail, and those that the configuration of an MTA has besides: a proxy may lead there.
func servedPorts(_ instruments: Instruments) -> Set<Int> {
    let files = instruments.files
    var ports = instruments.smtpPorts.union(queuePorts)
    if case .bytes(let master) = files.read("\(postfixDirectory)/master.cf") {
        ports.formUnion(mailPorts(master, services: { files.text("/etc/services") }))
    }
    let qmail = observeQmail(plesk: .unseen("not asked for"), domains: nil, instruments)
    return ports.union(qmail.value?.servedPorts ?? [])
}

/// The configurations of the further instances of Postfix among the programs, by their directories; what another mount
/// namespace has is not read.
package func observeInstances(
    of programs: [Listener], _ instruments: Instruments
) async -> [String: PostfixConfiguration] {
    var configurations: [String: PostfixConfiguration] = [:]
    for directory in Set(programs.compactMap(\.instance)) where !directory.hasPrefix("/proc/") {
        if case .seen(let configuration) = await observePostfix(instruments, directory: directory) {
            configurations[directory] = configuration
        }
    }
    return configurations
}

private func observeManagedMTA(_ instruments: Instruments) async -> Observed<ManagedMTA> {
    var listeners = observeListeners(ports: [25], in: instruments.files)
    if case .seen(let seen) = listeners { listeners = .seen(await identified(seen, instruments)) }
    let plesk = PleskInstallation.find(in: instruments.files)
    return await observeManagedMTA(try? plesk.get(), listeners: listeners, instruments)
}
