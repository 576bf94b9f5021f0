import Foundation
import MailModel
import Recording
import Testing

/// Each store here is written out as `sqlite3 agent.sqlite .dump` printed it in the version that made it.
@Suite("Stores of older versions", .enabled(if: hasSQLite, "the program sqlite3 is missing"))
struct MigrationTests {
    @Test("A store of version 1 opens, is sound, and has what was in it")
    func version1() throws {
        let fixture = try StoreFixture()
        try fixture.sqlite(storeOfVersion1)
        let store = try fixture.open()
        #expect(try store.verify() == [])
        #expect(try store.unsealedCount() == 1)
        try store.requireSeal(of: 1)
        #expect(try store.changeSets().map(\.message) == ["kept"])
        #expect(try store.steps(of: 1).map(\.state) == [.done, .done])
        #expect(try store.backups().map(\.path) == ["/etc/postfix/main.cf"])
        #expect(try recordApply(in: store) == 2)
    }

    @Test("Every reference has an index, so that forgetting a row does not search all the others for it")
    func indexes() throws {
        let fixture = try StoreFixture()
        try fixture.sqlite(storeOfVersion1)
        _ = try fixture.open()
        let references = try fixture.sqlite(
            """
            SELECT m.name || ' ' || f."from" FROM sqlite_master m, pragma_foreign_key_list(m.name) f
            WHERE m.type = 'table'
            """
        ).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(references.count == 7)
        for reference in references {
            let plan = try fixture.sqlite(
                "EXPLAIN QUERY PLAN SELECT 1 FROM \(reference[0]) WHERE \(reference[1]) = 1")
            #expect(plan.contains("SEARCH"), "\(plan)")
        }
    }

    @Test("Read only, it shows what is in it, and the file stays as it is")
    func readOnly() throws {
        let fixture = try StoreFixture()
        try fixture.sqlite(storeOfVersion1)
        let bytes = fixture.bytes("agent.sqlite")
        let store = try fixture.open(.readOnly)
        #expect(try store.changeSets().map(\.message) == ["kept"])
        #expect(try store.backups().map(\.path) == ["/etc/postfix/main.cf"])
        #expect(try store.verify() == [])
        #expect(fixture.bytes("agent.sqlite") == bytes)
    }
}
