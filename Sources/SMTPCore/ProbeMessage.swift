/// The message that follows an accepted envelope, ready for the wire: it says what it is, and to whom it may
/// be shown.
func probeMessage(_ answer: Answer, date: String) -> [UInt8] {
    Array((probeMessageLines(answer, date: date) + [".", ""]).joined(separator: "\r\n").utf8)
}

/// No line begins with a dot.
func probeMessageLines(_ answer: Answer, date: String) -> [String] {
    [
        "From: relay test <postmaster@sender.example>",
        "To: relay test <postmaster@sender.example>",
        "Date: \(date)",
        "Message-ID: <\(answer.token)@sender.example>",
        "Subject: relay test \(answer.test.id) \(answer.token)",
        "Auto-Submitted: auto-generated",
        "X-Relay-Test: \(answer.token)",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "The administrator of this mail server asked whether it relays for strangers.",
        "Nobody but the tester was to get this message: \(answer.token)",
    ]
}
