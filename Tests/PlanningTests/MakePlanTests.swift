import MailModel
import Planning
import Testing

private func plan(_ state: HostState, _ policy: Policy = HostFixture.policy()) -> Plan {
    makePlan(policy: policy, state: state, agentVersion: "1.0.0")
}

private func finding(_ id: Finding.ID, in plan: Plan) throws -> Finding {
    try #require(plan.findings.first { $0.id == id })
}

private func pleskCommands(in plan: Plan) -> [[String]] {
    plan.changes.compactMap { if case .plesk(let change) = $0.action { change.command } else { nil } }
}

@Suite("Planning")
struct MakePlanTests {
    @Test("A host that complies needs nothing, and every finding is ok, in the article's order")
    func compliant() {
        let plan = plan(HostFixture.host())
        #expect(plan.isEmpty)
        #expect(plan.findings.map(\.id) == [.relaying, .whiteList, .relay, .port25, .queue])
        #expect(plan.findings.allSatisfy { $0.status == .ok })
        #expect(plan.relayBefore == .closed)
    }

    @Test("Debian's own default for mynetworks is left alone")
    func debianDefault() {
        let debian = HostFixture.mainCF.replacing(
            "127.0.0.0/8 [::1]/128", with: "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128")
        let plan = plan(HostFixture.host(postfix: .seen(HostFixture.postfix(mainCF: debian))))
        #expect(plan.isEmpty)
        #expect(plan.relayBefore == .closed)
    }

    @Test("A relay whose mail only waits is closed before it is let go")
    func deferredRelay() throws {
        let braked =
            HostFixture.mainCF.replacing("127.0.0.0/8 [::1]/128", with: "0.0.0.0/0")
            + "defer_transports = smtp\n"
        let plan = plan(HostFixture.host(postfix: .seen(HostFixture.postfix(mainCF: braked))))
        #expect(try finding(.relay, in: plan).status == .drift)
        #expect(plan.relayBefore == .open)
        #expect(plan.relayAfter == .closed)
    }

    @Test("Open relaying is set to auth through Plesk, keeping the logins that were on")
    func openRelaying() throws {
        let logins = LoginTypes(smtp: true, pop: true, popLockMinutes: 30)
        let plan = plan(HostFixture.host(plesk: .seen(HostFixture.plesk(relaying: .open, logins: logins))))
        #expect(try finding(.relaying, in: plan).status == .drift)
        #expect(
            pleskCommands(in: plan) == [
                [
                    "/usr/sbin/plesk", "bin", "mailserver", "--set-relay", "auth", "-auth-type", "both",
                    "-lock-time", "30",
                ]
            ])
    }

    @Test("Where no login was on, auth gets SMTP logins")
    func openRelayingWithoutLogins() {
        let logins = LoginTypes(smtp: false, pop: false, popLockMinutes: nil)
        let plan = plan(HostFixture.host(plesk: .seen(HostFixture.plesk(relaying: .open, logins: logins))))
        #expect(pleskCommands(in: plan).first?.suffix(2) == ["-auth-type", "smtp"])
    }

    @Test("Closed relaying is stricter than auth and is left alone")
    func closedRelaying() throws {
        let plan = plan(HostFixture.host(plesk: .seen(HostFixture.plesk(relaying: .closed))))
        #expect(plan.isEmpty)
        #expect(try finding(.relaying, in: plan).status == .ok)
    }

    @Test("A policy of closed closes auth")
    func policyClosed() {
        let plan = plan(HostFixture.host(), HostFixture.policy(relaying: .closed))
        #expect(
            pleskCommands(in: plan) == [["/usr/sbin/plesk", "bin", "mailserver", "--set-relay", "closed"]])
    }

    @Test("Unwanted entries leave the white list one by one, the widest first; loopback stays")
    func whiteList() {
        let list = ["203.0.113.0/24", "127.0.0.1/8", "0.0.0.0/0", "203.0.113.0/24", "::1/128"]
        let plan = plan(HostFixture.host(plesk: .seen(HostFixture.plesk(whiteList: list))))
        #expect(pleskCommands(in: plan).map(\.last) == ["0.0.0.0/0", "203.0.113.0/24"])
        #expect(pleskCommands(in: plan).allSatisfy { $0[3] == "--remove-from-white-list" })
    }

    @Test("An empty white list and one of 127.0.0.1/32 comply", arguments: [[], ["127.0.0.1/32"]])
    func smallWhiteLists(list: [String]) throws {
        let plan = plan(HostFixture.host(plesk: .seen(HostFixture.plesk(whiteList: list))))
        #expect(try finding(.whiteList, in: plan).status == .ok)
    }

    @Test(
        "A vouched network is allowed, and named, up to and on its last day, whether Plesk lists it or the MTA alone",
        arguments: [
            ("2027-03-31", ["203.0.113.5/32"], true), ("2027-04-01", ["203.0.113.5/32"], false),
            ("2027-03-31", [], true), ("2027-04-01", [], true),
        ])
    func vouched(day: String, list: [String], isAllowed: Bool) throws {
        let network = try #require(IPNetwork("203.0.113.0/28"))
        let policy = HostFixture.policy(vouched: [
            VouchedNetwork(
                network: network, reason: "the office's scanner", until: CalendarDay("2027-03-31"),
                location: SourceLocation(file: "10-office.yaml", line: 4))
        ])
        let state = HostFixture.host(
            plesk: .seen(HostFixture.plesk(whiteList: list)), day: day)
        let found = try finding(.whiteList, in: plan(state, policy))
        #expect(found.status == (isAllowed ? .ok : .drift))
        let named = list.first ?? "203.0.113.0/28"
        #expect(
            found.notes.contains {
                $0.hasPrefix(named) && $0.contains("10-office.yaml:4") && $0.contains("2027-03-31")
            })
    }

    @Test("A vouched network that is only part of what Plesk lists is named as one to be added by itself")
    func vouchedPart() throws {
        let policy = HostFixture.policy(vouched: [
            VouchedNetwork(
                network: try #require(IPNetwork("203.0.113.0/28")), reason: "scanner", until: nil,
                location: SourceLocation(file: "10-office.yaml", line: 4))
        ])
        let state = HostFixture.host(plesk: .seen(HostFixture.plesk(whiteList: ["203.0.113.0/24"])))
        let found = try finding(.whiteList, in: plan(state, policy))
        #expect(found.status == .drift)
        #expect(found.notes.contains { $0.contains("only in 203.0.113.0/24, so add it there by itself") })
    }

    @Test("Without the command for it, drift is reported with the way through the panel")
    func missingCommand() throws {
        var commands = HostFixture.commands
        commands.removeFromWhiteList = nil
        let plan = plan(
            HostFixture.host(plesk: .seen(HostFixture.plesk(whiteList: ["0.0.0.0/0"], commands: commands))))
        let found = try finding(.whiteList, in: plan)
        #expect(found.status == .drift)
        #expect(found.notes.contains { $0.contains("Tools & Settings") })
        #expect(pleskCommands(in: plan).isEmpty)
    }

    @Test("A Plesk that must not be changed now is said to be so, before anybody tries to apply")
    func busyPlesk() throws {
        let busy = HostFixture.plesk(relaying: .open, busy: "Plesk's installer is at work: BUSY")
        let finding = try finding(.relaying, in: plan(HostFixture.host(plesk: .seen(busy))))
        #expect(
            finding.notes == [
                "nothing can be applied at this moment: Plesk's installer is at work: BUSY"
            ])
    }

    @Test("What cannot be seen is unknown, never ok")
    func unseen() {
        let state = HostFixture.host(
            plesk: .unseen("Plesk is not installed"), postfix: .unseen("no permission"),
            listeners: .unseen("no /proc"), queue: .unseen("no permission"))
        let plan = plan(state)
        #expect(plan.findings.allSatisfy { $0.status == .unknown && !$0.notes.isEmpty })
        #expect(plan.relayBefore == nil)
    }

    @Test(
        "Port 25 belongs to the MTA that Plesk manages",
        arguments: [
            (["/usr/lib/postfix/sbin/master"], Finding.Status.ok), (["/usr/sbin/exim4"], .drift),
            (["/usr/lib/postfix/sbin/master", "/usr/sbin/exim4"], .drift), ([], .drift),
        ])
    func port25(executables: [String], status: Finding.Status) throws {
        let state = HostFixture.host(listeners: .seen(executables.map { HostFixture.listener($0) }))
        #expect(try finding(.port25, in: plan(state)).status == status)
    }

    @Test("The right MTA on loopback only is drift: mail from outside cannot arrive")
    func loopbackOnly() throws {
        let listener = HostFixture.listener("/usr/lib/postfix/sbin/master", address: .v4(0x7f00_0001))
        #expect(
            try finding(.port25, in: plan(HostFixture.host(listeners: .seen([listener])))).status == .drift)
    }

    @Test(
        "A queue above the policy's limit is drift", arguments: [(1000, Finding.Status.ok), (1001, .drift)])
    func queue(count: Int, status: Finding.Status) throws {
        let state = HostFixture.host(queue: .seen(QueueCount(messagesByQueue: ["deferred": count])))
        #expect(try finding(.queue, in: plan(state)).status == status)
    }

    @Test("What was relayed is held last, only where the policy says so and the relay will be closed")
    func flood() throws {
        let wide = HostFixture.mainCF.replacing("127.0.0.0/8 [::1]/128", with: "127.0.0.0/8\n  0.0.0.0/0")
        var state = HostFixture.host(
            postfix: .seen(HostFixture.postfix(mainCF: wide)),
            queue: .seen(QueueCount(messagesByQueue: ["deferred": 1001, "hold": 5])))
        state.relayedWaiting = 700
        var policy = HostFixture.policy()
        #expect(plan(state, policy).changes.map(\.action.kind) == ["edit", "service"])
        policy.queue.flood = .hold
        let holding = plan(state, policy)
        #expect(holding.changes.last?.action == .hold(messages: 700))
        #expect(holding.relayAfter == .closed)
        // What is on hold already may not leave, and is no reason to hold more.
        state.queue = .seen(QueueCount(messagesByQueue: ["deferred": 1000, "hold": 700]))
        #expect(plan(state, policy).changes.map(\.action.kind) == ["edit", "service"])
        state.queue = .seen(QueueCount(messagesByQueue: ["deferred": 1001]))
        state.relayedWaiting = 0
        #expect(plan(state, policy).changes.map(\.action.kind) == ["edit", "service"])
    }

    @Test("Plesk's commands come first, then the edits, then one reload")
    func order() throws {
        let wide = HostFixture.mainCF.replacing("127.0.0.0/8 [::1]/128", with: "127.0.0.0/8\n  0.0.0.0/0")
        let plan = plan(
            HostFixture.host(
                plesk: .seen(HostFixture.plesk(relaying: .open, whiteList: ["0.0.0.0/0"])),
                postfix: .seen(HostFixture.postfix(mainCF: wide))))
        #expect(plan.changes.map(\.action.kind) == ["plesk", "plesk", "edit", "service"])
        #expect(plan.changes.map(\.number) == [1, 2, 3, 4])
        #expect(plan.relayBefore == .open)
        #expect(plan.relayAfter == .closed)
        let evidence = try finding(.relay, in: plan).evidence
        #expect(evidence.contains { $0.line == 6 && $0.text.contains("0.0.0.0/0") })
    }

    @Test("The fingerprint follows every input that the plan depends on, and not the queue")
    func fingerprints() {
        let base = plan(HostFixture.host()).fingerprint
        let others = [
            plan(HostFixture.host(plesk: .seen(HostFixture.plesk(relaying: .closed)))),
            plan(HostFixture.host(plesk: .seen(HostFixture.plesk(whiteList: [])))),
            plan(HostFixture.host(postfix: .seen(HostFixture.postfix(mainCF: HostFixture.mainCF + "#\n")))),
            plan(HostFixture.host(listeners: .seen([]))),
            plan(
                HostFixture.host(),
                HostFixture.policy(vouched: [
                    VouchedNetwork(
                        network: IPNetwork(.v4(1)), reason: "r", until: nil,
                        location: SourceLocation(file: "f", line: 1))
                ])),
            makePlan(policy: HostFixture.policy(), state: HostFixture.host(), agentVersion: "1.0.1"),
        ]
        #expect(Set(others.map(\.fingerprint) + [base]).count == others.count + 1)
        let queue = HostFixture.host(queue: .seen(QueueCount(messagesByQueue: ["active": 5])))
        #expect(plan(queue).fingerprint == base)
    }
}
