import Foundation
import Glibc

/// A directory of the test's own, removed with all that is in it at the end.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// - Throws: `POSIXError` when none can be made.
    package init() throws {
        var template = Array("/tmp/agent-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        guard made != nil else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of what has a name in it.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}
