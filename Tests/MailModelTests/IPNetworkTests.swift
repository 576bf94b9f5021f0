import Fixtures
import MailModel
import Testing

@Suite("A network")
struct IPNetworkTests {
    @Test(
        "is read with its prefix, as files and Plesk write it",
        arguments: [
            ("127.0.0.1/8", "127.0.0.1/8"), ("127.0.0.1 / 8", "127.0.0.1/8"), ("192.0.2.1", "192.0.2.1/32"),
            ("::1", "::1/128"), ("2001:db8::/32", "2001:db8::/32"), ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ])
    func reading(_ text: String, _ shown: String) {
        #expect(IPNetwork(text)?.description == shown)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "/8", "1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/8/8",
            "1.2.3.4/x",
            "1.2.3.4/255.0.0.0", "[::1]/128", "1.2.3.4/0008", "1.2.3.0/٨",
        ])
    func notANetwork(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test("is equal to another one of the same addresses, whatever its host bits")
    func equality() {
        #expect(IPNetwork("127.0.0.1/8") == IPNetwork("127.0.0.0/8"))
        #expect(IPNetwork("127.0.0.1/8") != IPNetwork("127.0.0.1/9"))
        #expect(IPNetwork("0.0.0.0/0") != IPNetwork("::/0"))
        #expect(Set(["10.9.9.9/8", "10.0.0.0/8", "10.0.0.0/9"].compactMap { IPNetwork($0) }).count == 2)
    }

    @Test(
        "holds what lies inside it",
        arguments: [
            ("127.0.0.1/8", "127.0.0.1/32", true), ("127.0.0.1/8", "127.0.0.0/8", true),
            ("127.0.0.1/8", "126.0.0.0/7", false), ("127.0.0.1/8", "128.0.0.0/8", false),
            ("0.0.0.0/0", "203.0.113.7", true), ("0.0.0.0/0", "::1", false), ("::/0", "127.0.0.1", false),
            ("2001:db8::/32", "2001:db8:ffff::/48", true), ("2001:db8::/32", "2001:db9::/48", false),
            ("::/64", "::ffff:ffff:ffff:ffff", true), ("::/65", "::8000:0:0:0", false),
            ("::1/128", "::1", true),
        ])
    func containment(_ outer: String, _ inner: String, _ holds: Bool) throws {
        let outer = try #require(IPNetwork(outer))
        let inner = try #require(IPNetwork(inner))
        #expect(outer.contains(inner) == holds)
        #expect(outer.overlaps(inner) == (holds || inner.contains(outer)))
        #expect(outer.overlaps(inner) == inner.overlaps(outer))
    }

    @Test("holds exactly the addresses from its first to its last", arguments: UInt64(1)...10)
    func bounds(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let bits = UInt32.random(in: .min ... .max, using: &random)
            let prefix = Int.random(in: 1...32, using: &random)
            let network = try #require(IPNetwork(.v4(bits), prefix: prefix))
            let size = UInt64(1) << UInt64(32 - prefix)
            let first = UInt64(bits) / size * size
            #expect(network.first == .v4(UInt32(first)))
            #expect(network.contains(.v4(bits)))
            #expect(network.contains(.v4(UInt32(first + size - 1))))
            if first > 0 { #expect(!network.contains(.v4(UInt32(first - 1)))) }
            if first + size <= UInt64(UInt32.max) { #expect(!network.contains(.v4(UInt32(first + size)))) }
            #expect(IPNetwork(network.description) == network)
        }
    }

    @Test(
        "is the host itself, or is not",
        arguments: [
            ("127.0.0.1/8", true), ("127.0.0.0/7", false), ("126.0.0.0/7", false), ("127.9.0.0/16", true),
            ("::1/128", true), ("::/127", false), ("10.0.0.0/8", false), ("0.0.0.0/0", false),
        ])
    func loopback(_ text: String, _ isLoopback: Bool) {
        #expect(IPNetwork(text)?.isLoopback == isLoopback)
    }
}
