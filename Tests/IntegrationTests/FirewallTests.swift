import Foundation
import Testing

extension OnARealHost {
    /// The host's own vantage beside real nftables and iptables, routing rules, a bridge and settings of the kernel.
    @Suite("Firewall and routing of the host")
    struct Firewalls {
        private static let clear = """
            nft flush ruleset
            for family in -4 -6; do
                ip $family rule show | grep -q '^90:' && ip $family rule del pref 90
                ip $family route flush table 90 2>/dev/null
            done
            ip link del br-test 2>/dev/null
            sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.proxy_arp=0 net.ipv4.conf.all.rp_filter=0
            sysctl -qw net.ipv6.conf.default.disable_ipv6=0
            true
            """

        /// Everything but counters: packets of the probe count as anybody's do.
        private static let show = """
            nft --stateless list ruleset
            for save in iptables-save ip6tables-save; do
                $save | sed -e '/^#/d' -e 's/^\\(:.*\\) \\[.*/\\1/'
            done
            ip -o link; ip -o addr; bridge link
            for family in -4 -6; do ip $family rule show; ip $family route show table all; done
            sysctl -a --pattern '^net\\.' 2>/dev/null | grep -v '^net.netfilter.nf_conntrack_count '
            """

        /// A host on which each of these has work to do, and none keeps strangers from its mail ports.
        private static let furnish = """
            sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.proxy_arp=1 net.ipv4.conf.all.rp_filter=1
            sysctl -qw net.ipv6.conf.default.disable_ipv6=1
            ip link add br-test type bridge; ip addr add 192.168.77.1/24 dev br-test; ip link set br-test up
            ip rule add pref 90 from 203.0.113.10 lookup 90
            ip route add default via 203.0.113.77 table 90
            ip -6 rule add pref 90 from 2001:db8:113::10 lookup 90
            ip -6 route add default via 2001:db8:113::77 table 90
            nft -f - <<'RULES'
            table inet guard {
                set banned { type ipv4_addr; flags interval; elements = { 192.0.2.0/25 } }
                chain input {
                    type filter hook input priority 0; policy drop;
                    iif "lo" accept
                    ct state established,related counter accept
                    ip saddr @banned counter drop
                    meta l4proto ipv6-icmp accept
                    tcp dport { 25, 465, 587 } counter accept
                }
                chain output { type filter hook output priority 0; policy accept; tcp dport 25 counter; }
            }
            RULES
            for program in iptables ip6tables; do
                $program -A INPUT -p tcp --dport 25 -m comment --comment 'mail' -j ACCEPT
                $program -A FORWARD -i br-test -j DROP
            done
            iptables -t nat -A POSTROUTING -s 192.168.77.0/24 -j MASQUERADE
            """

        /// Runs `body` on a pristine host with the programs of a firewall, and takes all of it away.
        private func with(_ script: String, _ body: (Lab) throws -> Void) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("add", "nftables", "iptables")
            try lab.host("/bin/sh", "-c", Self.clear)
            defer { _ = try? lab.host("/bin/sh", "-c", Self.clear) }
            let made = try lab.host("/bin/sh", "-ec", script)
            try #require(made.status == 0, "\(made.errorOutput)")
            try body(lab)
        }

        private func shown(_ lab: Lab) throws -> String {
            let run = try lab.host("/bin/sh", "-c", Self.show)
            try #require(run.output.contains("lo: <LOOPBACK"), "\(run.errorOutput)")
            return run.output
        }

        @Test("Rules, routes, interfaces and settings are as before, and the host is judged through them")
        func leftAsFound() throws {
            try with(Self.furnish) { lab in
                let before = try shown(lab)
                try #require(before.contains("policy drop") && before.contains("-j MASQUERADE"))
                try #require(before.contains("from 203.0.113.10 lookup 90"))
                let run = try lab.agent("probe", "--format", "json")
                #expect(run.status == 0, "\(run.output)\(run.errorOutput)")
                let endpoints = try #require(try run.json()["endpoints"] as? [[String: Any]])
                let addresses = Set(endpoints.compactMap { $0["address"] as? String })
                #expect(addresses == ["192.168.77.1", "203.0.113.10", "2001:db8:113::10"])
                #expect(endpoints.allSatisfy { $0["verdict"] as? String == "closed" }, "\(run.output)")
                #expect(try shown(lab) == before)
            }
        }

        @Test("They are so after SIGKILL too, and after the run that follows it")
        func killed() throws {
            try with(Self.furnish) { lab in
                let before = try shown(lab)
                let killed = try lab.host(
                    "/bin/sh", "-c",
                    """
                    agent probe >/dev/null 2>&1 & agent=$!
                    tries=0
                    until ip -o link | grep -q agp- || [ $tries -gt 2000 ]; do tries=$((tries + 1)); done
                    ip -o link | grep -q agp- || exit 1
                    kill -9 $agent
                    tries=0
                    while ip -o link | grep -q agp-; do
                        tries=$((tries + 1))
                        [ $tries -lt 5000 ] || exit 2
                    done
                    """)
                #expect(killed.status == 0, "\(killed.output)\(killed.errorOutput)")
                #expect(try shown(lab) == before)
                #expect(try lab.agent("probe").status == 0)
                #expect(try shown(lab) == before)
            }
        }

        private static let drop = """
            nft -f - <<'RULES'
            table inet guard {
                chain input {
                    type filter hook input priority 0; policy drop;
                    iif "lo" accept
                    ct state established,related accept
                    meta l4proto ipv6-icmp accept
                    RULE
                }
            }
            RULES
            """

        @Test(
            "A firewall that keeps the vantage out is named, and closes nothing",
            arguments: [
                ("iifname \"eth0\" tcp dport { 25, 465, 587 } accept", "unreachable", "no answer within 5 s"),
                ("tcp dport 22 accept", "unreachable", "no answer within 5 s"),
                ("iifname \"eth0\" tcp dport 25 accept; tcp dport { 465, 587 } accept", "inconclusive", ""),
                ("meta l4proto tcp reject with tcp reset", "unreachable", "connection refused"),
                // The kernel has a word for each family.
                ("reject with icmpx admin-prohibited", "unreachable", ""),
            ])
        func keptOut(rule: String, verdict: String, reason: String) throws {
            try with(Self.drop.replacingOccurrences(of: "RULE", with: rule)) { lab in
                let rules = try lab.host("nft", "list", "ruleset").output
                let run = try lab.agent("probe", "--format", "json")
                #expect(run.status == 5, "\(run.output)\(run.errorOutput)")
                let report = try run.json()
                #expect(report["verdict"] as? String == verdict)
                let endpoints = try #require(report["endpoints"] as? [[String: Any]])
                for endpoint in endpoints where endpoint["port"] as? Int == 25 {
                    let said = endpoint["reason"] as? String ?? ""
                    #expect(said.hasPrefix(reason), "\(said)")
                    #expect(said.hasSuffix("this host's firewall or routing keeps the vantage out"))
                }
                let note = (report["from"] as? [String: Any])?["note"] as? String ?? ""
                #expect(note.contains("ask from another machine"), "\(note)")
                #expect(!run.output.contains("broken:"))
                #expect(try lab.host("nft", "list", "ruleset").output == rules)
            }
        }

        @Test("A port that the firewall keeps for itself is said so beside the verdict on the others")
        func oneKeptOut() throws {
            try with(Self.drop.replacingOccurrences(of: "RULE", with: "tcp dport { 25, 465 } accept")) {
                lab in
                let run = try lab.agent("probe")
                #expect(run.status == 0, "\(run.output)\(run.errorOutput)")
                #expect(run.output.contains("✓ closed"))
                #expect(run.output.contains("firewall or routing keeps the vantage out"), "\(run.output)")
            }
        }

        @Test("A probe beside another one asks this host, and not what the other has put on it")
        func besideAnother() throws {
            let lab = try Lab.required()
            try lab.reset()
            let run = try lab.host(
                "/bin/bash", "-c",
                """
                agent probe >/root/first & first=$!
                tries=0
                until ip -o address show | grep -q 'agp-.* 192.0.2' || [ $tries -gt 2000 ]; do tries=$((tries + 1)); done
                agent probe --format json; second=$?
                wait $first || { cat /root/first >&2; exit 99; }
                exit $second
                """)
            #expect(run.status == 0, "\(run.output)\(run.errorOutput)")
            let endpoints = try #require(try run.json()["endpoints"] as? [[String: Any]])
            let addresses = Set(endpoints.compactMap { $0["address"] as? String })
            #expect(addresses == ["203.0.113.10", "2001:db8:113::10"])
        }
    }
}
