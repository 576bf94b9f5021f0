import Foundation
import MailModel
import Recording
import Testing

/// Runs the commands of `Backups/README.md` as they are written; only the values in the first lines, which
/// a reader fills in as well, are others.
@Suite(
    "Restoring by hand, as Backups/README.md says", .enabled(if: hasSQLite, "the program sqlite3 is missing"))
struct ReadmeTests {
    private let file: String
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        file = fixture.directory + "/main.cf"
        let store = try fixture.open()
        let id = try store.begin(newChangeSet())
        _ = try store.record(edit(file), in: id)
        _ = try store.record(
            NewStep(kind: .plesk, summary: "x", action: #"{"undoCommand":["plesk","bin","undo"]}"#), in: id)
        try store.close(id, outcome: "confirmed", message: "", probe: nil, at: noon)
        try fixture.write("main.cf", newMain)
    }

    private func commands(_ name: String) throws -> String {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: repository.appending(path: "Backups/README.md"), encoding: .utf8)
        let start = try #require(text.range(of: "<!-- test: \(name) -->\n```sh\n"))
        let end = try #require(text.range(of: "```\n", range: start.upperBound..<text.endIndex))
        let values = [
            "STORE": fixture.path, "CHANGE": "1", "FILE": file, "EXPORT": fixture.directory + "/export",
        ]
        let lines = text[start.upperBound..<end.lowerBound].split(
            separator: "\n", omittingEmptySubsequences: false)
        let filled = lines.map { line in
            let name = line.prefix { $0.isUppercase }
            guard line.dropFirst(name.count).first == "=", let value = values[String(name)] else {
                return String(line)
            }
            return "\(name)=\(value)"
        }
        return (["set -e"] + filled).joined(separator: "\n")
    }

    @Test("With sqlite3 alone: the change is found, and the file has its old bytes again")
    func restore() throws {
        let look = try run("/bin/sh", "-c", commands("look"))
        #expect(look.status == 0)
        #expect(look.text.hasPrefix("1|apply|2026-01-09 12:00:00|confirmed\n1|1|\(file)|"), "\(look.text)")
        let restore = try run("/bin/sh", "-c", commands("restore"))
        #expect(restore.status == 0, "\(restore.text)")
        #expect(fixture.bytes("main.cf") == oldMain)
        #expect(fixture.bytes("main.cf.restored") == nil)
        let plesk = try run("/bin/sh", "-c", commands("plesk"))
        #expect(plesk.text == "2|{\"undoCommand\":[\"plesk\",\"bin\",\"undo\"]}\n")
    }

    @Test("With cp from an export: bytes, mode, owner and time are as before")
    func export() throws {
        try fixture.open(.readOnly).export(to: fixture.directory + "/export")
        let result = try run("/bin/sh", "-c", commands("export"))
        #expect(result.status == 0, "\(result.text)")
        #expect(fixture.bytes("main.cf") == oldMain)
        let status = try run("/usr/bin/stat", "-c", isRoot ? "%a %Y %u:%g" : "%a %Y", file)
        #expect(status.text == (isRoot ? "640 1600000000 12345:23456\n" : "640 1600000000\n"))
    }
}
