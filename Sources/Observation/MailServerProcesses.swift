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
            let start = startOfSMTPServer(text), start < uptime
        else { return }
        found.append(process)
    }
    return found.sorted()
}

/// proc(5): `pid (comm) state …`, where the 22nd field is the start in clock ticks since the boot.
private func startOfSMTPServer(_ stat: String) -> Duration? {
    guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close else {
        return nil
    }
    let name = stat[stat.index(after: open)..<close]
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    guard name == "smtpd" || name == "postscreen", fields.count > 19, let ticks = Int64(fields[19]) else {
        return nil
    }
    // USER_HZ is 100 on every architecture that Plesk supports.
    return .milliseconds(ticks * 10)
}
