import MailModel
import Testing

@testable import Probing

@Suite("Hosted answer")
struct HostedAnswerTests {
    @Test(
        "That mail is taken over TLS only is no refusal of it, softened or not",
        arguments: [
            "530 5.7.0 Must issue a STARTTLS command first", "430 4.7.0 Must issue a STARTTLS command first",
        ])
    func overTLSOnly(reply: String) {
        let clear = HostedAnswer(recipient: "info@hosted.example", reply: reply, accepted: false)
        let taken = HostedAnswer(recipient: "info@hosted.example", reply: "250 2.1.5 Ok", accepted: true)
        let refused = HostedAnswer(recipient: "info@hosted.example", reply: "550 5.1.1 no", accepted: false)
        #expect(HostedAnswer.worst(of: [clear, taken]) == taken)
        #expect(HostedAnswer.worst(of: [clear, taken, refused]) == refused)
        #expect(HostedAnswer.worst(of: [clear]) == clear)
    }

    @Test("Where port 25 is not asked, the report says that nobody was asked for the mailbox")
    func notAsked() async {
        let endpoint = ProbeRequest.Endpoint(.v4(0x7f00_0001), port: 1)
        let request = ProbeRequest(
            target: "127.0.0.1", endpoints: [endpoint], hostedRecipient: "info@hosted.example",
            origin: ProbeOrigin(kind: "direct", address: nil))
        let report = await probe(request)
        #expect(report.hosted == nil)
        #expect(
            report.hostedReason == "mail for info@hosted.example comes in on port 25, which was not asked")
    }
}
