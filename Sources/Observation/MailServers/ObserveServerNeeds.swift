import Glibc
import MailModel
import Postfix

/// What the mail services of a configuration want of the host and do not find; see `PostfixConfiguration.missing`.
func findMissingNeeds(of configuration: inout PostfixConfiguration, _ files: HostFiles) {
    let main = MainCF(configuration.mainCF.bytes)
    let master = MasterCF(configuration.masterCF.bytes)
    let version = configuration.version.flatMap(PostfixVersion.init) ?? .measured
    var asked: Set<Asking> = []
    for (index, service) in master.services.enumerated() where service.command == "smtpd" {
        let values = ParameterValues(
            main: main, master: master, service: index, version: version,
            hostName: configuration.hostName)
        let queue = values.text(of: "queue_directory")
        let asking = Asking(
            needs: ServerNeeds(values), root: service.isInJail(version, values) ? queue : "", queue: queue)
        guard asked.insert(asking).inserted else { continue }
        let needs = asking.needs
        // Certificates are read before the service goes into its jail.
        for file in needs.filesOfTLS where files.problem(file.path).map(isAbsent) == true {
            configuration.missing[file.path] = "\(file.path) is not there"
        }
        let directories = ["", queue].map { $0 + needs.authorities }
        if needs.authorities.hasPrefix("/"), directories.allSatisfy({ hasNoAuthority($0, files) }) {
            configuration.missing[needs.authorities] = "\(needs.authorities) has no certificate by its hash"
        }
        let partners = needs.partners.filter { $0.consequence != nil }.map { ($0.endpoint, $0.address) }
        for (endpoint, address) in partners + needs.policyServices.map({ ($0, $0) }) {
            let why = whyUnreachable(address, asking, files)
            if asking.root.isEmpty {
                configuration.missingOutside[endpoint] = why
            } else {
                configuration.missingInJail[endpoint] = why
            }
        }
    }
}

private struct Asking: Hashable {
    var needs: ServerNeeds
    /// What the service takes for the root of the file system.
    var root: String
    var queue: String
}

/// Whether OpenSSL finds no certificate in a directory: it looks for names such as `4bfab552.0` (openssl-rehash(1)).
private func hasNoAuthority(_ directory: String, _ files: HostFiles) -> Bool {
    var hasNone = true
    let problem = files.visitEntries(of: directory) { entry in
        let parts = entry.name.split(separator: ".", omittingEmptySubsequences: false)
        hasNone =
            !(parts.count == 2 && parts[0].count == 8 && parts[0].allSatisfy(\.isHexDigit)
            && !parts[1].isEmpty && parts[1].allSatisfy(\.isNumber))
        return hasNone
    }
    return hasNone && (problem == 0 || isAbsent(problem))
}

/// - Returns: `nil` where it may be there.
private func whyUnreachable(_ address: String, _ asking: Asking, _ files: HostFiles) -> String? {
    let parts = address.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "unix":
        let path = parts[1].hasPrefix("/") ? asking.root + parts[1] : "\(asking.queue)/\(parts[1])"
        let inside =
            asking.root.isEmpty || !parts[1].hasPrefix("/") ? "" : " below \(asking.root), where smtpd runs"
        if let problem = files.problem(path) {
            return isAbsent(problem) ? "\(parts[1]) is not there\(inside)" : nil
        }
        return isAbandoned(files.prefix + path) ? "nobody listens at \(parts[1])\(inside)" : nil
    case "inet":
        guard let colon = parts[1].lastIndex(of: ":"),
            let port = Int(parts[1][parts[1].index(after: colon)...])
        else { return nil }
        let name = parts[1][..<colon].filter { !"[]".contains($0) }
        let addresses =
            name == "localhost"
            ? ["127.0.0.1", "::1"].compactMap { IPAddress($0) } : [IPAddress(name)].compactMap { $0 }
        guard !addresses.isEmpty, addresses.allSatisfy(\.isLoopback),
            case .seen(let listeners) = observeListeners(ports: [port], in: files),
            !listeners.contains(where: { $0.address.isUnspecified || addresses.contains($0.address) }),
            // What is rewritten on its way has no socket here.
            !files.prefix.isEmpty || !addresses.contains(where: { answers($0, port) })
        else { return nil }
        return "nothing listens at \(parts[1])"
    default: return nil
    }
}

/// Whether a socket was left behind by a program that has ended; one that cannot be asked may be in use.
private func isAbandoned(_ path: String) -> Bool {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else { return false }
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
    let socket = socket(
        AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    let result = withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return result != 0 && errno == ECONNREFUSED
}
