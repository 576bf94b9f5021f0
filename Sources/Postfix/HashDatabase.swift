/// A table of the type `hash:` as postmap(1) makes it: the hash access method of Berkeley DB, versions 7 to 10.
///
/// A page of metadata, then pages of items that follow one another, a key and its value in turn. What goes beyond that
/// (items on pages of their own, duplicates, checksums, encryption) is damage here: postmap(1) itself can list it.
package enum HashDatabase {
    /// Why bytes are no such database.
    package struct Damage: Error, Hashable {
        /// A sentence without a full stop.
        package var reason: String
    }

    /// Every key with its value, in the order of the pages.
    package static func records(_ bytes: [UInt8]) throws(Damage) -> [(key: [UInt8], data: [UInt8])] {
        guard bytes.count >= 512, number(bytes, 12, 4) == magic, (7...10).contains(number(bytes, 16, 4))
        else {
            throw Damage(reason: "it does not begin as a hash of Berkeley DB does")
        }
        let size = number(bytes, 20, 4)
        let last = number(bytes, 32, 4)
        guard (512...65536).contains(size), bytes.count == (last + 1) * size else {
            throw Damage(reason: "its length is not that of its pages")
        }
        // Encryption, the kind of the page, checksums; then the flags of the hash, such as duplicates.
        guard bytes[24] == 0, bytes[25] == 8, bytes[26] == 0, number(bytes, 48, 4) == 0 else {
            throw Damage(reason: "it has more than keys and values")
        }
        var records: [(key: [UInt8], data: [UInt8])] = []
        for page in 1..<max(last + 1, 1) {
            let start = page * size
            switch bytes[start + 25] {
            case 0: continue
            case 2, 13: try read(bytes, page: start, size, into: &records)
            default: throw Damage(reason: "page \(page) is of another kind")
            }
        }
        return records
    }

    private static let magic = 0x061561
    private static let headerLength = 26

    private static func read(
        _ bytes: [UInt8], page start: Int, _ size: Int, into records: inout [(key: [UInt8], data: [UInt8])]
    ) throws(Damage) {
        let count = number(bytes, start + 20, 2)
        guard count.isMultiple(of: 2), headerLength + count * 2 <= size else {
            throw Damage(reason: "a page has more items than it has room for")
        }
        var items: [[UInt8]] = []
        var end = size
        for index in 0..<count {
            let offset = number(bytes, start + headerLength + index * 2, 2)
            guard offset >= headerLength + count * 2, offset < end, bytes[start + offset] == 1 else {
                throw Damage(reason: "an item is not on its page")
            }
            items.append(Array(bytes[start + offset + 1..<start + end]))
            end = offset
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            records.append((items[index], items[index + 1]))
        }
    }

    /// Little endian, as the machines have it that Plesk runs on.
    private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> Int {
        (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
