import Testing

@testable import SMTPCore

@Suite("Reply parser")
struct ReplyParserTests {
    /// Everything that the parser makes of `chunks`, and how it ended.
    private func parse(_ chunks: [[UInt8]]) -> (replies: [Reply], violation: ReplyViolation?) {
        var parser = ReplyParser()
        var replies: [Reply] = []
        do {
            for chunk in chunks {
                parser.append(chunk)
                while let reply = try parser.nextReply() { replies.append(reply) }
            }
        } catch {
            return (replies, error)
        }
        return (replies, nil)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "A reply is read however it is cut into pieces",
        arguments: [1, 2, 3, 7, 100])
    func pieces(size: Int) {
        let wire = bytes("250-mx.hosted.example\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n354 go\r\n")
        let chunks = stride(from: 0, to: wire.count, by: size).map {
            Array(wire[$0..<min($0 + size, wire.count)])
        }
        let (replies, violation) = parse(chunks)
        #expect(violation == nil)
        #expect(replies == [Reply(250, "mx.hosted.example\nPIPELINING\nSMTPUTF8"), Reply(354, "go")])
    }

    @Test(
        "Odd ends and codes are read as other clients read them",
        arguments: [
            ("250 ok\n", Reply(250, "ok")), ("250\r\n", Reply(250, "")), ("250 \r\n", Reply(250, "")),
            ("250-\r\n250 x\r\n", Reply(250, "\nx")), ("250-a\r\n550 b\r\n", Reply(550, "a\nb")),
            ("000 zero\r\n", Reply(0, "zero")), ("999 far\r\n", Reply(999, "far")),
            ("250 \u{0}nul\r\n", Reply(250, "\u{0}nul")),
        ])
    func odd(wire: String, expected: Reply) {
        let (replies, violation) = parse([bytes(wire)])
        #expect(violation == nil)
        #expect(replies == [expected])
    }

    @Test("Bytes that are not UTF-8 are kept")
    func eightBit() {
        let (replies, _) = parse([[0x32, 0x32, 0x30, 0x20, 0xe4, 0xff, 0x0d, 0x0a]])
        #expect(replies == [Reply(code: 220, lines: [[0xe4, 0xff]])])
    }

    @Test(
        "What is no reply is refused with its beginning",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", "25 ok\r\n", "\r\n", "2500 ok\r\n", "٢٥٠ ok\r\n", "+OK POP3\r\n",
        ])
    func noReply(wire: String) {
        let (replies, violation) = parse([bytes(wire)])
        #expect(replies.isEmpty)
        let line = wire.split(separator: "\r\n", omittingEmptySubsequences: false)[0]
        #expect(violation == .notAReply(bytes(String(line))))
    }

    @Test("A line without end is given up at the limit")
    func endlessLine() {
        let piece = [UInt8](repeating: 0x41, count: 1000)
        #expect(parse([bytes("220 ")] + Array(repeating: piece, count: 4)).violation == nil)
        #expect(parse([bytes("220 ")] + Array(repeating: piece, count: 5)).violation == .lineTooLong)
    }

    @Test("A line of exactly the limit is still read")
    func longestLine() {
        let text = String(repeating: "x", count: ReplyParser.lineLimit - 4)
        #expect(parse([bytes("220 \(text)\r\n")]).replies == [Reply(220, text)])
        #expect(parse([bytes("220 \(text)xx\r\n")]).violation == .lineTooLong)
    }

    @Test("A reply without end is given up at the limit")
    func endlessReply() {
        let lines = { (count: Int) in Array(repeating: self.bytes("250-more\r\n"), count: count) }
        #expect(parse(lines(ReplyParser.lineCountLimit - 1) + [bytes("250 end\r\n")]).replies.count == 1)
        #expect(parse(lines(ReplyParser.lineCountLimit)).violation == .replyTooLong)
    }

    @Test("A reply of a few long lines is given up at its own limit, and the next one begins anew")
    func longReply() {
        let line = bytes("250-" + String(repeating: "x", count: 3996) + "\r\n")
        let whole = Array(repeating: line, count: 5) + [bytes("250 end\r\n")]
        #expect(parse(whole + whole).violation == .replyTooLong)
        let short = Array(repeating: line, count: 3) + [bytes("250 end\r\n")]
        #expect(parse(short + short).replies.count == 2)
    }

    @Test("Of a reply that goes on and on the beginning and the last line are kept, of any other everything")
    func excerpt() {
        let short = Reply(250, "mx\nPIPELINING\nok")
        #expect(short.excerpt == short)
        let line = String(repeating: "x", count: 300)
        let long = Reply(554, Array(repeating: line, count: 50).joined(separator: "\n") + "\n5.7.1 denied")
        #expect(long.excerpt.lines.count == 3)
        #expect(long.excerpt.lines[1].count == Reply.excerptLimit - 316)
        #expect(long.excerpt.enhancedStatus == EnhancedStatus(5, 7, 1))
        let empty = Reply(250, String(repeating: "\n", count: 99) + String(repeating: "y", count: 2000))
        #expect(empty.excerpt.lines.count < 40)
        #expect(empty.excerpt.lines.last?.count == Reply.excerptLimit)
    }

    @Test(
        "The enhanced status is found where servers put it",
        arguments: [
            ("5.7.1 <a@b>: Relay access denied", EnhancedStatus(5, 7, 1)),
            ("sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", EnhancedStatus(5, 7, 1)),
            ("4.2.0 later", EnhancedStatus(4, 2, 0)), ("relay not permitted", nil), ("3.1.1 no class", nil),
            ("5.7 short", nil), ("5.7.1234 long", nil), ("", nil),
        ])
    func enhanced(text: String, expected: EnhancedStatus?) {
        #expect(Reply(554, text).enhancedStatus == expected)
    }
}
