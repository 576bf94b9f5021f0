import Fixtures
import Glibc
import HostIO
import MailModel
import Testing

/// The states that a kill leaves are made by hand, named as a write names them, with the digests from
/// sha256sum(1).
@Suite("What a killed run left behind")
struct LeftoverTests {
    private let old = Array("old\n".utf8)
    private let new = Array("new\n".utf8)
    private let foreign = Array("somebody else's\n".utf8)

    private func parked(_ directory: TemporaryDirectory, new: [UInt8]?, target: String = "main.cf")
        async throws -> String
    {
        let digests = [try await digest(new, directory), try await digest(old, directory)]
        return ".agent-parked.\(target).\(digests[0]).\(digests[1]).0123456789abcdef"
    }

    private func digest(_ bytes: [UInt8]?, _ directory: TemporaryDirectory) async throws -> String {
        guard let bytes else { return "none" }
        let path = directory.write("digest", bytes)
        defer { unlink(path) }
        return String(try #require(await HostTools.run("/usr/bin/sha256sum", path)).prefix(32))
    }

    @Test("Half-written drafts go, everything else stays")
    func drafts() throws {
        let directory = try TemporaryDirectory()
        for name in [".agent-draft.00ff", "main.cf", ".agent", ".agent-parked.", ".agent-parked.a.b"] {
            directory.write(name, "x")
        }
        #expect(try removeLeftovers(in: directory.path) == [])
        #expect(directory.names == [".agent", ".agent-parked.", ".agent-parked.a.b", "main.cf"])
    }

    @Test(
        "Killed before the exchange or after it, with nobody between, leaves nothing",
        arguments: ["before", "after"])
    func aroundExchange(moment: String) async throws {
        let directory = try TemporaryDirectory()
        let name = try await parked(directory, new: new, target: "main.cf.d")
        directory.write("main.cf.d", moment == "before" ? old : new)
        directory.write(name, moment == "before" ? new : old)
        #expect(try removeLeftovers(in: directory.path) == [])
        #expect(directory.names == ["main.cf.d"])
        #expect(directory.bytes("main.cf.d") == (moment == "before" ? old : new))
    }

    @Test("What somebody else had just written is given its name back")
    func givenBack() async throws {
        let directory = try TemporaryDirectory()
        directory.write(try await parked(directory, new: new), foreign)
        directory.write("main.cf", new)
        #expect(try removeLeftovers(in: directory.path) == [])
        #expect(directory.names == ["main.cf"])
        #expect(directory.bytes("main.cf") == foreign)
    }

    @Test("When the file was changed again since, both contents stay and the second is named")
    func keptAside() async throws {
        let directory = try TemporaryDirectory()
        let name = try await parked(directory, new: new)
        directory.write(name, foreign)
        directory.write("main.cf", "changed again\n")
        #expect(try removeLeftovers(in: directory.path) == [directory(name)])
        #expect(directory.bytes(name) == foreign)
        #expect(directory.text("main.cf") == "changed again\n")
    }

    @Test("A removal that was cut short is finished, unless somebody else's content was taken away")
    func removal() async throws {
        let directory = try TemporaryDirectory()
        let name = try await parked(directory, new: nil)
        directory.write(name, old)
        #expect(try removeLeftovers(in: directory.path) == [])
        #expect(directory.names == [])
        directory.write(name, foreign)
        #expect(try removeLeftovers(in: directory.path) == [])
        #expect(directory.names == ["main.cf"])
        #expect(directory.bytes("main.cf") == foreign)
    }

    @Test("A directory that is not there is a failure")
    func noDirectory() {
        #expect(throws: Failure.self) { try removeLeftovers(in: "/nowhere/at/all") }
    }
}
