/// Takes an answer apart while it comes: lines that somebody is told at once, and the rest. In bounded memory.
struct AnswerLines {
    /// In bytes; what is told on the way is short.
    static let lineLimit = 4096

    private let limit: Int
    private let take: ([UInt8]) -> Bool
    private var rest: [UInt8] = []
    private var line: [UInt8] = []
    private var size = 0

    /// - Parameters:
    ///   - limit: of all that comes, in bytes, whoever takes it.
    ///   - take: says whether it has use for a line.
    init(limit: Int, take: @escaping ([UInt8]) -> Bool) {
        self.limit = limit
        self.take = take
    }

    /// - Returns: whether it is within the limit.
    mutating func append(_ bytes: some Collection<UInt8>) -> Bool {
        size += bytes.count
        guard size <= limit else { return false }
        for byte in bytes {
            line.append(byte)
            if byte == UInt8(ascii: "\n") { endLine() }
        }
        return true
    }

    /// - Returns: what nobody has taken.
    mutating func end() -> [UInt8] {
        endLine()
        return rest
    }

    private mutating func endLine() {
        if line.isEmpty || line.count > Self.lineLimit || !take(line) { rest += line }
        line.removeAll(keepingCapacity: line.count <= Self.lineLimit)
    }
}
