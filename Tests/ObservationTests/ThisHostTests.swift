import Glibc
import MailModel
import Testing

@testable import Observation

/// What needs no fixture: a socket that the test itself opens.
@Suite("The host that the tests run on")
struct ThisHostTests {
    @Test("A socket of this process is found with its address, process and program")
    func ownSocket() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                bind(descriptor, general, size) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, general, &size) == 0
            }
        }
        try #require(bound)
        let port = Int(UInt16(bigEndian: address.sin_port))
        let listeners = try #require(observeListeners(ports: [port], in: HostFiles(root: "/")).value)
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
