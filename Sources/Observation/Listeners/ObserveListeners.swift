import MailModel

/// QMTP and QMQP: mail in another dialogue than SMTP (cr.yp.to/proto/qmtp.txt, cr.yp.to/proto/qmqp.html).
let queuePorts: Set<Int> = [209, 628]

/// Looks at who listens on the ports, in the network namespace of this process.
///
/// Processes that end while we look are passed over. Those whose descriptors may not be read (another
/// user's, without root) leave their listeners without a process, which never looks compliant.
func observeListeners(ports: Set<Int>, in files: HostFiles) -> Observed<[Listener]> {
    let sockets: [ListeningSocket]
    switch listeningSockets(in: files) {
    case .seen(let all): sockets = all.filter { ports.contains($0.port) }
    case .unseen(let reason): return .unseen(reason)
    }
    let holders = socketHolders(Set(sockets.map(\.inode)), in: files)
    // Mostly one process has them all.
    let programs = Dictionary(
        uniqueKeysWithValues: Set(holders.values).map {
            ($0, (executable: executable(of: $0, in: files), unit: unit(of: $0, in: files)))
        })
    var seen: Set<Listener> = []
    let listeners = sockets.map { socket in
        let holder = holders[socket.inode]
        let program = holder.flatMap { programs[$0] }
        var listener = Listener(
            address: socket.address, port: socket.port, processID: holder, executable: program?.executable,
            unit: program?.unit)
        listener.isIPv6Only = socket.isIPv6Only
        return listener
    }
    .filter { seen.insert($0).inserted }
    return .seen(
        listeners.sorted {
            ($0.port, $0.address.description, $0.processID ?? 0)
                < ($1.port, $1.address.description, $1.processID ?? 0)
        })
}

private func listeningSockets(in files: HostFiles) -> Observed<[ListeningSocket]> {
    if files.prefix.isEmpty, let sockets = askForListeners() { return .seen(sockets) }
    return listedSockets(in: files)
}

/// The sockets that /proc lists as listening.
func listedSockets(in files: HostFiles) -> Observed<[ListeningSocket]> {
    var sockets: [ListeningSocket] = []
    for (path, isNeeded) in [("/proc/net/tcp", true), ("/proc/net/tcp6", false)] {
        switch files.read(path, limit: 256 << 20) {
        case .bytes(let table): sockets += ListeningSocket.parse(table)
        case .absent where !isNeeded:
            // A kernel without IPv6 has no such table.
            continue
        case .absent: return .unseen("\(path) is not there")
        case .unreadable(let reason): return .unseen(reason)
        }
    }
    return .seen(sockets)
}

/// The lowest process that holds each socket, by the socket's inode; Postfix's master(8) where that one does.
private func socketHolders(_ inodes: Set<UInt64>, in files: HostFiles) -> [UInt64: Int] {
    var wanted = Dictionary(uniqueKeysWithValues: inodes.map { ("socket:[\($0)]", $0) })
    var holders: [UInt64: Int] = [:]
    func look(at process: Int) {
        let directory = "/proc/\(process)/fd"
        var found: [String] = []
        _ = files.forEachEntry(of: directory) { entry in
            guard let link = files.link("\(directory)/\(entry.name)"), wanted[link] != nil else { return }
            found.append(link)
        }
        for link in found {
            if let inode = wanted.removeValue(forKey: link) { holders[inode] = process }
        }
    }
    // A busy host has thousands of processes with their files, and mostly this one has every mail port.
    if !wanted.isEmpty, let text = files.text("/var/spool/postfix/pid/master.pid"),
        let master = Int(text.trimmed)
    {
        look(at: master)
    }
    guard !wanted.isEmpty else { return holders }
    var processes: [Int] = []
    _ = files.forEachEntry(of: "/proc") { entry in
        if let process = Int(entry.name) { processes.append(process) }
    }
    for process in processes.sorted() where !wanted.isEmpty { look(at: process) }
    return holders
}

func executable(of process: Int, in files: HostFiles) -> String? {
    guard let link = files.link("/proc/\(process)/exe"), link.hasPrefix("/") else { return nil }
    let mark = " (deleted)"
    return link.hasSuffix(mark) ? String(link.dropLast(mark.count)) : link
}

/// The systemd unit of a process, from its control group (cgroups(7)): of version 2, or of the
/// hierarchy that systemd names on version 1.
func unit(of process: Int, in files: HostFiles) -> String? {
    guard let text = files.text("/proc/\(process)/cgroup") else { return nil }
    let paths = text.split(whereSeparator: \.isNewline).compactMap { line -> Substring? in
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        return fields[0] == "0" && fields[1].isEmpty || fields[1] == "name=systemd" ? fields[2] : nil
    }
    return paths.lazy.compactMap(unit(ofControlGroup:)).first
}

/// The first part of the path that is no slice names the unit of the system's own manager.
private func unit(ofControlGroup path: Substring) -> String? {
    path.split(separator: "/")
        .first { [".service", ".scope", ".socket"].contains(where: $0.hasSuffix) }
        .map(String.init)
}
