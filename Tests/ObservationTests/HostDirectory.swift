import Glibc

/// A temporary directory that holds a host's files under their own names; it goes when the scope ends.
struct HostDirectory: ~Copyable {
    let root: String

    init() throws {
        var template = Array("/tmp/observation-XXXXXX".utf8CString)
        guard
            let made = template.withUnsafeMutableBufferPointer({ buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            })
        else { throw SystemProblem(code: errno) }
        root = made
    }

    deinit { removeTree(root) }

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

private func removeTree(_ path: String) {
    guard let directory = opendir(path) else {
        unlink(path)
        return
    }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    closedir(directory)
    for name in names where name != "." && name != ".." {
        var status = stat()
        let child = "\(path)/\(name)"
        if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            removeTree(child)
        } else {
            unlink(child)
        }
    }
    rmdir(path)
}

extension HostDirectory {
    func pipe(_ path: String) throws {
        guard mkfifo(root + path, 0o600) == 0 else { throw SystemProblem(code: errno) }
    }
}
