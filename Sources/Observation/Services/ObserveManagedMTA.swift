import HostIO
import MailModel

/// What one source says of the MTA that Plesk manages.
struct MTAWitness: Equatable, Sendable {
    /// `nil` when the source was asked and does not say.
    var mta: MailTransferAgent?
    var evidence: Evidence
    /// What starts the MTA, where the source knows that.
    var service: ServiceManager?
}

/// Weighs the sources: two must agree, and no two others on something else. One that differs is remembered.
func managedMTA(_ witnesses: [MTAWitness]) -> Observed<ManagedMTA> {
    let evidence = witnesses.map(\.evidence)
    let votes = MailTransferAgent.allCases.map { mta in
        (mta: mta, count: witnesses.filter { $0.mta == mta }.count)
    }
    let agreed = votes.filter { $0.count >= 2 }
    if agreed.count == 1, let mta = agreed.first?.mta {
        let service = witnesses.first { $0.mta == mta && $0.service != nil }?.service
        // What has port 25 is judged by itself: it is no sign that another MTA is managed.
        let dissent = witnesses.filter { $0.mta != nil && $0.mta != mta && $0.evidence.file != port25 }
        return .seen(
            ManagedMTA(mta, evidence: evidence, service: service, dissent: dissent.map(\.evidence)))
    }
    let said = witnesses.map { "\($0.evidence.file): \($0.evidence.text)" }.joined(separator: "; ")
    return .unseen(
        agreed.isEmpty
            ? "no two sources agree on which MTA Plesk manages (\(said))"
            : "the sources disagree on which MTA Plesk manages (\(said))")
}

func observeManagedMTA(
    _ plesk: PleskInstallation?, listeners: Observed<[Listener]>, _ instruments: Instruments
) async -> Observed<ManagedMTA> {
    async let units = unitWitness(instruments)
    async let features = featuresWitness(plesk?.mailmng, instruments)
    let others = [packageWitness(instruments.files), portWitness(listeners)]
    let witnesses = [await units, await features].compactMap(\.self) + others.compactMap(\.self)
    let seen = managedMTA(witnesses)
    // The installer asks the vendor's servers: it is waited for only where the others do not decide.
    guard seen.value == nil, let components = await componentsWitness(plesk?.components, instruments) else {
        return seen
    }
    return managedMTA(witnesses + [components])
}

// MARK: - Units

/// Asks systemd; where it does not run, the start scripts.
private func unitWitness(_ instruments: Instruments) async -> MTAWitness? {
    let files = instruments.files
    guard files.exists("/run/systemd/system") else { return scriptWitness(files) }
    guard let systemctl = ["/usr/bin/systemctl", "/bin/systemctl"].first(where: files.isExecutable) else {
        return nil
    }
    let call = ProgramCall(
        executable: systemctl,
        arguments: [
            "show", "--property=Id,LoadState,ActiveState,UnitFileState,SourcePath", "qmail.service",
            "postfix.service",
            "xinetd.service",
        ],
        deadline: instruments.deadlines.system, outputLimit: 1 << 20)
    do {
        let result = try await instruments.run(call)
        guard result.succeeded else {
            return MTAWitness(evidence: Evidence(file: "systemctl show", text: firstLine(of: result)))
        }
        return witness(
            ofUnits: result.outputText, isBehindXinetd: files.exists("/etc/xinetd.d/smtp_psa"),
            isRunAtBoot: { isRunAtBoot($0, in: files) }, isWanted: { isWanted($0, in: files) })
    } catch {
        return MTAWitness(evidence: Evidence(file: "systemctl show", text: error.summary))
    }
}

/// Reads blocks of `Key=value`, a unit each. Where Qmail is installed the unit of Postfix may linger, so
/// Qmail's counts first, as in the vendor's own scripts.
/// - Parameter isBehindXinetd: Whether xinetd, as Plesk has it, starts the servers of Qmail.
func witness(
    ofUnits text: String, isBehindXinetd: Bool, isRunAtBoot: (String) -> Bool = { _ in true },
    isWanted: (String) -> Bool = { _ in true }
) -> MTAWitness {
    let units = Dictionary(
        unitBlocks(text).map { ($0["Id"]?.first ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    for mta in [MailTransferAgent.qmail, .postfix] {
        let id = "\(mta.rawValue).service"
        // An administrator who wants another MTA may have masked Postfix, which is then still there.
        guard let unit = units[id], let load = unit["LoadState"]?.first,
            load == "loaded" || load == "masked" && mta == .postfix
        else { continue }
        var states = [unitState(unit, isRunAtBoot: isRunAtBoot)]
        if mta == .qmail, isBehindXinetd, let xinetd = units["xinetd.service"] {
            states.append(unitState(xinetd, isRunAtBoot: isRunAtBoot))
        }
        for index in states.indices where states[index].isMasked {
            states[index].isWantedBehindMask = isWanted(states[index].name)
        }
        let words = [states[0].active, states[0].file].filter { !$0.isEmpty }
        return MTAWitness(
            mta: mta, evidence: Evidence(file: "systemctl show \(id)", text: words.joined(separator: ", ")),
            service: .systemd(states))
    }
    return MTAWitness(
        evidence: Evidence(
            file: "systemctl show qmail.service postfix.service", text: "neither unit is there"))
}

/// Whether a link of systemd's administrator starts the unit at boot, once nothing masks it (systemd.unit(5)).
private func isWanted(_ unit: String, in files: HostFiles) -> Bool {
    let directory = "/etc/systemd/system"
    var isFound = false
    _ = files.forEachEntry(of: directory) { entry in
        guard [".wants", ".requires"].contains(where: entry.name.hasSuffix) else { return }
        if files.link("\(directory)/\(entry.name)/\(unit)") != nil { isFound = true }
    }
    return isFound
}

private func scriptWitness(_ files: HostFiles) -> MTAWitness? {
    for mta in [MailTransferAgent.qmail, .postfix] {
        let script = "/etc/init.d/\(mta.rawValue)"
        guard files.exists(script) else { continue }
        return MTAWitness(
            mta: mta, evidence: Evidence(file: script, text: "start script"),
            service: .script(path: script, isEnabled: isRunAtBoot(script, in: files)))
    }
    return nil
}

// MARK: - Plesk's own word

private func featuresWitness(_ mailmng: String?, _ instruments: Instruments) async -> MTAWitness? {
    guard let mailmng else { return nil }
    return await witness(asking: [mailmng, "--features"], instruments, reading: witness(ofFeatures:source:))
}

private func componentsWitness(_ command: [String]?, _ instruments: Instruments) async -> MTAWitness? {
    guard let command else { return nil }
    return await witness(asking: command, instruments, reading: witness(ofComponents:source:))
}

private func witness(
    asking command: [String], _ instruments: Instruments, reading: (String, String) -> MTAWitness
) async -> MTAWitness? {
    guard let program = command.first else { return nil }
    let name = command.joined(separator: " ")
    let call = ProgramCall(
        executable: program, arguments: Array(command.dropFirst()), deadline: instruments.deadlines.plesk,
        outputLimit: 1 << 20)
    do {
        let result = try await instruments.run(call)
        guard result.succeeded else {
            return MTAWitness(evidence: Evidence(file: name, text: firstLine(of: result)))
        }
        return reading(result.outputText, name)
    } catch {
        return MTAWitness(evidence: Evidence(file: name, text: error.summary))
    }
}

/// Reads the lines with `SMTP_Server`; how keys and values are parted is not published, so the MTA's name
/// anywhere behind the key counts.
func witness(ofFeatures text: String, source: String) -> MTAWitness {
    let lines = text.split(whereSeparator: \.isNewline).filter { $0.lowercased().contains("smtp_server") }
    let named = MailTransferAgent.allCases.filter { mta in
        lines.contains { $0.lowercased().contains(mta.rawValue) }
    }
    let said = lines.first.map { $0.trimmed } ?? "no line SMTP_Server"
    return MTAWitness(
        mta: named.count == 1 ? named.first : nil, evidence: Evidence(file: source, text: said))
}

/// Reads lines `name [state] - description`; a component is installed in the states `upgrade` and `up2date`.
func witness(ofComponents text: String, source: String) -> MTAWitness {
    let installed = text.split(whereSeparator: \.isNewline).compactMap { line in
        let words = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
        guard words.count >= 2, ["[upgrade]", "[up2date]"].contains(words[1].lowercased()) else {
            return nil as (mta: MailTransferAgent, line: String)?
        }
        return MailTransferAgent(rawValue: words[0].lowercased()).map { ($0, line.trimmed) }
    }
    return MTAWitness(
        mta: installed.count == 1 ? installed.first?.mta : nil,
        evidence: Evidence(
            file: source,
            text: installed.isEmpty ? "no mail server" : installed.map(\.line).joined(separator: ", ")))
}

// MARK: - Packages

func packageWitness(_ files: HostFiles) -> MTAWitness? {
    let drivers: [(MailTransferAgent, [String])] = [
        (.postfix, ["plesk-mail-pc-driver"]), (.qmail, ["plesk-mail-qc-driver", "psa-mail-qc-driver"]),
        (.msmtp, ["plesk-mail-mc-driver"]),
    ]
    for (mta, packages) in drivers {
        // dpkg keeps the list of an installed package's files under its name.
        for package in packages where files.exists("/var/lib/dpkg/info/\(package).list") {
            return MTAWitness(
                mta: mta, evidence: Evidence(file: "/var/lib/dpkg/info/\(package).list", text: "installed"))
        }
    }
    let programs: [(MailTransferAgent, [String])] = [
        (
            .postfix,
            ["/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master", "/usr/lib/postfix/master"]
        ),
        (.qmail, ["/var/qmail/bin/qmail-send"]),
        (.msmtp, ["/opt/psa/admin/sbin/sw-msmtp", "/usr/bin/sw-msmtp", "/usr/sbin/sw-msmtp"]),
    ]
    let installed = programs.compactMap { mta, paths in
        paths.first(where: files.isExecutable).map { (mta: mta, path: $0) }
    }
    guard let first = installed.first else { return nil }
    return MTAWitness(
        mta: installed.count == 1 ? first.mta : nil,
        evidence: Evidence(file: installed.map(\.path).joined(separator: ", "), text: "installed"))
}

// MARK: - Port 25

private let port25 = "port 25"

private func portWitness(_ listeners: Observed<[Listener]>) -> MTAWitness? {
    guard let owners = listeners.value?.filter({ $0.port == 25 }), !owners.isEmpty else { return nil }
    let programs = Set(owners.compactMap(\.executable)).sorted()
    let named = Set(owners.map(\.mta))
    return MTAWitness(
        mta: named.count == 1 ? named.first ?? nil : nil,
        evidence: Evidence(
            file: port25,
            text: programs.isEmpty ? "a program that could not be seen" : programs.joined(separator: ", ")))
}
