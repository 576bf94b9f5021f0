/// One typed record of a queue file.
struct QueueRecord {
    /// The letter by which Postfix tells records apart (`rec_type.h`, shown by `postcat -v`).
    var type: UInt8
    /// The first bytes of what it holds, ``QueueRecords/dataLimit`` at most.
    var data: ArraySlice<UInt8>
    /// How many bytes the file says that it holds.
    var length: Int
}

/// Reads records of a queue file, a window at a time: a letter, the length in groups of seven bits (lowest
/// first, the top bit says that more follow), and so many bytes.
///
/// It reads a bounded number of bytes, whatever the file claims.
struct QueueRecords {
    /// The most that is kept of one record; Postfix itself cuts lines at 2048 bytes.
    static let dataLimit = 4096
    private let windowSize: Int
    /// The most that is read of one file.
    private let budget: Int
    private let kept: Int

    /// - Parameters: offset and number of bytes.
    /// - Returns: the bytes there, fewer at the end of the file.
    private let read: (Int, Int) -> [UInt8]
    private var window: [UInt8] = []
    private var windowStart = 0
    private var readSoFar = 0
    /// Whether the window ends where the file does.
    private var isLastWindow = false
    /// Where the next record begins.
    var offset = 0
    private var jumps = 0

    init(
        windowSize: Int = 4096, budget: Int = 1 << 20, dataLimit: Int = Self.dataLimit,
        _ read: @escaping (Int, Int) -> [UInt8]
    ) {
        self.windowSize = windowSize
        self.budget = budget
        self.kept = dataLimit
        self.read = read
    }

    /// The next record, with pointers followed.
    /// - Returns: `nil` where there is no whole record, or too much was read already.
    mutating func next() -> QueueRecord? {
        while let record = nextOfFile() {
            guard record.type == UInt8(ascii: "p") else { return record }
            // A pointer of 0 is room that was kept for one.
            guard let target = decimal(record.data), target >= 0 else { return nil }
            guard target > 0 else { continue }
            jumps += 1
            guard jumps <= 1000 else { return nil }
            offset = target
        }
        return nil
    }

    private mutating func nextOfFile() -> QueueRecord? {
        guard load(6) >= 2 else { return nil }
        let type = window[offset - windowStart]
        var length = 0
        var end = offset + 1
        for group in 0..<5 {
            guard end - windowStart < window.count else { return nil }
            let byte = window[end - windowStart]
            end += 1
            length |= Int(byte & 0x7f) << (7 * group)
            if byte & 0x80 == 0 { break }
            if group == 4 { return nil }
        }
        let head = end - offset
        let count = min(length, kept)
        guard load(head + count) >= head + count else { return nil }
        let start = offset - windowStart + head
        offset += head + length
        return QueueRecord(type: type, data: window[start..<start + count], length: length)
    }

    /// Makes the window hold `count` bytes from the offset on, or all that there are.
    /// - Returns: how many it holds.
    private mutating func load(_ count: Int) -> Int {
        let held = windowStart + window.count - offset
        if offset >= windowStart, held >= count || (isLastWindow && held >= 0) { return held }
        guard readSoFar < budget, offset >= 0 else { return 0 }
        let size = max(windowSize, count)
        window = read(offset, size)
        windowStart = offset
        readSoFar += size
        isLastWindow = window.count < size
        return window.count
    }
}

/// A number as Postfix writes it into fixed-width fields: spaces, a sign perhaps, digits.
func decimal(_ text: some Collection<UInt8>) -> Int? {
    let digits = text.drop { $0 == 0x20 }
    guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
    }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
}
