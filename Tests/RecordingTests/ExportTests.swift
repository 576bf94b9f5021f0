import Content
import Foundation
import Glibc
import MailModel
import Recording
import Testing

@Suite("Exporting the store")
struct ExportTests {
    @Test("Every kept file is there, with the bytes, the mode and the time of before")
    func files() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let id = try recordApply(in: store)
        _ = try store.record(edit(before: newMain, after: oldMain), in: id)
        try store.close(id, outcome: "confirmed", message: "kept", probe: nil, at: noon)
        try store.export(to: fixture.directory + "/export")
        let first = "export/change-1/before/etc/postfix/main.cf"
        #expect(fixture.bytes(first) == oldMain)
        #expect(fixture.bytes("export/change-1/step-3/etc/postfix/main.cf") == newMain)
        #expect(fixture.bytes("export/change-1/plan.json") == Array("{}".utf8))
        #expect(fixture.bytes("export/change-1/probe.json") == Array(#"{"probe":1}"#.utf8))
        var status = stat()
        #expect(stat("\(fixture.directory)/\(first)", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o640)
        #expect(status.st_mtim.tv_sec == 1_600_000_000 && status.st_mtim.tv_nsec == 123_456_789)
        if isRoot { #expect(status.st_uid == 12345 && status.st_gid == 23456) }
        #expect(stat("\(fixture.directory)/export", &status) == 0 && status.st_mode & 0o7777 == 0o700)
        let steps = String(decoding: fixture.bytes("export/change-1/steps.txt") ?? [], as: UTF8.self)
        #expect(steps.contains("2 plesk done: Set relaying\n"))
    }

    @Test("The index names each file, and sha256sum finds them whole")
    func index() throws {
        let fixture = try StoreFixture()
        try recordApply(in: fixture.open())
        try fixture.open(.readOnly).export(to: fixture.directory + "/export")
        let lines = String(decoding: fixture.bytes("export/index.tsv") ?? [], as: UTF8.self).split(
            separator: "\n")
        #expect(
            lines.last.map { $0.split(separator: "\t").map(String.init) } == [
                "1", "2026-01-09T12:00:01Z", "12345:23456", "0640", String(oldMain.count), sha256(oldMain),
                "user.note", "change-1/before/etc/postfix/main.cf", "/etc/postfix/main.cf",
            ])
        let check = try run(
            "/bin/sh", "-c", "cd \(fixture.directory)/export && sha256sum --strict -c SHA256SUMS")
        #expect(check.status == 0, "\(check.text)")
        let readme = String(decoding: fixture.bytes("export/README.md") ?? [], as: UTF8.self)
        #expect(readme.contains("| 1 | 0640 | 12345:23456 | `change-1/before/etc/postfix/main.cf` |"))
    }

    @Test("A directory that is not empty is refused, and an empty one is taken")
    func occupied() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        try recordApply(in: store)
        let failure = #expect(throws: Failure.self) { try store.export(to: fixture.directory) }
        #expect(failure?.status == .failed)
        #expect(mkdir(fixture.directory + "/empty", 0o755) == 0)
        try store.export(to: fixture.directory + "/empty")
        #expect(fixture.bytes("empty/README.md") != nil)
        #expect(throws: Failure.self) { try store.export(to: fixture.directory + "/none/none") }
    }

    @Test(
        "Where the journal cannot be read, every whole content is there by its digest",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"))
    func damagedJournal() throws {
        let fixture = try StoreFixture()
        try recordApply(in: fixture.open())
        let page = try fixture.sqlite("SELECT rootpage FROM sqlite_master WHERE name = 'step'")
        let size = try fixture.sqlite("PRAGMA page_size")
        let start = (try #require(Int(page.dropLast())) - 1) * (try #require(Int(size.dropLast())))
        var bytes = try #require(fixture.bytes("agent.sqlite"))
        for place in start..<start + 1000 { bytes[place] = 0xFF }
        try fixture.write("agent.sqlite", bytes)
        let store = try fixture.open(.readOnly)
        let failure = #expect(throws: Failure.self) { try store.export(to: fixture.directory + "/export") }
        #expect(failure?.status == .storeUnusable)
        #expect(fixture.bytes("export/contents/\(sha256(oldMain))") == oldMain)
        #expect(fixture.bytes("export/contents/\(sha256(newMain))") == newMain)
        let check = try run(
            "/bin/sh", "-c", "cd \(fixture.directory)/export && sha256sum --strict -c SHA256SUMS")
        #expect(check.status == 0, "\(check.text)")
    }

    @Test(
        "Damaged content is left out and named, and all the rest is written",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"))
    func damaged() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let id = try recordApply(in: store)
        _ = try store.record(edit("/etc/postfix/master.cf", before: newMain, after: oldMain), in: id)
        try store.close(id, outcome: "confirmed", message: "kept", probe: nil, at: noon)
        try fixture.sqlite("UPDATE content SET bytes = x'00' WHERE digest = '\(sha256(oldMain))'")
        let failure = #expect(throws: Failure.self) { try store.export(to: fixture.directory + "/export") }
        #expect(failure?.status == .storeUnusable)
        #expect(failure?.detail == "change 1: /etc/postfix/main.cf")
        #expect(fixture.bytes("export/change-1/before/etc/postfix/master.cf") == newMain)
        #expect(fixture.bytes("export/change-1/before/etc/postfix/main.cf") == nil)
        #expect(fixture.bytes("export/SHA256SUMS") != nil)
    }

    @Test(
        "A path that would leave the export is not written",
        arguments: ["/etc/../../escape", "relative", "/"])
    func hostilePath(path: String) throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        _ = try store.record(edit(path), in: try store.begin(newChangeSet()))
        let failure = #expect(throws: Failure.self) { try store.export(to: fixture.directory + "/export") }
        #expect(failure?.status == .storeUnusable)
        #expect(fixture.bytes("escape") == nil)
    }

    @Test("The list has each content of a file once a change, newest change first")
    func backups() throws {
        let store = try Store()
        let first = try recordApply(in: store)
        _ = try store.record(edit(), in: first)
        let second = try recordApply(in: store)
        let backups = try store.backups()
        #expect(backups.map(\.changeSet) == [second, first])
        #expect(backups.allSatisfy { $0.digest == sha256(oldMain) && $0.isFirst && $0.step == 1 })
        #expect(backups.first?.sizeInBytes == oldMain.count)
        #expect(backups.first?.kept == noon.advanced(bySeconds: 1))
        #expect(backups.first?.path == "/etc/postfix/main.cf")
    }
}
