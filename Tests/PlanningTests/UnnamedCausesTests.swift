import MailModel
import Testing

@testable import Planning

@Suite("The causes that article 1394 does not name")
struct UnnamedCausesTests {
    private func plan(_ state: HostState, relaying: Policy.Relaying = .authorizationRequired) -> Plan {
        makePlan(policy: HostFixture.policy(relaying: relaying), state: state, agentVersion: "1.0.0")
    }

    private func finding(_ id: Finding.ID, _ plan: Plan) -> Finding? { plan.findings.first { $0.id == id } }

    @Test("A host without them hears nothing of them")
    func none() {
        #expect(
            plan(HostFixture.host()).findings.map(\.id) == [.relaying, .whiteList, .relay, .port25, .queue])
    }

    @Test(
        "Short login names are drift on Plesk 8 with Qmail alone, where they were seen to let strangers relay",
        arguments: [
            ("8.6.0", MailTransferAgent.qmail, Finding.Status.drift), ("8.6.0", .postfix, .ok),
            ("9.5.4", .qmail, .ok),
            ("18.0.62", .postfix, .ok),
        ])
    func shortNames(_ version: String, _ mta: MailTransferAgent, _ status: Finding.Status) {
        var plesk = HostFixture.plesk()
        plesk.version = version
        plesk.shortLoginNames = .seen(true)
        var host = HostFixture.host(plesk: .seen(plesk))
        host.managedMTA = .seen(ManagedMTA(mta, evidence: []))
        let seen = finding(.shortNames, plan(host))
        #expect(seen?.status == status)
        #expect(seen?.notes.count == 1)
        #expect(plan(host).changes.isEmpty)
    }

    private func locked(_ locks: [String], mode: RelayingMode = .auth, pop: Bool = true) -> HostState {
        var plesk = HostFixture.plesk(
            relaying: mode, logins: LoginTypes(smtp: true, pop: pop, popLockMinutes: 20))
        plesk.popLocks = .seen(locks.map(HostFixture.entry))
        return HostFixture.host(plesk: .seen(plesk))
    }

    @Test("A POP lock for a network is closed by Plesk's command, which can be taken back")
    func wideLock() {
        let plan = plan(locked(["198.51.100.9/32", "198.51.100.0/24"]))
        let seen = finding(.popLocks, plan)
        #expect(seen?.status == .drift)
        #expect(seen?.evidence.map(\.text) == ["POP lock for 198.51.100.0/24"])
        guard case .plesk(let change)? = plan.changes.first?.action else {
            Issue.record("no change of Plesk's settings")
            return
        }
        #expect(change.command.suffix(4) == ["--set-relay", "auth", "-auth-type", "smtp"])
        #expect(
            change.undoCommand.suffix(6) == ["--set-relay", "auth", "-auth-type", "both", "-lock-time", "20"])
    }

    @Test("On Qmail the lock is a cause of its own, which is gone once POP before SMTP is off")
    func wideLockOnQmail() throws {
        var host = locked(["198.51.100.0/24"])
        host.managedMTA = .seen(ManagedMTA(.qmail, evidence: []))
        host.listeners = .seen([HostFixture.listener("/var/qmail/bin/qmail-smtpd")])
        let files = [
            "/var/qmail/control/me": "mx.hosted.example\n",
            "/var/qmail/control/rcpthosts": "hosted.example\n",
            "/var/qmail/control/virtualdomains": "hosted.example:1\n",
            "/etc/xinetd.d/smtp_psa":
                "service smtp\n{\n server = /var/qmail/bin/relaylock\n server_args = /var/qmail/bin/qmail-smtpd\n}\n",
        ]
        var qmail = QmailConfiguration(
            files: files.reduce(into: [:]) {
                $0[$1.key] = .content(FileContent(path: $1.key, bytes: Array($1.value.utf8)))
            }, isCopy: false, whiteList: [])
        qmail.popLocks = try #require(host.plesk.value?.wideLocks)
        host.qmail = .seen(qmail)
        let plan = plan(host)
        #expect(plan.relayBefore == .partial && plan.relayAfter == .closed)
        #expect(plan.changes.map(\.finding) == [.popLocks])
    }

    @Test("Locks for single addresses are told of, and locks that do not count are not")
    func otherLocks() {
        #expect(finding(.popLocks, plan(locked(["198.51.100.9/32"])))?.status == .ok)
        #expect(finding(.popLocks, plan(locked(["198.51.100.0/24"], pop: false))) == nil)
        #expect(finding(.popLocks, plan(locked(["198.51.100.0/24"], mode: .closed))) == nil)
    }

    @Test(
        "With the mode open as well, one plan comes to SMTP logins alone; with the mode closed wanted, to none"
    )
    func together() {
        let both = plan(locked(["198.51.100.0/24"], mode: .open)).changes.compactMap { change -> [String]? in
            guard case .plesk(let plesk) = change.action else { return nil }
            return Array(plesk.command.dropFirst(4).prefix(3))
        }
        #expect(both == [["auth", "-auth-type", "both"], ["auth", "-auth-type", "smtp"]])
        let closing = plan(locked(["198.51.100.0/24"]), relaying: .closed)
        #expect(closing.changes.count == 1)
    }

    @Test("A catch-all that forwards to another host is told of by its entry, and is no relay")
    func catchAll() throws {
        var postfix = HostFixture.postfix(
            mainCF: HostFixture.mainCF
                + "virtual_alias_domains = hosted.example\nvirtual_alias_maps = hash:/etc/postfix/virtual\n")
        postfix.tables["hash:/etc/postfix/virtual"] = .entries(
            [
                TableEntry(key: "@hosted.example", value: "all@elsewhere.example", line: 3),
                TableEntry(key: "@other.example", value: "@hosted.example", line: 4),
                TableEntry(key: "a@hosted.example", value: "a@elsewhere.example", line: 5),
            ], source: "/etc/postfix/virtual")
        let seen = finding(.catchAll, plan(HostFixture.host(postfix: .seen(postfix))))
        #expect(seen?.status == .ok)
        #expect(
            seen?.evidence == [
                Evidence(file: "/etc/postfix/virtual", line: 3, text: "@hosted.example all@elsewhere.example")
            ])
    }
}
