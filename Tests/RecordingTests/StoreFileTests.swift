import Foundation
import Glibc
import MailModel
import Recording
import Testing

@Suite("The store's file")
struct StoreFileTests {
    @Test("A new store is for its owner alone, and one that was not becomes so")
    func mode() throws {
        let fixture = try StoreFixture()
        _ = try fixture.open()
        #expect(permissions(fixture.path) == 0o600)
        chmod(fixture.path, 0o644)
        _ = try fixture.open(.readOnly)
        #expect(permissions(fixture.path) == 0o644)
        _ = try fixture.open()
        #expect(permissions(fixture.path) == 0o600)
    }

    @Test(
        "A store of another user is refused and stays as it is",
        .enabled(if: isRoot, "only root can give it to another user"),
        arguments: [Store.Access.readOnly, .readWrite])
    func anothers(access: Store.Access) throws {
        let fixture = try StoreFixture()
        _ = try fixture.open()
        let before = fixture.bytes("agent.sqlite")
        #expect(chown(fixture.path, 12345, 0) == 0 && chmod(fixture.path, 0o644) == 0)
        let failure = #expect(throws: Failure.self) { try fixture.open(access) }
        #expect(failure?.status == .storeUnusable)
        #expect(failure?.remedy?.hasSuffix("chown root: \(fixture.path)") == true)
        #expect(fixture.bytes("agent.sqlite") == before)
        #expect(permissions(fixture.path) == 0o644)
    }

    @Test(
        "A text file in its place is refused and stays as it is",
        arguments: [Store.Access.readOnly, .readWrite])
    func textFile(access: Store.Access) throws {
        let fixture = try StoreFixture()
        let text = Array(String(repeating: "this is no database\n", count: 500).utf8)
        try fixture.write("agent.sqlite", text)
        let failure = #expect(throws: Failure.self) { try fixture.open(access) }
        #expect(failure?.status == .storeUnusable)
        #expect(failure?.summary == "the store \(fixture.path) is damaged, or is not a store")
        #expect(fixture.bytes("agent.sqlite") == text)
    }

    @Test(
        "A directory, a device, and a file in a directory that is not there are refused",
        arguments: ["", "/dev/null", "/none/agent.sqlite"], [Store.Access.readOnly, .readWrite])
    func notAFile(name: String, access: Store.Access) throws {
        let fixture = try StoreFixture()
        let path = name.hasPrefix("/dev") ? name : fixture.directory + name
        let failure = #expect(throws: Failure.self) { try Store(path: path, access: access) }
        #expect(failure?.status == .storeUnusable)
        #expect(failure?.summary.contains(path) == true)
    }

    @Test("A store that is not there is not made for reading")
    func missing() throws {
        let fixture = try StoreFixture()
        #expect(throws: Failure.self) { try fixture.open(.readOnly) }
        #expect(fixture.bytes("agent.sqlite") == nil)
    }

    @Test(
        "A store that was made immutable says so, also to root",
        .enabled(if: isRoot && access("/usr/bin/chattr", X_OK) == 0, "needs root and chattr"),
        arguments: ["/agent.sqlite", ""])
    func immutable(name: String) throws {
        let fixture = try StoreFixture()
        _ = try fixture.open()
        let place = fixture.directory + name
        guard try run("/usr/bin/chattr", "+i", place).status == 0 else { return }
        defer { _ = try? run("/usr/bin/chattr", "-i", place) }
        let failure = #expect(throws: Failure.self) { try recordApply(in: fixture.open()) }
        #expect(failure?.remedy?.contains("chattr -i \(place)") == true, "\(String(describing: failure))")
    }

    @Test("An empty file is a new store for writing, and a clear refusal for reading")
    func empty() throws {
        let fixture = try StoreFixture()
        try fixture.write("agent.sqlite", [])
        let failure = #expect(throws: Failure.self) { try fixture.open(.readOnly) }
        #expect(failure?.summary == "the store \(fixture.path) is empty")
        #expect(try fixture.open().changeSets() == [])
    }

    @Test("A store opened for reading refuses to be written")
    func readOnly() throws {
        let fixture = try StoreFixture()
        try recordApply(in: fixture.open())
        let store = try fixture.open(.readOnly)
        #expect(try store.changeSets().count == 1)
        let failure = #expect(throws: Failure.self) { try store.begin(newChangeSet()) }
        #expect(failure?.summary == "the store \(fixture.path) cannot be written")
    }

    @Test("A truncated store is refused, wherever it was cut", arguments: [1, 50, 100, 4096, 8192, 20_000])
    func truncated(length: Int) throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let id = try store.begin(newChangeSet())
        _ = try store.record(edit(before: [UInt8](repeating: 65, count: 60_000)), in: id)
        let whole = try #require(fixture.bytes("agent.sqlite"))
        let damaged = try StoreFixture()
        try damaged.write("agent.sqlite", Array(whole.prefix(length)))
        let failure = #expect(throws: Failure.self) {
            let store = try damaged.open(.readOnly)
            _ = try store.steps(of: id)
            if let damage = try store.verify().first { throw Failure(.storeUnusable, damage.sentence) }
        }
        #expect(failure?.status == .storeUnusable)
    }

    @Test("No flipped byte in the header, the schema or a row makes it crash", arguments: 0..<8)
    func noCrash(part: Int) throws {
        let fixture = try StoreFixture()
        let id = try recordApply(in: fixture.open())
        let whole = try #require(fixture.bytes("agent.sqlite"))
        var survived = 0
        for offset in stride(from: part * 37, to: whole.count, by: 296) {
            let damaged = try StoreFixture()
            var bytes = whole
            bytes[offset] ^= 0x55
            try damaged.write("agent.sqlite", bytes)
            do throws(Failure) {
                let store = try Store(path: damaged.path, access: .readOnly)
                _ = try store.changeSets()
                _ = try store.steps(of: id)
                _ = try store.backups()
                _ = try store.verify()
                survived += 1
            } catch {
                #expect(error.status == .storeUnusable || error.status == .failed)
            }
        }
        #expect(survived > 0)
    }

    @Test(
        "A newer store is refused, and stays as it is",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"),
        arguments: [Store.Access.readOnly, .readWrite])
    func newer(access: Store.Access) throws {
        let fixture = try StoreFixture()
        try recordApply(in: fixture.open())
        try fixture.sqlite("INSERT INTO grdb_migrations VALUES ('99 from the future')")
        let before = fixture.bytes("agent.sqlite")
        let failure = #expect(throws: Failure.self) { try fixture.open(access) }
        #expect(failure?.status == .storeUnusable)
        #expect(failure?.summary == "the store \(fixture.path) was written by a newer version of agent")
        #expect(fixture.bytes("agent.sqlite") == before)
    }

    @Test(
        "Another program's database is refused, and stays as it is",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"))
    func anotherProgram() throws {
        let fixture = try StoreFixture()
        try fixture.sqlite("CREATE TABLE bookmarks (url TEXT)")
        let failure = #expect(throws: Failure.self) { try fixture.open() }
        #expect(failure?.summary == "\(fixture.path) is a database of another program")
        #expect(try fixture.sqlite(".tables") == "bookmarks\n")
    }

    @Test(
        "A store that was left in the middle of a write is put right by the next writer",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"))
    func hotJournal() throws {
        let fixture = try StoreFixture()
        try recordApply(in: fixture.open())
        let killed = try StoreFixture()
        // The copy is what a power loss in the middle of a large transaction leaves.
        let copy = ".shell cp \(fixture.path) \(fixture.path)-journal \(killed.directory)"
        let output = try sqliteShell(
            fixture.path,
            """
            PRAGMA cache_size = 5;
            BEGIN IMMEDIATE;
            UPDATE change_set SET message = 'never committed';
            WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 40)
                INSERT INTO content SELECT printf('%064d', i), 9000, randomblob(9000) FROM n;
            \(copy)
            ROLLBACK;
            """)
        #expect(output == "")
        try #require(killed.bytes("agent.sqlite-journal")?.isEmpty == false)
        let failure = #expect(throws: Failure.self) { try killed.open(.readOnly).changeSets() }
        #expect(failure?.remedy?.contains("agent recover") == true)
        let store = try killed.open()
        #expect(try store.changeSets().map(\.message) == ["kept"])
        #expect(try store.verify() == [])
    }

    @Test(
        "A store that another program keeps locked is a clear refusal after five seconds",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"))
    func locked() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/sqlite3")
        process.arguments = [fixture.path]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        defer { process.waitUntilExit() }
        try input.fileHandleForWriting.write(contentsOf: Data("BEGIN EXCLUSIVE;\nSELECT 'locked';\n".utf8))
        #expect(output.fileHandleForReading.availableData == Data("locked\n".utf8))
        let failure = #expect(throws: Failure.self) { try store.begin(newChangeSet()) }
        try input.fileHandleForWriting.close()
        #expect(failure?.status == .locked)
        #expect(failure?.summary == "the store \(fixture.path) is locked by another program")
    }

    @Test(
        "On a full disk nothing is recorded, and what was recorded stays readable",
        .enabled(if: isRoot, "only root mounts"))
    func fullDisk() throws {
        let fixture = try StoreFixture()
        let mount = try run(
            "/bin/mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", fixture.directory)
        guard mount.status == 0 else { try Test.cancel("mounts are not allowed here: \(mount.text)") }
        defer { umount2(fixture.directory, Int32(MNT_DETACH)) }
        let store = try fixture.open()
        let id = try recordApply(in: store)
        let failure = #expect(throws: Failure.self) {
            try store.record(edit(before: [UInt8](repeating: 1, count: 300_000)), in: id)
        }
        #expect(failure?.status == .failed)
        #expect(failure?.summary == "the disk is full: the store \(fixture.path) cannot grow")
        #expect(try store.steps(of: id).count == 2)
        #expect(try store.verify() == [])
    }

    private func permissions(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}
