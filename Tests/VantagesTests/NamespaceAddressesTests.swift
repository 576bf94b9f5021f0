import MailModel
import Testing

@testable import Vantages

@Suite("Addresses of the namespace")
struct NamespaceAddressesTests {
    /// Printed by `ip -o route show table all` of iproute2 6.1 on a host with both families.
    private static let routes = """
        default via 192.0.2.1 dev eth0\u{20}
        192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2\u{20}
        local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\u{20}
        broadcast 192.0.2.255 dev eth0 table local proto kernel scope link src 192.0.2.2\u{20}
        fd00::/64 dev eth0 proto kernel metric 256 pref medium
        default via fd00::1 dev eth0 metric 1024 pref medium
        multicast ff00::/8 dev eth0 table local proto kernel metric 256 pref medium
        unreachable 10.0.0.0/8 dev lo metric 1
        """

    @Test("Every network that a route names is taken, the default route is not")
    func routes() {
        #expect(
            NamespaceAddresses.networks(inRoutes: Self.routes).map(\.description) == [
                "192.0.2.0/24", "127.0.0.0/8", "192.0.2.255/32", "fd00::/64", "ff00::/8", "10.0.0.0/8",
            ])
    }

    @Test(
        "The vantage stands in TEST-NET-2, and the host's side in another block that is free",
        arguments: [0, 1, 199, 4_194_303])
    func chosen(seed: Int) throws {
        let taken = NamespaceAddresses.networks(inRoutes: Self.routes)
        let addresses = try #require(NamespaceAddresses(taken: taken, hasIPv6: true, seed: seed))
        let v6 = try #require(addresses.v6)
        #expect(IPNetwork("198.51.100.0/24")?.contains(addresses.v4.vantage) == true)
        #expect(IPNetwork("203.0.113.0/24")?.contains(addresses.v4.host) == true)
        #expect(IPNetwork("2001:db8::/32")?.contains(v6.vantage) == true)
        // A host that trusts its interfaces' /48 must not trust the vantage with it.
        #expect(v6.vantage.masked(to: 48) != v6.host.masked(to: 48))
    }

    @Test("What is taken is avoided, and when all is taken there is none")
    func taken() throws {
        let half = try #require(IPNetwork("198.51.100.0/25"))
        let addresses = try #require(NamespaceAddresses(taken: [half], hasIPv6: false, seed: 0))
        #expect(!half.contains(addresses.v4.vantage))
        #expect(addresses.v6 == nil)
        let all = try #require(IPNetwork("198.51.100.0/24"))
        #expect(NamespaceAddresses(taken: [all], hasIPv6: true, seed: 0) == nil)
    }

    /// Printed by `ip -o rule show` of iproute2 6.1.
    private static let rules = """
        0:\tfrom all lookup local
        90:\tfrom 203.0.113.10 lookup 90
        91:\tfrom 203.0.113.11 fwmark 0x1 lookup second
        92:\tfrom 203.0.113.12 lookup 90 suppress_prefixlength 0
        1000:\tfrom all lookup [l3mdev-table]
        2000:\tfrom 192.0.2.0/24 prohibit
        32766:\tfrom all lookup main
        32767:\tfrom all lookup default
        """

    @Test("The tables that rules lead to are known, each once")
    func tables() {
        #expect(NamespaceAddresses.tables(inRules: Self.rules) == ["90", "second", "default"])
        #expect(NamespaceAddresses.tables(inRules: "") == [])
    }
}
