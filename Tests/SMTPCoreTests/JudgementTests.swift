import SMTPCore
import Testing

@Suite("Judgement of replies")
struct JudgementTests {
    /// The replies are those of Postfix 3.7, notqmail 1.08, Exim 4.96, Sendmail 8.17 and Exchange as their
    /// sources and documents print them.
    @Test(
        "A reply to RCPT is judged by what it is about",
        arguments: [
            (Reply(250, "2.1.5 Ok"), Judgement?.some(.accepted)),
            (Reply(251, "user not local; will forward"), .accepted),
            (Reply(454, "4.7.1 <x@example.org>: Relay access denied"), .refused(.relay)),
            (Reply(554, "5.7.1 <x@example.org>: Relay access denied"), .refused(.relay)),
            (
                Reply(553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
                .refused(.relay)
            ),
            (Reply(550, "relay not permitted"), .refused(.relay)),
            (Reply(550, "5.7.1 <x@example.org>... Relaying denied"), .refused(.relay)),
            (Reply(550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain"), .refused(.relay)),
            (Reply(451, "4.7.1 we do not relay"), .refused(.relay)),
            (Reply(550, "5.1.1 <x@hosted.example>: User unknown"), .refused(.relay)),
            (Reply(530, "5.7.0 Must issue a STARTTLS command first"), .refused(.login)),
            (Reply(530, "5.7.0 Authentication required"), .refused(.login)),
            (Reply(503, "must authenticate"), .refused(.login)),
            (
                Reply(450, "4.1.8 <p@sender.example>: Sender address rejected: Domain not found"),
                .refused(.sender)
            ),
            (
                Reply(550, "5.1.8 <p@sender.example>: Sender address rejected: Domain not found"),
                .refused(.sender)
            ),
            (Reply(550, "5.7.27 <p@example.org>: Sender address rejected: nullMX"), .refused(.sender)),
            (Reply(550, "Sender verify failed"), .refused(.sender)),
            (
                Reply(450, "4.1.2 <x@y.example>: Recipient address rejected: Domain not found"),
                .refused(.recipientDomain)
            ),
            (
                Reply(556, "5.1.10 <x@example.org>: Recipient address rejected: nullMX"),
                .refused(.recipientDomain)
            ),
            (
                Reply(554, "5.7.1 <unknown[198.51.100.7]>: Client host rejected: Access denied"),
                .refused(.client)
            ),
            // As `soft_bounce` has them; `defer` and greylisting say 450.
            (
                Reply(454, "4.7.1 <unknown[198.51.100.7]>: Client host rejected: Access denied"),
                .refused(.client)
            ),
            (
                Reply(454, "4.7.1 <x@example.org>: Recipient address rejected: Access denied"),
                .refused(.relay)
            ),
            (
                Reply(454, "4.7.1 <probe@localhost>: Sender address rejected: Access denied"),
                .refused(.relay)
            ),
            (
                Reply(404, "4.5.2 <probe@localhost>: Sender address rejected: need fully-qualified address"),
                .refused(.relay)
            ),
            (Reply(430, "4.7.0 Must issue a STARTTLS command first"), .refused(.login)),
            (Reply(403, "4.5.1 Error: need MAIL command"), nil),
            (Reply(450, "4.7.1 <unknown[198.51.100.7]>: Client host rejected: Access denied"), .deferred),
            (
                Reply(450, "4.3.2 <unknown[198.51.100.7]>: Client host rejected: Try again later"),
                .deferred
            ),
            (Reply(454, "4.7.1 <x@example.org>: Recipient address rejected: Greylisted"), .deferred),
            (
                Reply(
                    454, "4.7.1 Service unavailable; Client host [198.51.100.7] blocked using dnsbl.example"),
                .refused(.blockList)
            ),
            (
                Reply(
                    554, "5.7.1 Service unavailable; Client host [198.51.100.7] blocked using dnsbl.example"),
                .refused(.blockList)
            ),
            (Reply(450, "4.2.0 <x@example.org>: Recipient address rejected: Greylisted"), .deferred),
            (
                Reply(
                    450,
                    "4.1.1 <x@h.example>: Recipient address rejected: User unknown in local recipient table"),
                .refused(.relay)
            ),
            (Reply(450, "4.7.1 <x@example.org>: Recipient address rejected: too many recipients"), .deferred),
            (Reply(450, "4.7.25 Client host rejected: cannot find your hostname"), .refused(.vantage)),
            (
                Reply(550, "5.7.25 Client host rejected: cannot find your hostname, [198.51.100.7]"),
                .refused(.vantage)
            ),
            (
                Reply(554, "5.7.1 <[198.51.100.7]>: Helo command rejected: Access denied"),
                .refused(.vantage)
            ),
            (Reply(451, "4.3.5 Server configuration error"), .deferred),
            (Reply(451, "4.3.0 <x@example.org>: Temporary lookup failure"), .deferred),
            (
                Reply(450, "4.3.0 <x@example.org>: Recipient address rejected: defer_if_permit requested"),
                .refused(.relay)
            ),
            (Reply(421, "4.7.0 too many connections"), .deferred),
        ])
    func recipient(reply: Reply, expected: Judgement?) {
        #expect(Judgement(reply, at: .recipient) == expected)
    }

    @Test(
        "A refusal of the client for what it is says nothing about relaying",
        arguments: [
            (
                Reply(550, "5.7.1 Service unavailable, client [198.51.100.7] is listed by b.example"),
                Judgement.refused(.blockList)
            ),
            (Reply(554, "5.7.1 rejected: black listed at zen.spamhaus.org"), .refused(.blockList)),
            (Reply(550, "5.7.606 Access denied, banned sending IP [198.51.100.7]"), .refused(.blockList)),
            (
                Reply(550, "5.7.1 <x@example.org>: Recipient address rejected: IP reputation too low"),
                .refused(.blockList)
            ),
            (
                Reply(550, "5.7.25 The IP address sending this message does not have a name"),
                .refused(.vantage)
            ),
            (Reply(550, "5.3.2 Service currently unavailable"), .refused(.vantage)),
            (Reply(550, "no PTR record for 198.51.100.7"), .refused(.vantage)),
            (
                Reply(554, "5.7.1 <x@example.org>: Recipient address rejected: Rate limit exceeded"),
                .refused(.vantage)
            ),
            (Reply(550, "5.7.1 mail from your IP is not accepted"), .refused(.vantage)),
            (Reply(550, "5.7.23 SPF validation failed"), .refused(.sender)),
            // Whoever lists open relays is not to be taken for one who refuses to relay, nor the other way round.
            (Reply(554, "5.7.1 blocked using relays.list.example"), .refused(.blockList)),
            (Reply(550, "5.7.1 relaying denied, your IP is not allowed"), .refused(.relay)),
            (Reply(550, "5.7.1 your host may not relay"), .refused(.relay)),
            (Reply(550, "5.7.1 your host is an open relay"), .refused(.vantage)),
            (Reply(550, "5.7.1 Access denied"), .refused(.relay)),
        ])
    func client(reply: Reply, expected: Judgement) {
        #expect(Judgement(reply, at: .recipient) == expected)
    }

    @Test(
        "Before a recipient is named, nothing is refused about one",
        arguments: [
            (
                Reply(553, "sorry, your envelope sender is in my badmailfrom list (#5.7.1)"),
                Judgement.refused(.sender)
            ),
            (Reply(530, "5.7.0 Authentication required"), .refused(.login)),
            (
                Reply(554, "5.7.1 <unknown[198.51.100.7]>: Client host rejected: Access denied"),
                .refused(.client)
            ),
            (Reply(550, "relay not permitted"), .refused(.relay)),
        ])
    func sender(reply: Reply, expected: Judgement) {
        #expect(Judgement(reply, at: .mail) == expected)
    }

    @Test(
        "A refusal of what a message says is none of relaying, a rule about every message is",
        arguments: [
            (Reply(550, "5.7.1 Spam message rejected"), Judgement.refused(.content)),
            (Reply(554, "5.7.1 Message rejected due to its content"), .refused(.content)),
            (Reply(554, "5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied"), .refused(.relay)),
            (Reply(550, "relay not permitted"), .refused(.relay)),
            (Reply(250, "2.0.0 Ok: queued as 4XYZabc"), .accepted),
        ])
    func message(reply: Reply, expected: Judgement) {
        #expect(Judgement(reply, at: .message) == expected)
    }

    @Test(
        "A reply that fits no place is no judgement",
        arguments: [
            Reply(100, "x"), Reply(354, "go on"), Reply(503, "5.5.1 Error: need MAIL command"), Reply(0, ""),
            Reply(999, ""),
        ])
    func outOfPlace(reply: Reply) {
        #expect(Judgement(reply, at: .recipient) == nil)
    }
}
