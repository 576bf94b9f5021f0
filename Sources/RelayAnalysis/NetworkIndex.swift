import MailModel

/// Networks in the order of their list, asked for the first that holds an address.
///
/// The work for one question grows with the number of different prefix lengths, not of networks.
struct NetworkIndex {
    private struct Key: Hashable {
        var address: IPAddress
        var prefix: Int
    }

    private var firstOrder: [Key: Int] = [:]
    private var prefixes: [[Int]] = [[], []]

    mutating func insert(_ network: IPNetwork, order: Int) {
        let family = network.address.width == 32 ? 0 : 1
        let key = Key(address: network.first, prefix: network.prefix)
        if firstOrder[key] == nil { firstOrder[key] = order }
        if !prefixes[family].contains(network.prefix) { prefixes[family].append(network.prefix) }
    }

    /// The lowest order among the networks that hold the address.
    func first(holding address: IPAddress) -> Int? {
        var best: Int?
        for prefix in prefixes[address.width == 32 ? 0 : 1] {
            let key = Key(address: address.masked(to: prefix), prefix: prefix)
            if let order = firstOrder[key], order < best ?? .max { best = order }
        }
        return best
    }
}

/// Reads `address/prefix` as Postfix's `cidr_match_parse` does.
enum CIDRText {
    case network(IPNetwork)
    /// Postfix's own words.
    case malformed(String)

    init(_ text: String) {
        var address = text[...]
        var mask: Substring?
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else {
                self = .malformed("missing ']' character after \"\(text)\"")
                return
            }
            address = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if rest.first == "/" {
                mask = rest.dropFirst()
            } else if !rest.isEmpty {
                self = .malformed("garbage after \"[\(address)]\"")
                return
            }
        }
        if mask == nil, let slash = address.firstIndex(of: "/") {
            mask = address[address.index(after: slash)...]
            address = address[..<slash]
        }
        self = Self.parse(address, mask)
    }

    private static func parse(_ address: Substring, _ mask: Substring?) -> CIDRText {
        guard let parsed = IPAddress(address) else {
            return .malformed(
                mask == nil ? "bad address pattern: \"\(address)\"" : "bad network value in \"\(address)\"")
        }
        guard let mask else { return .network(IPNetwork(parsed)) }
        guard !mask.isEmpty, mask.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(mask)
        else {
            return .malformed("bad mask value in \"\(address)/\(mask)\"")
        }
        guard let network = IPNetwork(parsed, prefix: prefix) else {
            return .malformed("bad mask length in \"\(address)/\(mask)\"")
        }
        guard network.first == parsed else {
            return .malformed("non-null host address bits in \"\(address)/\(mask)\"")
        }
        return .network(network)
    }
}
