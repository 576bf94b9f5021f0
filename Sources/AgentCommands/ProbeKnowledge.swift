import ArgumentParser
import MailModel
import Probing

/// What the user knows of a server that strangers do not, and that tests can use.
struct ProbeKnowledge: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A mailbox there: mail for it must be accepted, and claiming it must not help.",
            valueName: "user@domain"))
    var hosted: String?

    @Option(
        help: ArgumentHelp("A domain that the server relays for, as a backup MX does.", valueName: "domain"))
    var relayDomain: String?

    @Option(
        help: ArgumentHelp(
            "A domain of yours whose first MX is the vantage and whose second is the server.",
            valueName: "domain"))
    var backupDomain: String?

    @Option(
        help: ArgumentHelp(
            "A name by which a client of yours says HELO: saying it must not help.", valueName: "domain"))
    var helo: String?

    @Option(
        help: ArgumentHelp("A certificate that a CA gave you, and its key, in PEM.", valueName: "file"),
        completion: .file())
    var clientCertificate: String?

    @Option(
        help: ArgumentHelp(
            """
            The time for each host: 60s, 10m; else a minute, and more for many addresses. One that puts strangers \
            off for five minutes (greylisting) is judged within 7m. An https:// vantage takes no more than without it.
            """, valueName: "time"),
        transform: { text in
            guard let length = Duration(window: text), (.seconds(1)...ProbeLimits.longest).contains(length)
            else {
                throw ValidationError("a time is a number with s or m, from 1s to 30m: 60s, 10m")
            }
            return length
        })
    var timeout: Duration?

    func validate() throws {
        for (name, value) in [
            ("--hosted", hosted), ("--relay-domain", relayDomain), ("--backup-domain", backupDomain),
            ("--helo", helo),
        ] {
            guard let value else { continue }
            let parts = value.split(separator: "@", omittingEmptySubsequences: false)
            let isRight = name == "--hosted" ? parts.count == 2 && !parts[0].isEmpty : parts.count == 1
            guard isRight, let domain = parts.last, domain.contains("."), value.utf8.count <= 254,
                value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"<>\"(),:;\\".utf8.contains($0) })
            else {
                throw ValidationError("\(name) \(value) is no \(name == "--hosted" ? "mailbox" : "domain")")
            }
        }
    }

    func add(to request: inout ProbeRequest) throws(Failure) {
        request.hostedRecipient = hosted ?? request.hostedRecipient
        request.relayDomain = relayDomain ?? request.relayDomain
        request.backupDomain = backupDomain
        request.heloName = helo
        if let timeout { request.limits.whole = timeout }
        request.clientCertificate = try clientCertificate.map { path throws(Failure) in
            try readText(path, what: "the certificate")
        }
    }
}
