import MailModel
import SMTPCore
import Testing

@Suite("Catcher")
struct CatcherSessionTests {
    private func session() -> CatcherSession {
        CatcherSession { $0.contains("relay-test-live") ? "relay-test-live" : nil }
    }

    private func say(_ session: inout CatcherSession, _ text: String) -> (
        reply: String, output: CatcherSession.Output
    ) {
        let output = session.received(Array(text.utf8))
        return (String(decoding: output.reply, as: UTF8.self), output)
    }

    @Test("A message for a live token is caught, with the client that the relay believed in")
    func caught() throws {
        var session = session()
        #expect(
            say(&session, "EHLO mx\r\nMAIL FROM:<a@b>\r\n").reply
                == "250 relay.test.invalid\r\n250 2.1.0 ok\r\n")
        #expect(say(&session, "RCPT TO:<relay-test-live@[198.51.100.25]>\r\n").reply == "250 2.1.5 ok\r\n")
        #expect(say(&session, "DATA\r\n").reply == "354 go on\r\n")
        let head =
            "Received: from [198.51.100.25] (unknown [172.17.0.1])\r\n\tby mx; now\r\nSubject: x\r\n\r\nbody\r\n..\r\n"
        let (reply, output) = say(&session, head + ".\r\nQUIT\r\n")
        #expect(reply == "250 2.0.0 caught\r\n221 2.0.0 bye\r\n")
        #expect(output.closes)
        let message = try #require(output.caught.first)
        #expect(message.tokens == ["relay-test-live": "relay-test-live@[198.51.100.25]"])
        #expect(message.believedClient == IPAddress("172.17.0.1"))
    }

    @Test("A report says for whom the message was by then, and which server refused it")
    func report() throws {
        var session = session()
        _ = say(&session, "MAIL FROM:<>\r\nRCPT TO:<probe-relay-test-live@[198.51.100.25]>\r\nDATA\r\n")
        let report = """
            Subject: Undelivered\r\nContent-Type: multipart/report\r\n\r\nReporting-MTA: dns; mx\r\n
            Final-Recipient: rfc822; x@example.org\r\nRemote-MTA: dns; smarthost.example\r\n.\r\n
            """
        let caught = try #require(say(&session, report).output.caught.first)
        #expect(caught.report["final-recipient"] == "x@example.org")
        #expect(caught.report["remote-mta"] == "smarthost.example")
    }

    @Test(
        "Nothing without a live token gets in",
        arguments: ["<x@y>", "<relay-test-dead@y>", "<>", "nonsense", "<>\u{0}<"])
    func others(recipient: String) {
        var session = session()
        #expect(
            say(&session, "HELO x\r\nMAIL FROM:<>\r\nRCPT TO:\(recipient)\r\n").reply.hasSuffix(
                "550 5.1.1 nobody here\r\n"))
        #expect(say(&session, "DATA\r\n").reply == "503 5.5.1 no recipient\r\n")
    }

    @Test(
        "The client's address is read as each server writes it",
        arguments: [
            ("Received: from x (host.example [192.0.2.7])", "192.0.2.7"),
            ("Received: from x (unknown [IPv6:2001:db8::7])", "2001:db8::7"),
            (
                "Received: (qmail 12 invoked from network); now\nReceived: from unknown (HELO x) (192.0.2.7)",
                "192.0.2.7"
            ),
            ("Received: from [192.0.2.9] (helo=x) ([192.0.2.7])", "192.0.2.7"),
            ("Received: by mx with SMTP", nil), ("Subject: (192.0.2.7)", nil), ("", nil), ("((((\n))))", nil),
        ])
    func believed(head: String, expected: String?) {
        var message = CaughtMessage(mailFrom: "")
        message.head = Array(head.utf8)
        #expect(message.believedClient?.description == expected)
    }

    @Test("Lines and messages without end stay within bounds")
    func bounded() {
        var session = session()
        let long = String(repeating: "x", count: 100_000)
        #expect(say(&session, long + "\r\n").reply == "500 5.5.2 line too long\r\n")
        _ = say(&session, "MAIL FROM:<>\r\nRCPT TO:<relay-test-live@x>\r\nDATA\r\n")
        for _ in 0..<100 { _ = say(&session, String(repeating: "y", count: 900) + "\r\n") }
        let output = say(&session, "\r\n.\r\n").output
        #expect((output.caught.first?.head.count ?? .max) <= 16_384)
        #expect(say(&session, String(repeating: "NOOP\r\n", count: 2000)).output.closes)
    }

    @Test("A recipient without a token is taken only where a test is asked with that very address")
    func roles() {
        var session = CatcherSession(
            tokenIn: { $0.contains("relay-test-live") ? "relay-test-live" : nil },
            awaitsRole: { $0 == "postmaster@[198.51.100.25]" })
        _ = say(&session, "MAIL FROM:<>\r\n")
        #expect(say(&session, "RCPT TO:<postmaster@elsewhere.example>\r\n").reply.hasPrefix("550 "))
        #expect(say(&session, "RCPT TO:<abuse@[198.51.100.25]>\r\n").reply.hasPrefix("550 "))
        #expect(say(&session, "RCPT TO:<Postmaster@[198.51.100.25]>\r\n").reply.hasPrefix("250 "))
    }
}
