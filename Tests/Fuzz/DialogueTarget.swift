import MailModel
import SMTPCore

/// A server that says whatever the fuzzer wants, to a client that asks the whole catalogue.
///
/// The first bytes choose what the client is to do; the rest is cut into what single reads of the connection
/// bring. What must hold whatever comes: it ends, it never asks for what it has done, it remembers a bounded
/// amount, and a parser that gets the same bytes in other pieces reads the same replies.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 3 else { return 0 }
    let input = UnsafeBufferPointer(start: start, count: count)
    talk(choice: Int(input[0]), tls: Int(input[1]), Array(input.dropFirst(3)), pieces: Int(input[2]))
    readInPieces(Array(input.dropFirst(3)), pieces: Int(input[2]))
    catchMail(Array(input.dropFirst(3)))
    return 0
}

private let approaches = Dictionary(grouping: TestCatalogue.all, by: \.approach).values
    .sorted { $0[0].rank < $1[0].rank }

private func talk(choice: Int, tls: Int, _ bytes: [UInt8], pieces: Int) {
    let names = TestNames(
        token: "relay-test-abcdefghijkl", third: "[198.51.100.25]", local: "hosted.example", user: "info",
        relay: "relay.hosted.example", backup: "backup.example", host: nil, address: "203.0.113.10",
        vantage: "198.51.100.25")
    let tests = approaches[choice % approaches.count]
    let use = TLSUse.allCases[tls % TLSUse.allCases.count]
    var dialogue = Dialogue(
        DialogueScript(
            tls: use, questions: tests.map { .init(test: $0, names: names) },
            delivery: choice < 128 ? .never : .toOurselves(date: "Tue, 24 Nov 2026 12:00:00 +0000")))
    var said = 0
    var isOver = false
    func tell(_ event: Dialogue.Event) {
        switch dialogue.received(event) {
        case .send(let line):
            precondition(!isOver, "it speaks after the end")
            precondition(
                line.count < 8192 && line.suffix(2) == [13, 10] || dialogue.awaiting.contains("message"))
            said += 1
        case .startTLS, .sendThenStartTLS:
            precondition(!isOver, "TLS after the end")
            if tls < 200 { tell(.tlsEstablished) } else { tell(.tlsFailed("no")) }
        case .wait: break
        case .finish:
            precondition(!isOver, "it ends twice")
            isOver = true
        }
    }
    tell(.connected)
    for piece in cut(bytes, pieces) { tell(.bytes(piece)) }
    tell(pieces % 2 == 0 ? .closed : .timedOut)
    tell(.closed)
    precondition(isOver, "it does not end")
    // An envelope is four commands, a login and its greeting a few more.
    precondition(said <= tests.count * 6 + 8, "it asks without end")
    precondition(dialogue.record.answers.count <= tests.count)
    precondition((dialogue.record.banner?.utf8.count ?? 0) <= 100 * 3 * (ReplyParser.lineLimit + 2))
}

private func readInPieces(_ bytes: [UInt8], pieces: Int) {
    precondition(replies(cut(bytes, pieces)) == replies([bytes]), "pieces make a difference")
}

private func replies(_ pieces: [[UInt8]]) -> [Reply] {
    var parser = ReplyParser()
    var found: [Reply] = []
    for piece in pieces {
        parser.append(piece)
        do {
            while let reply = try parser.nextReply() { found.append(reply) }
        } catch {
            return found
        }
    }
    return found
}

private func catchMail(_ bytes: [UInt8]) {
    var session = CatcherSession { $0.contains("relay-test") ? "relay-test-abcdefghijkl" : nil }
    let output = session.received(bytes)
    precondition(output.caught.allSatisfy { !$0.tokens.isEmpty && $0.head.count <= 32_768 })
    for message in output.caught { _ = message.believedClient(helo: "[198.51.100.25]") }
}

private func cut(_ bytes: [UInt8], _ pieces: Int) -> [[UInt8]] {
    let size = max(1, pieces * pieces / 64)
    return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
}
