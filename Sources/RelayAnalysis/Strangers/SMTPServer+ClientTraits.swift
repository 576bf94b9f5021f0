import MailModel
import Postfix

extension SMTPServer {
    func clientTraits(_ table: LookupTable) -> [Trait] {
        let obscure = table.obscureRules.isEmpty ? nil : unreadableTrait(table)
        return clientTraits(table, in: table.entries.indices) { _ in true } + (obscure.map { [$0] } ?? [])
    }

    func clientTraits(_ table: LookupTable, in range: Range<Int>, where isUseful: (Int) -> Bool) -> [Trait] {
        switch table.content {
        case .fixed(let entries, _):
            return range.filter(isUseful).flatMap { clientTraits(key: entries[$0].key) }
        case .networks(let entries, _):
            return range.filter(isUseful).flatMap { index -> [Trait] in
                guard case .network(let network) = CIDRText(entries[index].key) else { return [] }
                return addressTraits(network, "clients in \(entries[index].key)") { address in
                    gives(table, address.description, index)
                }
            }
        case .networkRules(let rules):
            // The rule that decides may be about what another leaves over.
            let others = rules.prefix(100).compactMap(\.network).flatMap { candidates(in: $0).prefix(3) }
            let within = enclosingNetworks(rules)
            return rules.filter { $0.kind == .rule && isUseful($0.entry) }.prefix(2000).flatMap {
                rule -> [Trait] in
                guard let network = rule.isNegated ? IPNetwork(.v4(0), prefix: 0) : rule.network else {
                    return []
                }
                let outer = within[rule.entry].flatMap { network.contains($0) ? $0.description : nil }
                let key = outer ?? table.entries[rule.entry].key
                return addressTraits(network, "clients in \(key)", others) {
                    gives(table, $0.description, rule.entry)
                }
            }
        case .patterns:
            return patternRules(table, where: isUseful).flatMap {
                clientTraits($0.pattern.pattern, table, $0.entry)
            }
        case .unreadable:
            return table.known.keys.sorted().flatMap(clientTraits)
                + (unreadableTrait(table).map { [$0] } ?? [])
        case .constant, .union, .pipe, .failing: return []
        }
    }

    /// For rules in `if … endif`, by their entry, the network of the innermost condition.
    private func enclosingNetworks(_ rules: [LookupTable.NetworkRule]) -> [Int: IPNetwork] {
        var conditions: [IPNetwork?] = []
        var within: [Int: IPNetwork] = [:]
        for rule in rules {
            switch rule.kind {
            case .condition: conditions.append(rule.isNegated ? nil : rule.network)
            case .endOfCondition: _ = conditions.popLast()
            case .rule: within[rule.entry] = conditions.last ?? nil
            case .skipped: continue
            }
        }
        return within
    }

    func clientTraits(key: String) -> [Trait] {
        if let network = IPNetwork(octets: key) {
            let isSingle = network.prefix == network.address.width
            return addressTraits(network, "clients in \(isSingle ? key : network.description)") { _ in true }
        }
        if key.contains(":") || Self.isFirstGroup(key) {
            guard let address = Self.addressOfIPv6(beginning: key), !host.isTrusted(address) else {
                return []
            }
            return [
                Trait(
                    change: .client(Client(address: address, name: Stranger.name)),
                    who: "clients in \(Self.networkOfIPv6(beginning: key))")
            ]
        }
        return nameTraits(key)
    }

    /// A client with an address in the network that nobody vouched for, for which `isRight` holds.
    /// - Parameter others: more addresses to try, as far as they are in the network.
    func addressTraits(
        _ network: IPNetwork, _ who: String, _ others: [IPAddress] = [], where isRight: (IPAddress) -> Bool
    ) -> [Trait] {
        guard !host.isTrusted(network) else { return [] }
        func isUsable(_ address: IPAddress) -> Bool {
            address.isPossibleClient && !host.isTrusted(address) && isRight(address)
        }
        let beside = host.gaps.address(in: network).map { [$0] } ?? []
        // There may be a hundred thousand networks: what is spread over one is made where the usual ones do not do.
        let first =
            (beside + usualAddresses(in: network)).first(where: isUsable)
            ?? (spreadAddresses(in: network) + others.filter(network.contains)).first(where: isUsable)
        guard let first else { return [] }
        // A pattern may refuse the part of the network that the first one is in.
        let second = host.hasPatterns ? candidates(in: network).last { $0 != first && isUsable($0) } : nil
        return [first, second].compactMap(\.self).map {
            Trait(change: .client(Client(address: $0, name: Stranger.name)), who: who)
        }
    }

    private func candidates(in network: IPNetwork) -> [IPAddress] {
        usualAddresses(in: network) + spreadAddresses(in: network)
    }

    private func usualAddresses(in network: IPNetwork) -> [IPAddress] {
        network.prefix < network.address.width
            ? Stranger.addresses.filter(network.contains) : [network.first]
    }

    /// The first ones are near the ends of the block, where hosts are.
    private func spreadAddresses(in network: IPNetwork) -> [IPAddress] {
        guard network.prefix < network.address.width else { return [] }
        let seeds: [UInt64] = [77, 2, 1, 0]
        return (0..<24).map { index in
            let seed = index < seeds.count ? seeds[index] : UInt64(index) &* 0x9e37_79b9_7f4a_7c15
            switch network.first {
            case .v4(let bits):
                let mask = network.prefix == 0 ? UInt32.max : UInt32.max >> UInt32(network.prefix)
                return .v4(bits | (UInt32(truncatingIfNeeded: index < 4 ? seed : seed >> 16) & mask))
            case .v6(let high, let low):
                let lowMask = network.prefix >= 64 ? UInt64.max >> UInt64(network.prefix - 64) : .max
                let highMask = network.prefix >= 64 ? 0 : UInt64.max >> UInt64(network.prefix)
                return .v6(high: high | (index < 4 ? 0 : seed & highMask), low: low | (seed & lowMask))
            }
        }
    }

    /// A client with a verified name; a name of the host's own domain is its administrator's to give.
    func nameTraits(_ key: String) -> [Trait] {
        let name = key.hasPrefix(".") ? "x7q" + key : key
        guard isHostName(name), !resolver.isOwn(name: name), !isLocalName(name) else { return [] }
        let who =
            name == "unknown" ? "clients without a verified name" : "clients whose verified name is in \(key)"
        return [Trait(change: .name(name), who: who)]
    }

    private func clientTraits(_ pattern: Pattern, _ table: LookupTable, _ entry: Int) -> [Trait] {
        let samples = texts(pattern, table, entry, filling: [[], Stranger.domain.bytes])
        let names = samples.flatMap(nameVariants) + ["unknown"]
        let name = telling(names, table, entry) {
            isHostName($0) && !resolver.isOwn(name: $0) && !isLocalName($0)
        }
        let key = table.entries[entry].key
        // One of the two may be what another rule refuses.
        let match = samples.flatMap(addressVariants).first {
            !host.isTrusted($0) && gives(table, $0.description, entry)
        }
        let what = match == nil ? "verified name" : name == nil ? "address" : "address or verified name"
        let who = "clients whose \(what) matches \(key)"
        let named = name.map { Trait(change: .name($0), who: who) }
        let addressed = match.map {
            Trait(change: .client(Client(address: $0, name: Stranger.name)), who: who)
        }
        return [named, addressed].compactMap(\.self)
    }

    /// Names that a stranger could have and that hold the text.
    func nameVariants(_ text: String) -> [String] {
        let core = text.folded.trimmingDots
        return [
            "\(text).\(Stranger.domain)", "mail.\(core).\(Stranger.domain)", "not\(core)",
            "\(core).\(Stranger.domain)", "x7q.\(core)", core, "x7q\(text)", "\(text)\(Stranger.domain)",
            "x7q-\(core)-x7q.\(Stranger.domain)",
        ]
    }

    /// Whether the text is what is left of a public IPv6 address when all but its first group is taken off.
    private static func isFirstGroup(_ text: String) -> Bool {
        guard text.utf8.count == 4, let group = UInt16(text, radix: 16) else { return false }
        return (0x2000...0x3fff).contains(group)
    }

    /// - Parameter text: an address, or its first groups.
    private static func addressOfIPv6(beginning text: String) -> IPAddress? {
        let groups = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard groups.count < 8 || text.hasSuffix(":"), !text.contains("::") else { return IPAddress(text) }
        let written = groups.filter { !$0.isEmpty }
        guard written.count <= 8 else { return nil }
        return IPAddress((written + Array(repeating: "77", count: 8 - written.count)).joined(separator: ":"))
    }

    /// What a key that is the first groups of addresses stands for (access(5)), as a network; an address as it is.
    private static func networkOfIPv6(beginning text: String) -> String {
        let groups = text.split(separator: ":").count
        guard !text.contains("::"), groups < 8 else { return text }
        return "\(text.hasSuffix(":") ? String(text.dropLast()) : text)::/\(groups * 16)"
    }

    private func addressVariants(_ text: String) -> [IPAddress] {
        if text.contains(":") {
            return [IPAddress(text), Self.addressOfIPv6(beginning: text)].compactMap(\.self)
        }
        let parts = text.split { $0 == "." }.map(String.init)
        guard !parts.isEmpty, parts.count <= 4, parts.allSatisfy({ Int($0).map { $0 < 256 } ?? false }) else {
            return [IPAddress(text)].compactMap { $0 }
        }
        let missing = Array(repeating: "77", count: 4 - parts.count)
        return [parts + missing, missing + parts].compactMap { IPAddress($0.joined(separator: ".")) }
    }
}

extension IPAddress {
    /// Whether a client can connect from the address: it is no network of all, no multicast group, and not IPv4
    /// in the clothes of IPv6, which Postfix sees as IPv4.
    fileprivate var isPossibleClient: Bool {
        switch self {
        case .v4(let bits): bits >> 24 != 0 && bits >> 24 < 224
        case .v6(let high, let low):
            !(high == 0 && (low >> 32 == 0xffff || low == 0)) && high >> 56 != 0xff
        }
    }
}
