import MailModel
import Testing

@testable import Reporting

/// What a hostile host or mail client would have a page say.
private let attacks = [
    "</script><script>alert(1)</script>", "</style><script>alert(1)</script>", "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)", "<img src=x onerror=alert(1)>", "<!--", "]]>", "&lt;b&gt;",
    "</code></mark></title><h1>owned", "\u{202e}gnp.exe", "\u{2066}x\u{2069}",
    "\u{1}\u{1b}[31m\u{7f}\u{85}\u{2028}",
    "javascript:alert(1)",
]

private func report(saying text: String, relay: RelayVerdict = .open) -> HostReport {
    let plan = Plan(
        created: Timestamp(seconds: 1_795_435_200), agentVersion: "1.0.0",
        host: HostIdentity(name: text, machineID: text, plesk: text, mta: .postfix),
        policy: PolicyIdentity(path: text, sha256: "00"), fingerprint: "sha256:00", relayBefore: relay,
        relayAfter: .closed,
        findings: [
            Finding(
                id: .relay, status: .drift, wanted: text, actual: text, why: text,
                evidence: [
                    Evidence(file: "main.cf", line: 2, text: text),
                    Evidence(file: text, line: nil, text: text),
                ], notes: [text])
        ],
        changes: [
            Change(
                number: 1, finding: .relay, summary: text,
                action: .edit(
                    FileEdit(
                        path: "/etc/postfix/main.cf", before: Array("a\n\(text)\nb\n".utf8),
                        after: Array("a\nc\nb\n".utf8), touches: []))),
            Change(number: 2, finding: .relay, summary: "Reload Postfix", action: .service(.reloadPostfix)),
        ])
    let test = ProbeTest(
        id: text, mailFrom: text, rcptTo: text, reply: text, verdict: .accepted,
        dialogue: ["> \(text)", "< \(text)"])
    let probe = ProbeReport(
        target: text, from: ProbeOrigin(kind: "netns", address: text, note: text), verdict: .open,
        endpoints: [
            ProbeEndpoint(
                address: text, port: 25, tls: .none, verdict: .open, banner: text, offersLogin: nil,
                reason: text,
                tests: [test])
        ], hosted: HostedAnswer(recipient: text, reply: text, accepted: false))
    let change = ChangeDetails(
        summary: ChangeSummary(
            id: 3, kind: "apply", created: plan.created, finished: nil, outcome: "confirmed", reverts: 2,
            relayBefore: .open, message: text), agentVersion: text, policyPath: text,
        steps: [
            .init(
                number: 1, kind: "edit", state: "done", summary: text, command: ["/bin/x", text], path: text,
                diff: "--- x\n+++ x\n@@ -1,1 +1,1 @@\n-\(text)\n+y\n", note: text)
        ], probe: probe)
    let status = HostStatus(
        plan: plan, queue: QueueCount(messagesByQueue: [text: 7]),
        journal: .init(
            lastProbe: .init(when: plan.created, verdict: .open), lastChange: change.summary, interrupted: [],
            windowDeadline: plan.created, undone: 0, storeSizeInBytes: 0))
    return HostReport(
        status: status,
        judgement: status.judged(by: StatusThresholds(queueWarning: ThresholdRange(upTo: 1000))),
        queueLimit: 1000,
        probe: .init(when: plan.created, report: probe), changes: [change], olderChanges: 2)
}

@Suite("The page for a browser")
struct PageTests {
    @Test(
        "What a host says never becomes markup: its page has the elements of a harmless host's",
        arguments: attacks)
    func injection(attack: String) {
        let harmless = renderPage(report(saying: "harmless"))
        let page = renderPage(report(saying: attack))
        #expect(tags(of: page) == tags(of: harmless))
        #expect(
            page.unicodeScalars.allSatisfy {
                $0 == "\n" || $0 == "\t" || !$0.properties.isDefaultIgnorableCodePoint && $0.value >= 0x20
            })
        #expect(!page.unicodeScalars.contains { (0x7f...0x9f).contains($0.value) || $0.value == 0x2028 })
    }

    /// Element names with their attributes' names, in the order of the page; values and text left out.
    private func tags(of page: String) -> [String] {
        page.matches(of: /<(\/?[a-z0-9]+)((?: [a-z-]+="[^"]*")*)>/).map { match in
            let names = match.2.matches(of: /[ ]([a-z-]+)="/).map { String($0.1) }
            return ([String(match.1)] + names).joined(separator: " ")
        } + ["\(page.count { $0 == "<" })"]
    }

    @Test("It asks nothing of anybody, and runs nothing")
    func selfContained() {
        let page = renderPage(report(saying: "https://example.net/x.png"))
        for attribute in ["src", "href", "srcset", "action", "onload", "style", "background"] {
            #expect(!page.contains(" \(attribute)="), "\(attribute)")
        }
        #expect(!page.contains("<script") && !page.contains("url(") && !page.contains("@import"))
        #expect(page.contains("default-src &#39;none&#39;; style-src &#39;sha256-"))
    }

    @Test("Secrets of a file are masked wherever its lines stand")
    func secrets() {
        let page = renderPage(report(saying: "smtp_sasl_password_maps = static:relay:hunter2"))
        #expect(page.contains("<mark>smtp_sasl_password_maps = static:***</mark>"))
        #expect(page.contains("<del><code>smtp_sasl_password_maps = static:***</code></del>"))
        #expect(!page.contains(/<mark>[^<]*hunter2/))
    }

    @Test(
        "It says first what both the configuration and the probe say",
        arguments: [
            (RelayVerdict.closed, ProbeVerdict?.some(.closed), "Closed"), (.closed, nil, "Closed"),
            (.closed, .open, "Open"), (.open, .closed, "Open"), (.partial, nil, "Open"),
            (.broken, nil, "Broken"),
            (.unknown, .closed, "Unknown"),
        ])
    func headline(relay: RelayVerdict, probe: ProbeVerdict?, word: String) {
        var report = report(saying: "mx", relay: relay)
        report.probe?.report.verdict = probe ?? .closed
        if probe == nil { report.probe = nil }
        let page = renderPage(report)
        #expect(page.contains("<title>\(word): mx, mail relay report</title>"))
        #expect(page.contains("and as seen from outside") == (relay == .closed && probe == .closed))
    }

    @Test("A guilty line is marked where it stands, between its neighbours")
    func guilty() {
        let page = renderPage(report(saying: "mynetworks = 0.0.0.0/0"))
        #expect(
            page.contains(
                "<div><span class=\"number\">1</span><code>a</code></div>"
                    + "<div><span class=\"number\">2</span><code><mark>mynetworks = 0.0.0.0/0</mark></code></div>"
                    + "<div><span class=\"number\">3</span><code>b</code></div>"))
    }
}

@Suite("A difference in two columns")
struct SideBySideTests {
    @Test("What was replaced stands beside what replaced it, with the numbers of its lines")
    func pairs() {
        let rows = sideBySide(
            "--- /f\n+++ /f\n@@ -3,4 +3,3 @@\n a\n--- x\n-c\n+++ y\n d\n@@ -9,0 +8,1 @@\n+new\n\\ No newline at end of file\n"
        )
        #expect(
            rows == [
                [
                    .init(before: .init(number: 3, text: "a"), after: .init(number: 3, text: "a")),
                    .init(before: .init(number: 4, text: "-- x"), after: .init(number: 4, text: "++ y")),
                    .init(before: .init(number: 5, text: "c"), after: nil),
                    .init(before: .init(number: 6, text: "d"), after: .init(number: 5, text: "d")),
                ],
                [.init(before: nil, after: .init(number: 8, text: "new"))],
            ])
    }

    @Test(
        "A sentence in place of a difference has no hunks",
        arguments: ["", "Binary file /f differs (1 bytes before, 2 after)\n"])
    func none(text: String) { #expect(sideBySide(text).isEmpty) }
}
