import Fixtures
import Glibc

/// A directory of the test's own that holds a host's files under their own names.
final class HostDirectory: Sendable {
    private let temporary: TemporaryDirectory
    var root: String { temporary.path }

    init() throws { temporary = try TemporaryDirectory() }

    struct SystemProblem: Error {
        var code: Int32
    }

    /// Writes a file, with the directories above it.
    func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
        try write(path, bytes: Array(text.utf8), mode: mode)
    }

    func write(_ path: String, bytes: [UInt8], mode: mode_t = 0o644) throws {
        try directory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
        let descriptor = open(root + path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw SystemProblem(code: errno) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemProblem(code: errno)
        }
    }

    func program(_ path: String) throws { try write(path, "#!/bin/false\n", mode: 0o755) }

    func directory(_ path: String) throws {
        var made = root
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw SystemProblem(code: errno) }
        }
    }

    func link(_ path: String, to target: String) throws {
        try directory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
        guard symlink(target, root + path) == 0 else { throw SystemProblem(code: errno) }
    }

    func move(_ path: String, to other: String) throws {
        guard rename(root + path, root + other) == 0 else { throw SystemProblem(code: errno) }
    }
}

extension HostDirectory {
    func pipe(_ path: String) throws {
        guard mkfifo(root + path, 0o600) == 0 else { throw SystemProblem(code: errno) }
    }

    /// Listens at a socket of the file system, until the descriptor is closed; the file stays.
    func listen(_ path: String) throws -> Int32 {
        try directory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array((root + path).utf8)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            throw SystemProblem(code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let isBound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, Glibc.listen(socket, 5) == 0 else { throw SystemProblem(code: errno) }
        return socket
    }
}
