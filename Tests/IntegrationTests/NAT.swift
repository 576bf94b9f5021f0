import Foundation
import Testing

extension Lab {
    /// Gives the host a private address, and has what is sent to its public one handed on to that, as clouds do.
    func behindNAT(_ body: () throws -> Void) throws {
        try control("add", "nftables")
        let card = try host("cat", "/sys/class/net/eth0/address").output
            .trimmingCharacters(in: .newlines)
        let way = try outside(["ip", "-o", "route", "get", "203.0.113.10"]).output
        let words = way.split(separator: " ").map(String.init)
        let link = try #require(words.firstIndex(of: "dev").map { words[$0 + 1] }, "\(way)")
        defer {
            _ = try? host(
                "/bin/sh", "-c",
                "nft flush ruleset; ip addr add 203.0.113.10/24 dev eth0; ip addr del 10.9.9.9/32 dev eth0"
            )
            _ = try? outside(["ip", "neigh", "del", "203.0.113.10", "dev", link])
        }
        let made = try host(
            "/bin/sh", "-ec",
            """
            nft -f - <<'RULES'
            table ip nat {
                chain in { type nat hook prerouting priority -100; ip daddr 203.0.113.10 dnat to 10.9.9.9; }
                chain out { type nat hook postrouting priority 100; ip saddr 10.9.9.9 snat to 203.0.113.10; }
            }
            RULES
            ip addr add 10.9.9.9/32 dev eth0
            ip addr del 203.0.113.10/24 dev eth0
            ip route add 203.0.113.0/24 dev eth0 src 10.9.9.9
            ip route add 198.51.100.0/24 dev eth0 src 10.9.9.9
            """)
        try #require(made.status == 0, "\(made.errorOutput)")
        // Nobody has the public address, so that nobody answers for it.
        try outside(
            ["ip", "neigh", "replace", "203.0.113.10", "lladdr", card, "dev", link, "nud", "permanent"])
        try body()
    }
}
