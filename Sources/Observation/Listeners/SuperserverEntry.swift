import MailModel
import Qmail

/// Programs by their names in the file system.
let superservers: Set<String> = ["xinetd", "inetd", "inetutils-inetd"]

/// They start a server for each client by their arguments alone (tcpserver(1); sslserver(1) does it over TLS).
let connectionServers: Set<String> = ["tcpserver", "sslserver", "tcpsvd", "sslsvd"]

/// What s6-tcpserver becomes once it has its socket, by release.
let socketServers: Set<String> = ["s6-tcpserverd", "s6-tcpserver4d", "s6-tcpserver6d", "s6-ipcserverd"]

func baseName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

/// The entry of xinetd, or the line of inetd, that serves a port.
struct SuperserverEntry: Sendable {
    var manager: ServiceManager
    /// The program and its arguments.
    var programs: [String]
    /// Where xinetd itself hands connections on to (`redirect`).
    var redirect: String?

    static let inetdFile = "/etc/inetd.conf"

    /// - Returns: `nil` when the listener is not one of xinetd or inetd, or no entry fits.
    static func serving(_ listener: Listener, in files: HostFiles) -> SuperserverEntry? {
        switch listener.executable?.split(separator: "/").last {
        case "xinetd":
            if let entry = xinetdEntry(listener, in: files) { return entry }
            return listener.processID.map { isInetdCompatible($0, in: files) } == true
                ? inetdLine(listener, in: files) : nil
        case "inetd", "inetutils-inetd": return inetdLine(listener, in: files)
        default: return nil
        }
    }

    private static func xinetdEntry(_ listener: Listener, in files: HostFiles) -> SuperserverEntry? {
        let services = xinetdPaths(in: files).sorted().flatMap {
            path -> [(path: String, service: XinetdService)] in
            guard case .bytes(let bytes) = files.read(path) else { return [] }
            return xinetdServices(bytes).map { (path, $0) }
        }
        // An entry for one address serves it before the entry for all of them.
        let fitting = services.filter { $0.service.port == listener.port }
        let exact = fitting.first { $0.service.address == listener.address.description }
        guard let found = exact ?? fitting.first(where: { $0.service.address == nil }) else { return nil }
        return SuperserverEntry(
            manager: .xinetd(file: found.path, service: found.service.name),
            programs: found.service.programs, redirect: found.service.redirect)
    }

    /// Its own file, its usual directory, and whatever they include.
    private static func xinetdPaths(in files: HostFiles) -> Set<String> {
        var paths: Set<String> = []
        var pending = ["/etc/xinetd.conf"] + xinetdFiles(in: "/etc/xinetd.d", files)
        while let path = pending.popLast() {
            guard paths.insert(path).inserted, case .bytes(let bytes) = files.read(path) else { continue }
            for inclusion in XinetdInclusion.all(in: bytes, of: path) {
                pending += inclusion.isDirectory ? xinetdFiles(in: inclusion.path, files) : [inclusion.path]
            }
        }
        return paths
    }

    private static func xinetdFiles(in directory: String, _ files: HostFiles) -> [String] {
        var paths: [String] = []
        _ = files.forEachEntry(of: directory) { entry in
            if XinetdInclusion.isRead(entry.name) { paths.append("\(directory)/\(entry.name)") }
        }
        return paths
    }

    private static func inetdLine(_ listener: Listener, in files: HostFiles) -> SuperserverEntry? {
        let path = inetdFile
        guard case .bytes(let bytes) = files.read(path) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        let fitting = lines.enumerated().compactMap { index, line -> (address: String?, SuperserverEntry)? in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard !line.hasPrefix("#"), words.count > 5, let endpoint = words.first,
                mailPort(named: endpoint.afterLastColon) == listener.port
            else { return nil }
            let address = endpoint.dropLast(endpoint.afterLastColon.utf8.count + 1)
            return (
                ["", "*"].contains(address) ? nil : address.filter { $0 != "[" && $0 != "]" },
                SuperserverEntry(
                    manager: .inetd(file: path, line: index + 1), programs: [words[5]] + words.dropFirst(7))
            )
        }
        // A line for one address serves it before the line for all of them.
        let exact = fitting.first { $0.address == listener.address.description }
        return (exact ?? fitting.first { $0.address == nil })?.1
    }
}

/// Whether xinetd reads inetd's file as well (xinetd(8), `-inetd_compat`; Debian starts it so).
private func isInetdCompatible(_ process: Int, in files: HostFiles) -> Bool {
    commandLine(of: process, in: files).contains("-inetd_compat")
}

/// Whether an inetd runs, or an xinetd that reads its file.
func isInetdFileRead(in files: HostFiles) -> Bool {
    var isRead = false
    _ = files.visitEntries(of: "/proc") { entry in
        guard let process = Int(entry.name), let name = files.text("/proc/\(process)/comm")?.trimmed else {
            return true
        }
        isRead =
            ["inetd", "inetutils-inetd"].contains(name)
            || name == "xinetd" && isInetdCompatible(process, in: files)
        return !isRead
    }
    return isRead
}

extension String {
    /// The port of `host:port`, or the whole text.
    fileprivate var afterLastColon: String { split(separator: ":").last.map(String.init) ?? self }
}
