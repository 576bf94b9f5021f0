/// What a file is beside its bytes: owner, rights, times and extended attributes.
///
/// POSIX ACLs and the SELinux label are extended attributes (xattr(7)) and carried as the bytes that the
/// kernel gives. `security.ima` and `security.evm` are left out: they sign the bytes and the kernel makes them anew.
package struct FileMetadata: Hashable, Sendable, Codable {
    /// Number of the user.
    package var owner: UInt32
    /// Number of the group.
    package var group: UInt32
    /// Permission bits with set-user-ID, set-group-ID and sticky: `0o644`.
    package var mode: UInt16
    package var modified: FileTime
    /// Extended attributes by their full names: `security.selinux`, `system.posix_acl_access`, `user.note`.
    package var attributes: [String: [UInt8]]

    package init(
        owner: UInt32, group: UInt32, mode: UInt16, modified: FileTime = FileTime(seconds: 0, nanoseconds: 0),
        attributes: [String: [UInt8]] = [:]
    ) {
        self.owner = owner
        self.group = group
        self.mode = mode
        self.modified = modified
        self.attributes = attributes
    }

    /// Whether two files differ in nothing but the time of their last change.
    package func isSameExceptTime(as other: FileMetadata) -> Bool {
        var copy = other
        copy.modified = modified
        return self == copy
    }
}

/// A time stamp of a file, to the nanosecond as the file system keeps it.
package struct FileTime: Hashable, Sendable, Codable {
    /// Since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    package var nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}
