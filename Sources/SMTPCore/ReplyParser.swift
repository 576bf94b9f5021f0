/// What a server sent that is no reply of SMTP.
package enum ReplyViolation: Error, Hashable, Sendable {
    /// A line goes on for more than ``ReplyParser/lineLimit`` bytes.
    case lineTooLong
    /// A reply goes on for more than ``ReplyParser/lineCountLimit`` lines or ``ReplyParser/replyLimit`` bytes.
    case replyTooLong
    /// A line does not begin with three digits and a space or hyphen; its first bytes.
    case notAReply([UInt8])
}

/// Cuts the bytes that a server sends into replies, in bounded memory.
///
/// Lenient in what decides nothing: a bare line feed ends a line, zero bytes and 8-bit text pass through,
/// the lines of one reply may carry different codes (the last one counts, as in Postfix and sendmail).
package struct ReplyParser: Sendable {
    /// In bytes, without the end of line. RFC 5321 section 4.5.3.1.5 allows 512; Postfix sends up to 2,048.
    package static let lineLimit = 4096
    /// A long EHLO answer has 20.
    package static let lineCountLimit = 100
    /// In bytes, over all of its lines.
    package static let replyLimit = 16_384
    /// How much of a line that is no reply is kept for the report, in bytes.
    private static let excerptLimit = 80

    private var line: [UInt8] = []
    private var lines: [[UInt8]] = []
    private var size = 0
    private var waiting: [UInt8] = []
    private var next = 0

    package init() {}

    /// Whether bytes wait that no reply has used.
    package var hasUnusedBytes: Bool { next < waiting.count || !line.isEmpty || !lines.isEmpty }

    /// How many bytes of the reply that is not whole yet have come.
    package var begunBytes: Int { size + line.count }

    /// Takes what the connection brought. Bounded by one read of the connection: call ``nextReply()`` until
    /// it returns `nil` before appending again.
    package mutating func append(_ bytes: [UInt8]) {
        waiting.removeFirst(next)
        next = 0
        waiting += bytes
    }

    /// - Returns: The next whole reply; `nil` when more bytes are needed.
    /// - Throws: When what came can be no reply; the connection is of no use then.
    package mutating func nextReply() throws(ReplyViolation) -> Reply? {
        while next < waiting.count {
            let byte = waiting[next]
            next += 1
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                // One byte more for the carriage return.
                if line.count > Self.lineLimit + 1 { throw .lineTooLong }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let reply = try endLine() { return reply }
        }
        return nil
    }

    /// Drops everything that came and was not used.
    package mutating func discard() { self = ReplyParser() }

    private mutating func endLine() throws(ReplyViolation) -> Reply? {
        let whole = line
        line.removeAll(keepingCapacity: true)
        guard let code = Self.code(of: whole) else {
            throw .notAReply(Array(whole.prefix(Self.excerptLimit)))
        }
        lines.append(Array(whole.dropFirst(4)))
        size += whole.count
        guard size <= Self.replyLimit else { throw .replyTooLong }
        guard whole.count > 3, whole[3] == UInt8(ascii: "-") else {
            defer { (lines, size) = ([], 0) }
            return Reply(code: code, lines: lines)
        }
        guard lines.count < Self.lineCountLimit else { throw .replyTooLong }
        return nil
    }

    private static func code(of line: [UInt8]) -> Int? {
        guard line.count >= 3, line.prefix(3).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard line.count == 3 || line[3] == UInt8(ascii: " ") || line[3] == UInt8(ascii: "-") else {
            return nil
        }
        return line.prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
