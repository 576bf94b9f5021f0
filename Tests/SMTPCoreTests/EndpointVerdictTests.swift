import MailModel
import SMTPCore
import Testing

@Suite("Endpoint verdict")
struct EndpointVerdictTests {
    private func answer(_ id: String, _ judgement: Judgement?, _ reply: Reply = Reply(250, "x")) throws
        -> Answer
    {
        let test = try #require(
            (TestCatalogue.all + [TestCatalogue.hosted("i@h.example")]).first { $0.id == id })
        return Answer(
            test: test, token: id, helo: "", mailFrom: "<>", rcptTo: "<>",
            exchanges: [Exchange(command: "RCPT TO:<>", reply: reply)], judgement: judgement)
    }

    @Test(
        "What the answers come to",
        arguments: [
            ([("plain", Judgement.refused(.relay))], ProbeVerdict.closed),
            ([("plain", .refused(.relay)), ("local-user", .accepted)], .open),
            ([("plain", .refused(.relay)), ("percent-host", .accepted), ("bang", .accepted)], .closed),
            ([("plain", .refused(.relay)), ("unknown-recipient", .accepted)], .closed),
            ([("plain", .refused(.sender)), ("null-sender", .refused(.relay))], .closed),
            ([("plain", .refused(.sender)), ("null-sender", .refused(.sender))], .inconclusive),
            ([("plain", .refused(.recipientDomain))], .inconclusive),
            ([("plain", .refused(.relay)), ("null-sender", .deferred)], .inconclusive),
            ([("plain", .refused(.relay)), ("percent-host", .deferred)], .closed),
            ([("plain", .refused(.blockList))], .inconclusive),
            ([("plain", .refused(.client))], .closed), ([("plain", .refused(.login))], .closed),
            ([("plain", .refused(.persistent))], .closed),
            ([("percent-host", .refused(.relay))], .inconclusive),
            ([("hosted", .accepted)], .inconclusive), ([], .inconclusive),
        ])
    func verdicts(answers: [(String, Judgement)], expected: ProbeVerdict) throws {
        let evidence = EndpointEvidence(answers: try answers.map { try answer($0.0, $0.1) })
        #expect(evidence.verdict.0 == expected)
        #expect((evidence.verdict.reason == nil) == (expected == .open || isPlainlyClosed(answers)))
    }

    /// Closed for the reason that everybody expects: nothing has to be said.
    private func isPlainlyClosed(_ answers: [(String, Judgement)]) -> Bool {
        EndpointEvidence(answers: (try? answers.map { try answer($0.0, $0.1) }) ?? []).verdict.0 == .closed
            && !answers.allSatisfy { $0.1 == .refused(.client) || $0.1 == .refused(.persistent) }
    }

    @Test("A message that arrived is a proof, whatever the form, and names the client that was believed")
    func delivered() throws {
        let evidence = EndpointEvidence(
            answers: [try answer("percent-host", .accepted)],
            fates: ["percent-host": .arrived(believedClient: "172.17.0.1")])
        #expect(evidence.verdict == (.open, "the message arrived; the server took the client for 172.17.0.1"))
    }

    @Test(
        "A message that was taken and did not arrive is no relay, and no proof of the contrary",
        arguments: [(MessageFate.missing, ProbeVerdict.inconclusive), (.bounced, .closed), (.unknown, .open)])
    func taken(fate: MessageFate, expected: ProbeVerdict) throws {
        let evidence = EndpointEvidence(answers: [try answer("plain", .accepted)], fates: ["plain": fate])
        #expect(evidence.verdict.0 == expected)
        #expect((evidence.verdict.reason == nil) == (expected == .open))
    }

    @Test("Where messages are refused after DATA, a yes to RCPT is worth nothing")
    func refusedAfterData() throws {
        var refused = try answer("plain", .refused(.relay), Reply(554, "5.7.1 no"))
        refused.exchanges.append(Exchange(command: "DATA", reply: Reply(554, "5.7.1 no")))
        let evidence = EndpointEvidence(answers: [refused, try answer("look-alike-after", .accepted)])
        #expect(
            evidence.verdict == (.closed, "it takes foreign recipients and refuses the message: 554 5.7.1 no")
        )
    }

    @Test("Tests that nobody answered leave it inconclusive, with what kept them")
    func unanswered() throws {
        let evidence = EndpointEvidence(
            answers: [try answer("plain", .refused(.relay))], unanswered: ["null-sender"],
            trouble: "broken: no banner")
        #expect(evidence.verdict == (.inconclusive, "broken: no banner"))
    }

    @Test(
        "One open endpoint opens the host, and a port that nobody serves says nothing",
        arguments: [
            ([ProbeVerdict.closed, .open, .inconclusive], ProbeVerdict.open),
            ([.closed, .unreachable], .closed),
            ([.closed, .inconclusive], .inconclusive), ([.unreachable, .unreachable], .unreachable),
            ([], .unreachable),
        ])
    func overall(endpoints: [ProbeVerdict], expected: ProbeVerdict) {
        #expect(overallVerdict(endpoints) == expected)
    }
}
