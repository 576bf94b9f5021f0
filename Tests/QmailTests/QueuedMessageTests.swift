import Fixtures
import MailModel
import Testing

@testable import Qmail

@Suite("A message in Qmail's queue")
struct QueuedMessageTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var head: String
        var client: String?
        var login: String?
        var user: Int?
        var isForwarded = false
    }

    private static let smtp = "Received: (qmail 2 invoked from network); 13 Sep 2005 10:48:22 -0000\n"
    private static let cases: [Case] = [
        Case(
            testDescription: "a client",
            head: smtp
                + "Received: from unknown (HELO mail) (203.0.113.9)\n  by 0 with SMTP; 13 Sep\nSubject: s\n",
            client: "203.0.113.9"),
        Case(
            testDescription: "a client whose ident service names somebody is no login",
            head: smtp + "Received: from a.example (bob@203.0.113.9)\n  by mx with ESMTPS; 13 Sep\n",
            client: "203.0.113.9"),
        Case(
            testDescription: "a login, by the protocol's name",
            head: smtp
                + "Received: from unknown (HELO pc) (bob@hosted.example@203.0.113.9)\n  by mx with (AES encrypted) ESMTPSA; 13 Sep\n",
            client: "203.0.113.9", login: "bob@hosted.example"),
        Case(
            testDescription: "qmail-smtpd that runs as root",
            head:
                "Received: (qmail 2 invoked by uid 0); 13 Sep\nReceived: from x (2001:db8::9)\n  by mx with SMTP; 13 Sep\n",
            client: "2001:db8::9"),
        Case(
            testDescription: "root's own mail", head: "Received: (qmail 2 invoked by uid 0); 13 Sep\n",
            user: 0),
        Case(
            testDescription: "a script that writes a client's line below",
            head:
                "Received: (qmail 19514 invoked by uid 10003); 13 Sep\nReceived: from x (203.0.113.9)\n  by mx with SMTP; 13 Sep\n",
            user: 10_003),
        Case(
            testDescription: "an alias",
            head: "Received: (qmail 2 invoked by alias); 13 Sep\nDelivered-To: a\n",
            isForwarded: true),
        Case(testDescription: "a bounce", head: "Received: (qmail 2 invoked for bounce); 13 Sep\n"),
        Case(
            testDescription: "words of a client in the subject are no line of the server",
            head: smtp + "Subject: Received: from x (203.0.113.9)  by mx with ESMTPA;\n"),
        Case(testDescription: "no line at all", head: "Subject: x\n"),
    ]

    @Test("Who handed it in is told by the lines that qmail itself wrote", arguments: cases)
    private func source(_ sample: Case) {
        let message = QueuedMessage(
            qmailHead: Array("\(sample.head)\nReceived: (qmail 3 invoked by uid 5); in the text\n".utf8),
            envelope: Array("Fa@b.example\0Tc@d.example\0".utf8), arrived: 5)
        #expect(message.clientAddress.map { String(decoding: $0, as: UTF8.self) } == sample.client)
        #expect(message.login.map { String(decoding: $0, as: UTF8.self) } == sample.login)
        #expect(message.userID == sample.user && message.wasDeliveredHere == sample.isForwarded)
        #expect(message.arrived == 5 && message.isWhole)
    }

    @Test("Before and after preprocessing, the envelope is the sender and the recipients that are not done")
    func envelope() {
        let todo = QueuedMessage(
            qmailHead: Array("Subject: a\n b\nX-PHP-Originating-Script: 33:x.php\n\nSubject: c\n".utf8),
            envelope: Array("u0\0p77\0F\0Tc@d.example\0Te@f.example\0".utf8), arrived: 0)
        #expect(todo.sender == [] && todo.recipientCount == 2 && todo.isWhole)
        #expect(todo.subject == Array("a b".utf8) && todo.phpScript == Array("33:x.php".utf8))
        let sent = QueuedMessage(
            qmailHead: [], envelope: Array("Fa@b.example\0Dc@d.example\0Te@f.example\0".utf8), arrived: 0,
            keptRecipients: 0)
        #expect(
            sent.sender == Array("a@b.example".utf8) && sent.recipientCount == 1 && sent.recipients.isEmpty)
        #expect(!QueuedMessage(qmailHead: [], envelope: Array("Fa@b\0Dc@d\0".utf8), arrived: 0).isWhole)
    }

    @Test("Whatever bytes stand there, reading ends, and invents no recipient")
    func fuzz() {
        var generator = SeededGenerator(seed: 3)
        let words = [
            "Received: ", "(qmail 1 invoked ", "from network)", "by uid ", "99999999999999999999",
            "for bounce)",
            "from ", "(", ")", "@", "  by ", " with ", "ESMTPA", ";", "\n", "\n ", "\0", "F", "T", "\u{e9}",
            "::",
            "203.0.113.9", "\r", ":",
        ]
        for _ in 0..<3000 {
            let text = { (count: Int) in
                (0..<count).compactMap { _ in words.randomElement(using: &generator) }.joined()
            }
            let envelope = text(12)
            let message = QueuedMessage(
                qmailHead: Array(text(40).utf8), envelope: Array(envelope.utf8), arrived: 0)
            #expect(message.recipientCount <= envelope.utf8.count(where: { $0 == UInt8(ascii: "T") }))
            #expect(message.login == nil || message.clientAddress != nil)
        }
    }
}
