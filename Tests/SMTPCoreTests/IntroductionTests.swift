import MailModel
import SMTPCore
import Testing

/// How the client and the server get to know each other: greeting, TLS, names.
@Suite("Dialogue before the first envelope")
struct IntroductionTests {
    @Test("After STARTTLS the client introduces itself again and asks")
    func startTLS() {
        var dialogue = Dialogue(script(["plain"], tls: .starttls))
        _ = dialogue.received(.connected)
        #expect(play(&dialogue, ["220 x", "250-x", "250 STARTTLS", "220 go"]).last == "(TLS)")
        #expect(sent(dialogue.received(.tlsEstablished)) == "EHLO [198.51.100.25]\r\n")
        #expect(play(&dialogue, ["250 x", "250 ok", "554 no"]).last == "QUIT")
        #expect(dialogue.record.offeredStartTLS)
    }

    @Test(
        "Plain text behind the reply to STARTTLS is thrown away and reported",
        arguments: ["220 go\r\n250 injected\r\n", "220 go\r\n2", "220 go\r\n\u{16}\u{3}"])
    func plainTextAfterStartTLS(wire: String) {
        var dialogue = Dialogue(script(["plain"], tls: .starttls))
        _ = dialogue.received(.connected)
        _ = play(&dialogue, ["220 x", "250-x", "250 STARTTLS"])
        #expect(dialogue.received(.bytes(Array(wire.utf8))) == .finish(.plainTextAfterSTARTTLS))
        #expect(dialogue.record.answers.isEmpty)
    }

    @Test("Implicit TLS comes before the banner")
    func implicitTLS() {
        var dialogue = Dialogue(script(["plain"], tls: .implicit))
        #expect(dialogue.received(.connected) == .startTLS)
        #expect(dialogue.received(.tlsEstablished) == .wait)
        #expect(play(&dialogue, ["220 x"]) == ["EHLO [198.51.100.25]"])
    }

    @Test(
        "A greeting that is no welcome ends the dialogue",
        arguments: [
            ("554 5.7.1 no service", DialogueEnd.turnedAway(Reply(554, "5.7.1 no service"))),
            ("421 4.7.0 too many", .serviceClosing(Reply(421, "4.7.0 too many"))),
            ("+OK pop3", .violation(.notAReply(Array("+OK pop3".utf8)))),
        ])
    func greeting(text: String, end: DialogueEnd) {
        var dialogue = Dialogue(script(["plain"]))
        _ = dialogue.received(.connected)
        #expect(dialogue.received(line(text)) == .finish(end))
    }

    @Test("A server without EHLO is asked with HELO")
    func heloOnly() {
        var dialogue = Dialogue(script(["plain"]))
        _ = dialogue.received(.connected)
        let said = play(&dialogue, ["220 x", "502 what", "250 x"])
        #expect(said == ["EHLO [198.51.100.25]", "HELO [198.51.100.25]", "MAIL FROM:<probe@sender.example>"])
    }

    @Test("A question about HELO introduces itself anew, and a refused name answers it")
    func heloForms() {
        var dialogue = Dialogue(script(["helo-localhost", "helo-loopback"]))
        _ = dialogue.received(.connected)
        let said = play(&dialogue, ["220 x", "250 x", "501 5.5.2 bad name", "250 x", "250 ok", "554 no"])
        #expect(
            said == [
                "EHLO [198.51.100.25]", "EHLO localhost", "EHLO [127.0.0.1]", "MAIL FROM:<>",
                "RCPT TO:<t1@example.org>", "QUIT",
            ])
        #expect(dialogue.record.answers.map(\.judgement) == [.refused(.vantage), .refused(.relay)])
        #expect(dialogue.record.answers.map(\.helo) == ["localhost", "[127.0.0.1]"])
    }

    @Test("A server that takes no address in EHLO and HELO is told a name")
    func namedHELO() {
        var dialogue = Dialogue(script(["plain"]))
        _ = dialogue.received(.connected)
        let lines = ["220 x", "550 no address", "550 no address", "250 x", "250 ok", "554 no"]
        #expect(
            play(&dialogue, lines) == [
                "EHLO [198.51.100.25]", "HELO [198.51.100.25]", "EHLO probe.sender.example",
                "MAIL FROM:<probe@sender.example>", "RCPT TO:<t1@example.org>", "QUIT",
            ])
        var stubborn = Dialogue(script(["plain"]))
        _ = stubborn.received(.connected)
        let said = play(&stubborn, ["220 x"] + Array(repeating: "550 no", count: 4))
        #expect(said.dropLast().last == "HELO probe.sender.example")
        #expect(said.last?.contains("heloRefused") == true)
    }

    @Test("After STARTTLS the name that is asked about is the first that is said")
    func heloAfterTLS() {
        var dialogue = Dialogue(script(["helo-localhost", "helo-server"], tls: .starttls))
        _ = dialogue.received(.connected)
        _ = play(&dialogue, ["220 x", "250-mx.hosted.example\r\n250 STARTTLS", "220 go"])
        #expect(sent(dialogue.received(.tlsEstablished)) == "EHLO localhost\r\n")
        #expect(play(&dialogue, ["550 no"]) == ["EHLO mx.hosted.example"])
        #expect(dialogue.record.answers.map(\.judgement) == [.refused(.vantage)])
    }

    @Test("The server's own name is used once it is known, and only if it is a name")
    func serverName() {
        for (greeting, command) in [
            ("250 mx.hosted.example", "MAIL FROM:<probe@mx.hosted.example>"),
            ("250 <evil>", "MAIL FROM:<probe@hosted.example>"),
        ] {
            var dialogue = Dialogue(script(["server-sender"]))
            _ = dialogue.received(.connected)
            #expect(play(&dialogue, ["220 \u{1b}[2J", greeting]).last == command)
        }
    }

    @Test("XCLIENT is tried only where it is offered, and followed by a new EHLO")
    func xclient() {
        var dialogue = Dialogue(script(["xclient"]))
        _ = dialogue.received(.connected)
        let said = play(
            &dialogue, ["220 x", "250-x", "250 XCLIENT ADDR NAME", "220 x", "250 x", "250 ok", "250 ok"])
        #expect(
            said == [
                "EHLO [198.51.100.25]", "(wait)", "XCLIENT ADDR=127.0.0.1 NAME=localhost",
                "EHLO [198.51.100.25]",
                "MAIL FROM:<>", "RCPT TO:<t1@example.org>", "QUIT",
            ])
        #expect(dialogue.record.answers.first?.exchanges.count == 3)
        var other = Dialogue(script(["xclient"]))
        _ = other.received(.connected)
        #expect(play(&other, ["220 x", "250 x"]).last == "QUIT")
        #expect(other.record.notApplicable == ["xclient"])
    }
}
