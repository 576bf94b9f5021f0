import MailModel
import Reporting
import Testing

@Suite("How a failure is shown")
struct FailureReportTests {
    @Test("What a program said, and a line of a policy, are shown without their secrets, as text and as JSON")
    func secrets() {
        let failure = Failure(
            .failed, "Plesk refused a change: auth",
            detail: "DB: mysql://admin:SECRET@localhost/psa\npassword=SECRET\nmysql --password SECRET",
            remedy: "Try https://user:SECRET@vantage.example.",
            diagnostics: [
                Diagnostic("`probe.from` must be a vantage, not “https://user:SECRET@vantage.example”")
            ])
        let text = renderFailure(failure, style: .plain)
        let document = failureDocument(failure).document
        for shown in [text, document] {
            #expect(!shown.contains("SECRET"), "\(shown)")
            #expect(shown.contains("mysql://admin:***@localhost/psa"), "\(shown)")
            #expect(shown.contains("https://user:***@vantage.example"), "\(shown)")
        }
    }
}
