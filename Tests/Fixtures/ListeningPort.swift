import Foundation
import Glibc
import Synchronization

/// A TCP port of the loopback, for as long as it is there, at which nobody says anything: the kernel takes connections,
/// as many as wait in its queue.
package final class ListeningPort: Sendable {
    private let open: Mutex<Int32>
    package let port: Int

    /// - Parameters:
    ///   - address: of IPv4, as a number.
    ///   - backlog: how many may wait beside one (listen(2)).
    /// - Throws: `POSIXError` when there is no such port.
    package init(on address: UInt32 = 0x7f00_0001, backlog: Int32 = 100) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = address.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, length) == 0 && listen(descriptor, backlog) == 0
                    && getsockname(descriptor, name, &length) == 0
            }
        }
        guard listens else {
            let code = POSIXErrorCode(rawValue: errno) ?? .EIO
            close(descriptor)
            throw POSIXError(code)
        }
        open = Mutex(descriptor)
        port = Int(UInt16(bigEndian: name.sin_port))
    }

    /// For who accepts connections himself.
    package var descriptor: Int32 { open.withLock { $0 } }

    /// Resets the connections that wait, and takes no more.
    package func hangUp() {
        open.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    deinit { hangUp() }
}
