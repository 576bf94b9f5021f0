import MailModel
import SMTPCore
import Testing

/// What a message by QMQP or QMTP looks like on the wire, and what its answers come to.
@Suite("Messages handed over")
struct HandOverTests {
    private func dialogue(_ id: String, _ delivery: DialogueScript.Delivery) throws -> Dialogue {
        let test = try #require(TestCatalogue.all.first { $0.id == id })
        let names = TestNames(token: "t1", address: "203.0.113.10", vantage: "198.51.100.25")
        return Dialogue(
            DialogueScript(tls: .none, questions: [.init(test: test, names: names)], delivery: delivery))
    }

    private let delivery = DialogueScript.Delivery.toOurselves(date: "Sat, 28 Nov 2026 12:00:00 +0000")

    @Test(
        "QMQP wraps everything in one netstring, QMTP the message, the sender and the recipients each",
        arguments: [
            ("qmqp", "\n,0:,14:t1@example.org,,"), ("qmtp", "\n,0:,18:14:t1@example.org,,"),
        ])
    func wire(id: String, end: String) throws {
        var dialogue = try dialogue(id, delivery)
        guard case .send(let bytes) = dialogue.received(.connected) else {
            Issue.record("nothing was sent")
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix(end), "\(text)")
        let digits = text.prefix { $0.isNumber }
        let length = try #require(Int(digits))
        let content = text.dropFirst(digits.count + 1).prefix(length)
        #expect(text.dropFirst(digits.count + 1 + length).first == ",")
        #expect((content.first == "\n") == (id == "qmtp"))
        #expect((digits.count + length + 2 == text.count) == (id == "qmqp"))
    }

    @Test(
        "A letter is the answer",
        arguments: [
            ("33:Kok 1448446446 qp 123 and so on..,", Judgement.accepted, true),
            (
                "66:Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1),", .refused(.relay),
                false
            ),
            (
                "67:DError: unknown[198.51.100.7] is not authorized to use this service,", .refused(.relay),
                false
            ),
            ("32:Zqq write error or disk (#4.3.0),", .deferred, false),
        ], ["qmqp", "qmtp"])
    func answers(reply: (text: String, judgement: Judgement, isTaken: Bool), id: String) throws {
        var dialogue = try dialogue(id, delivery)
        _ = dialogue.received(.connected)
        let bytes = Array(reply.text.utf8)
        #expect(dialogue.received(.bytes(Array(bytes.prefix(3)))) == .wait)
        #expect(dialogue.received(.bytes(Array(bytes.dropFirst(3)))) == .finish(.done))
        let answer = try #require(dialogue.record.answers.first)
        #expect(answer.judgement == reply.judgement)
        #expect(answer.messageTaken == reply.isTaken)
        #expect(answer.exchanges.map(\.command) == ["(a message by \(id.uppercased()))"])
    }

    @Test("Who says nothing waits for the message, and whether it relays is not known without one")
    func silence() throws {
        for id in ["qmqp", "qmtp"] {
            var dialogue = try dialogue(id, .never)
            #expect(dialogue.received(.connected) == .wait)
            #expect(dialogue.received(.timedOut) == .finish(.done))
            let evidence = EndpointEvidence(answers: dialogue.record.answers)
            #expect(evidence.verdict.0 == .inconclusive)
            #expect(evidence.verdict.reason?.contains("by \(id.uppercased());") == true)
        }
    }
}
