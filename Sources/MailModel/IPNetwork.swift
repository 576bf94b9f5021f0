/// A block of addresses, `address/prefix`.
///
/// Host bits are kept for display, since Plesk shows `127.0.0.1 / 8`, and count for nothing else:
/// two networks are equal when they hold the same addresses.
package struct IPNetwork: Sendable {
    package let address: IPAddress
    package let prefix: Int

    /// - Returns: `nil` when `prefix` does not fit the family of `address`.
    package init?(_ address: IPAddress, prefix: Int) {
        guard (0...address.width).contains(prefix) else { return nil }
        self.address = address
        self.prefix = prefix
    }

    /// The network of one address.
    package init(_ address: IPAddress) {
        self.address = address
        self.prefix = address.width
    }

    /// Reads `address` or `address/prefix`; spaces round the slash are allowed, as Plesk prints them.
    package init?(_ text: some StringProtocol) { self.init(substring: Substring(text)) }

    /// Not generic: what the runtime looks up for a generic one takes longer than the reading.
    private init?(substring text: Substring) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            .map(Self.trimmingBlanks)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let prefix = Int(digits)
        else { return nil }
        self.init(address, prefix: prefix)
    }

    private static func trimmingBlanks(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    /// The lowest address of the block.
    package var first: IPAddress { address.masked(to: prefix) }

    package func contains(_ other: IPAddress) -> Bool { contains(IPNetwork(other)) }

    /// Whether every address of the other network is in this one; IPv4-mapped IPv6 networks count as the IPv4
    /// networks that they stand for.
    package func contains(_ other: IPNetwork) -> Bool {
        if case .v4 = address, case .v4 = other.address { return covers(other) }
        return covers(other) || unmapped.covers(other.unmapped)
    }

    private func covers(_ other: IPNetwork) -> Bool {
        other.address.width == address.width && other.prefix >= prefix
            && other.address.masked(to: prefix) == first
    }

    /// The IPv4 network that a network of IPv4-mapped IPv6 addresses stands for; others as they are.
    private var unmapped: IPNetwork {
        guard prefix >= 96, case .v4 = address.unmapped, case .v6 = address else { return self }
        return IPNetwork(address.unmapped, prefix: prefix - 96) ?? self
    }

    package func overlaps(_ other: IPNetwork) -> Bool {
        contains(other) || other.contains(self)
    }

    /// Whether every address of the block is the host itself.
    package var isLoopback: Bool {
        switch unmapped.address {
        case .v4: first.isLoopback && unmapped.prefix >= 8
        case .v6: first.isLoopback && prefix == 128
        }
    }
}

extension IPNetwork: Hashable {
    package static func == (left: IPNetwork, right: IPNetwork) -> Bool {
        left.prefix == right.prefix && left.first == right.first
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(first)
        hasher.combine(prefix)
    }
}

extension IPNetwork: CustomStringConvertible {
    /// `address/prefix` with the host bits as they were written.
    package var description: String { "\(address)/\(prefix)" }
}

extension IPNetwork: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let network = IPNetwork(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a network")
        }
        self = network
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
