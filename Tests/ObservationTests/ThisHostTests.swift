import Fixtures
import Glibc
import MailModel
import Testing

@testable import Observation

/// What needs no fixture: a socket that the test itself opens.
@Suite("The host that the tests run on")
struct ThisHostTests {
    @Test("A socket of this process is found with its address, process and program")
    func ownSocket() throws {
        let server = try ListeningPort()
        let listeners = try #require(observeListeners(ports: [server.port], in: HostFiles(root: "/")).value)
        let own = try #require(listeners.first { $0.processID == Int(getpid()) })
        #expect(own.address == IPAddress("127.0.0.1"))
        #expect(own.executable == HostFiles(root: "/").link("/proc/self/exe"))
    }

    @Test("Each address of the host comes once")
    func interfaces() throws {
        let networks = try #require(interfaceNetworks())
        #expect(Set(networks.map(\.description)).count == networks.count)
        #expect(!networks.contains { $0.address.isUnspecified })
    }
}
