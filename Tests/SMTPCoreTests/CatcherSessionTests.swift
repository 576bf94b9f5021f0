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
        #expect(message.believedClient(helo: "[198.51.100.25]") == IPAddress("172.17.0.1"))
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
        "The client's address is read as each server writes it, and what the client said of itself is not",
        arguments: [
            ("from x (host.example [192.0.2.7]) by mx", "x", "192.0.2.7"),
            ("from [198.51.100.25] (unknown [192.0.2.7]) by mx", "[198.51.100.25]", "192.0.2.7"),
            (
                "from [IPv6:2001:db8::25] (unknown [IPv6:2001:DB8:0::7])\n\tby mx", "[IPv6:2001:db8::25]",
                "2001:db8::7"
            ),
            (
                "from [198.51.100.25] (host.example [192.0.2.7] (may be forged)) by mx", "[198.51.100.25]",
                "192.0.2.7"
            ),
            ("from [192.0.2.7] (helo=[198.51.100.25]) by mx", "[198.51.100.25]", "192.0.2.7"),
            ("from host.example ([192.0.2.7] helo=x) by mx", "x", "192.0.2.7"),
            ("from unknown (HELO ?198.51.100.25?) (192.0.2.7) by mx", "[198.51.100.25]", "192.0.2.7"),
            ("from unknown (HELO x) (user@192.0.2.7) by mx", "x", "192.0.2.7"),
            ("from [198.51.100.25] by mx", "[198.51.100.25]", nil), ("by mx with SMTP", "x", nil),
            ("(qmail 12 invoked from network); now", "x", nil), ("from x by", "", nil), ("from", "x", nil),
            ("from other (host.example [192.0.2.7]) by mx", "x", nil),
            ("from other (host [192.0.2.7]) by mx for <x@[198.51.100.25]>", "[198.51.100.25]", nil),
        ])
    func believed(line: String, helo: String, expected: String?) {
        var message = CaughtMessage(mailFrom: "")
        message.head = Array("Received: \(line)\nSubject: from x (192.0.2.8)\n".utf8)
        #expect(message.believedClient(helo: helo)?.description == expected)
    }

    @Test("Of several hops the one counts that the vantage spoke to, whatever stands above it")
    func hops() {
        var message = CaughtMessage(mailFrom: "")
        let filter = "Received: from localhost (localhost [127.0.0.1])\n\tby mx (Postfix); now\n"
        let smarthost = "Received: from mx (mx [203.0.113.10])\n\tby out for <a@[198.51.100.25]>; now\n"
        message.head = Array(
            (smarthost + filter + "Received: from [198.51.100.25] (unknown [172.17.0.1]) by mx; now\n").utf8)
        #expect(message.believedClient(helo: "[198.51.100.25]") == IPAddress("172.17.0.1"))
        // A server that takes its own line away says nothing.
        message.head = Array((smarthost + filter).utf8)
        #expect(message.believedClient(helo: "[198.51.100.25]") == nil)
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
