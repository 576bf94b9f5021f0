import Fixtures
import MailModel
import SMTPCore
import Testing

@Suite("Dialogue")
struct DialogueTests {
    @Test("The article's dialogue is held word for word, and ends politely")
    func article() {
        var dialogue = Dialogue(script(["plain"]))
        #expect(dialogue.received(.connected) == .wait)
        let said = play(
            &dialogue,
            [
                "220 mx.hosted.example ESMTP Postfix", "250-mx.hosted.example", "250 AUTH PLAIN",
                "250 2.1.0 Ok",
                "554 5.7.1 <t1@example.org>: Relay access denied", "221 2.0.0 Bye",
            ])
        #expect(
            said == [
                "EHLO [198.51.100.25]", "(wait)", "MAIL FROM:<probe@sender.example>",
                "RCPT TO:<t1@example.org>",
                "QUIT", "(done)",
            ])
        let answer = dialogue.record.answers.first
        #expect(answer?.judgement == .refused(.relay))
        #expect(
            answer?.exchanges.map(\.command) == [
                "MAIL FROM:<probe@sender.example>", "RCPT TO:<t1@example.org>",
            ])
        #expect(dialogue.record.banner == "mx.hosted.example ESMTP Postfix")
        #expect(dialogue.record.capabilities?.offersLogin == true)
    }

    @Test("Each envelope has a transaction of its own, whatever became of the one before")
    func several() {
        var dialogue = Dialogue(script(["plain", "null-sender", "literal-sender"]))
        _ = dialogue.received(.connected)
        let said = play(
            &dialogue,
            [
                "220 x", "250 x", "250 ok", "250 ok", "250 reset", "550 no null sender", "250 reset",
                "250 ok",
                "454 4.7.1 Relay access denied", "221 bye",
            ])
        #expect(
            said == [
                "EHLO [198.51.100.25]", "MAIL FROM:<probe@sender.example>", "RCPT TO:<t1@example.org>",
                "RSET",
                "MAIL FROM:<>", "RSET", "MAIL FROM:<probe-t1@[198.51.100.25]>", "RCPT TO:<t1@example.org>",
                "QUIT",
                "(done)",
            ])
        #expect(dialogue.record.answers.map(\.judgement) == [.accepted, .refused(.sender), .refused(.relay)])
    }

    @Test("Without leave to deliver, an accepted recipient is never followed by DATA")
    func neverData() {
        var dialogue = Dialogue(script(["plain"]))
        _ = dialogue.received(.connected)
        #expect(play(&dialogue, ["220 x", "250 x", "250 ok", "250 ok"]).last == "QUIT")
    }

    @Test("With leave to deliver, the message carries the token, and a refusal after DATA counts")
    func delivery() {
        var dialogue = Dialogue(
            script(["plain"], delivery: .toOurselves(date: "Fri, 09 Jan 2026 12:00:00 +0000")))
        _ = dialogue.received(.connected)
        #expect(play(&dialogue, ["220 x", "250 x", "250 ok", "250 ok"]).last == "DATA")
        let message = sent(dialogue.received(line("354 go")))
        #expect(message?.contains("X-Relay-Test: t1\r\n") == true)
        #expect(message?.hasSuffix("\r\n.\r\n") == true)
        #expect(play(&dialogue, ["550 5.7.1 spam"]) == ["QUIT"])
        #expect(dialogue.record.answers.first?.judgement == .refused(.content))
        #expect(dialogue.record.answers.first?.messageTaken == false)
    }

    @Test("The control question never sends a message")
    func controlNeverSends() {
        var dialogue = Dialogue(
            DialogueScript(
                tls: .none,
                questions: [.init(test: TestCatalogue.hosted("info@hosted.example"), names: sampleNames)],
                delivery: .toOurselves(date: "")))
        _ = dialogue.received(.connected)
        #expect(play(&dialogue, ["220 x", "250 x", "250 ok", "250 ok"]).last == "QUIT")
    }

    @Test(
        "A recipient that would be two commands is not asked for",
        arguments: ["a@b\r\nDATA", "a@\u{0}", "ä@b", "{x}@b"])
    func injection(recipient: String) {
        var dialogue = Dialogue(
            DialogueScript(
                tls: .none, questions: [.init(test: TestCatalogue.hosted(recipient), names: sampleNames)]))
        _ = dialogue.received(.connected)
        #expect(play(&dialogue, ["220 x", "250 x"]).last == "QUIT")
        #expect(dialogue.record.notApplicable == ["hosted"])
    }

    @Test(
        "A server that breaks off is reported by what was waited for",
        arguments: [
            ([], Dialogue.Event.timedOut, DialogueEnd.noBanner),
            ([], .closed, .closed(awaiting: "the banner")),
            (["220 x"], .timedOut, .timedOut(awaiting: "the reply to EHLO")),
            (["220 x", "250 x"], .closed, .closed(awaiting: "the reply to MAIL")),
            (["220 x", "250 x", "250 ok"], .timedOut, .timedOut(awaiting: "the reply to RCPT")),
            (["220 x", "250 x", "250 ok", "550 no"], .timedOut, .done),
            (["220 x", "250 x", "250 ok", "550 no"], .closed, .done),
        ])
    func brokenOff(lines: [String], event: Dialogue.Event, end: DialogueEnd) {
        var dialogue = Dialogue(script(["plain"]))
        _ = dialogue.received(.connected)
        _ = play(&dialogue, lines)
        #expect(dialogue.received(event) == .finish(end))
        #expect(dialogue.received(.bytes([0x30])) == .wait)
    }

    @Test("What has begun and does not end in time is not called missing")
    func drips() {
        for (lines, dripped, end) in [
            ([], "220 m", DialogueEnd.unfinishedBanner(bytes: 5)),
            ([], "220-mx\r\n", .unfinishedBanner(bytes: 6)),
            (["220 x"], "250-x", .timedOut(awaiting: "the end of the reply to EHLO")),
        ] {
            var dialogue = Dialogue(script(["plain"]))
            _ = dialogue.received(.connected)
            _ = play(&dialogue, lines)
            for byte in dripped.utf8 { #expect(dialogue.received(.bytes([byte])) == .wait) }
            #expect(dialogue.received(.timedOut) == .finish(end))
        }
    }

    @Test("A reply that nobody asked for ends the dialogue, for the next ones could not be told apart")
    func unsolicited() {
        var dialogue = Dialogue(script(["plain"]))
        _ = dialogue.received(.connected)
        _ = play(&dialogue, ["220 x", "250 x"])
        #expect(
            dialogue.received(.bytes(Array("250 ok\r\n250 2.1.5 Ok\r\n".utf8))) == .finish(.unsolicitedReply))
        #expect(dialogue.record.answers.isEmpty)
    }

    @Test("421 in the middle defers the question, and ends")
    func closing() {
        var dialogue = Dialogue(script(["plain", "null-sender"]))
        _ = dialogue.received(.connected)
        _ = play(&dialogue, ["220 x", "250 x", "250 ok"])
        let reply = Reply(421, "4.7.0 error rate")
        #expect(dialogue.received(line("421 4.7.0 error rate")) == .finish(.serviceClosing(reply)))
        #expect(dialogue.record.answers.map(\.judgement) == [.deferred])
    }

    @Test("A server that ends the service behind its answer has answered, and nothing more is said to it")
    func enough() {
        var dialogue = Dialogue(script(["plain", "null-sender"]))
        _ = dialogue.received(.connected)
        _ = play(&dialogue, ["220 x", "250 x", "250 ok"])
        let reply = Reply(421, "4.7.0 too many errors")
        #expect(
            dialogue.received(line("454 4.7.1 Relay access denied\r\n421 4.7.0 too many errors"))
                == .finish(.serviceClosing(reply)))
        #expect(dialogue.record.answers.map(\.judgement) == [.refused(.relay)])
        var early = Dialogue(script(["helo-localhost"]))
        _ = early.received(.connected)
        _ = play(&early, ["220 x", "250 x"])
        #expect(early.received(line("250 x\r\n421 4.7.0 too many errors")) == .finish(.serviceClosing(reply)))
        #expect(early.record.answers.isEmpty)
    }

    @Test("Any bytes whatever end in a finite record", arguments: 0..<64)
    func noise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var dialogue = Dialogue(script(TestCatalogue.all.filter { $0.approach == .plain }.map(\.id)))
        _ = dialogue.received(.connected)
        let pieces = [
            "220 x\r\n", "250 ok\r\n", "250-", "\r\n", "4", "55", "354 x\r\n", "421 x\r\n", "\u{0}", "\n",
            "503 x\r\n",
        ]
        var ended = false
        for _ in 0..<5000 where !ended {
            let piece = pieces[Int(generator.next() % UInt64(pieces.count))]
            if case .finish = dialogue.received(.bytes(Array(piece.utf8))) { ended = true }
        }
        #expect(ended)
        #expect(dialogue.record.answers.count <= TestCatalogue.all.count)
    }
}
