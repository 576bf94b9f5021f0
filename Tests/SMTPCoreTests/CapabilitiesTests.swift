import MailModel
import SMTPCore
import Testing

@Suite("Capabilities")
struct CapabilitiesTests {
    @Test("Keywords are read in any case, with AUTH in both spellings")
    func keywords() {
        let capabilities = Capabilities(
            Reply(
                250, "mx.hosted.example Hello\nSIZE 100\nstarttls\nAUTH PLAIN login\nAUTH=LOGIN\nXCLIENT ADDR"
            ))
        #expect(capabilities.serverName == "mx.hosted.example")
        #expect(capabilities.offersStartTLS)
        #expect(capabilities.offersLogin)
        #expect(capabilities.offersXCLIENT)
        #expect(capabilities.loginMechanisms == ["PLAIN", "LOGIN", "LOGIN"])
    }

    @Test(
        "A server that hides its name is called as whoever asks calls it, else by the domain that it serves",
        arguments: [
            ("220 ***", "250 ***", "mail.hosted.example", nil, "mail.hosted.example", "hosted.example"),
            ("220 ESMTP", "250 ESMTP", "mail.hosted.example", nil, "mail.hosted.example", "hosted.example"),
            (
                "220 ESMTP", "250 mx.other.example", "mail.hosted.example", nil, "mx.other.example",
                "other.example"
            ),
            (
                "220 mx.other.example", "250 mx", "mail.hosted.example", nil, "mx.other.example",
                "other.example"
            ),
            ("220 ***", "250 ***", "203.0.113.10", "hosted.example", "hosted.example", "hosted.example"),
            ("220 ***", "250 Hello", "x>\r\nDATA.example", nil, "Hello", "Hello"),
            ("220 ***", "250 ESMTP", "203.0.113.10", nil, nil, nil),
        ] as [(String, String, String, String?, String?, String?)])
    func hiddenName(
        greeting: String, ehlo: String, called: String, served: String?, host: String?, local: String?
    ) throws {
        let tests = try ["percent-host", "percent-local"].map { id in
            try #require(TestCatalogue.all.first { $0.id == id })
        }
        var dialogue = Dialogue(
            DialogueScript(
                tls: .none,
                questions: tests.map {
                    .init(test: $0, names: TestNames(token: "t1", local: served, called: called))
                }))
        _ = dialogue.received(.connected)
        for line in [greeting, ehlo, "250 ok", "550 no", "250 ok", "250 ok", "550 no", "221 bye"] {
            _ = dialogue.received(.bytes(Array("\(line)\r\n".utf8)))
        }
        #expect(
            dialogue.record.answers.map(\.rcptTo)
                == [host, local].compactMap(\.self).map { "<t1%example.org@\($0)>" })
    }

    @Test(
        "A server's name that could break a command is not taken",
        arguments: [
            "", "-x.example hi", "a..b\u{7f}", "x@y", "<x>", "[192.0.2.1]", "x\u{0}", ".x", "x.",
            "\u{1b}[31mx",
            String(repeating: "a", count: 254),
        ])
    func hostileNames(greeting: String) {
        #expect(Capabilities(Reply(250, greeting)).serverName == nil)
    }
}
