package import MailModel
import Qmail

/// Reads everything that decides who may relay through this host's Qmail. No program is run.
/// - Parameter plesk: What Plesk was seen to be, for its white list and its domains.
/// - Returns: `.unseen` when there is no `control` directory.
package func observeQmail(
    plesk: Observed<PleskState>, domains: [String]?, _ instruments: Instruments
) -> Observed<QmailConfiguration> {
    let files = instruments.files
    let directory = qmailDirectory(files)
    guard files.exists("\(directory)/control") else {
        return .unseen("Qmail is not installed: there is no \(directory)/control")
    }
    var configuration = QmailConfiguration(
        directory: directory, files: [:], isCopy: false, whiteList: plesk.value?.whiteList.value,
        domains: domains,
        superviseControl: ["/usr/bin/svc", "/command/svc", "/usr/local/bin/svc"].first(
            where: files.isExecutable))
    configuration.popLocks = plesk.value?.wideLocks ?? []
    QmailFiles(place: { $0 }, directory: directory, files: files).read(into: &configuration)
    configuration.idle = idleFiles(of: configuration, in: files)
    for path in configuration.files.keys where path.hasSuffix("/run") {
        let directory = String(path.dropLast(4))
        configuration.superviseControls[directory] = supervisedDirectory(directory, in: files)?.control
    }
    configuration.starters = starters(of: configuration, in: files)
    configuration.running = runningServers(of: configuration, in: files)
    // What they name is read as well.
    QmailFiles(place: { $0 }, directory: directory, files: files).readNamed(by: &configuration)
    configuration.disguised = disguised(configuration.namedPrograms, in: files)
    return .seen(configuration)
}

/// Programs that are others in truth. true(1) is found by its bytes as well: it takes every password.
private func disguised(_ programs: Set<String>, in files: HostFiles) -> [String: String] {
    let agreeing = ["/bin/true", "/usr/bin/true"].first(where: files.isExecutable)
    return programs.reduce(into: [:]) { found, path in
        guard files.isExecutable(path), let real = files.resolved(path) else { return }
        if baseName(real) != baseName(path) {
            found[path] = real
        } else if let agreeing, baseName(path) != "true", isSame(real, agreeing, in: files) {
            found[path] = agreeing
        }
    }
}

private func isSame(_ path: String, _ other: String, in files: HostFiles) -> Bool {
    guard case .bytes(let one) = files.read(path, limit: 1 << 18),
        case .bytes(let two) = files.read(other, limit: 1 << 18)
    else { return false }
    return one == two
}

/// Every tcpserver, with the directory of the supervised start script that has started it.
private func runningServers(
    of configuration: QmailConfiguration, in files: HostFiles
) -> [QmailConfiguration.RunningServer] {
    let supervised = configuration.files.keys.compactMap { path -> (Int, String)? in
        let directory = String(path.dropLast(4))
        guard path.hasSuffix("/run"), case .runs(let service) = supervision(of: directory, in: files)
        else { return nil }
        return service.processID.map { ($0, directory) }
    }
    let directories = Dictionary(supervised, uniquingKeysWith: { first, _ in first })
    var found: [QmailConfiguration.RunningServer] = []
    _ = files.forEachEntry(of: "/proc") { entry in
        guard let process = Int(entry.name),
            executable(of: process, in: files).map(baseName).map(connectionServers.contains) == true,
            let environment = files.text("/proc/\(process)/environ")
        else { return }
        let settings = environment.split(separator: "\0").compactMap { text -> (String, String)? in
            guard let equals = text.firstIndex(of: "=") else { return nil }
            return (String(text[..<equals]), String(text[text.index(after: equals)...]))
        }
        found.append(
            .init(
                processID: process, command: commandLine(of: process, in: files),
                environment: Dictionary(settings, uniquingKeysWith: { first, _ in first }),
                directory: files.link("/proc/\(process)/cwd"), supervised: directories[process]))
    }
    return found.sorted { $0.processID < $1.processID }
}

/// The running superservers and supervisors that have RELAYCLIENT, and so have all that they start.
private func starters(of configuration: QmailConfiguration, in files: HostFiles) -> [QmailConfiguration
    .Starter]
{
    let supervised = configuration.files.keys.filter { $0.hasSuffix("/run") }.map { String($0.dropLast(4)) }
    let homes = Dictionary(
        supervised.compactMap { directory in files.resolved(directory).map { ($0, directory) } },
        uniquingKeysWith: { first, _ in first })
    var found: [QmailConfiguration.Starter] = []
    _ = files.forEachEntry(of: "/proc") { entry in
        guard let process = Int(entry.name), let program = files.text("/proc/\(process)/comm")?.trimmed,
            superservers.contains(program) || supervisors[program] != nil,
            let setting = files.text("/proc/\(process)/environ")?.split(separator: "\0")
                .first(where: { $0.hasPrefix("RELAYCLIENT=") })
        else { return }
        let directory = files.link("/proc/\(process)/cwd").flatMap { homes[$0] }
        guard
            let name = superservers.contains(program) ? (program == "xinetd" ? program : "inetd") : directory
        else { return }
        let own = unit(of: process, in: files)
        found.append(
            .init(
                name: name, processID: process,
                unit: own?.hasSuffix(".service") == true ? own.map { String($0.dropLast(8)) } : nil,
                value: String(setting.drop { $0 != "=" }.dropFirst())))
    }
    return found.sorted { $0.processID < $1.processID }
}

private func idleFiles(of configuration: QmailConfiguration, in files: HostFiles) -> Set<String> {
    var idle: Set<String> = []
    for path in configuration.files.keys where path.hasSuffix("/run") {
        switch supervision(of: String(path.dropLast(4)), in: files) {
        case .isOff: idle.insert(path)
        case .runs(let service) where service.processID == nil && !service.isWanted: idle.insert(path)
        case .runs, .unknown: continue
        }
    }
    if configuration.files[SuperserverEntry.inetdFile] != nil, !isInetdFileRead(in: files) {
        idle.insert(SuperserverEntry.inetdFile)
    }
    return idle
}

/// Reads a copy of a Qmail configuration, as an ordinary user and without Qmail.
///
/// `control` (or the directory itself, when it holds `me` or `rcpthosts`) has the control files. Beside it may stand
/// what starts the servers and gives them their environment: `xinetd.d`, `xinetd.conf`, `inetd.conf`,
/// `hosts.allow`, `service/NAME/run` with `env`, `tcp.smtp` with or without `tcp.smtp.cdb`, and `alias`.
/// - Throws: when there are no control files (``ExitStatus/failed``).
package func observeQmailCopy(directory: String) throws(Failure) -> QmailConfiguration {
    let files = HostFiles(root: "/")
    let remedy = "Name a copy of /var/qmail/control, or a directory that holds one as `control`."
    let real = try directoryOfCopy(directory, files, remedy: remedy)
    let places = ["\(real)/control", "\(real)/var/qmail/control", real]
    let control = places.first { place in
        ["me", "rcpthosts", "locals"].contains { files.exists("\(place)/\($0)") }
    }
    guard let control else {
        throw Failure(
            .failed, "the copy of the configuration cannot be read",
            detail: "\(real) holds neither `me` nor `rcpthosts`, and no directory `control`.", remedy: remedy)
    }
    let original = "/var/qmail"
    var configuration = QmailConfiguration(directory: original, files: [:], isCopy: true)
    let place = { (path: String) -> String? in
        let candidates = copies(of: path, below: real, control: control)
        // A link in a copy from elsewhere must not show files of this machine.
        return candidates.first { files.resolved($0).map { $0.hasPrefix(real + "/") } ?? false }
    }
    QmailFiles(place: place, directory: original, files: files).read(into: &configuration)
    return configuration
}

/// Where a copy may have a file of the host: in the whole tree, or under its own name.
private func copies(of path: String, below root: String, control: String) -> [String] {
    let controlPrefix = "/var/qmail/control"
    if path.hasPrefix(controlPrefix) { return [control + path.dropFirst(controlPrefix.utf8.count)] }
    var candidates = [root + path]
    for prefix in ["/etc/", "/var/qmail/"] where path.hasPrefix(prefix) && !path.hasPrefix("/etc/service") {
        candidates.append("\(root)/\(path.dropFirst(prefix.utf8.count))")
    }
    return candidates
}

func qmailDirectory(_ files: HostFiles) -> String {
    let line = files.text("/etc/psa/psa.conf")?.split(whereSeparator: \.isNewline)
        .map { $0.split(whereSeparator: \.isWhitespace) }.first { $0.first == "QMAIL_ROOT_D" }
    guard let value = line?.dropFirst().first, value.hasPrefix("/") else { return "/var/qmail" }
    return String(value)
}

/// Reads files by the paths that they have on their host.
private struct QmailFiles {
    /// Where a file of the host is read; `nil` when it is not part of a copy.
    let place: (String) -> String?
    let directory: String
    let files: HostFiles

    private static let controlNames = [
        "me", "rcpthosts", "morercpthosts", "morercpthosts.cdb", "locals", "virtualdomains", "percenthack",
        "envnoathost", "localiphost", "badmailfrom", "smtproutes", "smtpgreeting", "relaymailfrom",
        "relayhosts",
    ]
    private static let supervised = ["/service", "/etc/service", "/var/service"]

    func read(into configuration: inout QmailConfiguration) {
        for name in Self.controlNames { read("\(directory)/control/\(name)", &configuration) }
        for path in ["/etc/xinetd.conf", "/etc/inetd.conf", "/etc/hosts.allow"] {
            read(path, &configuration)
        }
        for directory in QmailConfiguration.unitDirectories {
            for name in names(in: directory) where name.hasSuffix(".socket") {
                read("\(directory)/\(name)", &configuration)
            }
        }
        readStarters(
            configuration.socketStarted.map { String($0.dropLast(".service".utf8.count)) }, &configuration)
        for name in names(in: "/etc/xinetd.d") { read("/etc/xinetd.d/\(name)", &configuration) }
        // What is included may include more.
        var isIncluded: Set<String> = []
        while let next = configuration.xinetdInclusions.first(where: { isIncluded.insert($0.path).inserted })
        {
            let paths = next.isDirectory ? names(in: next.path).map { "\(next.path)/\($0)" } : [next.path]
            for path in paths { read(path, &configuration) }
        }
        for name in names(in: "\(directory)/alias") where name.hasPrefix(".qmail") {
            read("\(directory)/alias/\(name)", &configuration)
        }
        // A domain's own catch-all, as Plesk lays it out.
        for name in names(in: "\(directory)/mailnames") {
            read("\(directory)/mailnames/\(name)/.qmail-default", &configuration)
        }
        var seen: Set<String> = []
        for parent in Self.supervised + ["\(directory)/supervise"] {
            for name in names(in: parent) {
                // What is supervised is mostly links to where its files are.
                let real = place("\(parent)/\(name)").flatMap(files.resolved)
                guard let real, seen.insert(real).inserted else { continue }
                read("\(parent)/\(name)/run", &configuration)
                for variable in names(in: "\(parent)/\(name)/env") {
                    read("\(parent)/\(name)/env/\(variable)", &configuration)
                }
            }
        }
        readNamed(by: &configuration)
    }

    /// What gives superservers and supervisors their environment.
    private func readStarters(_ units: [String], _ configuration: inout QmailConfiguration) {
        let places = QmailConfiguration.starterFiles(besides: units)
        for path in places.files { read(path, &configuration) }
        for directory in places.directories {
            for name in names(in: directory) { read("\(directory)/\(name)", &configuration) }
        }
        for path in configuration.namedEnvironmentFiles { read(path, &configuration) }
    }

    /// What the services name.
    func readNamed(by configuration: inout QmailConfiguration) {
        if !configuration.starters.isEmpty {
            readStarters(configuration.starters.compactMap(\.unit), &configuration)
        }
        for directory in configuration.namedDirectories {
            for variable in names(in: directory) { read("\(directory)/\(variable)", &configuration) }
        }
        for path in configuration.namedFiles where configuration.files[path] == nil {
            read(path, &configuration)
        }
    }

    private func names(in directory: String) -> [String] {
        guard let location = place(directory) else { return [] }
        var names: [String] = []
        _ = files.forEachEntry(of: location) { names.append($0.name) }
        return names.sorted()
    }

    private func read(_ path: String, _ configuration: inout QmailConfiguration) {
        guard let location = place(path) else { return }
        switch files.read(location) {
        case .bytes(let bytes):
            configuration.files[path] = .content(
                FileContent(path: files.resolved(location) ?? location, bytes: bytes))
        case .absent: break
        case .unreadable(let reason):
            configuration.files[path] = files.isRegular(location) ? .unreadable(reason) : .notRegular
        }
    }
}
