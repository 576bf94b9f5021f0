import Fixtures
import MailModel
import Testing

@Suite("An IP address")
struct IPAddressTests {
    @Test(
        "is shown in its canonical form",
        arguments: [
            ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("192.0.2.1", "192.0.2.1"),
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::ffff:192.0.2.1", "::ffff:c000:201"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("0001:002:03:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ])
    func canonicalForm(_ text: String, _ canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", " ", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4 ", "1.2.3.0004", "010.0.0.1",
            "1.2.3.00",
            "0x1.2.3.4", "1.2.3.4/32", "[::1]", "::1%lo", ":::", "1:::2", "::1::2", ":1", "1:",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::",
            "1:2:3:4:5:6:7:1.2.3.4", "١.٢.٣.٤", "::\u{301}1", "+1.2.3.4", "::-1", "::ffff:010.0.0.1",
        ])
    func notAnAddress(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("is the same after it was shown and read", arguments: UInt64(1)...20)
    func roundTrip(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let v4 = IPAddress.v4(UInt32.random(in: .min ... .max, using: &random))
            #expect(IPAddress(v4.description) == v4)
            // Words that are often zero, so that every place of the `::` comes up.
            let words = (0..<8).map { _ in
                Bool.random(using: &random) ? 0 : UInt64.random(in: 0...0xffff, using: &random)
            }
            let v6 = IPAddress.v6(
                high: words[0..<4].reduce(0) { $0 << 16 | $1 }, low: words[4...].reduce(0) { $0 << 16 | $1 })
            #expect(IPAddress(v6.description) == v6)
        }
    }

    @Test(
        "knows the host itself and every address of it",
        arguments: [
            ("127.0.0.1", true, false), ("127.255.0.9", true, false), ("128.0.0.1", false, false),
            ("::1", true, false), ("::2", false, false), ("0.0.0.0", false, true), ("::", false, true),
        ])
    func kinds(_ text: String, _ isLoopback: Bool, _ isUnspecified: Bool) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isLoopback == isLoopback)
        #expect(address.isUnspecified == isUnspecified)
    }

    @Test(
        "keeps as many bits as the prefix says, and no more",
        arguments: ["255.255.255.255", String(repeating: "ffff:", count: 7) + "ffff"])
    func masks(_ text: String) throws {
        let address = try #require(IPAddress(text))
        for prefix in 0...address.width {
            let bits =
                switch address.masked(to: prefix) {
                case .v4(let bits): bits.nonzeroBitCount
                case .v6(let high, let low): high.nonzeroBitCount + low.nonzeroBitCount
                }
            #expect(bits == prefix)
            #expect(address.masked(to: prefix).masked(to: prefix) == address.masked(to: prefix))
        }
    }
}
