internal import Glibc
package import MailModel
internal import SystemPackage

/// The time of day by this host's clock.
package func currentTime() -> Timestamp {
    let now = time(of: CLOCK_REALTIME)
    return Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
}

/// How long ago this host was started, by a clock that nobody can set (CLOCK_BOOTTIME).
package func timeSinceBoot() -> Duration {
    let now = time(of: CLOCK_BOOTTIME)
    return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
}

private func time(of clock: clockid_t) -> timespec {
    var now = timespec()
    clock_gettime(clock, &now)
    return now
}

/// What the host calls itself (gethostname(2)).
package func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return text(name)
}

/// The number that the installation keeps across boots and renames (machine-id(5)).
/// - Returns: 32 hexadecimal digits; `nil` when there is none.
package func machineID() -> String? {
    identifier(in: "/etc/machine-id", digits: 32)
}

/// The number that the kernel makes anew at every start (random(4)).
/// - Returns: A UUID in lower case; `nil` when /proc does not tell.
package func bootID() -> String? {
    identifier(in: "/proc/sys/kernel/random/boot_id", digits: 36)
}

/// Whether a file, of whatever kind, has this name; a link that leads nowhere has.
/// - Throws: ``ExitStatus/needsRoot`` when this user may not look.
package func isThere(_ path: String) throws(Failure) -> Bool {
    var status = stat()
    guard lstat(path, &status) != 0 else { return true }
    switch errno {
    case ENOENT, ENOTDIR: return false
    default:
        throw Failure(
            .needsRoot, "\(path) cannot be reached", detail: String(cString: strerror(errno)),
            remedy: "Run as root, or as a user who may read it.")
    }
}

/// The user whose rights this process has; 0 is root.
package func effectiveUserID() -> UInt32 { geteuid() }

/// The group that new files get.
package func effectiveGroupID() -> UInt32 { getegid() }

/// The file that this process runs (proc_pid_exe(5)).
/// - Returns: An absolute path; `nil` when /proc does not tell.
package func executablePath() -> String? {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { return nil }
    return text(path)
}

private func identifier(in path: String, digits: Int) -> String? {
    guard let bytes = try? readFile(path, limit: 4096) else { return nil }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    let isWhole =
        line.count == digits
        && line.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: "-")
        }
    return isWhole ? String(decoding: line, as: UTF8.self) : nil
}

private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
