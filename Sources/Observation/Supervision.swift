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
    // The time of the last change in 12 bytes, the process id, whether it is paused, and what is wanted: `u`p, `d`own,
    // or 0 for once (supervise.c); runit adds two bytes (runsv.c).
    guard case .bytes(let status) = files.read("\(home)/status"), status.count == 18 || status.count == 20
    else { return .unknown }
    let process = status[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
    return .runs(
        SupervisedService(
            processID: process == 0 ? nil : process, isWanted: status[17] == UInt8(ascii: "u")))
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

/// The directories that are supervised, and are to serve port 25 for Qmail.
func supervisedServers(of qmail: QmailConfiguration, _ files: HostFiles) -> [SupervisedDirectory] {
    let directories = qmail.files.keys.filter { $0.hasSuffix("/run") }.map { String($0.dropLast(4)) }
    return directories.sorted().compactMap { directory in
        guard qmail.port(ofSupervised: directory) == 25,
            case .runs(let service) = supervision(of: directory, in: files), service.isWanted
        else { return nil }
        // runit writes two bytes more of its status than daemontools.
        guard case .bytes(let status) = files.read("\(directory)/supervise/status") else { return nil }
        return supervisedDirectory(directory, under: status.count == 20 ? "runsv" : "supervise", in: files)
    }
}
