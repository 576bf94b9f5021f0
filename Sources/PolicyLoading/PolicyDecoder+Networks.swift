internal import MailModel

extension PolicyDecoder {
    /// A network whose clients may count as known: `address/prefix`, or an address for itself alone.
    mutating func network(_ node: PolicyNode, named name: String) -> IPNetwork? {
        guard case .scalar(let text, _) = node.content, !text.contains(" "), let network = IPNetwork(text)
        else {
            refuse(
                node, "`\(name)` must be a network",
                remedy: "Write an address and a prefix, such as 203.0.113.0/28.")
            return nil
        }
        let shortest = shortestPrefix(for: network)
        guard network.prefix >= shortest else {
            report(
                "\(quoted(text)) lets in strangers: a network here has a prefix of /\(shortest) or longer",
                at: node.location, remedy: "Name the networks that are meant, one by one.")
            return nil
        }
        if let mapped = ipv4(mappedIn: network) {
            report(
                "\(quoted(text)) is IPv4 written as IPv6", at: node.location,
                remedy: "Write \(mapped) instead.")
            return nil
        }
        return network
    }

    private func shortestPrefix(for network: IPNetwork) -> Int {
        guard case .v6(let high, _) = network.address else { return PolicyLimits.shortestPrefixV4 }
        // Every IPv4 address is in here as well (RFC 4291, section 2.5.5.2).
        let mapped = IPAddress.v6(high: 0, low: 0xffff_0000_0000)
        if network.contains(mapped), (PolicyLimits.shortestPrefixV6...96).contains(network.prefix) {
            return 96 + PolicyLimits.shortestPrefixV4
        }
        // Unique local (RFC 4193) and link-local (RFC 4291) addresses are not routed in the internet.
        if high >> 57 == 0xfc >> 1 { return 7 }
        if high >> 54 == 0xfe80 >> 6 { return 10 }
        return PolicyLimits.shortestPrefixV6
    }

    /// What `network` is in IPv4, when it lies in ::ffff:0:0/96 (RFC 4291, section 2.5.5.2).
    private func ipv4(mappedIn network: IPNetwork) -> IPNetwork? {
        guard case .v6(0, let low) = network.address, low >> 32 == 0xffff, network.prefix >= 96
        else { return nil }
        return IPNetwork(.v4(UInt32(truncatingIfNeeded: low)), prefix: network.prefix - 96)
    }

    /// The networks of `white-list.within`.
    mutating func within(_ node: PolicyNode) -> [IPNetwork]? {
        let name = "white-list.within"
        guard let items = list(node, named: name) else { return nil }
        guard !items.isEmpty else {
            report(
                "`\(name)` is empty, and a mail host at least trusts itself", at: node.location,
                remedy: "Leave the key out for the default, 127.0.0.1/8 and ::1/128.")
            return nil
        }
        var networks: [IPNetwork] = []
        for item in items {
            guard let network = network(item, named: name) else { continue }
            if networks.contains(network) {
                report("\(network) is written twice in `\(name)`", at: item.location)
            } else {
                networks.append(network)
            }
        }
        return networks
    }

    /// The entries of `white-list.vouched`.
    mutating func vouched(_ node: PolicyNode) -> [VouchedNetwork] {
        guard let items = list(node, named: "white-list.vouched") else { return [] }
        return items.compactMap { vouchedNetwork($0) }
    }

    private mutating func vouchedNetwork(_ node: PolicyNode) -> VouchedNetwork? {
        let name = "white-list.vouched"
        guard let fields = fields(of: node, named: name, known: PolicyKeys.vouchedKeys) else { return nil }
        for key in [PolicyKeys.network, PolicyKeys.reason] where fields[key] == nil {
            report("an entry of `\(name)` needs `\(key)`", at: node.location)
        }
        let network = fields[PolicyKeys.network].flatMap { self.network($0, named: "\(name).network") }
        let reason = fields[PolicyKeys.reason].flatMap { self.reason($0) }
        var until: CalendarDay?
        if let written = fields[PolicyKeys.until] {
            until = day(written, named: "\(name).until")
            if until == nil { return nil }
        }
        guard let network, let reason else { return nil }
        return VouchedNetwork(network: network, reason: reason, until: until, location: node.location)
    }

    private mutating func reason(_ node: PolicyNode) -> String? {
        let name = "white-list.vouched.reason"
        guard case .scalar(let text, let style) = node.content, style == .quoted || !isOfAnotherType(text)
        else {
            refuse(
                node, "`\(name)` must be text", remedy: "Say who needs it and why; put a number in quotes.")
            return nil
        }
        let breaks = "\n\r\t".unicodeScalars
        let isOneLine = !text.unicodeScalars.contains { isOutOfPlace($0) || breaks.contains($0) }
        let isSaid = text.contains { !$0.isWhitespace }
        guard isOneLine, isSaid, PolicyLimits.reasonLength.contains(text.unicodeScalars.count) else {
            report(
                "`\(name)` must be one line of 1 to \(PolicyLimits.reasonLength.upperBound) characters",
                at: node.location)
            return nil
        }
        return text
    }

    /// Whether YAML 1.2's core schema (section 10.3.2) reads the plain text as something else than text.
    private func isOfAnotherType(_ text: String) -> Bool {
        if PolicyNode.isNothing(text) { return true }
        if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(text) { return true }
        let isNumeric = text.utf8.allSatisfy { "0123456789abcdefxoABCDEFn._+-iI".utf8.contains($0) }
        let digits = text.drop { $0 == "+" || $0 == "-" }
        if isNumeric, Double(text) != nil || [".inf", ".Inf", ".INF", ".nan"].contains(digits) {
            return true
        }
        return isNumeric && digits.hasPrefix("0o") && Int(digits.dropFirst(2), radix: 8) != nil
    }

    private mutating func day(_ node: PolicyNode, named name: String) -> CalendarDay? {
        guard case .scalar(let text, _) = node.content, let day = CalendarDay(text) else {
            refuse(node, "`\(name)` must be a day of the calendar", remedy: "Write it as 2027-03-31.")
            return nil
        }
        return day
    }
}
