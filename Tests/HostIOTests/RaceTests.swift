import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

/// Other processes change the file all the time while it is being replaced. They add numbered lines;
/// we change only the first line, and every numbered line must be there at the end.
@Suite("Replacing a file that others are changing")
struct RaceTests {
    private struct Tally {
        var replaced = 0
        var stale = 0
        var keptAside = 0
    }

    @Test(
        "No line of another writer is lost, and the file is never missing or torn",
        arguments: [
            "{ cat main.cf; echo line $i; } > .other && mv .other main.cf",
            "echo line $i >> main.cf; sleep 0.001",
        ])
    func race(edit: String) async throws {
        let lines = 500
        let directory = try TemporaryDirectory()
        let path = directory.write("main.cf", "edit 0\n")
        let script =
            "cd \(directory.path); i=0; while [ $i -lt \(lines) ]; do \(edit); i=$((i+1)); done; touch done"
        let call = ProgramCall(executable: "/bin/sh", arguments: ["-c", script], deadline: .seconds(120))
        async let writer = runProgram(call)
        var tally = Tally()
        while access(directory("done"), F_OK) != 0 {
            try editOnce(path, &tally)
            // The other process is started by a task that needs a turn as well.
            await Task.yield()
        }
        let result = try await writer
        #expect(result.succeeded, "\(result.errorText)")
        #expect(tally.replaced > 0)
        let aside = directory.names.filter { $0 != "main.cf" && $0 != "done" }
        #expect(aside.count == tally.keptAside)
        let text = directory.text("main.cf").split(separator: "\n")
        #expect(text.first?.hasPrefix("edit ") == true)
        let found = Set((["main.cf"] + aside).flatMap { directory.text($0).split(separator: "\n") })
        let lost = (0..<lines).filter { !found.contains("line \($0)") }
        #expect(lost.isEmpty, "lost \(lost); \(tally)")
    }

    private func editOnce(_ path: String, _ tally: inout Tally) throws {
        let before = try #require(try snapshotFile(path), "the file was missing")
        let rest = before.bytes.drop { $0 != UInt8(ascii: "\n") }
        let after = Array("edit \(tally.replaced + 1)".utf8) + rest
        do throws(Failure) {
            try replaceFile(path, with: after, metadata: before.metadata, expecting: before.bytes)
            tally.replaced += 1
        } catch {
            switch error.status {
            case .stale: tally.stale += 1
            case .personMustAct: tally.keptAside += 1
            default: throw error
            }
        }
    }

    @Test("Of many that make the same file at once, one makes it")
    func creators() async throws {
        let directory = try TemporaryDirectory()
        let metadata = FileMetadata(owner: geteuid(), group: getegid(), mode: 0o600)
        let outcomes: [MailModel.ExitStatus] = await withTaskGroup(of: MailModel.ExitStatus.self) { group in
            for number in UInt8(0)..<16 {
                group.addTask {
                    do throws(Failure) {
                        try replaceFile(directory("new"), with: [number], metadata: metadata, expecting: nil)
                        return .done
                    } catch {
                        return error.status
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .done }.count == 1)
        #expect(outcomes.filter { $0 == .stale }.count == 15)
        #expect(directory.bytes("new")?.count == 1)
        #expect(directory.names == ["new"])
    }
}
