internal import Content
internal import Glibc
package import MailModel
internal import SystemPackage

/// The names of the files that a write makes beside its target, and what a later run may do with them.
enum LeftoverName: Equatable {
    /// New content, possibly half-written; nobody else's.
    case draft
    /// Complete new content before the exchange, what the exchange displaced after it.
    case parked(target: String, new: String, old: String)

    static let draftPrefix = ".agent-draft."
    static let parkedPrefix = ".agent-parked."

    static func draft() -> String { draftPrefix + randomDigits() }

    /// - Parameter new: `nil` when the target is being removed.
    static func parked(_ target: String, new: [UInt8]?, old: [UInt8]) -> String {
        let digests = [new.map(short) ?? "none", short(old), randomDigits()]
        return parkedPrefix + ([target] + digests).joined(separator: ".")
    }

    /// - Returns: `nil` for every other file.
    init?(_ name: String) {
        if name.hasPrefix(LeftoverName.draftPrefix) {
            self = .draft
            return
        }
        guard name.hasPrefix(LeftoverName.parkedPrefix) else { return nil }
        let parts = name.dropFirst(LeftoverName.parkedPrefix.count)
            .split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 4 else { return nil }
        let target = parts.dropLast(3).joined(separator: ".")
        self = .parked(
            target: target, new: String(parts[parts.count - 3]), old: String(parts[parts.count - 2]))
    }

    /// Enough of the digest to tell contents apart, little enough for a file name.
    static func short(_ bytes: [UInt8]) -> String { String(sha256(bytes).prefix(32)) }

    private static func randomDigits() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Removes what a killed run left beside the files it was writing, and gives back what it had displaced.
///
/// Only for the holder of the run lock: a write that is under way looks the same. A file that holds
/// neither the old nor the new content of its write is somebody else's change; it gets its name back
/// when that still holds our content, and else stays.
/// - Returns: The paths that stay and that a person must look at.
/// - Throws: When the directory cannot be read or written.
package func removeLeftovers(in directory: String) throws(Failure) -> [String] {
    var kept: [String] = []
    var isTouched = false
    for name in try names(in: directory) {
        guard let leftover = LeftoverName(name) else { continue }
        let place = try FilePlace.of(join(directory, name))
        let isSettled = try place.step { () throws(Errno) in
            try place.settle(leftover)
        }
        if !isSettled { kept.append(place.path) }
        isTouched = true
    }
    if isTouched { try FilePlace.of(join(directory, LeftoverName.draft())).synchronize() }
    return kept
}

extension FilePlace {
    /// - Returns: Whether nothing is left of it.
    fileprivate func settle(_ leftover: LeftoverName) throws(Errno) -> Bool {
        switch leftover {
        case .draft:
            unlink(name)
            return true
        case .parked(let target, let new, let old):
            let holds = try digest(of: name)
            if holds == new || holds == old {
                unlink(name)
                return true
            }
            return try giveBack(to: target, from: new)
        }
    }

    private func giveBack(to target: String, from new: String) throws(Errno) -> Bool {
        let present = try digest(of: target)
        if new == "none", present == nil {
            try LinuxCalls.rename(name, to: target, in: directory, .keepingTheOther)
            return true
        }
        guard present == new else { return false }
        try LinuxCalls.rename(name, to: target, in: directory, .exchange)
        guard try digest(of: name) == new else { return false }
        unlink(name)
        return true
    }

    /// - Returns: `nil` when there is no such file or it is not a regular one.
    private func digest(of name: String) throws(Errno) -> String? {
        guard let found = try status(of: name, in: directory), found.kind == S_IFREG else { return nil }
        let file = try OpenFile(name, in: directory, O_RDONLY | O_NONBLOCK)
        return try file.contents(limit: Int.max).map(LeftoverName.short)
    }
}

/// The names in a directory, sorted, without `.` and `..`.
private func names(in directory: String) throws(Failure) -> [String] {
    try attempt("\(directory) cannot be listed", at: directory) { () throws(Errno) in
        guard let stream = opendir(directory) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}
