import Glibc
import MailModel
import Postfix

/// What the mail services of a configuration want of the host and do not find; see `PostfixConfiguration.missing`.
func missingNeeds(of configuration: PostfixConfiguration, _ files: HostFiles) -> [String: String] {
    let main = MainCF(configuration.mainCF.bytes)
    let master = MasterCF(configuration.masterCF.bytes)
    let version = configuration.version.flatMap(PostfixVersion.init) ?? .measured
    var missing: [String: String] = [:]
    var asked: Set<ServerNeeds> = []
    for service in master.services.indices where master.services[service].command == "smtpd" {
        let values = ParameterValues(
            main: main, master: master, service: service, version: version,
            hostName: configuration.hostName)
        let needs = ServerNeeds(values)
        guard asked.insert(needs).inserted else { continue }
        // A service in a chroot(2) has the queue for its root.
        let roots = ["", values.text(of: "queue_directory")]
        for file in needs.filesOfTLS where files.problem(file.path).map(isAbsent) == true {
            missing[file.path] = "\(file.path) is not there"
        }
        let directories = roots.map { $0 + needs.authorities }
        if needs.authorities.hasPrefix("/"), directories.allSatisfy({ hasNoAuthority($0, files) }) {
            missing[needs.authorities] = "\(needs.authorities) has no certificate by its hash"
        }
        for partner in needs.partners where partner.consequence != nil {
            missing[partner.endpoint] = whyUnreachable(partner.address, roots: roots, files)
        }
        for server in needs.policyServices {
            missing[server] = whyUnreachable(server, roots: roots, files)
        }
    }
    return missing
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
private func whyUnreachable(_ address: String, roots: [String], _ files: HostFiles) -> String? {
    let parts = address.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "unix":
        let paths =
            parts[1].hasPrefix("/")
            ? roots.map { $0 + parts[1] } : roots.suffix(1).map { "\($0)/\(parts[1])" }
        return paths.allSatisfy { files.problem($0).map(isAbsent) == true } ? "\(parts[1]) is not there" : nil
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
