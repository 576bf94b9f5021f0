import Testing

@testable import Postfix

/// Tables as postmap(1) compiles them, in the layout that Berkeley DB 5.3 writes.
@Suite struct HashDatabaseTests {
    /// A page of metadata and one of items, as Berkeley DB writes them.
    private func database(_ items: [String], kind: UInt8 = 13) -> [UInt8] {
        let size = 512
        var bytes = [UInt8](repeating: 0, count: size * 2)
        func put(_ value: Int, at offset: Int, _ width: Int) {
            for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        put(0x061561, at: 12, 4)
        put(9, at: 16, 4)
        put(size, at: 20, 4)
        bytes[25] = 8
        put(1, at: 32, 4)
        put(items.count, at: size + 20, 2)
        bytes[size + 25] = kind
        var end = size
        for (index, item) in items.enumerated() {
            let text = [1] + Array(item.utf8)
            end -= text.count
            put(end, at: size + 26 + index * 2, 2)
            bytes.replaceSubrange(size + end..<size + end + text.count, with: text)
        }
        return bytes
    }

    @Test func `Keys and values come in turn`() throws {
        let records = try HashDatabase.records(database(["a.example\0", "OK\0", "b.example\0", "\0"]))
        #expect(records.map(\.key.text) == ["a.example\0", "b.example\0"])
        #expect(records.map(\.data.text) == ["OK\0", "\0"])
        #expect(try HashDatabase.records(database([])).isEmpty)
        #expect(try HashDatabase.records(database(["a", "b"], kind: 0)).isEmpty)
    }

    @Test func `What is cut off, of another kind, or has an item elsewhere is damage`() {
        let whole = database(["a.example\0", "OK\0"])
        var elsewhere = whole
        elsewhere[512 + 26] = 3
        elsewhere[512 + 27] = 9
        var checked = whole
        checked[26] = 1
        var apart = whole
        apart[511 + 512 - 10] = 3
        for bytes in [
            [], Array(whole.dropLast()), elsewhere, checked, apart, database(["alone"]),
            database(["a", "b"], kind: 7), Array("cut short".utf8),
        ] {
            #expect(throws: HashDatabase.Damage.self) { try HashDatabase.records(bytes) }
        }
    }

    @Test func `No bytes at all lead out of the file`() {
        let whole = database(["a.example\0", "OK\0"])
        for index in whole.indices {
            for byte: UInt8 in [0, 1, 0x7f, 0xff] {
                var bytes = whole
                bytes[index] = byte
                _ = try? HashDatabase.records(bytes)
            }
        }
    }
}
