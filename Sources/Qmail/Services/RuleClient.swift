import MailModel

/// The clients that a rule of tcpserver is for.
struct RuleClient: Hashable, Sendable {
    /// As written: `127.`, `10.0.0.1-9`, `=.isp.example`, `joe@192.0.2.7`, or nothing for everybody.
    let text: String

    private let known: Kind?

    init(_ text: String) {
        self.text = text
        known = nil
    }

    init(network: IPNetwork) {
        text = network.description
        known = .networks([network])
    }

    /// - Parameter description: who they are, for what no rule of tcpserver can say.
    init(_ text: String, described description: String) {
        self.text = text
        known = .described(description)
    }

    enum Kind: Hashable {
        case everybody
        /// Of IPv4, of IPv6, or a range of several.
        case networks([IPNetwork])
        /// A host name, or with a dot in front all names that end so; empty for every client that has a name.
        case named(String)
        /// What the client's own identd says.
        case identified(String)
        case described(String)
        /// An address in a form that matches nobody.
        case nobody
    }

    var kind: Kind {
        if let known { return known }
        if text.isEmpty { return .everybody }
        if text.contains("@") { return .identified(text) }
        if text.hasPrefix("=") { return .named(String(text.dropFirst())) }
        if text == "0-255." { return .networks([IPNetwork(.v4(0), prefix: 0)].compactMap(\.self)) }
        let networks = members.compactMap(Self.network)
        return networks.isEmpty ? .nobody : .networks(networks)
    }

    /// The keys that `tcprules` writes: a range as each of its addresses.
    var members: [String] {
        guard !text.contains("="), !text.contains("@"), let hyphen = text.firstIndex(of: "-") else {
            return [text]
        }
        let head = text[..<hyphen]
        let tail = text[text.index(after: hyphen)...]
        let first = head.split(separator: ".", omittingEmptySubsequences: false).last.flatMap { Int($0) }
        let last = Int(tail.prefix { $0.isNumber })
        guard let first, let last, first <= last, last <= 255 else { return [text] }
        let start = head.lastIndex(of: ".").map { head[...$0] } ?? ""
        let end = tail.drop { $0.isNumber }
        return (first...last).map { "\(start)\($0)\(end)" }
    }

    /// A whole address, or the first octets of one with a dot behind them.
    private static func network(_ text: String) -> IPNetwork? {
        if let address = IPAddress(text) { return IPNetwork(address, prefix: address.width) }
        var octets = text.split(separator: ".", omittingEmptySubsequences: false)
        guard octets.last?.isEmpty == true, (2...4).contains(octets.count) else {
            return prefixOfIPv6(text)
        }
        octets.removeLast()
        let whole = (octets + Array(repeating: "0", count: 4 - octets.count)).joined(separator: ".")
        return IPAddress(whole).flatMap { IPNetwork($0, prefix: octets.count * 8) }
    }

    private static func prefixOfIPv6(_ text: String) -> IPNetwork? {
        guard text.hasSuffix(":"), !text.hasSuffix("::") else { return nil }
        let groups = text.split(separator: ":").count
        return IPAddress(text + ":").flatMap { IPNetwork($0, prefix: groups * 16) }
    }
}
