/// A table of the type `hash:` as postmap(1) makes it: a page of metadata and one of items, as Berkeley DB writes them.
/// - Parameter items: keys and values in turn.
package func hashDatabase(_ items: [String], kind: UInt8 = 13) -> [UInt8] {
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
