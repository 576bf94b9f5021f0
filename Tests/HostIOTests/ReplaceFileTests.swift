import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

private let old = Array("mynetworks = 0.0.0.0/0\r\n# caf\u{E9}".utf8)
private let new = Array("mynetworks = 127.0.0.0/8\r\n# caf\u{E9}".utf8)
private let mine = FileMetadata(owner: geteuid(), group: getegid(), mode: 0o644)

@Suite("Replacing files")
struct ReplaceFileTests {
    @Test("The bytes are new, and the owner, mode, ACL and attributes are as they were")
    func metadata() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old, mode: 0o640)
        if HostTools.isRoot { #expect(chown(path, 12345, 23456) == 0) }
        if HostTools.hasAttributes {
            #expect(await HostTools.run("/usr/bin/setfattr", "-n", "user.note", "-v", "kept", path) != nil)
        }
        if HostTools.isRoot, HostTools.hasAttributes {
            #expect(await HostTools.run("/usr/bin/setfattr", "-n", "trusted.note", "-v", "kept", path) != nil)
        }
        if HostTools.hasAccessLists {
            #expect(await HostTools.run("/usr/bin/setfacl", "-m", "u:777:rw,g:888:r", path) != nil)
        }
        let before = try #require(try snapshotFile(path))
        let facl = await HostTools.run("/usr/bin/getfacl", "-n", path)
        try replaceFile(path, with: new, metadata: before.metadata, expecting: old)
        let after = try #require(try snapshotFile(path))
        #expect(after.bytes == new)
        #expect(after.metadata.isSameExceptTime(as: before.metadata))
        #expect(after.metadata.modified > before.metadata.modified)
        #expect(await HostTools.run("/usr/bin/getfacl", "-n", path) == facl)
        #expect(directory.names == ["main.cf"])
    }

    @Test(
        "A restored file has the bytes, the mode and the time of before",
        arguments: [0o600, 0o4755, 0o2755, 0o444])
    func restore(mode: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old, mode: mode_t(mode))
        let time = timespec(tv_sec: 1_600_000_000, tv_nsec: 987_654_321)
        #expect(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
        let before = try #require(try snapshotFile(path))
        try replaceFile(path, with: new, metadata: before.metadata, expecting: old)
        try replaceFile(
            path, with: old, metadata: before.metadata, expecting: new, modificationTime: .restored)
        #expect(try snapshotFile(path) == before)
    }

    @Test(
        "A default ACL of the directory leaves no trace on a file that had none",
        .enabled(if: HostTools.hasAccessLists, "setfacl (package acl) is missing"))
    func defaultAccessList() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        #expect(await HostTools.run("/usr/bin/setfacl", "-d", "-m", "u:777:rwx", directory.path) != nil)
        let before = try #require(try snapshotFile(path))
        try replaceFile(path, with: new, metadata: before.metadata, expecting: old)
        #expect(try snapshotFile(path)?.metadata.isSameExceptTime(as: before.metadata) == true)
        #expect(before.metadata.attributes.isEmpty)
    }

    @Test("A symbolic link stays one, and its target is replaced")
    func link() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("real"), 0o755) == 0)
        directory.write("real/main.cf", old)
        #expect(symlink("real/main.cf", directory("main.cf")) == 0)
        try replaceFile(directory("main.cf"), with: new, metadata: mine, expecting: old)
        #expect(directory.bytes("real/main.cf") == new)
        var status = stat()
        #expect(lstat(directory("main.cf"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    }

    @Test("A file that is not there is made, when none is expected")
    func create() throws {
        let directory = try TemporaryDirectory()
        try replaceFile(directory("new"), with: new, metadata: mine, expecting: nil)
        #expect(directory.bytes("new") == new)
        #expect(try snapshotFile(directory("new"))?.metadata.mode == 0o644)
        #expect(directory.names == ["new"])
    }

    @Test(
        "A file that holds something else is left alone", arguments: [nil, [], [1], new + [10]] as [[UInt8]?])
    func stale(expected: [UInt8]?) throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        let before = try snapshotFile(path)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(path, with: new, metadata: mine, expecting: expected)
        }
        #expect(failure?.status == .stale)
        #expect(try snapshotFile(path) == before)
        #expect(directory.names == ["main.cf"])
    }

    @Test("A file that is gone is not made again")
    func gone() throws {
        let directory = try TemporaryDirectory()
        let failure = #expect(throws: Failure.self) {
            try replaceFile(directory("main.cf"), with: new, metadata: mine, expecting: old)
        }
        #expect(failure?.status == .stale)
        #expect(directory.names == [])
    }

    @Test("A file that an editor has open for writing is left alone")
    func openForWriting() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        let editor = open(path, O_WRONLY)
        defer { close(editor) }
        let failure = #expect(throws: Failure.self) {
            try replaceFile(path, with: new, metadata: mine, expecting: old)
        }
        #expect(failure?.status == .stale)
        #expect(failure?.summary.hasSuffix("somebody has it open for writing") == true)
        #expect(directory.bytes("main.cf") == old)
    }

    @Test("A file with a second name is refused, and both keep their content")
    func hardLink() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        #expect(Glibc.link(path, directory("second")) == 0)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(path, with: new, metadata: mine, expecting: old)
        }
        #expect(failure?.status == .failed)
        #expect(failure?.summary.contains("2 names (hard links)") == true)
        #expect(throws: Failure.self) { try checkReplaceable(path) }
        #expect(directory.bytes("main.cf") == old)
        #expect(directory.bytes("second") == old)
        #expect(directory.names == ["main.cf", "second"])
    }

    @Test(
        "An immutable file and an append-only one are refused",
        .enabled(if: HostTools.hasImmutable, "needs root and chattr"),
        arguments: [("i", "immutable"), ("a", "append-only")])
    func immutable(flag: String, word: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        guard await HostTools.run("/usr/bin/chattr", "+\(flag)", path) != nil else {
            try Test.cancel("the file system of /tmp has no such attributes")
        }
        let failure = #expect(throws: Failure.self) {
            try replaceFile(path, with: new, metadata: mine, expecting: old)
        }
        #expect(await HostTools.run("/usr/bin/chattr", "-\(flag)", path) != nil)
        #expect(failure?.summary == "\(path) was not changed: somebody made it \(word)")
        #expect(failure?.remedy?.contains("chattr -\(flag)") == true)
        #expect(directory.bytes("main.cf") == old)
    }

    @Test("What is no regular file is refused", arguments: ["pipe", "directory"])
    func special(name: String) throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory("pipe"), 0o600) == 0)
        #expect(mkdir(directory("directory"), 0o755) == 0)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(directory(name), with: new, metadata: mine, expecting: [])
        }
        #expect(failure?.summary.hasSuffix("it is not a regular file") == true)
        #expect(directory.names == ["directory", "pipe"])
    }

    @Test("A directory that everybody may write to is refused, one with the sticky bit is not")
    func openDirectory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        #expect(chmod(directory.path, 0o777) == 0)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(path, with: new, metadata: mine, expecting: old)
        }
        #expect(failure?.remedy == "chmod o-w \(directory.path)")
        #expect(directory.bytes("main.cf") == old)
        #expect(chmod(directory.path, 0o1777) == 0)
        try replaceFile(path, with: new, metadata: mine, expecting: old)
        #expect(directory.bytes("main.cf") == new)
    }

    @Test(
        "A symbolic link that somebody else could have set is refused",
        .enabled(if: HostTools.isRoot, "needs root to make another user's link"),
        arguments: [0o777, 0o1777, 0o775])
    func foreignLink(mode: Int) throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("shared"), 0o755) == 0)
        directory.write("victim", old)
        #expect(symlink("../victim", directory("shared/main.cf")) == 0)
        #expect(lchown(directory("shared/main.cf"), 12345, 12345) == 0)
        #expect(chown(directory("shared"), 0, 12345) == 0)
        #expect(chmod(directory("shared"), mode_t(mode)) == 0)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(directory("shared/main.cf"), with: new, metadata: mine, expecting: old)
        }
        #expect(failure?.status == .failed)
        #expect(directory.bytes("victim") == old)
    }

    @Test("Metadata that cannot be given is a refusal, not a loss")
    func attributeOfNoFileSystem() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        var wanted = mine
        wanted.attributes["nonsense.name"] = [1]
        #expect(throws: Failure.self) { try replaceFile(path, with: new, metadata: wanted, expecting: old) }
        #expect(directory.bytes("main.cf") == old)
        #expect(directory.names == ["main.cf"])
    }

    @Test("A file is removed only while it holds what is expected")
    func remove() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", old)
        #expect(throws: Failure.self) { try removeFile(path, expecting: new) }
        #expect(directory.bytes("main.cf") == old)
        try removeFile(path, expecting: old)
        #expect(directory.names == [])
        let failure = #expect(throws: Failure.self) { try removeFile(path, expecting: old) }
        #expect(failure?.status == .stale)
    }
}

extension FileTime {
    fileprivate static func > (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) > (right.seconds, right.nanoseconds)
    }
}
