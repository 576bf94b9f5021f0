internal import MailModel
internal import SMTPCore

/// What one endpoint is asked in one TLS state, in batches: one batch, one connection.
struct Questions {
    var hostedRecipient: String?
    var tests: ProbeRequest.Selection
    var address: IPAddress
    /// The domain that stands for a stranger's.
    var third: String
    var perConnection: Int

    /// - Parameter asksControl: whether the hosted recipient is among them.
    func batches(asksControl: Bool) -> [[DialogueScript.Question]] {
        var tests = tests == .all ? TestCatalogue.all : TestCatalogue.essential
        if asksControl, let hostedRecipient { tests.insert(TestCatalogue.hosted(hostedRecipient), at: 0) }
        let plain = tests.filter { $0.approach == .plain }
        // A connection whose client has claimed to be somebody else is of no use for other questions.
        let tricks = tests.filter { $0.approach != .plain }.map { [question($0)] }
        let chunks = stride(from: 0, to: plain.count, by: perConnection).map { start in
            plain[start..<min(start + perConnection, plain.count)].map(question)
        }
        return chunks + tricks
    }

    private func question(_ test: RelayTest) -> DialogueScript.Question {
        let at = hostedRecipient?.lastIndex(of: "@")
        return DialogueScript.Question(
            test: test,
            names: TestNames(
                token: Self.newToken(), third: third,
                local: at.flatMap { at in hostedRecipient.map { String($0[$0.index(after: at)...]) } },
                user: at.flatMap { at in hostedRecipient.map { String($0[..<at]) } },
                address: address.literal))
    }

    /// A word that nobody else uses as a mailbox: 60 random bits.
    static func newToken() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
        return "relay-test-" + String((0..<12).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }
}

extension IPAddress {
    /// As in an address literal, without the brackets (RFC 5321 section 4.1.3).
    var literal: String {
        switch self {
        case .v4: description
        case .v6: "IPv6:\(description)"
        }
    }
}
