import MailModel

@testable import Qmail

/// Qmail as Plesk sets it up, with files in place of its own.
protocol ExplainedSample {}

extension ExplainedSample {
    static var xinetd: String { "/etc/xinetd.d/smtp_psa" }
    static func plain(_ files: [String: String?]) -> QmailConfiguration {
        SampleQmail.configuration(files.merging([xinetd: SampleQmail.xinetd()]) { first, _ in first })
    }
}
