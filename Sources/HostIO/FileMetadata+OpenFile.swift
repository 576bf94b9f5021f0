internal import Glibc
internal import SystemPackage

extension OpenFile {
    /// Reads what goes with an open file.
    func metadata() throws(Errno) -> FileMetadata {
        let status = try status()
        return FileMetadata(
            owner: status.st_uid, group: status.st_gid, mode: status.permissions,
            modified: FileTime(
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec)),
            attributes: try attributes())
    }

    /// Gives an open file of ours the wanted metadata, in the order in which no call undoes another:
    /// chown(2) clears set-user-ID and capabilities, chmod(2) rewrites the mask of an ACL.
    func apply(_ wanted: FileMetadata, _ time: ModificationTime) throws(Errno) {
        let status = try status()
        let number = descriptor.rawValue
        if status.st_uid != wanted.owner || status.st_gid != wanted.group {
            try check(Int(fchown(number, wanted.owner, wanted.group)))
        }
        let present = try attributes()
        for name in present.keys where wanted.attributes[name] == nil && !name.hasPrefix("security.") {
            try LinuxCalls.removeAttribute(name, of: descriptor)
        }
        try check(Int(fchmod(number, mode_t(wanted.mode))))
        for (name, value) in wanted.attributes where present[name] != value {
            try LinuxCalls.setAttribute(name, to: value, of: descriptor)
        }
        guard time == .restored else { return }
        let moment = timespec(
            tv_sec: Int(wanted.modified.seconds), tv_nsec: Int(wanted.modified.nanoseconds))
        try check(Int(futimens(number, [moment, moment])))
    }

    /// Whether the file now is as wanted; labels that the system gave it on its own are no difference.
    func carries(_ wanted: FileMetadata) throws(Errno) -> Bool {
        var present = try metadata()
        present.attributes = present.attributes.filter {
            !$0.key.hasPrefix("security.") || wanted.attributes[$0.key] != nil
        }
        return present.isSameExceptTime(as: wanted)
    }

    private func attributes() throws(Errno) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try attributeNames() where name != "security.ima" && name != "security.evm" {
            do throws(Errno) {
                found[name] = try LinuxCalls.attribute(name, of: descriptor)
            } catch {
                // Somebody took it away since the names were listed.
                guard error == .noData else { throw error }
            }
        }
        return found
    }

    private func attributeNames() throws(Errno) -> [String] {
        do throws(Errno) {
            return try LinuxCalls.attributeNames(descriptor)
        } catch {
            guard error == .notSupported else { throw error }
            return []
        }
    }
}
