internal import Glibc
internal import SystemPackage

/// A path followed name by name from the root, so that what was looked at is what is opened.
///
/// It ends in an open directory and the last name in it, every symbolic link resolved; that last name
/// may be missing. What was passed on the way is kept, for questions about trust.
struct PathWalk: ~Copyable {
    /// A directory or a symbolic link on the way.
    struct Step {
        let path: String
        let status: stat
        /// Of the directory that the link is in; `nil` for a directory.
        let container: stat?
    }

    private(set) var directory: OpenFile
    private(set) var directoryPath: String
    private(set) var name: String
    private(set) var steps: [Step]

    var path: String { join(directoryPath, name) }

    /// - Parameter path: Absolute, or relative to the working directory.
    /// - Throws: The error number of open(2): a directory on the way is missing or not one, there are
    ///   more than 40 links, or a part may not be entered.
    static func to(_ path: String) throws(Errno) -> PathWalk {
        let pending = try PathWalk.names(PathWalk.absolute(path))
        let root = try OpenFile(path: "/", O_DIRECTORY | OpenFile.forWalking)
        let first = Step(path: "/", status: try root.status(), container: nil)
        var walk = PathWalk(directory: root, directoryPath: "/", name: "", steps: [first])
        try walk.walk(pending)
        guard !walk.name.isEmpty else { throw .isDirectory }
        return walk
    }

    private mutating func walk(_ names: [String]) throws(Errno) {
        var pending = names
        var links = 0
        while let next = pending.popLast() {
            if next == ".." {
                try enter("..")
            } else if let found = try status(of: next, in: directory), found.kind == S_IFLNK {
                links += 1
                guard links <= 40 else { throw .tooManySymbolicLinkLevels }
                try follow(next, found, &pending)
            } else if pending.isEmpty {
                name = next
            } else {
                try enter(next)
            }
        }
    }

    private mutating func enter(_ next: String) throws(Errno) {
        directory = try OpenFile(next, in: directory, O_DIRECTORY | OpenFile.forWalking)
        // No link is left in the path so far, so its text can be cut.
        directoryPath = next == ".." ? parent(directoryPath) : join(directoryPath, next)
        steps.append(Step(path: directoryPath, status: try directory.status(), container: nil))
    }

    private mutating func follow(
        _ link: String, _ found: stat, _ pending: inout [String]
    ) throws(Errno) {
        steps.append(
            Step(path: join(directoryPath, link), status: found, container: try directory.status()))
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = try check(
            readlinkat(directory.descriptor.rawValue, link, &buffer, buffer.count))
        let target = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if target.hasPrefix("/") {
            directory = try OpenFile(path: "/", O_DIRECTORY | OpenFile.forWalking)
            directoryPath = "/"
        }
        pending += try PathWalk.names(target)
    }

    /// The parts of a path, the last one first.
    private static func names(_ path: String) throws(Errno) -> [String] {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .noSuchFileOrDirectory }
        return path.split(separator: "/").map(String.init).filter { $0 != "." }.reversed()
    }

    private static func absolute(_ path: String) throws(Errno) -> String {
        guard !path.hasPrefix("/"), !path.isEmpty else { return path }
        guard let here = getcwd(nil, 0) else { throw Errno(rawValue: errno) }
        defer { free(here) }
        return join(String(cString: here), path)
    }
}

func join(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
}

/// The directory part of an absolute path that has no links.
func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}
