import Glibc

/// Where the mail log is: Plesk's old name, Red Hat's, Debian's (plesk.md; often links to one another).
package func mailLogPath(_ instruments: Instruments) -> String? {
    ["/var/log/mail.log", "/var/log/maillog", "/usr/local/psa/var/log/maillog"]
        .first { instruments.files.isRegular($0) }
}

/// What was taken from a log last, where it lies beside it as it was: `mail.log.1`, `maillog-20261124`, Plesk's
/// `maillog.processed`. Compressed ones are left alone.
package func rotatedLogPath(of path: String, _ instruments: Instruments) -> String? {
    let path = instruments.files.resolved(path) ?? path
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let directory = path[..<slash]
    let name = path[path.index(after: slash)...]
    var newest: (path: String, modified: Int64)?
    _ = instruments.files.forEachEntry(of: String(directory)) { entry in
        let rest = entry.name.dropFirst(name.count)
        guard !entry.isDirectory, entry.name.hasPrefix(name), let first = rest.first, ".-".contains(first),
            ![".gz", ".xz", ".bz2", ".zst", ".lzma"].contains(where: rest.hasSuffix),
            let file = instruments.files.opened("\(directory)/\(entry.name)")
        else { return }
        if file.modified > newest?.modified ?? .min { newest = ("\(directory)/\(entry.name)", file.modified) }
    }
    return newest?.path
}

/// Reads a log line by line, in memory that does not grow with it.
///
/// Lines are read up to where the log ended when the reading began; a line longer than 64 KiB is cut there.
/// - Parameters:
///   - progress: Gets the bytes read and the size of the log, after every MiB.
///   - body: Gets each line without its end.
/// - Returns: The size of the log, and why it was not read whole, as a sentence without a full stop.
package func readMailLog(
    _ path: String, _ instruments: Instruments, progress: (Int, Int) -> Void,
    _ body: (ArraySlice<UInt8>) -> Void
) -> (size: Int, problem: String?) {
    let path = instruments.files.resolved(path) ?? path
    guard let file = instruments.files.opened(path) else {
        return (0, "\(path) cannot be read: \(errorText(errno))")
    }
    var offset = 0
    var rest: [UInt8] = []
    while offset < file.size {
        let chunk = rest + file.read(offset, min(1 << 20, file.size - offset))
        offset += chunk.count - rest.count
        guard chunk.count > rest.count else { return (file.size, "\(path) was cut short while it was read") }
        var start = 0
        while let end = chunk[start...].firstIndex(of: 0x0a) {
            body(chunk[start..<end])
            start = end + 1
        }
        rest = Array(chunk[start...].prefix(1 << 16))
        progress(offset, file.size)
    }
    return (file.size, nil)
}

/// Names of the host's users by number (passwd(5)).
package func userNames(_ instruments: Instruments) -> [Int: String] {
    var names: [Int: String] = [:]
    for line in instruments.files.text("/etc/passwd")?.split(whereSeparator: \.isNewline) ?? [] {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count > 2, let number = Int(fields[2]), names[number] == nil else { continue }
        names[number] = String(fields[0])
    }
    return names
}
