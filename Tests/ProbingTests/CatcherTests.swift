import Glibc
import MailModel
import Testing

@testable import Probing

/// What the catcher does for whoever connects, on a port of a test's own.
@Suite("Catcher on the network", .serialized)
struct CatcherTests {
    private static let vantage = IPAddress.v4(0x7f00_0001)

    /// One connection to the catcher, from an address of loopback.
    private final class Client {
        private let descriptor: Int32
        /// Whether it was greeted, and not sent away.
        private(set) var isGreeted = false

        init(to port: Int, from source: UInt32) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var patience = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            try #require(Self.named(source, 0) { bind(descriptor, $0, $1) } == 0)
            try #require(Self.named(0x7f00_0001, port) { connect(descriptor, $0, $1) } == 0)
            var byte: UInt8 = 0
            isGreeted = recv(descriptor, &byte, 1, 0) == 1
        }

        deinit { close(descriptor) }

        private static func named(
            _ address: UInt32, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
        ) -> Int32 {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = UInt16(port).bigEndian
            name.sin_addr.s_addr = address.bigEndian
            return withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    private func with(_ catcher: Catcher, _ body: (_ port: Int) async throws -> Void) async throws {
        for port in (20_000..<60_000).shuffled().prefix(20) where await catcher.start(port: port) {
            do { try await body(port) } catch {
                await catcher.stop()
                throw error
            }
            return await catcher.stop()
        }
        Issue.record("no port is free")
    }

    @Test("One client has so many connections and no more, and another one is served beside it")
    func perClient() async throws {
        let catcher = Catcher(vantage: [Self.vantage], others: [], connectionLimit: 100)
        try await with(catcher) { port in
            var clients = try (0..<Catcher.clientLimit).map { _ in try Client(to: port, from: 0x7f00_0002) }
            #expect(clients.filter(\.isGreeted).count == clients.count)
            let (one, other) = try (
                Client(to: port, from: 0x7f00_0002), Client(to: port, from: 0x7f00_0003)
            )
            #expect(!one.isGreeted)
            #expect(other.isGreeted)
            // Who leaves makes room; the catcher has seen it once it is at its end of the connection.
            clients.removeAll()
            let end = ContinuousClock.now + .seconds(10)
            var isServedAgain = false
            while !isServedAgain, ContinuousClock.now < end {
                isServedAgain = try Client(to: port, from: 0x7f00_0002).isGreeted
            }
            #expect(isServedAgain)
        }
    }

    @Test("All clients together have so many connections and no more")
    func inAll() async throws {
        let catcher = Catcher(vantage: [Self.vantage], others: [], connectionLimit: 3)
        try await with(catcher) { port in
            let clients = try (2..<5).map { try Client(to: port, from: 0x7f00_0000 | $0) }
            #expect(clients.filter(\.isGreeted).count == clients.count)
            let last = try Client(to: port, from: 0x7f00_0009)
            withExtendedLifetime(clients) { #expect(!last.isGreeted) }
        }
    }
}
