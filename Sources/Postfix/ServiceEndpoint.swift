/// Where an `inet` service of `master.cf` listens, as its name says.
package struct ServiceEndpoint: Hashable, Sendable {
    /// The host before the colon, without brackets; `nil` for every address of `inet_interfaces`.
    package let host: String?
    /// `nil` for a service name that is not known.
    package let port: Int?

    package init(serviceName: String) {
        var host: String?
        var service = serviceName[...]
        if serviceName.first == "[", let close = serviceName.lastIndex(of: "]") {
            host = String(serviceName[serviceName.index(after: serviceName.startIndex)..<close])
            service = serviceName[serviceName.index(after: close)...].drop { $0 == ":" }
        } else if let colon = serviceName.lastIndex(of: ":") {
            host = String(serviceName[..<colon])
            service = serviceName[serviceName.index(after: colon)...]
        }
        self.host = host?.isEmpty == true ? nil : host
        // A number that is too large loses what 16 bits do not hold (getaddrinfo(3)).
        port = Int(service).map { $0 & 0xffff } ?? Self.port(named: service)
    }

    /// From services(5); the names that mail has.
    private static func port(named name: Substring) -> Int? {
        switch name {
        case "smtp", "mail": 25
        case "submission": 587
        case "submissions", "smtps", "ssmtp", "urd": 465
        case "qmqp": 628
        case "qmtp": 209
        case "lmtp": 24
        case "http": 80
        case "https": 443
        default: nil
        }
    }
}

/// Where a path of the host lies in a copy of its configuration directory.
///
/// Absolute paths in a configuration are as on the host. What was below the configuration directory is
/// below the copy; nothing else of the host is in a copy.
/// - Parameters:
///   - path: absolute, as written after expansion.
///   - directory: the host's configuration directory, `/etc/postfix`.
///   - copy: the directory that holds the copy.
/// - Returns: `nil` for a path outside `directory`, or one that leads out of it by `..`.
package func pathInCopy(_ path: String, directory: String, copy: String) -> String? {
    let root = directory.hasSuffix("/") ? directory : directory + "/"
    guard path.hasPrefix(root) else { return nil }
    let rest = path.dropFirst(root.count)
    guard !rest.split(separator: "/").contains("..") else { return nil }
    return copy.hasSuffix("/") ? copy + rest : "\(copy)/\(rest)"
}
