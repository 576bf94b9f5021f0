import Glibc
import Synchronization
import Testing

/// Takes connections and says nothing on them, for as long as it is there.
final class Silent: Sendable {
    private let descriptor: Mutex<Int32>
    let port: Int

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, length) == 0 && listen(descriptor, 100) == 0
                    && getsockname(descriptor, name, &length) == 0
            }
        }
        self.descriptor = Mutex(descriptor)
        port = Int(UInt16(bigEndian: name.sin_port))
        try #require(bound)
    }

    /// Resets the connections that it has, and takes no more.
    func hangUp() {
        descriptor.withLock { descriptor in
            close(descriptor)
            descriptor = -1
        }
    }

    deinit { hangUp() }
}
