import Fixtures
import Testing

@testable import Postfix

/// Tables as postmap(1) compiles them, in the layout that Berkeley DB 5.3 writes.
@Suite struct HashDatabaseTests {
    @Test func `Keys and values come in turn`() throws {
        let records = try HashDatabase.records(hashDatabase(["a.example\0", "OK\0", "b.example\0", "\0"]))
        #expect(records.map(\.key.text) == ["a.example\0", "b.example\0"])
        #expect(records.map(\.data.text) == ["OK\0", "\0"])
        #expect(try HashDatabase.records(hashDatabase([])).isEmpty)
        #expect(try HashDatabase.records(hashDatabase(["a", "b"], kind: 0)).isEmpty)
    }

    @Test func `What is cut off, of another kind, or has an item elsewhere is damage`() {
        let whole = hashDatabase(["a.example\0", "OK\0"])
        var elsewhere = whole
        elsewhere[512 + 26] = 3
        elsewhere[512 + 27] = 9
        var checked = whole
        checked[26] = 1
        var apart = whole
        apart[511 + 512 - 10] = 3
        for bytes in [
            [], Array(whole.dropLast()), elsewhere, checked, apart, hashDatabase(["alone"]),
            hashDatabase(["a", "b"], kind: 7), Array("cut short".utf8),
        ] {
            #expect(throws: HashDatabase.Damage.self) { try HashDatabase.records(bytes) }
        }
    }

    @Test func `No bytes at all lead out of the file`() {
        let whole = hashDatabase(["a.example\0", "OK\0"])
        for index in whole.indices {
            for byte: UInt8 in [0, 1, 0x7f, 0xff] {
                var bytes = whole
                bytes[index] = byte
                _ = try? HashDatabase.records(bytes)
            }
        }
    }
}
