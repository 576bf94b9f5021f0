import MailModel
import Testing

@Suite("IPv4-mapped IPv6 networks")
struct MappedNetworkTests {
    @Test(
        "Debian's own mynetworks entry for the loopback is the loopback",
        arguments: ["::ffff:127.0.0.0/104", "::ffff:127.0.0.1/128", "127.0.0.0/8", "::1/128"])
    func loopback(text: String) throws {
        #expect(try #require(IPNetwork(text)).isLoopback)
    }

    @Test(
        "What is wider than the loopback is not",
        arguments: [
            "::ffff:127.0.0.0/103", "::ffff:0.0.0.0/96", "126.0.0.0/7", "::/127", "::ffff:10.0.0.1/128",
        ])
    func wider(text: String) throws {
        #expect(try !#require(IPNetwork(text)).isLoopback)
    }

    @Test("They hold, and are held by, the IPv4 networks that they stand for")
    func containment() throws {
        let mapped = try #require(IPNetwork("::ffff:203.0.113.0/120"))
        let plain = try #require(IPNetwork("203.0.113.0/24"))
        #expect(plain.contains(mapped) && mapped.contains(plain))
        #expect(plain.contains(try #require(IPAddress("::ffff:203.0.113.9"))))
        #expect(!plain.contains(try #require(IPNetwork("::ffff:203.0.112.0/119"))))
        #expect(!plain.contains(try #require(IPNetwork("2001:db8::/32"))))
        #expect(try #require(IPNetwork("::/32")).contains(mapped))
    }
}
