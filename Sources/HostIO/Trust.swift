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
        if let remedy = step.wayToClose {
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

extension PathWalk.Step {
    /// The command that takes the right to write away from others; `nil` when they have none.
    fileprivate var wayToClose: String? {
        if status.st_uid != 0 { return "chown root: \(path)" }
        guard status.othersMayWrite, !status.isStickyDirectory else { return nil }
        return "chmod go-w \(path)"
    }
}

extension stat {
    var isStickyDirectory: Bool { kind == S_IFDIR && st_mode & S_ISVTX != 0 }

    /// Whether the mode lets somebody write who is neither root nor the user of this process. An ACL
    /// that does shows in the group's bits, since they are its mask (acl(5)).
    var othersMayWrite: Bool {
        st_mode & S_IWOTH != 0 || st_mode & S_IWGRP != 0 && st_gid != 0 && st_gid != getegid()
    }

    var belongsToOthers: Bool { st_uid != 0 && st_uid != geteuid() }
}
