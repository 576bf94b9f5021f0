import MailModel

/// A line `include FILE` or `includedir DIRECTORY` of a file of xinetd (xinetd.conf(5)).
package struct XinetdInclusion: Hashable, Sendable {
    /// The file that has the line, and its number from 1.
    package var file: String
    package var line: Int
    package var path: String
    package var isDirectory: Bool

    /// Those of one file.
    package static func all(in bytes: [UInt8], of file: String) -> [XinetdInclusion] {
        let lines = Lines(bytes)
        return lines.lines.enumerated().compactMap { index, line in
            let words = words(of: line, number: index + 1).map(\.text)
            guard words.count > 1, ["include", "includedir"].contains(words[0]), words[1].hasPrefix("/")
            else { return nil }
            let path = words[1].hasSuffix("/") && words[1] != "/" ? String(words[1].dropLast()) : words[1]
            return XinetdInclusion(
                file: file, line: index + 1, path: path, isDirectory: words[0] == "includedir")
        }
    }

    /// Whether xinetd reads a file of that name in a directory: not with a dot, nor with a tilde at the end.
    package static func isRead(_ name: String) -> Bool {
        !name.contains(".") && !name.hasSuffix("~") && !name.contains("/")
    }
}

extension QmailConfiguration {
    /// Everything that xinetd reads beside `/etc/xinetd.conf`, but for its usual directory.
    package var xinetdInclusions: [XinetdInclusion] {
        var found: [XinetdInclusion] = []
        var pending = ["/etc/xinetd.conf"]
        var seen: Set<String> = []
        while let path = pending.popLast() {
            guard seen.insert(path).inserted, let bytes = files[path]?.bytes else { continue }
            for inclusion in XinetdInclusion.all(in: bytes, of: path) where inclusion.path != "/etc/xinetd.d"
            {
                found.append(inclusion)
                pending += inclusion.isDirectory ? xinetdFiles(in: inclusion.path) : [inclusion.path]
            }
        }
        return found
    }

    /// The paths of the files that xinetd reads: its own, those of its usual directory, and what they include.
    var xinetdPaths: [String] {
        let included = xinetdInclusions.flatMap { $0.isDirectory ? xinetdFiles(in: $0.path) : [$0.path] }
        let all = ["/etc/xinetd.conf"] + xinetdFiles(in: "/etc/xinetd.d") + included
        return Set(all).filter { files[$0] != nil }.sorted()
    }

    func isXinetd(_ path: String) -> Bool { path.hasPrefix("/etc/xinetd") || xinetdPaths.contains(path) }

    private func xinetdFiles(in directory: String) -> [String] {
        files.keys.filter { path in
            path.hasPrefix(directory + "/")
                && XinetdInclusion.isRead(String(path.dropFirst(directory.utf8.count + 1)))
        }
    }
}
