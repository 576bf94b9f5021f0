import MailModel
import SMTPCore
import Testing

/// What comes before the envelope, a login or a header of the PROXY protocol, and how servers take it.
@Suite("Approach")
struct ApproachTests {
    private func dialogue(_ id: String, tls: TLSUse = .none) throws -> Dialogue {
        let test = try #require(TestCatalogue.all.first { $0.id == id })
        let names = TestNames(token: "t1", address: "203.0.113.10", vantage: "198.51.100.25")
        return Dialogue(DialogueScript(tls: tls, questions: [.init(test: test, names: names)]))
    }

    /// What the client says to each piece of what the server sends.
    private func play(_ dialogue: inout Dialogue, _ pieces: [String]) -> [String] {
        pieces.map { piece in
            switch dialogue.received(.bytes(Array(piece.utf8))) {
            case .send(let bytes): String(decoding: bytes.dropLast(2), as: UTF8.self)
            case .startTLS, .sendThenStartTLS: "(TLS)"
            case .wait: "(wait)"
            case .finish(let end): "(\(end))"
            }
        }
    }

    @Test(
        "A login that is refused is a refusal of the login, not of relaying",
        arguments: [
            ("bogus-login", ["250-x\r\n250 AUTH PLAIN\r\n"]),
            ("bogus-login-asked", ["250-x\r\n250 AUTH LOGIN\r\n"]),
            (
                "bogus-login-asked",
                ["250-x\r\n250 AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"]
            ),
        ])
    func refusedLogin(id: String, lines: [String]) throws {
        var dialogue = try dialogue(id)
        _ = dialogue.received(.connected)
        let said = play(&dialogue, ["220 x\r\n"] + lines + ["535 5.7.8 authentication failed\r\n"])
        #expect(said.last == "QUIT")
        #expect(dialogue.record.answers.map(\.judgement) == [.refused(.approach)])
    }

    @Test(
        "A login that is put off is not one that was refused, unless soft_bounce has softened that",
        arguments: [
            (Reply(454, "4.7.0 Temporary authentication failure"), Judgement.deferred),
            (Reply(435, "4.7.8 Error: authentication failed"), .refused(.approach)),
        ])
    func loginPutOff(reply: Reply, expected: Judgement) throws {
        var dialogue = try dialogue("bogus-login")
        _ = dialogue.received(.connected)
        _ = play(&dialogue, ["220 x\r\n", "250-x\r\n250 AUTH PLAIN\r\n", "\(reply.text)\r\n"])
        #expect(dialogue.record.answers.map(\.judgement) == [expected])
    }

    @Test("A login by LOGIN gives the password when it is asked for, and no more than that")
    func login() throws {
        var dialogue = try dialogue("bogus-login-asked")
        _ = dialogue.received(.connected)
        let said = play(
            &dialogue,
            ["220 x\r\n", "250-x\r\n250 AUTH LOGIN\r\n", "334 UGFzc3dvcmQ6\r\n", "235 2.7.0 ok\r\n"])
        #expect(said.suffix(3) == ["AUTH LOGIN cmVsYXktdGVzdA==", "bm8tcGFzc3dvcmQ=", "MAIL FROM:<>"])
        var endless = try self.dialogue("bogus-login-asked")
        _ = endless.received(.connected)
        let prompts = Array(repeating: "334 \r\n", count: 3)
        #expect(play(&endless, ["220 x\r\n", "250-x\r\n250 AUTH LOGIN\r\n"] + prompts).last == "QUIT")
    }

    @Test(
        "A server that takes the PROXY header for a command has answered the question, in however many pieces",
        arguments: [
            ["220 x\r\n", "500 what\r\n"], ["220 x\r\n500 what\r\n"], ["220 x\r\n500 w", "hat\r\n"],
            // One that says yes to whatever it hears.
            ["220 x\r\n250 ok\r\n"], ["220 x\r\n250 o", "k\r\n"],
            ["220 x\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "554 5.7.1 Relay access denied\r\n"],
            // Exim, which has not greeted yet.
            ["554 SMTP synchronization error\r\n"],
        ])
    func proxyHeader(pieces: [String]) throws {
        var dialogue = try dialogue("proxy-header")
        guard case .send(let header) = dialogue.received(.connected) else {
            Issue.record("nothing was sent")
            return
        }
        #expect(String(decoding: header, as: UTF8.self).hasPrefix("PROXY TCP4 127.0.0.1 "))
        _ = play(&dialogue, pieces)
        #expect(dialogue.record.answers.map(\.judgement) == [.refused(.approach)])
    }

    @Test("Who speaks the PROXY protocol answers as to any client, and the header is in the dialogue")
    func believedHeader() throws {
        var dialogue = try dialogue("proxy-header")
        _ = dialogue.received(.connected)
        let said = play(
            &dialogue, ["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "221 bye\r\n"])
        #expect(said.last == "(done)")
        #expect(dialogue.record.answers.map(\.judgement) == [.accepted])
        #expect(dialogue.record.answers.first?.exchanges.first?.command.hasPrefix("PROXY TCP4") == true)
    }

    @Test("A server that hangs up on the PROXY header leaves no doubt about the other tests")
    func hungUp() throws {
        for events: [Dialogue.Event] in [
            [.closed], [.bytes(Array("220 x\r\n".utf8)), .closed], [.bytes(Array("HTTP/1.1 400\r\n".utf8))],
        ] {
            var dialogue = try dialogue("proxy-header")
            _ = dialogue.received(.connected)
            #expect(events.map { dialogue.received($0) }.last == .finish(.done))
            #expect(dialogue.record.notApplicable == ["proxy-header"])
        }
        var silent = try dialogue("proxy-header")
        _ = silent.received(.connected)
        #expect(silent.received(.timedOut) == .finish(.noBanner))
        #expect(silent.record.notApplicable.isEmpty)
    }

    @Test("The PROXY header comes before TLS, and where TLS was due it is refused")
    func implicitTLS() throws {
        var dialogue = try dialogue("proxy-header", tls: .implicit)
        guard case .sendThenStartTLS(let header) = dialogue.received(.connected) else {
            Issue.record("no header was sent")
            return
        }
        #expect(String(decoding: header, as: UTF8.self).hasPrefix("PROXY TCP4 127.0.0.1 "))
        var refusing = dialogue
        #expect(refusing.received(.tlsFailed("wrong version number")) == .finish(.done))
        #expect(refusing.record.notApplicable == ["proxy-header"])
        #expect(dialogue.received(.tlsEstablished) == .wait)
        #expect(play(&dialogue, ["220 x\r\n"]) == ["EHLO [198.51.100.25]"])
    }
}
