import Content
import MailModel
import Recording
import Testing

@Suite("The journal")
struct JournalTests {
    @Test("Of probes that belong to no change, the last one is kept")
    func probes() throws {
        let store = try Store()
        #expect(try store.lastProbeOutsideOfChanges() == nil)
        for moment in [1, 2] {
            try store.record(probe: [UInt8(moment)], at: Timestamp(microseconds: Int64(moment)))
        }
        let last = try #require(try store.lastProbeOutsideOfChanges())
        #expect(last.report == [2] && last.finished == Timestamp(microseconds: 2))
    }

    @Test("What was written comes back, in memory and from the file", arguments: ["memory", "file"])
    func roundTrip(place: String) throws {
        let fixture = try StoreFixture()
        let store = place == "memory" ? try Store() : try fixture.open()
        let id = try recordApply(in: store)
        let row = try #require(try store.changeSet(id))
        #expect(row.kind == .apply && row.host == "mail.example" && row.agentVersion == "1.0.0")
        #expect(row.policyPath == "built in" && row.policySHA256 == "ab" && row.relayBefore == .open)
        #expect(row.created == noon && row.finished == noon.advanced(bySeconds: 4))
        #expect(row.outcome == "confirmed" && row.message == "kept" && row.reverts == nil)
        #expect(try store.content(row.planDigest) == Array("{}".utf8))
        #expect(try store.content(#require(row.probeDigest)) == Array(#"{"probe":1}"#.utf8))
        let steps = try store.steps(of: id)
        #expect(
            steps.first
                == StepRow(
                    changeSet: id, number: 1, kind: .edit, state: .done,
                    summary: "Edit /etc/postfix/main.cf", action: #"{"edit":{}}"#,
                    path: "/etc/postfix/main.cf", beforeDigest: sha256(oldMain),
                    afterDigest: sha256(newMain), metadata: metadata,
                    started: noon.advanced(bySeconds: 1), finished: noon.advanced(bySeconds: 2)))
        #expect(steps.map(\.number) == [1, 2])
        #expect(try store.content(sha256(oldMain)) == oldMain)
        #expect(try store.content(sha256(newMain)) == newMain)
    }

    @Test("An open change set is found until it is closed, and numbers are never used again")
    func unfinished() throws {
        let store = try Store()
        let first = try store.begin(newChangeSet())
        let second = try store.begin(newChangeSet(.rollback, reverts: first))
        #expect(try store.unfinishedChangeSets().map(\.id) == [first, second])
        try store.close(first, outcome: "failed", message: "", probe: nil, at: noon)
        #expect(try store.unfinishedChangeSets().map(\.id) == [second])
        #expect(try store.changeSets().map(\.id) == [second, first])
        #expect(try store.changeSets(limit: 1).map(\.id) == [second])
        #expect(try store.changeSet(second)?.reverts == first)
        #expect(try store.changeSet(99) == nil)
        #expect(try store.steps(of: 99) == [])
    }

    @Test("A note stays when a later mark has none")
    func notes() throws {
        let store = try Store()
        let id = try store.begin(newChangeSet())
        let step = try store.record(edit(), in: id)
        try store.mark(.failed, step: step, in: id, at: noon, note: "Plesk refused")
        try store.mark(.undone, step: step, in: id, at: noon)
        let row = try #require(try store.steps(of: id).first)
        #expect(row.state == .undone && row.note == "Plesk refused" && row.started == nil)
    }

    @Test("A step of a change set that is not there, or a rollback of one, is refused")
    func references() throws {
        let store = try Store()
        #expect(throws: Failure.self) { try store.record(edit(), in: 5) }
        #expect(throws: Failure.self) { try store.begin(newChangeSet(.rollback, reverts: 5)) }
        #expect(try store.changeSets() == [])
    }

    @Test("Empty files, files of every byte and large ones are kept exactly", arguments: [0, 256, 5_000_000])
    func contents(size: Int) throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        let id = try store.begin(newChangeSet())
        _ = try store.record(edit(before: bytes, after: newMain), in: id)
        #expect(try fixture.open(.readOnly).content(sha256(bytes)) == bytes)
    }

    @Test("Content that is not there is a damage of the store")
    func missingContent() throws {
        let store = try Store()
        let failure = #expect(throws: Failure.self) { try store.content(sha256([1])) }
        #expect(failure?.status == .storeUnusable)
    }

    @Test(
        "The same content is kept once, and a new change set with nothing new adds next to nothing",
        .enabled(if: hasSQLite, "the program sqlite3 is missing"))
    func keptOnce() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        for _ in 0..<20 { try recordApply(in: store) }
        #expect(try fixture.sqlite("SELECT count(*) FROM content") == "4\n")
    }
}
