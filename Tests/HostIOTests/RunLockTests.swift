import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

@Suite("The run lock")
struct RunLockTests {
    @Test("A second run is told who holds the lock and since when, and gets it afterwards")
    func locked() async throws {
        let directory = try TemporaryDirectory()
        let path = directory("agent.lock")
        let start = currentTime().rfc3339
        let failure = try await withRunLock(at: path, owner: "agent apply") {
            await #expect(throws: Failure.self) {
                try await withRunLock(at: path, owner: "rollback") {}
            }
        }
        #expect(failure?.status == .locked)
        let summary = try #require(failure?.summary)
        #expect(summary.hasPrefix("another run holds the lock: agent apply, process \(getpid()), since "))
        #expect(summary.suffix(20) >= start)
        #expect(try await withRunLock(at: path, owner: "rollback") { 7 } == 7)
        #expect(directory.text("agent.lock") == "")
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
    }

    @Test("Whoever only looks learns whether it is held, and takes it from nobody")
    func looked() async throws {
        let directory = try TemporaryDirectory()
        let path = directory("agent.lock")
        #expect(!isRunLockHeld(at: path))
        #expect(try await withRunLock(at: path, owner: "agent apply") { isRunLockHeld(at: path) })
        #expect(!isRunLockHeld(at: path))
        #expect(try await withRunLock(at: path, owner: "rollback") { true })
    }

    @Test("Whoever only looks at the moment when a run begins does not turn it away")
    func lookedAtTheBeginning() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("agent.lock", "")
        let looker = open(path, O_RDONLY)
        #expect(flock(looker, LOCK_SH) == 0)
        var pauses = 0
        let value = try await withRunLock(at: path, owner: "agent apply") {
            pauses += 1
            if pauses == 3 { close(looker) }
        } _: {
            pauses
        }
        #expect(value == 3)
    }

    @Test("The lock is given back when the body throws")
    func throwing() async throws {
        let directory = try TemporaryDirectory()
        await #expect(throws: Failure.self) {
            try await withRunLock(at: directory("lock"), owner: "agent apply") {
                throw Failure(.failed, "no")
            }
        }
        #expect(try await withRunLock(at: directory("lock"), owner: "agent apply") { true })
    }

    @Test("A program that outlives the run does not hold the lock")
    func child() async throws {
        let directory = try TemporaryDirectory()
        let call = ProgramCall(
            executable: "/usr/bin/setsid", arguments: ["-f", "/bin/sleep", "3"], deadline: .seconds(20))
        let result = try await withRunLock(at: directory("lock"), owner: "agent apply") {
            try await runProgram(call)
        }
        #expect(result.succeeded)
        #expect(try await withRunLock(at: directory("lock"), owner: "agent apply") { true })
    }

    @Test("A lock held by another process, with nonsense in the file, is a clear refusal")
    func nonsense() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("lock", "\u{1B}[31mred\u{7} 2026 x")
        let other = open(path, O_RDWR)
        defer { close(other) }
        #expect(flock(other, LOCK_EX) == 0)
        let failure = await #expect(throws: Failure.self) {
            try await withRunLock(at: path, owner: "agent apply") {}
        }
        #expect(failure?.status == .locked)
        #expect(failure?.summary == "another run holds the lock")
    }

    @Test("A symbolic link in place of the lock is not followed")
    func link() async throws {
        let directory = try TemporaryDirectory()
        let victim = directory.write("victim", "kept")
        #expect(symlink(victim, directory("lock")) == 0)
        await #expect(throws: Failure.self) {
            try await withRunLock(at: directory("lock"), owner: "agent apply") {}
        }
        #expect(directory.text("victim") == "kept")
    }
}
