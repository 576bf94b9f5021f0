/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private var words: SIMD4<UInt64> = .zero

    static let all: ByteSet = {
        var set = ByteSet()
        set.words = SIMD4(repeating: .max)
        return set
    }()

    init() {}

    init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

    var isEmpty: Bool { words == .zero }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] & (1 << UInt64(byte & 63)) != 0 }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    var inverted: ByteSet {
        var set = ByteSet()
        set.words = ~words
        return set
    }

    func removing(_ byte: UInt8) -> ByteSet {
        var set = self
        set.words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63))
        return set
    }

    /// With both cases of every letter that is in it.
    var ignoringCase: ByteSet {
        var set = self
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") {
            if contains(byte) { set.insert(byte & ~0x20) }
            if contains(byte & ~0x20) { set.insert(byte) }
        }
        return set
    }

    static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    static let letters = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z")).ignoringCase
    static let word: ByteSet = {
        var set = letters
        set.formUnion(digits)
        set.insert(UInt8(ascii: "_"))
        return set
    }()
    static let space = ByteSet([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20])

    /// A byte of the set that a mail address or host name could hold; else any printable one.
    var representative: UInt8? {
        for byte in "xq7a0-.bcdefghijklmnoprstuvwyz".utf8 where contains(byte) { return byte }
        return (0x21...0x7e).first(where: contains) ?? (0...255).first(where: contains)
    }
}
