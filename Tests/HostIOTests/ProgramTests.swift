import Fixtures
import Foundation
import Glibc
import HostIO
import MailModel
import Synchronization
import Testing

@Suite("Running programs")
struct ProgramTests {
    private func call(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        input: [UInt8] = [], deadline: Duration = .seconds(30), outputLimit: Int = 1 << 20
    ) -> ProgramCall {
        ProgramCall(
            executable: executable, arguments: arguments, environment: environment, input: input,
            deadline: deadline, outputLimit: outputLimit)
    }

    private func shell(_ script: String, deadline: Duration = .seconds(30)) -> ProgramCall {
        call("/bin/sh", ["-c", script], deadline: deadline)
    }

    @Test("Who watches gets the lines of standard error while the program runs")
    func watched() async throws {
        let lines = Mutex<[String]>([])
        var call = ProgramCall(
            executable: "/bin/sh",
            arguments: ["-c", "echo one >&2; echo out; printf 'two\\nthree' >&2; exit 3"],
            deadline: .seconds(20))
        call.watcher = ErrorWatcher { line in lines.withLock { $0.append(line) } }
        let result = try await HostIO.runProgram(call)
        #expect(lines.withLock { $0 } == ["one", "two", "three"])
        #expect(
            result
                == ProgramResult(
                    exit: .exited(3), output: Array("out\n".utf8),
                    errorOutput: Array("one\ntwo\nthree\n".utf8)))
    }

    @Test("A non-zero exit status is a value, with both streams kept apart")
    func nonZeroExit() async throws {
        let result = try await runProgram(shell("printf out; printf err >&2; exit 7"))
        #expect(
            result
                == ProgramResult(exit: .exited(7), output: Array("out".utf8), errorOutput: Array("err".utf8)))
        #expect(!result.succeeded)
    }

    @Test("A program that a signal ended says which")
    func signalled() async throws {
        let result = try await runProgram(shell("kill -9 $$"))
        #expect(result.exit == .signalled(SIGKILL))
    }

    @Test("Bytes that are not UTF-8 come back as they were printed")
    func latinOne() async throws {
        let result = try await runProgram(shell(#"printf '\351\r\n\000'"#))
        #expect(result.output == [0xE9, 13, 10, 0])
        #expect(result.succeeded)
    }

    @Test("Only what is named, the locale and the system's path are in the environment")
    func environment() async throws {
        setenv("AGENT_TEST_SECRET", "canary", 1)
        let result = try await runProgram(call("/usr/bin/env", environment: ["HOME": "/root"]))
        #expect(
            Set(result.outputText.split(separator: "\n")) == [
                "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "STARTED_BY_AGENT=yes",
            ])
    }

    @Test("No descriptor but the three standard ones reaches the program")
    func descriptors() async throws {
        let opened = open("/dev/null", O_RDONLY)
        let leaky = fcntl(opened, F_DUPFD, 100)
        #expect(leaky >= 100)
        defer {
            close(leaky)
            close(opened)
        }
        let result = try await runProgram(shell("cd /proc/self/fd && echo *"))
        let numbers = result.outputText.trimmed.split(separator: " ").map { Int($0) }
        // The shell's own reading of the directory is descriptor 3.
        #expect(numbers == [0, 1, 2] || numbers == [0, 1, 2, 3])
    }

    @Test("The program runs in the root directory, in a session of its own")
    func session() async throws {
        let result = try await runProgram(shell("pwd; cut -d' ' -f1,6 /proc/$$/stat"))
        let lines = result.outputText.split(separator: "\n")
        #expect(lines.first == "/")
        let numbers = try #require(lines.last).split(separator: " ")
        #expect(numbers.count == 2 && numbers[0] == numbers[1], "process \(numbers)")
    }

    @Test("The standard input is what was given, and empty otherwise", arguments: [0, 1, 70_000, 3_000_000])
    func input(size: Int) async throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let result = try await runProgram(
            call("/bin/cat", input: bytes, outputLimit: max(size, 1)))
        #expect(result.output == bytes)
    }

    @Test("A program that does not read its input is no trouble")
    func unreadInput() async throws {
        let bytes = [UInt8](repeating: 65, count: 1_000_000)
        let result = try await runProgram(call("/bin/true", input: bytes))
        #expect(result.succeeded)
    }

    @Test("Both streams are drained at the same time, to the last byte")
    func bothStreams() async throws {
        for _ in 0..<20 {
            let result = try await runProgram(
                shell("head -c 300000 /dev/zero & head -c 300000 /dev/zero >&2; wait"))
            #expect(result.output.count == 300_000)
            #expect(result.errorOutput.count == 300_000)
        }
    }

    @Test("A program that prints too much is ended", arguments: ["yes", "yes >&2"])
    func tooMuch(script: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await runProgram(shell(script))
        }
        #expect(failure?.status == .failed)
        #expect(failure?.summary == "/bin/sh printed more than 1048576 bytes and was ended")
    }

    @Test("Exactly as much as allowed is not too much")
    func exactlyTheLimit() async throws {
        let result = try await runProgram(
            call("/bin/sh", ["-c", "head -c 1000 /dev/zero"], outputLimit: 1000))
        #expect(result.output.count == 1000)
    }

    @Test("A program past its deadline is ended with its children, even those that ignore SIGTERM")
    func deadline() async throws {
        let directory = try TemporaryDirectory()
        let script = """
            (trap '' TERM; echo $(cut -d' ' -f4 /proc/self/stat) > \(directory.path)/child; \
            while :; do sleep 1; done) &
            wait
            """
        let failure = await #expect(throws: Failure.self) {
            try await runProgram(shell(script, deadline: .milliseconds(500)))
        }
        #expect(failure?.status == .failed)
        #expect(failure?.summary == "/bin/sh did not finish within 0.5 seconds and was ended")
        let child = try #require(pid_t(directory.text("child").trimmed))
        #expect(eventually { kill(child, 0) != 0 && errno == ESRCH }, "process \(child) is still there")
    }

    @Test("A program that ignores SIGTERM gets SIGKILL")
    func stubborn() async throws {
        // The program never ends by itself: that this returns is the outcome.
        let failure = await #expect(throws: Failure.self) {
            try await runProgram(shell("trap '' TERM; while :; do :; done", deadline: .milliseconds(200)))
        }
        #expect(failure?.summary == "/bin/sh did not finish within 0.2 seconds and was ended")
    }

    @Test("A daemon that keeps the output open is not waited for")
    func daemon() async throws {
        let directory = try TemporaryDirectory()
        let script =
            "echo $$ > \(directory.path)/draft; mv \(directory.path)/draft \(directory.path)/daemon; exec sleep 600"
        let result = try await runProgram(call("/usr/bin/setsid", ["-f", "/bin/sh", "-c", script]))
        #expect(result.succeeded)
        #expect(eventually { !directory.text("daemon").isEmpty })
        let daemon = try #require(pid_t(directory.text("daemon").trimmed))
        #expect(kill(daemon, SIGTERM) == 0, "the daemon outlived the run")
    }

    @Test("A cancelled task ends the program and says that it was interrupted")
    func cancelled() async throws {
        let ending = await withTaskGroup(of: Failure?.self) { group in
            group.addTask {
                do throws(Failure) {
                    _ = try await runProgram(call("/bin/sleep", ["60"]))
                    return nil
                } catch {
                    return error
                }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(ending?.status == .interrupted)
    }

    @Test(
        "What cannot be run fails with a sentence",
        arguments: [
            ("/usr/sbin/no-such-program", "cannot be run"), ("postfix", "absolute path"),
            ("/etc/passwd", "cannot be run"), ("/etc", "cannot be run"),
        ])
    func cannotRun(executable: String, words: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await runProgram(call(executable))
        }
        #expect(failure?.status == .failed)
        #expect(failure?.summary.contains(words) == true, "\(String(describing: failure))")
    }

    @Test("A file that is no program fails, though its mode says that it is one")
    func badFormat() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.write("program", [1, 2, 3], mode: 0o755)
        await #expect(throws: Failure.self) { try await runProgram(call(path)) }
    }

    @Test("A zero byte in an argument is refused rather than cut off")
    func zeroByte() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await runProgram(call("/bin/echo", ["a\0b"]))
        }
        #expect(failure?.summary == "/bin/echo was not run: an argument contains a zero byte")
    }

    @Test(
        "What another user started with our mark is not waited for, and what this one did is",
        .enabled(
            if: HostTools.isRoot && HostTools.has("/usr/bin/setpriv"), "needs root and setpriv"),
        arguments: [("12345", false), ("0", true)])
    func forgedMark(user: String, isOurs: Bool) throws {
        let program = Process()
        program.executableURL = URL(filePath: "/usr/bin/setpriv")
        program.arguments = [
            "--reuid=\(user)", "--clear-groups", "/usr/bin/env", "STARTED_BY_AGENT=x", "/bin/sleep", "60",
        ]
        try program.run()
        defer { program.terminate() }
        let name = "/proc/\(program.processIdentifier)/comm"
        #expect(eventually { (try? String(contentsOfFile: name, encoding: .utf8)) == "sleep\n" })
        #expect(startedPrograms().contains(program.processIdentifier) == isOurs)
    }
}
