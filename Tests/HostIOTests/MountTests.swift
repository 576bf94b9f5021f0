import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

/// A mount that goes away with the test.
private final class TemporaryMount: Sendable {
    let path: String

    init?(_ path: String, _ arguments: String...) async {
        let call = ProgramCall(
            executable: "/bin/mount", arguments: arguments + [path], deadline: .seconds(30))
        guard let result = try? await runProgram(call), result.succeeded else { return nil }
        self.path = path
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}

@Suite("Mounts and full disks", .enabled(if: HostTools.isRoot, "only root mounts"))
struct MountTests {
    private let mine = FileMetadata(owner: 0, group: 0, mode: 0o644)

    @Test("A file that is mounted on its own is refused, also from the same file system")
    func bindMount() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", "mounted over")
        let source = directory.write("source", "old")
        guard let mount = await TemporaryMount(path, "--bind", source) else {
            try Test.cancel("mounts are not allowed here")
        }
        let failure = #expect(throws: Failure.self) {
            try replaceFile(mount.path, with: [1], metadata: mine, expecting: Array("old".utf8))
        }
        #expect(failure?.summary.hasSuffix("it is a mount point of its own (a bind mount)") == true)
        #expect(directory.text("source") == "old")
        #expect(directory.names == ["main.cf", "source"])
    }

    @Test("A read-only mount is refused")
    func readOnly() async throws {
        let directory = try TemporaryDirectory()
        directory.write("main.cf", "old")
        guard await HostTools.run("/bin/mount", "--bind", directory.path, directory.path) != nil else {
            try Test.cancel("mounts are not allowed here")
        }
        defer { umount2(directory.path, Int32(MNT_DETACH)) }
        #expect(await HostTools.run("/bin/mount", "-o", "remount,ro,bind", directory.path) != nil)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(directory("main.cf"), with: [1], metadata: mine, expecting: Array("old".utf8))
        }
        #expect(failure?.status == .failed)
        #expect(
            failure?.remedy == "The file system is mounted read-only: `findmnt -T \(directory("main.cf"))`.")
        #expect(directory.text("main.cf") == "old")
    }

    @Test("On a full disk the old file stays whole and nothing is left beside it")
    func fullDisk() async throws {
        let directory = try TemporaryDirectory()
        guard
            let mount = await TemporaryMount(
                directory.path, "-t", "tmpfs", "-o", "size=64k,mode=0755", "tmpfs")
        else { try Test.cancel("mounts are not allowed here") }
        let old = [UInt8](repeating: 65, count: 30_000)
        let path = directory.write("main.cf", old)
        let failure = #expect(throws: Failure.self) {
            try replaceFile(path, with: old + old, metadata: mine, expecting: old)
        }
        #expect(failure?.status == .failed)
        #expect(failure?.detail == "No space left on device.")
        #expect(failure?.remedy?.contains("df ") == true)
        #expect(directory.bytes("main.cf") == old)
        #expect(directory.names == ["main.cf"])
        #expect(mount.path == directory.path)
    }

    @Test("A file inside a directory that is a mount point is no mount point")
    func insideMount() async throws {
        let directory = try TemporaryDirectory()
        guard
            let mount = await TemporaryMount(
                directory.path, "-t", "tmpfs", "-o", "size=1m,mode=0755", "tmpfs")
        else { try Test.cancel("mounts are not allowed here") }
        let path = directory.write("main.cf", "old")
        try replaceFile(path, with: [1], metadata: mine, expecting: Array("old".utf8))
        #expect(directory.bytes("main.cf") == [1])
        #expect(mount.path == directory.path)
    }
}
