import MailModel

/// Networks in the order of their list, asked for the first that holds an address.
///
/// The work for one question grows with the number of different prefix lengths, not of networks. A list of a
/// hundred thousand takes a megabyte: eight bytes for each network of IPv4.
struct NetworkIndex {
    private let v4: [Block<UInt32>]
    private let v6: [Block<UInt128>]

    /// - Parameter networks: each with its place in the list, lower ones first.
    init(_ networks: some Sequence<(network: IPNetwork, order: Int)>) {
        var v4 = (0...32).map(Block<UInt32>.init)
        var v6 = (0...128).map(Block<UInt128>.init)
        for (network, order) in networks {
            switch network.first {
            case .v4(let bits): v4[network.prefix].append(bits, order)
            case .v6(let high, let low): v6[network.prefix].append(UInt128(high, low), order)
            }
        }
        self.v4 = v4.filter { !$0.isEmpty }.map(\.sorted)
        self.v6 = v6.filter { !$0.isEmpty }.map(\.sorted)
    }

    /// The lowest order among the networks that hold the address.
    func first(holding address: IPAddress) -> Int? {
        switch address {
        case .v4(let bits): v4.compactMap { $0.first(holding: bits) }.min()
        case .v6(let high, let low): v6.compactMap { $0.first(holding: UInt128(high, low)) }.min()
        }
    }
}

extension UInt128 {
    fileprivate init(_ high: UInt64, _ low: UInt64) { self = UInt128(high) << 64 | UInt128(low) }
}

/// The networks of one length.
private struct Block<Bits> {
    private struct Member {
        var bits: Bits
        var order: UInt32
    }

    let prefix: Int
    private var members: [Member] = []

    init(prefix: Int) { self.prefix = prefix }

    var isEmpty: Bool { members.isEmpty }
}

/// What needs numbers is not part of the type: the runtime would look for what makes them numbers at every start.
extension Block where Bits: FixedWidthInteger {

    mutating func append(_ bits: Bits, _ order: Int) {
        members.append(Member(bits: bits, order: UInt32(clamping: order)))
    }

    var sorted: Block {
        var copy = self
        copy.members.sort { ($0.bits, $0.order) < ($1.bits, $1.order) }
        return copy
    }

    func first(holding bits: Bits) -> Int? {
        let wanted = prefix == 0 ? 0 : bits & (Bits.max << Bits(Bits.bitWidth - prefix))
        var range = 0..<members.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = members[middle].bits < wanted ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        guard range.lowerBound < members.count, members[range.lowerBound].bits == wanted else { return nil }
        return Int(members[range.lowerBound].order)
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
        if mask == nil, let slash = address.utf8.firstIndex(of: UInt8(ascii: "/")) {
            mask = address[address.index(after: slash)...]
            address = address[..<slash]
        }
        self = Self.parse(address, mask)
    }

    var network: IPNetwork? {
        guard case .network(let network) = self else { return nil }
        return network
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
