import Content
import MailModel
import Recording
import Testing

@Suite("Verifying the store", .enabled(if: hasSQLite, "the program sqlite3 is missing"))
struct VerifyTests {
    private let old = sha256(oldMain)
    private let new = sha256(newMain)

    private func store() throws -> StoreFixture {
        let fixture = try StoreFixture()
        try recordApply(in: fixture.open())
        return fixture
    }

    @Test("A sound store has no damage")
    func sound() throws {
        #expect(try store().open(.readOnly).verify() == [])
    }

    @Test("A bit that flipped on the disk is found")
    func flippedBit() throws {
        let fixture = try store()
        var bytes = try #require(fixture.bytes("agent.sqlite"))
        let place = try #require(bytes.firstRange(of: newMain))
        bytes[place.lowerBound + 3] ^= 0x10
        try fixture.write("agent.sqlite", bytes)
        #expect(try fixture.open(.readOnly).verify() == [.altered(digest: new)])
        let failure = #expect(throws: Failure.self) { try fixture.open(.readOnly).content(new) }
        #expect(failure?.status == .storeUnusable)
    }

    @Test("Content that is cut off is found")
    func truncated() throws {
        let fixture = try store()
        try fixture.sqlite("UPDATE content SET bytes = substr(bytes, 1, 5) WHERE digest = '\(old)'")
        let expected = Damage.truncated(digest: old, isBytes: 5, wasBytes: oldMain.count)
        #expect(try fixture.open(.readOnly).verify() == [expected])
        #expect(expected.sentence == "content \(old) is cut off: 5 of \(oldMain.count) bytes")
    }

    @Test("Content that is missing is found, with the change that needs it")
    func missing() throws {
        let fixture = try store()
        try fixture.sqlite("PRAGMA foreign_keys = OFF; DELETE FROM content WHERE digest = '\(old)'")
        #expect(try fixture.open(.readOnly).verify() == [.missing(digest: old, changeSet: 1)])
    }

    @Test("Content that nothing needs is found")
    func extra() throws {
        let fixture = try store()
        let digest = sha256([1, 2])
        try fixture.sqlite("INSERT INTO content VALUES ('\(digest)', 2, x'0102')")
        #expect(try fixture.open(.readOnly).verify() == [.extra(digest: digest)])
    }

    @Test("Contents that changed places are found, both")
    func swapped() throws {
        let fixture = try store()
        try fixture.sqlite(
            """
            CREATE TEMP TABLE kept AS SELECT * FROM content;
            UPDATE content SET (size, bytes) = (SELECT size, bytes FROM kept WHERE digest = '\(new)')
                WHERE digest = '\(old)';
            UPDATE content SET (size, bytes) = (SELECT size, bytes FROM kept WHERE digest = '\(old)')
                WHERE digest = '\(new)';
            """)
        let damages = try fixture.open(.readOnly).verify()
        #expect(Set(damages) == [.swapped(digest: old, holds: new), .swapped(digest: new, holds: old)])
    }

    @Test(
        "A word that is not of its kind is found, and reading it is a refusal",
        arguments: ["change_set", "step"])
    func unknownWord(table: String) throws {
        let fixture = try store()
        try fixture.sqlite("UPDATE \(table) SET kind = 'nonsense'")
        let store = try fixture.open(.readOnly)
        #expect(try store.verify() == [.unreadable(changeSet: 1)])
        let failure = #expect(throws: Failure.self) {
            _ = try store.changeSets()
            _ = try store.steps(of: 1)
        }
        #expect(failure?.status == .storeUnusable)
    }

    @Test(
        "A value of a closed change that is another one is found, and the change is not taken back",
        arguments: [
            "UPDATE step SET path = '/etc/postfix/main.cg' WHERE number = 1",
            "UPDATE step SET metadata = replace(metadata, '416', '417')",
            "UPDATE step SET action = replace(action, 'undo', 'undp')",
            "UPDATE step SET state = 'failed' WHERE number = 2",
            "UPDATE change_set SET outcome = 'failed'", "DELETE FROM step WHERE number = 2",
            "DELETE FROM step",
        ])
    func brokenSeal(sql: String) throws {
        let fixture = try store()
        try fixture.sqlite(sql)
        let store = try fixture.open(.readOnly)
        #expect(
            try store.verify().filter { if case .extra = $0 { false } else { true } } == [
                .sealBroken(changeSet: 1)
            ])
        let failure = #expect(throws: Failure.self) { try store.requireSeal(of: 1) }
        #expect(failure?.status == .storeUnusable)
        let export = #expect(throws: Failure.self) { try store.export(to: fixture.directory + "/export") }
        #expect(export?.detail?.contains("change 1: it is not what was written of it") == true)
    }

    @Test(
        "What is written of an open change is not what it was: found, at every stage of it",
        arguments: [
            "DELETE FROM step WHERE number = 3", "DELETE FROM step",
            "UPDATE step SET path = '/etc/postfix/main.cg' WHERE number = 1",
            "UPDATE step SET state = 'undone' WHERE number = 2", "UPDATE change_set SET phase = 'written'",
            "UPDATE change_set SET window_deadline = 7",
        ])
    func brokenSealOfOpen(sql: String) throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let begun = try store.begin(newChangeSet(), keeping: [edit()], starting: [edit()])
        #expect(try store.verify() == [])
        _ = try store.record(edit("/etc/postfix/master.cf"), in: begun)
        #expect(try store.verify() == [])
        let window = ConfirmWindow(
            length: .seconds(600), from: Moment(wall: noon, sinceBoot: .seconds(5), bootID: "boot"))
        try store.enter(.window, decided: "confirmed", window: window, in: begun)
        #expect(try store.verify() == [])
        try store.move(window, of: begun)
        #expect(try store.verify() == [])
        try store.requireSeal(of: begun)
        try fixture.sqlite(sql)
        #expect(
            try store.verify().filter { if case .extra = $0 { false } else { true } } == [
                .sealBroken(changeSet: begun)
            ])
        #expect(throws: Failure.self) { try store.requireSeal(of: begun) }
    }

    @Test(
        "A change set that is gone with all that it needed is found, be it open or closed; one that was forgotten is none",
        arguments: [true, false])
    func changeSetGone(isOpen: Bool) throws {
        let fixture = try store()
        let store = try fixture.open()
        let gone = isOpen ? try store.begin(newChangeSet(), keeping: [edit()]) : try recordApply(in: store)
        #expect(try store.verify() == [])
        try fixture.sqlite(
            "PRAGMA foreign_keys = OFF; DELETE FROM step WHERE change_set = \(gone); DELETE FROM change_set WHERE id = \(gone)"
        )
        #expect(try store.unfinishedChangeSets().isEmpty)
        #expect(try store.verify() == [.changeSetsMissing(1)])
    }

    @Test(
        "Without a seal, a step that is missing between others and an action that is no JSON are found",
        arguments: [
            ("DELETE FROM step WHERE number = 1", Damage.stepMissing(changeSet: 1)),
            ("UPDATE step SET action = '{' WHERE number = 1", .unreadable(changeSet: 1)),
        ])
    func unsealed(sql: String, damage: Damage) throws {
        let fixture = try store()
        try fixture.sqlite("UPDATE change_set SET seal = NULL; " + sql)
        #expect(try fixture.open(.readOnly).verify().contains(damage))
    }

    @Test("Damage in the structure of the file is found")
    func structure() throws {
        let fixture = try store()
        try fixture.sqlite(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'finished IS NULL', 'finished IS NOT NULL') WHERE name = 'change_set_open'"
        )
        let damages = try fixture.open(.readOnly).verify()
        #expect(damages.contains { if case .structure = $0 { true } else { false } }, "\(damages)")
    }
}
