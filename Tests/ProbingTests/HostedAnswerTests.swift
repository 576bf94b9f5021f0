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
}
