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
