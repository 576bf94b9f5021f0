import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

@Suite("Reading files")
struct FileSnapshotTests {
    @Test("A snapshot has the bytes and what stat says, to the nanosecond")
    func snapshot() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", [0xE9, 13, 10, 0x23], mode: 0o640)
        let time = timespec(tv_sec: 1_700_000_000, tv_nsec: 123_456_789)
        #expect(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
        let found = try #require(try snapshotFile(path))
        #expect(found.path == path)
        #expect(found.resolvedPath == path)
        #expect(found.bytes == [0xE9, 13, 10, 0x23])
        #expect(found.metadata.mode == 0o640)
        #expect(found.metadata.owner == geteuid())
        #expect(found.metadata.group == getegid())
        #expect(found.metadata.modified == FileTime(seconds: 1_700_000_000, nanoseconds: 123_456_789))
        #expect(try snapshotFile(path) == found)
    }

    @Test(
        "A link is followed, also through a directory and with two dots",
        arguments: ["link", "dir/../x/../link"])
    func links(name: String) throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("x"), 0o755) == 0)
        directory.write("x/real", "content")
        #expect(symlink("x/../x/./real", directory("link")) == 0)
        #expect(symlink("x", directory("dir")) == 0)
        // `dir/..` is the parent of what the link names, as the kernel sees it.
        let found = try #require(try snapshotFile(directory(name)))
        #expect(found.resolvedPath == directory("x/real"))
        #expect(found.bytes == Array("content".utf8))
    }

    @Test(
        "A file that is not there is nil, whichever part is missing",
        arguments: ["none", "none/none", "dangling"])
    func missing(name: String) throws {
        let directory = try TemporaryDirectory()
        #expect(symlink("nowhere", directory("dangling")) == 0)
        #expect(try snapshotFile(directory(name)) == nil)
    }

    @Test(
        "What is no regular file is refused without waiting",
        arguments: ["pipe", "directory", "/dev/zero", "loop"])
    func special(name: String) throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory("pipe"), 0o600) == 0)
        #expect(mkdir(directory("directory"), 0o755) == 0)
        #expect(symlink("loop", directory("loop")) == 0)
        let path = name.hasPrefix("/") ? name : directory(name)
        #expect(throws: Failure.self) { try snapshotFile(path) }
        let failure = #expect(throws: Failure.self) { try readFile(path, limit: 100) }
        #expect(failure?.status == .failed)
        #expect(failure?.summary.contains(path) == true)
    }

    @Test("A file longer than the limit is refused, one as long as it is read")
    func limits() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("file", [UInt8](repeating: 1, count: 100_000))
        #expect(try readFile(path, limit: 100_000).count == 100_000)
        #expect(throws: Failure.self) { try readFile(path, limit: 99_999) }
        #expect(throws: Failure.self) { try snapshotFile(path, limit: 99_999) }
        #expect(try readFile(directory.write("empty", ""), limit: 0) == [])
    }

    @Test("Files of /proc, which say that they are empty, are read whole")
    func proc() throws {
        #expect(try readFile("/proc/self/status", limit: 65536).starts(with: Array("Name:".utf8)))
    }

    @Test("A missing file is a failure with its name when it must be read")
    func readMissing() throws {
        let failure = #expect(throws: Failure.self) { try readFile("/nowhere/main.cf", limit: 10) }
        #expect(failure?.summary == "/nowhere/main.cf cannot be read")
        #expect(failure?.detail == "No such file or directory.")
    }

    @Test(
        "Extended attributes come along",
        .enabled(if: HostTools.hasAttributes, "setfattr (package attr) is missing"))
    func attributes() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("file", "x")
        #expect(await HostTools.run("/usr/bin/setfattr", "-n", "user.note", "-v", "0xff00", path) != nil)
        #expect(try snapshotFile(path)?.metadata.attributes["user.note"] == [0xFF, 0])
    }

    @Test("Metadata survives being written as JSON and read again")
    func codable() throws {
        let metadata = FileMetadata(
            owner: 1, group: 2, mode: 0o4755, modified: FileTime(seconds: -1, nanoseconds: 999_999_999),
            attributes: ["user.note": [0, 255]])
        #expect(try codingRoundTrip(metadata) == metadata)
    }
}
