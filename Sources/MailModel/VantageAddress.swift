/// Where a probe runs from.
package enum VantageAddress: Hashable, Sendable {
    /// A network namespace on this machine.
    case networkNamespace
    /// This program on another machine, over OpenSSH: `[user@]host`.
    case ssh(String)
    /// An `agent vantage serve` elsewhere: the whole URL.
    case https(String)
    /// This process as it is.
    case direct

    /// How the names begin of the interfaces that network namespaces are reached by; what follows is a process.
    package static let linkPrefix = "agp-"

    /// Whether it stands on another machine.
    package var isElsewhere: Bool {
        switch self {
        case .ssh, .https: true
        case .networkNamespace, .direct: false
        }
    }

    /// Reads `netns`, `direct`, `ssh://[user@]host` or `https://host[:port][/path]`.
    /// - Returns: `nil` for anything else.
    package init?(_ text: String) {
        switch text {
        case "netns": self = .networkNamespace
        case "direct": self = .direct
        default:
            if text.hasPrefix("ssh://"), Self.isDestination(text.dropFirst(6)) {
                self = .ssh(String(text.dropFirst(6)))
            } else if text.hasPrefix("https://"), Self.isOrigin(text.dropFirst(8)) {
                self = .https(text)
            } else {
                return nil
            }
        }
    }

    /// `[user@]host`. A word that begins with "-" would be an option to ssh, and what a shell, a proxy command or
    /// ssh's own `%` would read as more than a name is none; a port belongs in the user's ssh_config.
    private static func isDestination(_ text: Substring) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard let host = parts.last, parts.count <= 2, isName(host) || IPAddress(host) != nil else {
            return false
        }
        return parts.count == 1 || isName(parts[0])
    }

    /// `host[:port][/path]`, without a login: the token has an option of its own.
    private static func isOrigin(_ text: Substring) -> Bool {
        let authority = text.prefix { $0 != "/" }
        let path = text.dropFirst(authority.count)
        guard path.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "/") }) else { return false }
        if isHost(authority) { return authority.hasPrefix("[") || !authority.contains(":") }
        guard let colon = authority.lastIndex(of: ":") else { return false }
        let host = authority[..<colon]
        let digits = authority[authority.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { return false }
        return isHost(host) && (host.hasPrefix("[") || !host.contains(":"))
    }

    /// A host name, an address, or an IPv6 address in brackets.
    private static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return text.contains(":") && IPAddress(text.dropFirst().dropLast()) != nil
        }
        return isName(text) || IPAddress(text) != nil
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253 && !text.hasPrefix("-") && text.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
        }
    }

    package var text: String {
        switch self {
        case .networkNamespace: "netns"
        case .ssh(let host): "ssh://\(host)"
        case .https(let url): url
        case .direct: "direct"
        }
    }
}
