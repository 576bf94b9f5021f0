import MailModel

/// The rules of `hosts.allow` as libwrap reads them: `daemons : clients : option : option`, a rule a line
/// (hosts_access(5), hosts_options(5)). The first rule that fits a daemon and a client counts.
struct HostsAllow {
    struct Rule {
        /// The first of its lines, from 1.
        var line: Int
        /// Its lines in one.
        var text: String
        /// Those before `EXCEPT`.
        var clients: [String]
        var hasExceptions: Bool
        /// Each in its words: `setenv`, the name, the value.
        var options: [[String]]

        /// Whom it leaves nobody of for the rules behind it.
        var isForEverybody: Bool { !hasExceptions && clients.contains("ALL") }
    }

    private(set) var rules: [Rule] = []

    /// - Parameter daemon: the name of the program as libwrap knows it, `tcp-env`.
    init(_ bytes: [UInt8], daemon: String) {
        let lines = Lines(bytes)
        var next = 0
        while next < lines.lines.count {
            let index = next
            let last = lines.lastOfContinued(from: index)
            next = last + 1
            let text = (index...last).map { number in
                number < last ? String(lines.text(number + 1).dropLast()) : lines.text(number + 1)
            }.joined()
            guard !text.hasPrefix("#") else { continue }
            let fields = Self.fields(text)
            guard fields.count >= 2, Self.fits(daemon, fields[0]) else { continue }
            let clients = Self.items(fields[1])
            let named = clients.prefix { $0 != "EXCEPT" }
            rules.append(
                Rule(
                    line: index + 1, text: text, clients: Array(named),
                    hasExceptions: named.count < clients.count,
                    options: fields.dropFirst(2).map { option in
                        option.split(whereSeparator: { " \t=".contains($0) }).map(String.init)
                    }))
        }
    }

    /// An address of IPv6 in brackets has colons of its own.
    private static func fields(_ text: String) -> [Substring] {
        var isInBrackets = false
        return text.split(omittingEmptySubsequences: false) { character in
            if character == "[" { isInBrackets = true }
            if character == "]" { isInBrackets = false }
            return character == ":" && !isInBrackets
        }
    }

    private static func items(_ field: Substring) -> [String] {
        field.split(whereSeparator: { ", \t".contains($0) }).map(String.init)
    }

    /// `daemon@host` is for one address of this host.
    private static func fits(_ daemon: String, _ field: Substring) -> Bool {
        let names = items(field).map { $0.prefix { $0 != "@" } }
        let parts = names.split(separator: "EXCEPT", maxSplits: 1, omittingEmptySubsequences: false)
        let isNamed = { (part: ArraySlice<Substring>) in part.contains { $0 == daemon || $0 == "ALL" } }
        return isNamed(parts[0]) && !(parts.count == 2 && isNamed(parts[1]))
    }
}

extension RuleClient {
    /// A pattern of hosts_access(5), as tcpserver would write it where it can.
    init(wrapperPattern pattern: String) {
        switch pattern {
        case "ALL": self.init("")
        case "KNOWN": self.init("=")
        case "LOCAL": self.init(pattern, described: "clients whose reverse name has no dot")
        case "UNKNOWN": self.init(pattern, described: "clients without a reverse name")
        case "PARANOID":
            self.init(pattern, described: "clients whose reverse name leads to another address")
        default: self.init(ofHosts: pattern)
        }
    }

    private init(ofHosts pattern: String) {
        if pattern.hasPrefix("@") {
            self.init(pattern, described: "clients in the netgroup \(pattern.dropFirst())")
        } else if pattern.hasPrefix("/") {
            self.init(pattern, described: "clients that \(pattern) names")
        } else if pattern.contains("@") {
            self.init(pattern)
        } else if pattern.contains(where: { "*?".contains($0) }) {
            self.init(pattern, described: "clients whose name or address is like \(pattern)")
        } else if let network = Self.network(wrapperPattern: pattern) {
            self.init(network: network)
        } else if pattern.hasPrefix(".") || pattern.contains(where: \.isLetter) && !pattern.contains(":") {
            self.init("=\(pattern)")
        } else {
            self.init(pattern)
        }
    }

    /// `192.0.2.0/255.255.255.0`, `192.0.2.0/24`, `[2001:db8::]/32`; `nil` for what is no network.
    private static func network(wrapperPattern pattern: String) -> IPNetwork? {
        let plain = pattern.filter { !"[]".contains($0) }
        if let network = IPNetwork(plain) { return network }
        let parts = plain.split(separator: "/")
        guard parts.count == 2, let address = IPAddress(parts[0]), case .v4(let mask)? = IPAddress(parts[1])
        else { return nil }
        // What a mask with holes lets in is part of the network of its first bits.
        return IPNetwork(address, prefix: (~mask).leadingZeroBitCount)
    }
}
