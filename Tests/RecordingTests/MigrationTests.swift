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
        #expect(try store.changeSets().map(\.message) == ["kept"])
        #expect(try store.steps(of: 1).map(\.state) == [.done, .done])
        #expect(try store.backups().map(\.path) == ["/etc/postfix/main.cf"])
        #expect(try recordApply(in: store) == 2)
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
