import Glibc
import MailModel

/// A directory of our own that files are written to, each under a name that is not taken.
struct ExportDirectory {
    private let path: String

    /// - Throws: When it cannot be made, or is there and not empty.
    init(_ path: String) throws(Failure) {
        self.path = path
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw failure(path, errno) }
        guard let listing = opendir(path) else { throw failure(path, errno) }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let isSelf = withUnsafeBytes(of: entry.pointee.d_name) { name in
                name.starts(with: [0x2E, 0]) || name.starts(with: [0x2E, 0x2E, 0])
            }
            guard isSelf else {
                throw Failure(
                    .failed, "nothing was exported: \(path) is not empty",
                    remedy: "Name a directory that is not there yet.")
            }
        }
        // Others may not even look: the files can hold passwords.
        guard chmod(path, 0o700) == 0 else { throw failure(path, errno) }
    }

    /// Writes a file that survives a power loss, with its metadata as far as the rights of this process go.
    /// - Parameter name: Relative; directories in it are made.
    func write(_ name: String, _ bytes: [UInt8], _ metadata: KeptMetadata?) throws(Failure) {
        try makeDirectories(above: name)
        let target = "\(path)/\(name)"
        let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(target, errno) }
        defer { close(file) }
        guard writeAll(bytes, to: file) else { throw failure(target, errno) }
        if let metadata { apply(metadata, to: file) }
        guard fsync(file) == 0 else { throw failure(target, errno) }
    }

    private func makeDirectories(above name: String) throws(Failure) {
        var made = path
        for part in name.split(separator: "/").dropLast() {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw failure(made, errno) }
        }
    }
}

private func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
        let count = bytes.withUnsafeBytes {
            Glibc.write(file, $0.baseAddress?.advanced(by: done), $0.count - done)
        }
        if count < 0, errno != EINTR { return false }
        done += max(count, 0)
    }
    return true
}

/// Chown first, since it takes set-user-ID away; what is not permitted is in the index.
private func apply(_ metadata: KeptMetadata, to file: Int32) {
    let isOwned = fchown(file, metadata.owner, metadata.group) == 0 || metadata.owner == geteuid()
    // A program that would run with the rights of another user is not made by accident.
    fchmod(file, mode_t(isOwned ? metadata.mode : metadata.mode & 0o777))
    for (name, value) in metadata.attributes {
        _ = setAttributeCall?(file, name, value, value.count, 0)
    }
    let moment = timespec(
        tv_sec: Int(metadata.modified.seconds), tv_nsec: Int(metadata.modified.nanoseconds))
    futimens(file, [moment, moment])
}

/// The Swift module of the C library leaves it out (setxattr(2)).
private let setAttributeCall = dlsym(nil, "fsetxattr").map {
    unsafeBitCast(
        $0,
        to: (@convention(c) @Sendable (Int32, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32) -> Int32)
            .self)
}

private func failure(_ path: String, _ number: Int32) -> Failure {
    Failure(
        .failed, "the export to \(path) could not be written",
        detail: "\(String(cString: strerror(number))).",
        remedy: number == ENOSPC ? "Name a directory with more room: `df \(path)`." : nil)
}
