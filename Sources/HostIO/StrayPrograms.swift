internal import Glibc
internal import SystemPackage

/// In the environment of every program that is started here, so that it is known when its starter was killed.
let startedHereMark = "STARTED_BY_AGENT"

/// The programs that an agent started and that run now; a run that has started none of its own finds those
/// which a killed one left at work.
///
/// A program that makes a daemon of itself with the environment it got is among them.
/// - Returns: The process ids of those of this user: the mark of another's program may be forged.
package func startedPrograms() -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [Int32] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard let process = Int32(name), process != getpid(), isMarked(process) else { continue }
        found.append(process)
    }
    return found
}

private func isMarked(_ process: Int32) -> Bool {
    var status = stat()
    guard stat("/proc/\(process)", &status) == 0, status.st_uid == geteuid() else { return false }
    let environment = try? OpenFile(path: "/proc/\(process)/environ", O_RDONLY).contents(limit: 1 << 20)
    return ((environment ?? nil) ?? []).split(separator: 0).contains {
        $0.starts(with: (startedHereMark + "=").utf8)
    }
}
