import MailModel
import Reporting
import Testing

private let samplePlan = Plan(
    created: Timestamp(seconds: 1_795_435_200), agentVersion: "1.0.0",
    host: HostIdentity(name: "mx.hosted.example", machineID: "0123", plesk: "18.0.62", mta: .postfix),
    policy: PolicyIdentity(path: "built in", sha256: "ab"), fingerprint: "sha256:cd", relayBefore: .open,
    relayAfter: .closed,
    findings: [
        Finding(
            id: .relaying, status: .drift, wanted: "authorization is required", actual: "open relay",
            why: "Everybody can send.",
            evidence: [Evidence(file: "Plesk mail server settings", text: "relaying: open")]),
        Finding(
            id: .whiteList, status: .ok, wanted: "loopback", actual: "127.0.0.1/8", why: "-",
            notes: ["a note"]),
        Finding(id: .queue, status: .unknown, wanted: "few", actual: "not seen", why: "-"),
    ],
    changes: [
        Change(
            number: 1, finding: .relaying, summary: "Set relaying",
            action: .plesk(
                PleskChange(
                    command: ["/usr/sbin/plesk", "bin", "mailserver", "--set-relay", "auth it"],
                    setting: .relaying(.auth, LoginTypes(smtp: true, pop: false, popLockMinutes: nil)),
                    undoCommand: ["/bin/false"],
                    undoSetting: .relaying(.open, LoginTypes(smtp: true, pop: false, popLockMinutes: nil))))),
        Change(
            number: 2, finding: .relay, summary: "Edit /etc/postfix/main.cf",
            action: .edit(
                FileEdit(
                    path: "/etc/postfix/main.cf", before: Array("a\nmynetworks = 0.0.0.0/0\n".utf8),
                    after: Array("a\nmynetworks =\n".utf8), touches: ["mynetworks"]))),
        Change(number: 3, finding: .relay, summary: "Reload Postfix", action: .service(.reloadPostfix)),
    ])

@Suite("The plan as text")
struct PlanTextTests {
    @Test("The whole page, as an administrator reads it")
    func golden() {
        #expect(
            renderPlan(samplePlan, style: .plain) == """
                mx.hosted.example (Plesk 18.0.62, postfix), policy built in

                  ✗ drift   relaying    open relay
                             wanted: authorization is required
                             Plesk mail server settings: relaying: open
                             why: Everybody can send.
                  ✓ ok      white-list  127.0.0.1/8
                             note: a note
                  ? unknown queue       not seen

                agent would do the following:

                  1. ~ Set relaying
                       $ /usr/sbin/plesk bin mailserver --set-relay 'auth it'
                  2. ~ Edit /etc/postfix/main.cf
                       --- /etc/postfix/main.cf
                       +++ /etc/postfix/main.cf
                       @@ -1,2 +1,2 @@
                        a
                       -mynetworks = 0.0.0.0/0
                       +mynetworks =
                  3. ~ Reload Postfix
                       $ /usr/sbin/postfix reload

                Plan: 3 to change, 1 in drift, 1 unknown, 1 ok. Relay: open now, closed after.

                """)
    }

    @Test("Colours add nothing that the words do not say")
    func colours() {
        let colored = renderPlan(samplePlan, style: .colored)
        #expect(colored.contains("\u{1b}[31m✗ drift"))
        #expect(colored.replacing(#/\u{1b}\[[0-9]+m/#, with: "") == renderPlan(samplePlan, style: .plain))
    }

    @Test("A compliant host is said to be one")
    func compliant() {
        var plan = samplePlan
        plan.changes = []
        plan.findings = [plan.findings[1]]
        #expect(renderPlan(plan, style: .plain).contains("Nothing to do: the host complies"))
    }

    @Test("Control characters from the host never reach the terminal")
    func escapes() {
        var plan = samplePlan
        plan.findings[0].evidence = [Evidence(file: "main.cf", line: 1, text: "\u{1b}]0;owned\u{7}")]
        let text = renderPlan(plan, style: .plain)
        #expect(!text.unicodeScalars.contains("\u{1b}"))
        #expect(text.contains("\\x1b]0;owned\\x07"))
    }
}

@Suite("Saved plans")
struct PlanFileTests {
    private func parse(_ text: String) throws(Failure) -> PlanFile {
        try PlanFile(parsing: Array(text.utf8), path: "plan.json")
    }

    @Test("A saved plan reads back with what binds it to its host")
    func roundTrip() throws {
        let file = try parse(PlanFile.render(samplePlan))
        #expect(file.fingerprint == samplePlan.fingerprint)
        #expect(file.hostName == "mx.hosted.example")
        #expect(file.agentVersion == "1.0.0")
        #expect(file.changesDigest == PlanFile.changesDigest(samplePlan))
        #expect(PlanFile.render(samplePlan).hasPrefix("{\n  \"format\": \"agent.plan/1\",\n"))
    }

    @Test("What a plan was asked for is asked for by whoever applies it")
    func consents() throws {
        #expect(try parse(PlanFile.render(samplePlan)).consents.isEmpty)
        var plan = samplePlan
        plan.consents = [.leaveHarbour, .stopUnmanaged]
        #expect(try parse(PlanFile.render(plan)).consents == plan.consents)
    }

    @Test(
        "Anything else is refused as invalid",
        arguments: [
            "", "not json", "[]", "{}", "{\"format\": \"agent.plan/2\"}",
            PlanFile.render(samplePlan).replacing("auth it", with: "open"),
            PlanFile.render(samplePlan).replacing("\"plesk\": \"18.0.62\"", with: "\"plesk\": \"18.0.63\""),
            PlanFile.render(samplePlan) + " ",
        ])
    func refusals(text: String) {
        #expect { try parse(text) } throws: { ($0 as? Failure)?.status == .invalid }
    }

    @Test("Every single flipped byte of a saved plan is noticed")
    func flippedBytes() {
        let whole = Array(PlanFile.render(samplePlan).utf8)
        for index in stride(from: 0, to: whole.count, by: 7) {
            var bytes = whole
            bytes[index] ^= 0x01
            #expect(throws: Failure.self) { try PlanFile(parsing: bytes, path: "plan.json") }
        }
    }

    @Test("A plan is carried out only on its own host, by its own version, from the state it saw")
    func bindings() throws {
        let file = try parse(PlanFile.render(samplePlan))
        try file.check(against: samplePlan)
        let changes: [(MailModel.ExitStatus, (inout Plan) -> Void)] = [
            (.invalid, { $0.host.name = "other.example" }), (.invalid, { $0.host.machineID = "4567" }),
            (.invalid, { $0.agentVersion = "2.0.0" }), (.stale, { $0.fingerprint = "sha256:ef" }),
            (.stale, { $0.changes.removeLast() }),
        ]
        for (status, change) in changes {
            var plan = samplePlan
            change(&plan)
            #expect { try file.check(against: plan) } throws: { ($0 as? Failure)?.status == status }
        }
    }

    @Test("The digest of changes follows every byte that would be written")
    func changesDigest() {
        var other = samplePlan
        other.changes[1].action = .edit(
            FileEdit(
                path: "/etc/postfix/main.cf", before: Array("a\nmynetworks = 0.0.0.0/0\n".utf8),
                after: Array("a\nmynetworks = \n".utf8), touches: ["mynetworks"]))
        #expect(PlanFile.changesDigest(other) != PlanFile.changesDigest(samplePlan))
    }
}

@Suite("JSON documents")
struct JSONDocumentTests {
    @Test("Members keep their order, and every string survives a strict reader")
    func order() {
        let value = JSONValue.object([
            .init("format", .string("agent.plan/1")), .init("text", .string("\"\\\n\u{1b}é\u{0}")),
            .init("empty", .array([])), .init("none", .null), .init("yes", .bool(true)), .init("n", .int(-3)),
        ])
        #expect(
            value.document == """
                {
                  "format": "agent.plan/1",
                  "text": "\\"\\\\\\n\\u001bé\\u0000",
                  "empty": [],
                  "none": null,
                  "yes": true,
                  "n": -3
                }

                """)
    }

    @Test(
        "What a terminal would obey, or a reader not see, is written as its number",
        arguments: [("\u{9b}", "\\u009b"), ("\u{202e}", "\\u202e"), ("\u{e0001}", "\\udb40\\udc01")])
    func invisible(_ text: String, _ written: String) {
        #expect(JSONValue.array([.string(text)]).document.contains("\"\(written)\""))
    }
}

@Suite("What a change came to, in words")
struct ChangeResultWordsTests {
    @Test(
        "Strangers are said to be refused only where that was seen",
        arguments: [
            (ProbeVerdict.closed, "strangers are refused."), (.open, "strangers can relay again."),
            (.inconclusive, "whether strangers can relay cannot be told."),
            (.unreachable, "whether strangers can relay cannot be told."),
        ])
    func seen(verdict: ProbeVerdict, words: String) {
        var result = ChangeResult(changeSet: 2, outcome: .confirmed)
        result.probe = ProbeReport(
            target: "203.0.113.10", from: ProbeOrigin(kind: "netns", address: nil), verdict: verdict,
            endpoints: [], hosted: nil)
        let text = renderResult(result, verb: "Took back", style: .plain)
        #expect(text.hasPrefix("✓ Took back (change 2), and seen from outside: \(words)\n"), "\(text)")
    }
}
