import MailModel
import Qmail

/// The entry of xinetd, or the line of inetd, that serves a port.
struct SuperserverEntry: Sendable {
    var manager: ServiceManager
    /// The program and its arguments.
    var programs: [String]
    /// Where xinetd itself hands connections on to (`redirect`).
    var redirect: String?

    /// - Returns: `nil` when the listener is not one of xinetd or inetd, or no entry fits.
    static func serving(_ listener: Listener, in files: HostFiles) -> SuperserverEntry? {
        let name = listener.executable?.split(separator: "/").last
        if name == "xinetd" { return xinetdEntry(listener, in: files) }
        if name == "inetd" || name == "inetutils-inetd" { return inetdLine(listener, in: files) }
        return nil
    }

    private static func xinetdEntry(_ listener: Listener, in files: HostFiles) -> SuperserverEntry? {
        var paths = ["/etc/xinetd.conf"]
        _ = files.forEachEntry(of: "/etc/xinetd.d") { entry in
            guard !entry.name.contains("."), !entry.name.hasSuffix("~") else { return }
            paths.append("/etc/xinetd.d/\(entry.name)")
        }
        let services = paths.sorted().flatMap { path -> [(path: String, service: XinetdService)] in
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

    private static func inetdLine(_ listener: Listener, in files: HostFiles) -> SuperserverEntry? {
        let path = "/etc/inetd.conf"
        guard case .bytes(let bytes) = files.read(path) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count > 5,
                let name = words[0].split(separator: ":").last, mailPort(named: String(name)) == listener.port
            else { continue }
            return SuperserverEntry(
                manager: .inetd(file: path, line: index + 1), programs: [words[5]] + words.dropFirst(7))
        }
        return nil
    }
}
