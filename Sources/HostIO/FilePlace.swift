internal import Glibc
internal import MailModel
internal import SystemPackage

/// Where a file is or will be: a name in an open directory, after the checks that make it fit to be written.
struct FilePlace: ~Copyable {
    /// As it was named, for messages.
    let named: String
    let directoryPath: String
    let name: String
    let directory: OpenFile

    /// Absolute, every symbolic link followed.
    var path: String { join(directoryPath, name) }

    /// - Throws: When the directory is missing, on a read-only mount, or writable by everybody, or when
    ///   a symbolic link on the way could have been set by somebody else.
    static func of(_ path: String) throws(Failure) -> FilePlace {
        let walk = try attempt("\(path) was not changed", at: path) { () throws(Errno) in
            try PathWalk.to(path)
        }
        try refuseUntrusted(walk.steps, path)
        return try attempt("\(path) was not changed", at: path) { () throws(Errno) in
            let directory = try OpenFile(".", in: walk.directory, O_RDONLY | O_DIRECTORY)
            var mount = statvfs()
            try retrying { fstatvfs(directory.descriptor.rawValue, &mount) }
            guard mount.f_flag & UInt(ST_RDONLY) == 0 else { throw .readOnlyFileSystem }
            return FilePlace(
                named: path, directoryPath: walk.directoryPath, name: walk.name, directory: directory)
        }
    }

    private static func refuseUntrusted(_ steps: [PathWalk.Step], _ path: String) throws(Failure) {
        for step in steps {
            if let container = step.container {
                let linkIsSafe = !step.status.belongsToOthers
                let container = (status: container, path: parent(step.path))
                let hasListForOthers = try attempt("\(path) was not changed", at: container.path) {
                    () throws(Errno) in
                    try container.status.hasAccessListForOthers(at: container.path)
                }
                let directoryIsSafe =
                    !container.status.belongsToOthers && !container.status.othersMayWrite
                    && !hasListForOthers
                if directoryIsSafe || linkIsSafe && container.status.isStickyDirectory { continue }
                throw Failure(
                    .failed,
                    "\(path) was not changed: \(step.path) is a symbolic link where others may write",
                    remedy: "Name the file itself, or take the right to write away: "
                        + "\(hasListForOthers ? "setfacl -b" : "chmod go-w") \(container.path)")
            }
            guard step.status.st_mode & S_IWOTH != 0, !step.status.isStickyDirectory else { continue }
            throw Failure(
                .failed, "\(path) was not changed: everybody may write to the directory \(step.path)",
                remedy: "chmod o-w \(step.path)")
        }
    }

    /// The file as it is now, when a write may replace it.
    /// - Returns: `nil` when there is no such file.
    /// - Throws: When it is not a regular file, has more names, is immutable or append-only, or is a
    ///   mount point of its own.
    func target() throws(Failure) -> OpenFile? {
        let found = try attempt("\(named) was not changed", at: path) { () throws(Errno) in
            try status(of: name, in: directory)
        }
        guard let found else { return nil }
        // Opening a device or a pipe can do things by itself.
        guard found.kind == S_IFREG else {
            throw refusal("it is not a regular file", "See what it is: `ls -ld \(path)`.")
        }
        let file = try attempt("\(named) was not changed", at: path) { () throws(Errno) in
            try OpenFile(name, in: directory, O_RDONLY | O_NONBLOCK)
        }
        let unfit = try attempt("\(named) was not changed", at: path) { () throws(Errno) in
            try unfitness(of: file)
        }
        if let unfit { throw unfit }
        return file
    }

    private func unfitness(of file: borrowing OpenFile) throws(Errno) -> Failure? {
        let status = try file.status()
        guard status.kind == S_IFREG else {
            return refusal("it is not a regular file", "See what it is: `ls -ld \(path)`.")
        }
        guard status.st_nlink > 0 else { return stale("somebody else changed it at the same moment") }
        guard status.st_nlink == 1 else {
            return refusal(
                "it has \(status.st_nlink) names (hard links), and the others would keep the old content",
                "Find them with `find / -xdev -samefile \(path)` and keep one.")
        }
        let flags = file.flags()
        guard !flags.contains(.immutable), !flags.contains(.appendOnly) else {
            let letter = flags.contains(.immutable) ? "i" : "a"
            let word = flags.contains(.immutable) ? "immutable" : "append-only"
            return refusal(
                "somebody made it \(word)",
                "Ask who did and why; `chattr -\(letter) \(path)` makes it writable again.")
        }
        let mount = file.mountNumber()
        guard mount == nil || mount == directory.mountNumber() else {
            return refusal(
                "it is a mount point of its own (a bind mount)",
                "Change the file that is mounted there, or unmount it: `findmnt \(path)`.")
        }
        return nil
    }

    func refusal(_ reason: String, _ remedy: String?) -> Failure {
        Failure(.failed, "\(named) was not changed: \(reason)", remedy: remedy)
    }

    /// Refuses a write because the file is not what the plan saw.
    func stale(_ reason: String) -> Failure {
        Failure(
            .stale, "\(named) was not changed: \(reason)",
            remedy: "Look at the file, then plan again.")
    }

    /// Waits until the disk has the names in the directory.
    func synchronize() throws(Failure) {
        try attempt("\(named) was written, but may not survive a loss of power", at: path) {
            () throws(Errno) in try directory.synchronize()
        }
    }
}

/// Attributes of an inode that forbid writing (ioctl_iflags(2)).
struct InodeFlags: OptionSet {
    let rawValue: Int
    static let immutable = InodeFlags(rawValue: 0x10)
    static let appendOnly = InodeFlags(rawValue: 0x20)
}

extension OpenFile {
    /// Empty where the file system has no such attributes.
    func flags() -> InodeFlags {
        var flags = 0
        // FS_IOC_GETFLAGS of linux/fs.h, the same on x86-64 and arm64.
        guard ioctl(descriptor.rawValue, 0x8008_6601, &flags) == 0 else { return [] }
        return InodeFlags(rawValue: flags)
    }

    /// The mount that the file was reached through (proc_pid_fdinfo(5)).
    /// - Returns: `nil` when /proc does not tell.
    func mountNumber() -> Int? {
        let lines = try? OpenFile(path: "/proc/self/fdinfo/\(descriptor.rawValue)", O_RDONLY)
            .contents(limit: 4096)
        let fields = String(decoding: (lines ?? nil) ?? [], as: UTF8.self).split(separator: "\n")
        let field = fields.first { $0.hasPrefix("mnt_id:") }
        return field.flatMap { Int($0.dropFirst(7).drop { $0.isWhitespace }) }
    }
}
