internal import MailModel
internal import Probing

/// The addresses of a point-to-point link between the host and a network namespace.
///
/// The namespace's side is a stranger's: TEST-NET-2 (RFC 5737) and the documentation prefix of IPv6
/// (RFC 3849). The host's side is from another block, so that an MTA which trusts the networks of its own
/// interfaces (Postfix `mynetworks_style = subnet` or `class`) does not trust the namespace with them.
struct NamespaceAddresses: Hashable, Sendable, Codable {
    struct Pair: Hashable, Sendable, Codable {
        var host: IPAddress
        var vantage: IPAddress
    }

    var v4: Pair
    /// `nil` on a host without IPv6.
    var v6: Pair?
    /// More addresses of the namespace, in networks that rules on clients may treat otherwise.
    var others: [ProbeRequest.NetworkAddress] = []

    /// Chooses addresses that nothing on this host uses.
    /// - Parameters:
    ///   - taken: every network that an interface or a route names, default routes excepted, and all that
    ///     must not be asked from.
    ///   - seed: where the search begins, so that two runs at one time do not meet.
    /// - Returns: `nil` when everything is taken.
    init?(taken: [IPNetwork], hasIPv6: Bool, seed: Int) {
        let isFree = { (address: IPAddress) in !taken.contains { $0.contains(address) } }
        let offsets = (0..<200).map { UInt32(($0 + seed % 200 + 200) % 200 + 20) }
        let hosts: [UInt32] = [0xc000_0200, 0xcb00_7100, 0xc612_0000]
        guard let vantage = offsets.map({ IPAddress.v4(0xc633_6400 | $0) }).first(where: isFree),
            let host = hosts.flatMap({ block in offsets.map { IPAddress.v4(block | $0) } }).first(
                where: isFree)
        else { return nil }
        v4 = Pair(host: host, vantage: vantage)
        guard hasIPv6 else { return }
        // 2001:db8:ffff:N::25 for the vantage, 2001:db8:fffe:N::1 for the host.
        let far = offsets.map { IPAddress.v6(high: 0x2001_0db8_ffff_0000 | UInt64($0), low: 0x25) }
        let near = offsets.map { IPAddress.v6(high: 0x2001_0db8_fffe_0000 | UInt64($0), low: 1) }
        guard let vantage = far.first(where: isFree), let host = near.first(where: isFree) else { return }
        v6 = Pair(host: host, vantage: vantage)
    }

    /// The networks that `ip -o route show table all` names: its first word, or the second after a type.
    static func networks(inRoutes text: String) -> [IPNetwork] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").prefix(2)
            return words.lazy.compactMap { IPNetwork($0) }.first
        }.filter { $0.prefix > 0 }
    }

    /// The routing tables that `ip -o rule show` sends packets to, but for the two that every host has.
    ///
    /// A host with several addresses often answers from each by a table of its own (ip-rule(8)).
    static func tables(inRules text: String) -> [String] {
        text.split(separator: "\n").reduce(into: []) { found, line in
            let words = line.split(separator: " ")
            guard let mark = words.firstIndex(of: "lookup"), mark + 1 < words.count,
                case let table = String(words[mark + 1]), !["local", "main"].contains(table),
                // An l3mdev rule names no table.
                table.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"[]".utf8.contains($0) }),
                !found.contains(table)
            else { return }
            found.append(table)
        }
    }
}
