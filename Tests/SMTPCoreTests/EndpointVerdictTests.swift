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
        "What the answers come to, and whether more is to be said of it",
        arguments: [
            ([("plain", Judgement.refused(.relay))], ProbeVerdict.closed, false),
            ([("plain", .accepted)], .open, true),
            ([("plain", .refused(.relay)), ("local-user", .accepted)], .open, true),
            (
                [("plain", .refused(.relay)), ("percent-host", .accepted), ("bang", .accepted)], .closed,
                false
            ),
            ([("plain", .refused(.relay)), ("unknown-recipient", .accepted)], .closed, false),
            ([("plain", .refused(.sender)), ("null-sender", .refused(.relay))], .closed, false),
            ([("plain", .refused(.sender)), ("null-sender", .refused(.sender))], .inconclusive, true),
            ([("plain", .refused(.recipientDomain))], .inconclusive, true),
            ([("plain", .refused(.relay)), ("null-sender", .deferred)], .inconclusive, true),
            ([("plain", .refused(.relay)), ("percent-host", .deferred)], .inconclusive, true),
            ([("plain", .refused(.relay)), ("percent-host", .refused(.persistent))], .closed, true),
            ([("plain", .refused(.blockList))], .inconclusive, true),
            ([("plain", .refused(.client))], .closed, true),
            ([("plain", .refused(.vantage)), ("helo-localhost", .refused(.relay))], .inconclusive, true),
            ([("plain", .refused(.relay)), ("helo-localhost", .refused(.vantage))], .closed, false),
            ([("plain", .refused(.content)), ("null-sender", .refused(.relay))], .inconclusive, true),
            ([("plain", .refused(.login))], .closed, false),
            ([("plain", .refused(.sender)), ("bogus-login", .refused(.approach))], .inconclusive, true),
            ([("plain", .refused(.client)), ("proxy-header", .refused(.approach))], .closed, true),
            ([("plain", .refused(.persistent))], .closed, true),
            ([("percent-host", .refused(.relay))], .inconclusive, true),
            ([("hosted", .accepted)], .inconclusive, true), ([], .inconclusive, true),
        ])
    func verdicts(answers: [(String, Judgement)], expected: ProbeVerdict, hasReason: Bool) throws {
        let evidence = EndpointEvidence(answers: try answers.map { try answer($0.0, $0.1) })
        #expect(evidence.verdict.0 == expected)
        #expect((evidence.verdict.reason != nil) == hasReason)
    }

    @Test("Where a server hides its name, a closed endpoint says what could not be asked")
    func nameless() throws {
        let closed = [try answer("plain", .refused(.relay))]
        let nameless = EndpointEvidence(answers: closed, notApplicable: ["percent-host", "percent-local"])
        #expect(nameless.verdict.0 == .closed)
        #expect(
            nameless.verdict.reason
                == "it hides its name, so that 2 tests with a name of its own were not asked: --hosted names one"
        )
        #expect(EndpointEvidence(answers: closed, notApplicable: ["local-user"]).verdict.reason == nil)
    }

    @Test("A login that was put off, not refused, is said beside a closed endpoint")
    func loginPutOff() throws {
        let reply = Reply(454, "4.7.0 Temporary authentication failure")
        let plain = try answer("plain", .refused(.relay))
        let evidence = EndpointEvidence(
            answers: [plain, try answer("bogus-login", .refused(.approach), reply)])
        #expect(evidence.verdict.0 == .closed)
        #expect(evidence.verdict.reason?.hasPrefix("it put bogus-login off before") == true)
        let softened = Reply(435, "4.7.8 authentication failed")
        let refused = try answer("bogus-login", .refused(.approach), softened)
        #expect(EndpointEvidence(answers: [plain, refused]).verdict.reason == nil)
    }

    @Test("A message that arrived is a proof, whatever the form, and names the client that was believed")
    func delivered() throws {
        let evidence = EndpointEvidence(
            answers: [try answer("percent-host", .accepted)],
            fates: ["percent-host": .arrived(believedClient: .v4(0xac11_0001))])
        #expect(evidence.verdict.0 == .open)
        #expect(
            evidence.verdict.reason
                == "the message arrived; the server took the client for 172.17.0.1: a proxy in front of it"
                + " hides who connects, and that is the hole")
    }

    @Test(
        "Where the client has claimed an address, no proxy is blamed for it",
        arguments: ["xclient", "proxy-header"])
    func claimed(id: String) throws {
        let taken = try answer(id, .accepted)
        let evidence = EndpointEvidence(
            answers: [try answer("plain", .refused(.relay)), taken],
            fates: [id: .arrived(believedClient: .v4(0x7f00_0001))])
        #expect(evidence.verdict.0 == .open)
        #expect(evidence.verdict.reason == taken.test.meaning)
    }

    @Test("Where plain mail is taken as well, the form that was proved is not what opens it")
    func noForm() throws {
        let proof: [String: MessageFate] = ["third-postmaster": .arrived(believedClient: nil)]
        let taken = try answer("third-postmaster", .accepted)
        for (plain, fate, isForm) in [
            (Judgement.accepted, MessageFate.unknown, false), (.accepted, .bounced, true),
            (.refused(.relay), .unknown, true),
        ] {
            let fates = proof.merging(["plain": fate]) { $1 }
            let evidence = EndpointEvidence(answers: [try answer("plain", plain), taken], fates: fates)
            #expect(evidence.verdict.0 == .open)
            #expect((evidence.verdict.reason == taken.test.meaning) == isForm)
            #expect((evidence.verdict.reason == nil) != isForm)
        }
    }

    @Test(
        "A message that was taken and did not arrive is no relay, and no proof of the contrary",
        arguments: [
            (MessageFate.missing, ProbeVerdict.inconclusive), (.bounced, .closed), (.unknown, .open),
            (.traced(.held), .closed), (.traced(.kept("discard, sent")), .closed),
            (.traced(.waiting("it is in the queue")), .inconclusive),
            (.traced(.waiting("connect to mx[private/dovecot-lmtp]: No such file")), .inconclusive),
        ])
    func taken(fate: MessageFate, expected: ProbeVerdict) throws {
        let evidence = EndpointEvidence(answers: [try answer("plain", .accepted)], fates: ["plain": fate])
        #expect(evidence.verdict.0 == expected)
        #expect(evidence.verdict.reason != nil)
    }

    @Test(
        "What its own queue or log has for another server is relayed",
        arguments: [
            MessageTrace.passedOn("mx.example.org[192.0.2.9]:25"),
            .waiting("connect to mx.example.org[192.0.2.9]:25: Connection refused"),
        ])
    func underWay(trace: MessageTrace) throws {
        for test in ["plain", "sub-domain"] {
            let evidence = EndpointEvidence(
                answers: [try answer(test, .accepted)], fates: [test: .traced(trace)])
            #expect(evidence.verdict.0 == .open)
            #expect(evidence.verdict.reason?.contains("mx.example.org[192.0.2.9]:25") == true)
        }
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

    @Test(
        "A yes that no message has followed is told to be that, and is open only where nothing more can be done"
    )
    func unproven() throws {
        let yes = try answer("plain", .accepted)
        #expect(
            EndpointEvidence(answers: [yes]).verdict
                == (.open, "it takes foreign recipients (not proved: no message was sent)"))
        var refused = ProofAttempts()
        refused.failed["plain"] = try answer("plain", .refused(.relay), Reply(501, "5.1.3 no literals here"))
        #expect(
            EndpointEvidence(answers: [yes], proofs: refused).verdict
                == (
                    .open,
                    "it takes foreign recipients (not proved, for it refuses a message to the vantage itself: 501 5.1.3 no"
                        + " literals here)"
                ))
        var deferred = ProofAttempts()
        deferred.failed["plain"] = try answer("plain", .deferred, Reply(450, "4.2.0 Greylisted"))
        #expect(EndpointEvidence(answers: [yes], proofs: deferred).verdict.0 == .inconclusive)
        var unsent = ProofAttempts()
        unsent.unsent = ["plain"]
        #expect(EndpointEvidence(answers: [yes], proofs: unsent).verdict.0 == .inconclusive)
        let guess = try answer("server-sender", .accepted)
        let verdict = EndpointEvidence(answers: [guess], proofs: ProofAttempts()).verdict
        #expect(verdict.0 == .open)
        #expect(verdict.reason?.hasSuffix("(not proved, for a message could go to somebody else)") == true)
    }

    @Test("What had too little time to arrive is not said to go nowhere")
    func cutShort() throws {
        var taken = try answer("percent-local", .accepted)
        taken.messageTaken = true
        let answers = [try answer("plain", .refused(.relay)), taken]
        var proofs = ProofAttempts()
        (proofs.seconds, proofs.isCutShort) = (4, true)
        let verdict = EndpointEvidence(answers: answers, fates: ["percent-local": .missing], proofs: proofs)
            .verdict
        #expect(verdict.0 == .inconclusive)
        #expect(verdict.reason?.contains("has not been seen to arrive within 4 s") == true)
    }

    @Test("What qmail takes by odd forms and bounces later is said to be that, and no refusal")
    func takenAndBounced() throws {
        var taken = try answer("percent-local", .accepted)
        taken.exchanges.append(Exchange(command: ".", reply: Reply(250, "ok 1795535800 qp 936")))
        taken.messageTaken = true
        let answers = [try answer("plain", .refused(.relay)), taken]
        #expect(
            EndpointEvidence(answers: answers, fates: ["percent-local": .missing]).verdict
                == (.closed, "it takes percent-local, and what was sent so has not come out again"))
        #expect(
            EndpointEvidence(answers: answers, fates: ["percent-local": .bounced]).verdict
                == (.closed, "it takes percent-local and bounces it later (backscatter)"))
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
        #expect(overallVerdict(endpoints.map { endpoint(587, $0) }) == expected)
    }

    private func endpoint(_ port: Int, _ verdict: ProbeVerdict, isBroken: Bool? = nil) -> ProbeEndpoint {
        ProbeEndpoint(
            address: "203.0.113.10", port: port, tls: .none, verdict: verdict, banner: nil, offersLogin: nil,
            isBroken: isBroken, reason: nil, tests: [])
    }

    @Test("A broken port is no reason to doubt port 25 of the same address, and says nothing for it")
    func brokenPort() {
        let broken = endpoint(2525, .inconclusive, isBroken: true)
        #expect(overallVerdict([endpoint(25, .closed), broken]) == .closed)
        #expect(overallVerdict([endpoint(25, .open), broken]) == .open)
        #expect(overallVerdict([endpoint(587, .closed), broken]) == .inconclusive)
        #expect(overallVerdict([endpoint(25, .unreachable), broken]) == .inconclusive)
        #expect(overallVerdict([broken]) == .inconclusive)
        let brokenMail = endpoint(25, .inconclusive, isBroken: true)
        #expect(overallVerdict([brokenMail, endpoint(587, .closed)]) == .inconclusive)
        var elsewhere = broken
        elsewhere.address = "203.0.113.11"
        #expect(overallVerdict([endpoint(25, .closed), elsewhere]) == .inconclusive)
        let silent = endpoint(2525, .inconclusive)
        #expect(overallVerdict([endpoint(25, .closed), silent]) == .inconclusive)
    }

    @Test(
        "A port 25 that lets nothing through to this vantage leaves the host without a verdict, one that is refused does not"
    )
    func filtered() {
        var hidden = endpoint(25, .unreachable)
        #expect(overallVerdict([hidden, endpoint(587, .closed)]) == .closed)
        hidden.isFiltered = true
        #expect(overallVerdict([hidden, endpoint(587, .closed)]) == .inconclusive)
        #expect(overallVerdict([hidden, endpoint(587, .open)]) == .open)
        #expect(overallVerdict([hidden, endpoint(587, .unreachable)]) == .unreachable)
        #expect(overallVerdict([hidden, endpoint(25, .closed)]) == .closed)
        var overIPv6 = hidden
        overIPv6.address = "2001:db8::10"
        #expect(overallVerdict([overIPv6, endpoint(25, .closed)]) == .inconclusive)
    }
}
