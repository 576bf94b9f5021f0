/// D. J. Bernstein's constant database, as `tcprules`, `qmail-newmrh` and `cdbmake` write it
/// (<https://cr.yp.to/cdb/cdb.txt>): 256 pairs of position and length of the hash tables, the records, the tables.
package enum ConstantDatabase {
    package struct Record: Hashable, Sendable {
        package var key: [UInt8]
        package var data: [UInt8]

        package init(key: [UInt8], data: [UInt8]) {
            self.key = key
            self.data = data
        }
    }

    /// Why bytes are no constant database.
    package struct Damage: Error, Hashable {
        /// A sentence without a full stop.
        package var reason: String
    }

    private static let headerLength = 2048

    /// Reads every record in the order of the file.
    /// - Throws: ``Damage`` when a length or a position leads out of the file.
    package static func records(_ bytes: [UInt8]) throws(Damage) -> [Record] {
        guard bytes.count >= headerLength else {
            throw Damage(reason: "it is shorter than the \(headerLength) bytes that a cdb begins with")
        }
        // The tables stand behind the records; the first of them is where the records end.
        var end = bytes.count
        for table in 0..<256 {
            let position = number(in: bytes, at: table * 8)
            let slots = number(in: bytes, at: table * 8 + 4)
            guard position >= headerLength, position <= bytes.count, slots <= (bytes.count - position) / 8
            else { throw Damage(reason: "hash table \(table) lies outside the file") }
            end = min(end, position)
        }
        var records: [Record] = []
        var position = headerLength
        while position < end {
            guard end - position >= 8 else { throw Damage(reason: "a record is cut off") }
            let keyLength = number(in: bytes, at: position)
            let dataLength = number(in: bytes, at: position + 4)
            position += 8
            guard keyLength <= end - position, dataLength <= end - position - keyLength else {
                throw Damage(reason: "a record is longer than the file")
            }
            let dataStart = position + keyLength
            records.append(
                Record(
                    key: Array(bytes[position..<dataStart]),
                    data: Array(bytes[dataStart..<dataStart + dataLength])))
            position = dataStart + dataLength
        }
        return records
    }

    /// The bytes that `cdb_make` writes for records in this order.
    package static func bytes(_ records: [Record]) -> [UInt8] {
        var body: [UInt8] = []
        var slots = [[(hash: UInt32, position: UInt32)]](repeating: [], count: 256)
        for record in records {
            let hash = hash(record.key)
            slots[Int(hash & 255)].append((hash, UInt32(headerLength + body.count)))
            body += littleEndian(UInt32(record.key.count)) + littleEndian(UInt32(record.data.count))
            body += record.key + record.data
        }
        var header: [UInt8] = []
        for entries in slots {
            let length = entries.count * 2
            header += littleEndian(UInt32(headerLength + body.count)) + littleEndian(UInt32(length))
            var table = [(hash: UInt32, position: UInt32)](repeating: (0, 0), count: length)
            for entry in entries {
                var slot = Int(entry.hash >> 8) % length
                while table[slot].position != 0 { slot = (slot + 1) % length }
                table[slot] = entry
            }
            for slot in table { body += littleEndian(slot.hash) + littleEndian(slot.position) }
        }
        return header + body
    }

    private static func hash(_ key: [UInt8]) -> UInt32 {
        key.reduce(5381) { (($0 << 5) &+ $0) ^ UInt32($1) }
    }

    private static func number(in bytes: [UInt8], at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
}
