import MailModel
import Probing
import Testing

@testable import Serving

@Suite("Quotas")
struct QuotasTests {
    private let client = IPAddress.v4(0xc633_6407)
    private let other = IPAddress.v4(0xcb00_714d)

    @Test("A client gets so many at once, and another one is not kept waiting by it")
    func atOnce() {
        var quotas = Quotas(QuotaLimits(atOncePerClient: 2, hourlyPerClient: 100, running: 10, waiting: 0))
        #expect(quotas.admit(client, at: .zero) == nil)
        #expect(quotas.admit(client, at: .zero) == nil)
        #expect(quotas.admit(client, at: .zero) == .client)
        #expect(quotas.admit(other, at: .zero) == nil)
        quotas.leave(client)
        #expect(quotas.admit(client, at: .zero) == nil)
    }

    @Test("A client gets so many an hour, and they come back with time")
    func hourly() {
        var quotas = Quotas(QuotaLimits(atOncePerClient: 9, hourlyPerClient: 60, running: 10, waiting: 0))
        for _ in 0..<60 {
            #expect(quotas.admit(client, at: .zero) == nil)
            quotas.leave(client)
        }
        #expect(quotas.admit(client, at: .seconds(30)) == .client)
        #expect(quotas.admit(client, at: .seconds(60)) == nil)
        #expect(quotas.admit(client, at: .seconds(60)) == .client)
    }

    @Test("In all there are so many that run and wait")
    func total() {
        var quotas = Quotas(QuotaLimits(atOncePerClient: 9, hourlyPerClient: 60, running: 2, waiting: 1))
        for _ in 0..<3 { #expect(quotas.admit(client, at: .zero) == nil) }
        #expect(quotas.admit(other, at: .zero) == .total)
        quotas.leave(client)
        #expect(quotas.admit(other, at: .zero) == nil)
    }

    @Test("Whoever has one IPv6 address has its network")
    func networks() {
        var quotas = Quotas(QuotaLimits(atOncePerClient: 1, hourlyPerClient: 60, running: 9, waiting: 9))
        #expect(quotas.admit(.v6(high: 0x2001_0db8_0000_0000, low: 1), at: .zero) == nil)
        #expect(quotas.admit(.v6(high: 0x2001_0db8_0000_0000, low: 2), at: .zero) == .client)
        #expect(quotas.admit(.v6(high: 0x2001_0db8_0000_0001, low: 1), at: .zero) == nil)
    }
}

@Suite("Bearer tokens")
struct BearerTokensTests {
    @Test("Each token of the file lets in, and nothing else does")
    func accepted() throws {
        let tokens = try BearerTokens(parsing: "# who\n0123456789abcdef\n\n  fedcba9876543210\n")
        #expect(tokens.accept("Bearer 0123456789abcdef"))
        #expect(tokens.accept("bearer fedcba9876543210"))
        for wrong in [
            nil, "", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "0123456789abcdef",
            "Basic 0123456789abcdef", "Bearer # who",
        ] {
            #expect(!tokens.accept(wrong))
        }
    }

    @Test(
        "A file without a token, or with one that could be guessed, is refused",
        arguments: ["", "# none\n", "short\n", "0123456789abcdef and more\n", "0123456789abcd\u{e9}f\n"])
    func refused(text: String) {
        #expect(throws: Failure.self) { try BearerTokens(parsing: text) }
    }
}

@Suite("Turns")
struct TurnsTests {
    @Test("No more than so many work at once, and all of them get their turn")
    func bounded() async {
        let turns = Turns(3)
        let counts = Counts()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await turns.take {
                        await counts.enter()
                        await Task.yield()
                        await counts.leave()
                    }
                }
            }
        }
        #expect(await counts.done == 50)
        #expect(await counts.most <= 3)
    }

    private actor Counts {
        private var now = 0
        private(set) var most = 0
        private(set) var done = 0

        func enter() {
            now += 1
            most = max(most, now)
        }

        func leave() {
            now -= 1
            done += 1
        }
    }
}
