import MailModel
import Testing

@testable import QueueAnalysis

/// A message with only what a test names.
struct SampleMessage {
    var message = QueuedMessage(arrived: 1_000_000)

    init(
        client: String? = nil, logged: String? = nil, login: String? = nil, user: Int? = nil,
        script: String? = nil,
        sender: String = "someone@elsewhere.example", to recipients: [String] = ["victim@third.example"],
        originally: String? = nil, received: [String] = [], subject: String? = nil, delivered: Bool = false,
        arrived: Int64 = 1_000_000
    ) {
        message.arrived = arrived
        message.clientAddress = client.map { Array($0.utf8) }
        message.loggedClientAddress = (logged ?? client).map { Array($0.utf8) }
        message.login = login.map { Array($0.utf8) }
        message.userID = user
        message.phpScript = script.map { Array($0.utf8) }
        message.sender = Array(sender.utf8)
        message.recipients = recipients.map {
            .init(address: Array($0.utf8), original: originally.map { Array($0.utf8) })
        }
        message.recipientCount = recipients.count
        message.received = received.map { Array($0.utf8) }
        message.subject = subject.map { Array($0.utf8) }
        message.wasDeliveredHere = delivered
        message.isWhole = true
    }
}

let sampleRules = OriginRules(
    trusted: [IPNetwork("127.0.0.1/8"), IPNetwork("::1/128"), IPNetwork("192.0.2.0/28")].compactMap(\.self),
    served: ["Hosted.Example", "second.example"], userNames: [33: "www-data", 10_003: "shop"])

@Suite("Where a message came from")
struct OriginTests {
    static let cases: [(String, SampleMessage, MessageOrigin)] = [
        ("a stranger, to elsewhere", SampleMessage(client: "198.51.100.7"), .relayed),
        (
            "a stranger over IPv6, one of two recipients elsewhere",
            SampleMessage(client: "2001:db8::7", to: ["alice@hosted.example", "x@third.example"]), .relayed
        ),
        (
            "a stranger, to a domain served here",
            SampleMessage(client: "198.51.100.7", to: ["alice@HOSTED.example"]), .incoming
        ),
        (
            "a stranger's null sender, to a domain served here",
            SampleMessage(client: "198.51.100.7", sender: "", to: ["alice@hosted.example"]), .incoming
        ),
        (
            "a stranger's null sender, to elsewhere", SampleMessage(client: "198.51.100.7", sender: ""),
            .relayed
        ),
        (
            "a stranger, to an alias that leads elsewhere",
            SampleMessage(
                client: "198.51.100.7", to: ["far@third.example"], originally: "bob@second.example"),
            .incoming
        ),
        (
            "a stranger, to a name without a domain", SampleMessage(client: "198.51.100.7", to: ["root"]),
            .incoming
        ),
        (
            "a subdomain of a served domain",
            SampleMessage(client: "198.51.100.7", to: ["a@evil.hosted.example"]), .relayed
        ),
        ("a login", SampleMessage(client: "198.51.100.7", login: "bob@second.example"), .login),
        ("a login from this host", SampleMessage(client: "127.0.0.1", login: "bob@second.example"), .login),
        ("a local user", SampleMessage(user: 33), .local),
        ("a local user without a sender", SampleMessage(user: 33, sender: ""), .local),
        ("webmail without a login", SampleMessage(client: "127.0.0.1"), .trusted),
        ("a vouched client", SampleMessage(client: "192.0.2.5"), .trusted),
        ("a mapped vouched client", SampleMessage(client: "::ffff:192.0.2.5"), .trusted),
        ("a bounce", SampleMessage(sender: ""), .bounce),
        (
            "an alias that was delivered here", SampleMessage(logged: "198.51.100.7", delivered: true),
            .forwarded
        ),
        ("a forwarded bounce", SampleMessage(sender: "", delivered: true), .forwarded),
        (
            "a stranger through a filter of this host",
            SampleMessage(
                client: "127.0.0.1", logged: "198.51.100.7",
                received: ["from localhost by mail", "from x by mail with ESMTP id 1"]), .relayed
        ),
        (
            "a login through a filter of this host",
            SampleMessage(
                client: "127.0.0.1", logged: "198.51.100.7",
                received: ["from localhost by mail", "from x by mail with ESMTPSA id 1"]), .login
        ),
        (
            "a stranger who writes a Received line himself",
            SampleMessage(
                client: "198.51.100.7",
                received: ["from x by mail with ESMTP id 1", "from y with ESMTPSA id 2"]),
            .relayed
        ),
        ("no recipient left to be seen", SampleMessage(client: "198.51.100.7", to: []), .relayed),
    ]

    @Test("Each is told apart", arguments: cases)
    func origin(name: String, sample: SampleMessage, expected: MessageOrigin) {
        #expect(sampleRules.origin(of: sample.message).origin == expected, "\(name)")
    }

    @Test("A local user has a name, and a script is believed only of a local user")
    func script() {
        let local = sampleRules.origin(of: SampleMessage(user: 10_003, script: "10003:mail.php").message)
        #expect(local.user == "shop" && local.script == "10003:mail.php")
        let forged = sampleRules.origin(of: SampleMessage(client: "198.51.100.7", script: "33:x.php").message)
        #expect(forged.script == nil)
    }

    @Test("Where files mark no login, what came while nobody could relay came by one")
    func onlyLogins() {
        var rules = sampleRules
        rules.onlyLoginsSince = Timestamp(microseconds: 1_000_000)
        let early = rules.origin(of: SampleMessage(client: "198.51.100.7", arrived: 999_999).message)
        let late = rules.origin(of: SampleMessage(client: "198.51.100.7").message)
        #expect(early.origin == .relayed && late.origin == .login && late.login == "unknown")
        let served = SampleMessage(client: "198.51.100.7", to: ["alice@hosted.example"]).message
        #expect(rules.origin(of: served).origin == .incoming)
    }
}
