import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

@Suite("Trusting files and directories")
struct TrustTests {
    @Test(
        "As root, a policy that others could have written is refused with the command to run",
        .enabled(if: HostTools.isRoot, "only root is held to this"),
        arguments: [
            ("file", 0o666, "chmod go-w"), ("file", 0o646, "chmod go-w"), ("directory", 0o757, "chmod go-w"),
        ])
    func writable(what: String, mode: Int, command: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("policy.yaml", "version: 1\n")
        try requireTrustedFile(path)
        let target = what == "file" ? path : directory.path
        #expect(chmod(target, mode_t(mode)) == 0)
        let failure = #expect(throws: Failure.self) { try requireTrustedFile(path) }
        #expect(failure?.status == .invalid)
        #expect(failure?.remedy == "\(command) \(target)")
        #expect(chmod(target, 0o700) == 0)
        try requireTrustedFile(path)
    }

    @Test(
        "As root, a policy that an ACL lets another user or group write is refused, and one that lets root is not",
        .enabled(if: HostTools.isRoot && HostTools.hasAccessLists, "needs root and setfacl"),
        arguments: ["u:12345:rw", "g:12345:rwx"], ["policy.yaml", "."])
    func accessList(entry: String, name: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("policy.yaml", "version: 1\n")
        let target = name == "." ? directory.path : path
        _ = try #require(await HostTools.run("/usr/bin/setfacl", "-m", "u:0:rw,g:0:rw,u:12345:r", target))
        try requireTrustedFile(path)
        _ = try #require(await HostTools.run("/usr/bin/setfacl", "-m", entry, target))
        let failure = #expect(throws: Failure.self) { try requireTrustedFile(path) }
        #expect(failure?.status == .invalid)
        #expect(failure?.remedy == "setfacl -b \(target)")
        _ = try #require(await HostTools.run("/usr/bin/setfacl", "-m", "m::r", target))
        try requireTrustedFile(path)
        _ = try #require(await HostTools.run("/usr/bin/setfacl", "-b", target))
        try requireTrustedFile(path)
    }

    @Test(
        "A directory whose ACL lets another user write is refused for the store",
        .enabled(if: HostTools.hasAccessLists, "setfacl is missing"))
    func refusedAccessList() async throws {
        let directory = try TemporaryDirectory()
        _ = try #require(await HostTools.run("/usr/bin/setfacl", "-m", "u:12345:rwx", directory.path))
        let failure = #expect(throws: Failure.self) {
            try makePrivateDirectory(directory.path, existing: .keepsItsMode)
        }
        #expect(failure?.remedy?.hasSuffix("setfacl -b \(directory.path)") == true)
    }

    @Test(
        "As root, a file, a directory or a link of another user is refused",
        .enabled(if: HostTools.isRoot, "only root is held to this"), arguments: ["file", "directory", "link"])
    func foreign(what: String) throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("directory"), 0o755) == 0)
        directory.write("directory/file", "x")
        #expect(symlink("directory/file", directory("link")) == 0)
        try requireTrustedFile(directory("link"))
        let name = what == "file" ? "directory/file" : what
        #expect(lchown(directory(name), 12345, 0) == 0)
        let failure = #expect(throws: Failure.self) { try requireTrustedFile(directory("link")) }
        #expect(failure?.status == .invalid)
        #expect(failure?.remedy?.hasPrefix("chown") == true)
        #expect(failure?.remedy?.hasSuffix(directory(name)) == true)
    }

    @Test(
        "A file with a secret that others may read is refused, with what to do",
        arguments: [(0o600, true), (0o400, true), (0o604, false), (0o644, false), (0o620, true)])
    func secret(bits: Int, isSecret: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("token", "x", mode: mode_t(bits))
        if isSecret { return try requireSecretFile(path) }
        let failure = #expect(throws: Failure.self) { try requireSecretFile(path) }
        #expect(failure?.status == .invalid)
        #expect(failure?.remedy?.hasSuffix("chmod go-rwx \(path)") == true)
    }

    @Test(
        "A file with a secret that belongs to another user, or that another group may read, is refused",
        .enabled(if: HostTools.isRoot, "only root can give a file away"))
    func foreignSecret() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("token", "x", mode: 0o640)
        try requireSecretFile(path)
        #expect(chown(path, 0, 12345) == 0)
        #expect((#expect(throws: Failure.self) { try requireSecretFile(path) })?.status == .invalid)
        #expect(chmod(path, 0o600) == 0)
        try requireSecretFile(path)
        #expect(chown(path, 12345, 0) == 0)
        #expect((#expect(throws: Failure.self) { try requireSecretFile(path) })?.status == .invalid)
    }

    @Test("A private directory is made with mode 0700, together with those above it")
    func makeDirectory() throws {
        let directory = try TemporaryDirectory()
        try makePrivateDirectory(directory("a/b/store"), existing: .keepsItsMode)
        #expect(mode(directory("a/b/store")) == 0o700)
        #expect(mode(directory("a")) == 0o755)
        try makePrivateDirectory(directory("a/b/store"), existing: .keepsItsMode)
    }

    @Test("A directory that is there keeps its mode, or becomes private when it is ours alone")
    func existingDirectory() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("store"), 0o755) == 0)
        try makePrivateDirectory(directory("store"), existing: .keepsItsMode)
        #expect(mode(directory("store")) == 0o755)
        #expect(chmod(directory("store"), 0o775) == 0)
        try makePrivateDirectory(directory("store"), existing: .becomesPrivate)
        #expect(mode(directory("store")) == 0o700)
    }

    @Test("A directory that others may write to is refused", arguments: [0o757, 0o1777])
    func refusedDirectory(bits: Int) throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("store"), 0o755) == 0)
        #expect(chmod(directory("store"), mode_t(bits)) == 0)
        let failure = #expect(throws: Failure.self) {
            try makePrivateDirectory(directory("store"), existing: .keepsItsMode)
        }
        #expect(failure?.remedy?.hasSuffix("chmod go-w \(directory("store"))") == true)
    }

    @Test("A directory of another user, and a file in its place, are refused")
    func foreignDirectory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("file", "x")
        #expect(throws: Failure.self) { try makePrivateDirectory(path, existing: .becomesPrivate) }
        guard HostTools.isRoot else { return }
        #expect(mkdir(directory("store"), 0o700) == 0)
        #expect(chown(directory("store"), 12345, 12345) == 0)
        let failure = #expect(throws: Failure.self) {
            try makePrivateDirectory(directory("store"), existing: .becomesPrivate)
        }
        #expect(failure?.summary.contains("another user") == true)
    }

    @Test(
        "A directory that another user's link leads to is refused, and keeps its mode",
        .enabled(if: HostTools.isRoot, "only root can give a link to another user"),
        arguments: ["link", "link/below"])
    func foreignLink(name: String) throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory("target"), 0o755) == 0 && mkdir(directory("target/below"), 0o755) == 0)
        #expect(symlink(directory("target"), directory("link")) == 0)
        try makePrivateDirectory(directory(name), existing: .keepsItsMode)
        #expect(lchown(directory("link"), 12345, 12345) == 0)
        let failure = #expect(throws: Failure.self) {
            try makePrivateDirectory(directory(name), existing: .becomesPrivate)
        }
        #expect(failure?.summary.hasSuffix("\(directory("link")) is a symbolic link of another user") == true)
        #expect(mode(directory("target")) == 0o755 && mode(directory("target/below")) == 0o755)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}
