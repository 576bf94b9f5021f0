package import MailModel

/// Looks at who listens on the given ports, and at nothing else.
package func observeListeners(
    on ports: Set<Int>, _ instruments: Instruments
) -> Observed<[Listener]> {
    observeListeners(ports: ports, in: instruments.files)
}

/// The processes that answer SMTP clients and were started before a moment: after a reload, those that still
/// follow the configuration from before it.
/// - Parameter uptime: The moment, as time since the boot.
/// - Returns: Process ids of `smtpd` and `postscreen`, which Postfix starts as its master(8) needs them.
package func smtpServers(startedBefore uptime: Duration, _ instruments: Instruments) -> [Int] {
    let files = instruments.files
    var found: [Int] = []
    _ = files.forEachEntry(of: "/proc") { entry in
        guard let process = Int(entry.name), let text = files.text("/proc/\(process)/stat"),
            let status = ProcessStatus(text), ["smtpd", "postscreen"].contains(status.name),
            status.start < uptime
        else { return }
        found.append(process)
    }
    return found.sorted()
}

/// Whether a program runs that what is done to a service reaches: of a reload, the one that is to read its files again.
package func isFollowed(_ change: ServiceChange, _ instruments: Instruments) -> Bool {
    switch change {
    case .reloadPostfix:
        isRunning(in: instruments.files) { $0.hasSuffix("/master") && $0.contains("/postfix/") }
    case .reloadSuperserver(let command) where command.last == "daemon-reload": true
    case .reloadSuperserver:
        isRunning(in: instruments.files) { superservers.contains(baseName($0)) }
    case .restartQmail, .retire, .start, .enable, .disable, .end, .restore, .withdraw, .resume: true
    }
}

private func isRunning(in files: HostFiles, _ isWanted: (String) -> Bool) -> Bool {
    var isFound = false
    _ = files.visitEntries(of: "/proc") { entry in
        if let process = Int(entry.name), let program = executable(of: process, in: files) {
            isFound = isWanted(program)
        }
        return !isFound
    }
    return isFound
}

/// What proc(5) says of a process: `pid (comm) state …`, where the 22nd field is the start in clock ticks since the boot.
struct ProcessStatus {
    var name: String
    var start: Duration

    init?(_ stat: String) {
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close else {
            return nil
        }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let ticks = Int64(fields[19]) else { return nil }
        name = String(stat[stat.index(after: open)..<close])
        // USER_HZ is 100 on every architecture that Plesk supports.
        start = .milliseconds(ticks * 10)
    }
}
