import MailModel
import Qmail

/// A service as supervise(8) of daemontools, or runsv(8) of runit, has it at this moment.
package struct SupervisedService: Hashable, Sendable {
    /// `nil` while the service does not run.
    package var processID: Int?
    /// Whether it is started again when it ends.
    package var isWanted: Bool
}

/// What supervises a directory such as `/service/qmail-smtpd` says of it.
/// - Returns: `nil` where nothing supervises the directory, or it cannot be seen what does.
package func supervisedService(_ directory: String, _ instruments: Instruments) -> SupervisedService? {
    if case .runs(let service) = supervision(of: directory, in: instruments.files) { service } else { nil }
}

/// When a process was started, as time since the boot; `nil` when there is none of that number.
package func startOfProcess(_ process: Int, _ instruments: Instruments) -> Duration? {
    instruments.files.text("/proc/\(process)/stat").flatMap { ProcessStatus($0)?.start }
}

enum Supervision: Hashable {
    case runs(SupervisedService)
    /// Nothing supervises it: what it would start does not run.
    case isOff
    /// Another supervisor's, or nothing for this user to see.
    case unknown
}

/// Whoever supervises a directory keeps a pipe in it open for reading (svok(8)), and writes down there what runs.
func supervision(of directory: String, in files: HostFiles) -> Supervision {
    let home = "\(directory)/supervise"
    switch files.hasReader("\(home)/ok") ?? files.hasReader("\(home)/control") {
    case false?: return .isOff
    case nil: return files.exists(home) ? .unknown : .isOff
    case true?: break
    }
    guard case .bytes(let status) = files.read("\(home)/status"), let last = status.last else {
        return .unknown
    }
    let process: Int
    let isWanted: Bool
    switch supervisor(writing: status) {
    case "supervise"?, "runsv"?:
        // The time of the last change in 12 bytes, the process id, whether it is paused, and what is wanted: `u`p,
        // `d`own, or 0 for once (supervise.c); runit adds two bytes (runsv.c).
        process = status[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
        isWanted = status[17] == UInt8(ascii: "u")
    case "s6-supervise"?:
        // Two times of 12 bytes, the process id, and last of all flags, of which one says that it is to run
        // (s6_svstatus_pack.c).
        process = status[24..<32].reduce(0) { $0 << 8 | Int($1) }
        isWanted = last & 4 != 0
    default: return .unknown
    }
    return .runs(SupervisedService(processID: process == 0 ? nil : process, isWanted: isWanted))
}

/// Each writes a status of its own size; that of s6 has grown once.
private func supervisor(writing status: [UInt8]) -> String? {
    [18: "supervise", 20: "runsv", 35: "s6-supervise", 43: "s6-supervise"][status.count]
}

/// What tells the supervisor of a directory to start and stop its service; `nil` where that is not to be had.
func supervisedDirectory(_ path: String, in files: HostFiles) -> SupervisedDirectory? {
    guard case .bytes(let status) = files.read("\(path)/supervise/status") else { return nil }
    return supervisor(writing: status).flatMap { supervisedDirectory(path, under: $0, in: files) }
}

/// The supervised directory of which a process is the service.
/// - Parameter supervisor: The name of the program that is its parent.
func supervisedDirectory(
    of process: Int, under supervisor: String, in files: HostFiles
) -> SupervisedDirectory? {
    // Supervisors work in the directory that they look after.
    parent(of: process, in: files).flatMap { files.link("/proc/\($0)/cwd") }.flatMap { directory in
        supervisedDirectory(directory, under: supervisor, in: files)
    }
}

private func supervisedDirectory(
    _ path: String, under supervisor: String, in files: HostFiles
) -> SupervisedDirectory? {
    guard let control = supervisors[supervisor]?.first(where: files.isExecutable) else { return nil }
    return SupervisedDirectory(
        path: path, control: control, isEnabled: !files.exists("\(path)/down"))
}

/// The directories that are supervised, and serve port 25 for Qmail when they run.
/// - Parameter areWanted: Whether they are to run, or are put down.
func supervisedServers(
    of qmail: QmailConfiguration, areWanted: Bool, _ files: HostFiles
) -> [SupervisedDirectory] {
    var all = qmail
    if !areWanted { all.idle = [] }
    let directories = qmail.files.keys.filter { $0.hasSuffix("/run") }.map { String($0.dropLast(4)) }
    return directories.sorted().compactMap { directory in
        guard all.port(ofSupervised: directory) == 25,
            case .runs(let service) = supervision(of: directory, in: files), service.isWanted == areWanted,
            areWanted || service.processID == nil, var server = supervisedDirectory(directory, in: files)
        else { return nil }
        server.isWanted = areWanted ? nil : false
        return server
    }
}

/// The units of systemd that the supervisors of some directories are part of.
func supervisorUnits(
    of directories: [SupervisedDirectory], _ instruments: Instruments
) async -> [ServiceManager] {
    let files = instruments.files
    // A supervisor works in the directory that it looks after.
    let homes = Set(directories.compactMap { files.resolved($0.path) })
    guard !homes.isEmpty else { return [] }
    var units: Set<String> = []
    _ = files.forEachEntry(of: "/proc") { entry in
        guard let process = Int(entry.name), let name = files.text("/proc/\(process)/comm")?.trimmed,
            supervisors[name] != nil, let home = files.link("/proc/\(process)/cwd"), homes.contains(home),
            let unit = unit(of: process, in: files), unit.hasSuffix(".service")
        else { return }
        units.insert(unit)
    }
    guard !units.isEmpty else { return [] }
    let show = ["show", "--property=Id,ActiveState,UnitFileState"] + units.sorted()
    return await systemctl(show, instruments).map { .systemd([unitState($0)]) }
}
