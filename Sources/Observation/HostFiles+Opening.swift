import Glibc
import MailModel

extension HostFiles {
    /// An open regular file, read at any place.
    struct OpenRegularFile: ~Copyable {
        fileprivate let descriptor: Int32
        let size: Int
        let owner: Int
        let mode: UInt32
        /// Microseconds since 1970.
        let modified: Int64

        deinit { close(descriptor) }

        /// So many bytes from an offset on, fewer at the end of the file or where it cannot be read.
        func read(_ offset: Int, _ count: Int) -> [UInt8] { bytes(of: descriptor, offset, count) }

        /// The same as a function, which must not outlive the file.
        func withReading<Value>(_ body: (@escaping (Int, Int) -> [UInt8]) -> Value) -> Value {
            let descriptor = descriptor
            return body { bytes(of: descriptor, $0, $1) }
        }
    }

    /// - Returns: `nil` where there is no regular file that can be read, with the error number in `errno`.
    func opened(_ path: String) -> OpenRegularFile? {
        // Not through a link: the queue belongs to a user who is not root.
        let descriptor = open(
            prefix + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            errno = EINVAL
            return nil
        }
        return OpenRegularFile(
            descriptor: descriptor, size: Int(status.st_size), owner: Int(status.st_uid),
            mode: status.st_mode,
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000)
    }

    /// Whether a program has a named pipe open for reading. Nothing is written to it.
    /// - Returns: `nil` where it cannot be told.
    func hasReader(_ path: String) -> Bool? {
        let descriptor = open(prefix + path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)
        guard descriptor >= 0 else { return errno == ENXIO ? false : nil }
        defer { close(descriptor) }
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO ? true : nil
    }

    /// The size of a file, and when it was made: a message's file is made when it comes in, and its other times
    /// say when it is to be tried again. Where the file system does not know, the time of the last change.
    func birth(of path: String) -> (size: Int, born: Timestamp)? {
        guard let call = statxCall else { return nil }
        var record = [UInt64](repeating: 0, count: 32)
        guard
            record.withUnsafeMutableBytes({ call(AT_FDCWD, prefix + path, 0x100, 0xe02, $0.baseAddress) })
                == 0
        else { return nil }
        // struct statx (statx(2)): the mask, then stx_size, stx_btime and stx_mtime by their offsets in words of eight.
        let hasBirth = record[0] & 0x800 != 0 && record[10] != 0
        return (
            Int(record[5]),
            Timestamp(seconds: Int64(bitPattern: hasBirth ? record[10] : record[14]))
        )
    }
}

private func bytes(of descriptor: Int32, _ offset: Int, _ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        var got = 0
        repeat {
            got = pread(descriptor, buffer.baseAddress, count, off_t(offset))
        } while got < 0 && errno == EINTR
        filled = max(got, 0)
    }
}

private typealias StatxCall =
    @convention(c) @Sendable (CInt, UnsafePointer<CChar>, CInt, CUnsignedInt, UnsafeMutableRawPointer?) ->
    CInt

/// glibc has it since 2.28; its Swift module leaves it out.
private let statxCall = dlsym(nil, "statx").map { unsafeBitCast($0, to: StatxCall.self) }
