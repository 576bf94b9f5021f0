internal import Glibc
package import MailModel
internal import SystemPackage

/// Refuses a file that others than root could have written, when this runs as root.
///
/// Looked at are the file, each directory on the way to it, and each symbolic link followed.
/// A directory with the sticky bit counts as safe when what is passed in it belongs to root.
/// - Throws: ``ExitStatus/invalid`` with the command that closes the hole; ``ExitStatus/failed`` when
///   the path cannot be followed.
package func requireTrustedFile(_ path: String) throws(Failure) {
    guard geteuid() == 0 else { return }
    let found = try attempt("\(path) cannot be read", at: path) { () throws(Errno) in
        let walk = try PathWalk.to(path)
        guard let last = try status(of: walk.name, in: walk.directory) else {
            throw .noSuchFileOrDirectory
        }
        return (steps: walk.steps, file: PathWalk.Step(path: walk.path, status: last, container: nil))
    }
    for step in found.steps + [found.file] where step.container == nil {
        let remedy = try attempt("the rights on \(step.path) cannot be read", at: step.path) {
            () throws(Errno) in try step.wayToClose()
        }
        if let remedy {
            throw Failure(
                .invalid, "\(path) is not trusted: others than root may write to \(step.path)",
                remedy: remedy)
        }
    }
    for link in found.steps where link.container != nil && link.status.st_uid != 0 {
        throw Failure(
            .invalid, "\(path) is not trusted: the symbolic link \(link.path) does not belong to root",
            remedy: "chown -h root: \(link.path)")
    }
}

/// Refuses a file with a secret in it that others may read or could have written. What comes through a pipe is in no file.
/// - Throws: As ``requireTrustedFile(_:)`` does.
package func requireSecretFile(_ path: String) throws(Failure) {
    let status = try attempt("\(path) cannot be read", at: path) { () throws(Errno) in
        var status = stat()
        try retrying { stat(path, &status) }
        return status
    }
    if status.kind == S_IFREG { try requireTrustedFile(path) }
    if status.belongsToOthers {
        throw Failure(
            .invalid, "\(path) is not trusted: it belongs to another user", remedy: "chown root: \(path)")
    }
    let groupReads = status.st_mode & S_IRGRP != 0 && status.st_gid != 0 && status.st_gid != getegid()
    guard status.st_mode & S_IROTH == 0, !groupReads else {
        throw Failure(
            .invalid, "\(path) is no secret: others may read it",
            remedy: "Make a new secret, since this one may be known, and keep it closed: chmod go-rwx \(path)"
        )
    }
}

extension PathWalk.Step {
    /// The command that takes the right to write away from others; `nil` when they have none.
    fileprivate func wayToClose() throws(Errno) -> String? {
        if status.st_uid != 0 { return "chown root: \(path)" }
        guard !status.isStickyDirectory else { return nil }
        if status.othersMayWrite { return "chmod go-w \(path)" }
        return try status.hasAccessListForOthers(at: path) ? "setfacl -b \(path)" : nil
    }
}

extension stat {
    var isStickyDirectory: Bool { kind == S_IFDIR && st_mode & S_ISVTX != 0 }

    /// Whether the mode lets somebody write who is neither root nor the user of this process; for an
    /// ACL see ``hasAccessListForOthers(at:)``.
    var othersMayWrite: Bool {
        st_mode & S_IWOTH != 0 || st_mode & S_IWGRP != 0 && st_gid != 0 && st_gid != getegid()
    }

    var belongsToOthers: Bool { st_uid != 0 && st_uid != geteuid() }

    /// Whether an ACL names a user or a group, other than root and the one of this process, that may write.
    func hasAccessListForOthers(at path: String) throws(Errno) -> Bool {
        // With an ACL the group's bits are its mask (acl(5)), without which nobody named in it may write.
        guard st_mode & S_IWGRP != 0,
            let list = try LinuxCalls.attribute("system.posix_acl_access", ofPath: path)
        else { return false }
        // linux/posix_acl_xattr.h, all little-endian: a version of four bytes, then entries of tag and rights,
        // two bytes each, and an id of four.
        return stride(from: 4, to: list.count - 7, by: 8).contains { start in
            let id = (4..<8).reduce(UInt32(0)) { $0 | UInt32(list[start + $1]) << (8 * ($1 - 4)) }
            let mayWrite = list[start + 2] & 2 != 0
            return switch list[start] {
            case 0x02: mayWrite && id != 0 && id != geteuid()
            case 0x08: mayWrite && id != 0 && id != getegid()
            default: false
            }
        }
    }
}
