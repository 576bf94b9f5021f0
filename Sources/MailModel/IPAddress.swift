/// An IPv4 or IPv6 address.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// The number of bits in an address of this family: 32 or 128.
    package var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address with every bit after the first `prefix` cleared.
    package func masked(to prefix: Int) -> IPAddress {
        switch self {
        case .v4(let bits):
            return .v4(prefix <= 0 ? 0 : bits & (UInt32.max << UInt32(32 - min(prefix, 32))))
        case .v6(let high, let low):
            let highMask = prefix <= 0 ? 0 : UInt64.max << UInt64(64 - min(prefix, 64))
            let lowMask = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - min(prefix, 128))
            return .v6(high: high & highMask, low: low & lowMask)
        }
    }

    /// Whether the address is the host itself: 127.0.0.0/8, also mapped into IPv6, or ::1.
    package var isLoopback: Bool {
        switch unmapped {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// The IPv4 address that an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) stands for; others as
    /// they are.
    package var unmapped: IPAddress {
        guard case .v6(0, let low) = self, low >> 32 == 0xffff else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }

    /// Whether the address stands for "every address of the host": 0.0.0.0 or `::`.
    package var isUnspecified: Bool {
        switch self {
        case .v4(let bits): bits == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }
}

extension IPAddress {
    /// Reads an address in the form of RFC 1123 section 2.1 or RFC 4291 section 2.2.
    /// - Returns: `nil` for anything else; brackets, ports, zones and prefixes are not addresses.
    package init?(_ text: some StringProtocol) { self.init(substring: Substring(text)) }

    private init?(substring text: Substring) {
        if let v4 = Self.parseV4(text) {
            self = .v4(v4)
        } else if let v6 = Self.parseV6(text) {
            self = v6
        } else {
            return nil
        }
    }

    private static func parseV4(_ text: Substring) -> UInt32? {
        guard let (bits, count) = octets(text), count == 4 else { return nil }
        return bits
    }

    /// One to four numbers with dots between them, each as inet_pton(3) takes it.
    /// - Returns: the numbers as octets of one, the last in the lowest place, and how many there are.
    package static func octets(_ text: Substring) -> (bits: UInt32, count: Int)? {
        var bits: UInt32 = 0
        var octet: UInt32?
        var count = 1
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                guard let value = octet, count < 4 else { return nil }
                (bits, octet, count) = (bits << 8 | value, nil, count + 1)
            } else {
                // Some programs read 010 as eight and some as ten; inet_pton(3) refuses it, and so does Postfix.
                guard (0x30...0x39).contains(byte), octet != 0 else { return nil }
                let value = (octet ?? 0) * 10 + UInt32(byte - 0x30)
                guard value <= 255 else { return nil }
                octet = value
            }
        }
        guard let value = octet else { return nil }
        return (bits << 8 | value, count)
    }

    private static func parseV6(_ text: Substring) -> IPAddress? {
        guard text.utf8.contains(UInt8(ascii: ":")), text.utf8.count <= 45 else { return nil }
        var halves: [[UInt16]] = [[]]
        var rest = text
        if rest.hasPrefix("::") {
            halves.append([])
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let word = rest.prefix { $0 != ":" }
            if word.contains(".") {
                guard word.endIndex == rest.endIndex, let v4 = parseV4(word) else { return nil }
                halves[halves.count - 1] += [UInt16(v4 >> 16), UInt16(v4 & 0xffff)]
                rest = ""
                break
            }
            let isHex = word.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
            }
            guard (1...4).contains(word.utf8.count), isHex, let group = UInt16(word, radix: 16) else {
                return nil
            }
            halves[halves.count - 1].append(group)
            rest = rest[word.endIndex...]
            guard !rest.isEmpty else { break }
            if rest.hasPrefix("::") {
                guard halves.count == 1 else { return nil }
                halves.append([])
                rest = rest.dropFirst(2)
            } else {
                rest = rest.dropFirst()
                guard !rest.isEmpty else { return nil }
            }
        }
        return assembleV6(halves)
    }

    private static func assembleV6(_ halves: [[UInt16]]) -> IPAddress? {
        let count = halves.reduce(0) { $0 + $1.count }
        guard halves.count == 1 ? count == 8 : count <= 7 else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - count)
        let groups = halves.count == 1 ? halves[0] : halves[0] + zeros + halves[1]
        let words = groups.map(UInt64.init)
        return .v6(
            high: words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3],
            low: words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7])
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the canonical form of RFC 5952.
    package var description: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        case .v6(let high, let low):
            let groups = [high, low].flatMap { word in
                stride(from: 48, through: 0, by: -16).map { UInt16(truncatingIfNeeded: word >> UInt64($0)) }
            }
            return Self.compress(groups)
        }
    }

    private static func compress(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        let text = { (part: ArraySlice<UInt16>) in
            part.reduce(into: "") { $0 += ($0.isEmpty ? "" : ":") + String($1, radix: 16) }
        }
        guard !best.isEmpty else { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}

extension IPAddress: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = IPAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IP address")
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
