import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

@Suite("Applying a plan")
struct ApplyTests {
    @Test(
        "Plesk's command, the edit and the reload happen in order, and the change is confirmed from outside")
    func wholeRound() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.open), TestHost.report(.closed)] }
        let result = try await host.apply()
        #expect(result.outcome == .confirmed)
        #expect(try host.text("main.cf") == TestHost.closedMain)
        #expect(
            host.world.withLock { $0.commands } == [
                ["/usr/sbin/plesk", "auth"], ["/usr/sbin/postfix", "reload"],
            ])
        let row = try #require(try host.store.changeSets().first)
        #expect(row.outcome == "confirmed")
        #expect(try host.store.steps(of: row.id).allSatisfy { $0.state == .done })
    }

    @Test("The old bytes are in the store before the first command runs")
    func backupFirst() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.open), TestHost.report(.closed)] }
        _ = try await host.apply()
        let steps = try host.store.steps(of: 1)
        #expect(steps.prefix(2).map(\.kind) == [.backup, .backup])
        let digest = try #require(steps[0].beforeDigest)
        #expect(try host.store.content(digest) == TestHost.latin1(TestHost.openMain))
    }

    @Test("Where Plesk is not asked, what is edited is in the journal together with what is kept")
    func editFirst() async throws {
        let host = try TestHost()
        let atFirst = Mutex<[StepRow]>([])
        host.world.withLock { world in
            world.probes = [TestHost.report(.open), TestHost.report(.closed)]
            world.onProgress = { progress, _ in
                guard case .backedUp = progress, let steps = try? host.store.steps(of: 1) else { return }
                atFirst.withLock { $0 = steps }
            }
        }
        let result = try await host.apply(host.plan([.edit(host.mainEdit()), .service(.reloadPostfix)]))
        #expect(result.outcome == .confirmed)
        let steps = atFirst.withLock { $0 }
        #expect(steps.map(\.kind) == [.backup, .backup, .edit])
        #expect(steps.last?.state == .started && steps.last?.afterDigest != nil)
        #expect(try host.store.steps(of: 1).map(\.kind) == [.backup, .backup, .edit, .service])
        #expect(try host.store.steps(of: 1).allSatisfy { $0.state == .done })
    }

    @Test("What Plesk has already rewritten is not edited again")
    func pleskDidIt() async throws {
        let host = try TestHost()
        let done = host.plan([])
        host.world.withLock { world in
            world.probes = [TestHost.report(.open), TestHost.report(.closed)]
            world.pleskRewrites = TestHost.closedMain
            world.replanned = done
        }
        #expect(try await host.apply().outcome == .confirmed)
        #expect(host.world.withLock { $0.progress }.contains(.unneeded("step 2")))
    }

    @Test("What Plesk brings up beyond the plan is refused and taken back")
    func surprise() async throws {
        let host = try TestHost()
        var edit = host.mainEdit()
        edit.touches = ["mynetworks", "relay_domains"]
        let surprising = host.plan([.edit(edit)])
        host.world.withLock { $0.replanned = surprising }
        await #expect { try await host.apply() } throws: {
            ($0 as? Failure)?.detail?.contains("relay_domains") == true
        }
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(host.world.withLock { $0.relaying } == .open)
    }

    @Test(
        "A command that fails, or that lies, leaves the host as it was",
        arguments: [(Int32(1), false), (0, true)])
    func pleskFails(exit: Int32, isIdle: Bool) async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.pleskExit = exit
            world.isPleskIdle = isIdle
        }
        await #expect { try await host.apply() } throws: { ($0 as? Failure)?.status == .failed }
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(try host.store.changeSets().first?.outcome == "failed")
    }

    @Test(
        "A reload that fails takes everything back, metadata included; where it goes on failing a person must act"
    )
    func reloadFails() async throws {
        let host = try TestHost()
        let before = try #require(try snapshotFile(host.path("main.cf")))
        host.world.withLock { $0.reloadExit = 1 }
        await #expect { try await host.apply() } throws: { ($0 as? Failure)?.status == .personMustAct }
        #expect(try snapshotFile(host.path("main.cf")) == before)
        #expect(host.world.withLock { $0.relaying } == .open)
        #expect(try host.store.unfinishedChangeSets().count == 1)

        host.world.withLock { $0.reloadExit = 0 }
        let results = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(results.map(\.outcome) == [.failed])
        #expect(try host.store.unfinishedChangeSets().isEmpty)
    }

    @Test("A Postfix that has ended meanwhile is not told to read its files again, and nothing is left open")
    func endedMeanwhile() async throws {
        let host = try TestHost()
        let before = try snapshotFile(host.path("main.cf"))
        host.world.withLock { world in
            world.probes = [TestHost.report(.open)]
            world.reloadExit = 1
            world.isFollowed = false
        }
        await #expect { try await host.apply() } throws: { ($0 as? Failure)?.status == .failed }
        #expect(try snapshotFile(host.path("main.cf")) == before)
        #expect(try host.store.unfinishedChangeSets().isEmpty)
    }

    @Test("A file that somebody edits after the plan is left to them, and the rest is taken back")
    func editedMeanwhile() async throws {
        let host = try TestHost()
        let stale = host.plan([.edit(host.mainEdit(before: "something else\n"))])
        await #expect { try await host.apply(stale) } throws: { ($0 as? Failure)?.status == .stale }
        #expect(try host.text("main.cf") == TestHost.openMain)
    }

    @Test("An interruption between two steps takes everything back", arguments: [0, 1, 2])
    func interrupted(after steps: Int) async throws {
        let host = try TestHost()
        host.world.withLock { $0.interruptAfterSteps = steps }
        await #expect { try await host.apply() } throws: { ($0 as? Failure)?.status == .interrupted }
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(host.world.withLock { $0.relaying } == .open)
        #expect(try host.store.changeSets().first?.outcome == "failed")
    }

    @Test("Still open is kept, since it only closes, and a person must act")
    func stillOpen() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.open), TestHost.report(.open)] }
        let result = try await host.apply()
        #expect(result.outcome == .stillOpen)
        #expect(result.outcome.exitStatus == .personMustAct)
        #expect(try host.text("main.cf") == TestHost.closedMain)
    }

    @Test(
        "Broken mail follows the policy: harbour where the old state relayed, else back",
        arguments: [
            (Policy.MailBroken.automatic, RelayVerdict.open, Outcome.harboured),
            (.automatic, .closed, .rolledBack), (.rollBack, .open, .rolledBack),
            (.harbour, .closed, .harboured),
            (.keep, .open, .unconfirmed),
        ])
    func worse(mailBroken: Policy.MailBroken, relayed: RelayVerdict, outcome: Outcome) async throws {
        let host = try TestHost()
        let before = relayed == .open ? ProbeVerdict.open : .closed
        let harbour = host.mainEdit(before: TestHost.closedMain, after: "soft_bounce = yes\n")
        host.world.withLock { world in
            world.probes = [TestHost.report(before), TestHost.report(.closed, hosted: false)]
            world.harbour = [harbour]
        }
        var plan = host.wholePlan
        plan.relayBefore = relayed
        let result = try await host.apply(plan, policy: TestHost.policy(mailBroken: mailBroken))
        #expect(result.outcome == outcome)
        let expected =
            switch outcome {
            case .harboured: "soft_bounce = yes\n"
            case .rolledBack: TestHost.openMain
            default: TestHost.closedMain
            }
        #expect(try host.text("main.cf") == expected)
        #expect(result.reasons.contains { $0.contains("postmaster@hosted.example") })
    }

    @Test(
        "No vantage that can tell never counts as fixed",
        arguments: [
            (Policy.Unconfirmed.keep, Outcome.unconfirmed), (.rollBack, .rolledBack), (.harbour, .harboured),
        ])
    func cannotTell(unconfirmed: Policy.Unconfirmed, outcome: Outcome) async throws {
        let host = try TestHost()
        host.world.withLock { $0.probeFailure = Failure(.cannotTell, "the vantage is down") }
        let result = try await host.apply(policy: TestHost.policy(unconfirmed: unconfirmed))
        #expect(result.outcome == outcome)
        #expect(result.reasons == ["the vantage is down"])
    }
}

@Suite("Taking a change set back")
struct RollbackTests {
    private func applied() async throws -> TestHost {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.open), TestHost.report(.closed)] }
        _ = try await host.apply()
        return host
    }

    private func rollBack(_ change: Int, on host: TestHost) async throws(Failure) -> ChangeResult {
        try await Execution.rollBack(change, plan: host.plan([]), planDocument: "{}", using: host.instruments)
    }

    @Test("Bytes, metadata, time and Plesk's setting are as they were")
    func exact() async throws {
        let host = try TestHost()
        let before = try #require(try snapshotFile(host.path("main.cf")))
        host.world.withLock { world in
            world.probes = [.open, .closed, .closed, .open].map { TestHost.report($0) }
        }
        _ = try await host.apply()
        let result = try await rollBack(1, on: host)
        #expect(result.outcome == .confirmed)
        #expect(result.probe?.verdict == .open)
        #expect(try snapshotFile(host.path("main.cf")) == before)
        #expect(host.world.withLock { $0.relaying } == .open)
        #expect(try host.store.changeSet(2)?.reverts == 1)
    }

    @Test("A rollback is a change set itself and can be taken back")
    func redo() async throws {
        let host = try await applied()
        let closed = try #require(try snapshotFile(host.path("main.cf")))
        _ = try await rollBack(1, on: host)
        _ = try await rollBack(2, on: host)
        #expect(try snapshotFile(host.path("main.cf")) == closed)
        #expect(host.world.withLock { $0.relaying } == .auth)
    }

    @Test("A file that was changed since is left alone, before the first write")
    func changedSince() async throws {
        let host = try await applied()
        try host.write("main.cf", TestHost.closedMain + "# mine\n")
        let commands = host.world.withLock { $0.commands.count }
        await #expect { try await rollBack(1, on: host) } throws: {
            ($0 as? Failure)?.summary.contains("changed since") == true
        }
        #expect(try host.text("main.cf") == TestHost.closedMain + "# mine\n")
        #expect(host.world.withLock { $0.commands.count } == commands)
        #expect(host.world.withLock { $0.relaying } == .auth)
    }

    @Test("What somebody else changed since, elsewhere in the file, is kept; only ours is taken out")
    func changedElsewhere() async throws {
        let host = try await applied()
        let mine = TestHost.closedMain + "a = b\nc = d\n"
        // The edit of the change set is the second line; a line between keeps the two apart.
        try host.write("main.cf", "# above\n" + mine)
        await #expect { try await rollBack(1, on: host) } throws: {
            ($0 as? Failure)?.detail?.contains("What somebody else changed since:") == true
        }
        try host.write("main.cf", "# mine\n" + TestHost.closedMain)
        _ = try await rollBack(1, on: host)
        #expect(try host.text("main.cf") == "# mine\n" + TestHost.openMain)
        #expect(host.world.withLock { $0.relaying } == .open)
    }

    @Test("What somebody writes while the first probe of a rollback runs is kept")
    func changedWhileProbed() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = (0..<4).map { _ in TestHost.report(.closed) } }
        _ = try await host.apply(host.plan([.edit(host.mainEdit()), .service(.reloadPostfix)]))
        host.world.withLock { world in
            world.onProgress = { progress, _ in
                guard progress == .probing(.before) else { return }
                try? host.write("main.cf", "# mine\n" + TestHost.closedMain)
            }
        }
        #expect(try await rollBack(1, on: host).outcome == .confirmed)
        #expect(try host.text("main.cf") == "# mine\n" + TestHost.openMain)
    }

    @Test("A state that was seen to relay is one that relays, whatever the MTA's own files said")
    func seenOpenBefore() async throws {
        let host = try TestHost()
        host.world.withLock { $0.probes = [.open, .closed, .closed, .open].map { TestHost.report($0) } }
        _ = try await host.apply(host.plan([.edit(host.mainEdit())], relayBefore: .closed))
        let row = try #require(try host.store.changeSet(1))
        #expect(row.relayBefore == .closed && relayedBefore(row, in: host.store))
        #expect(try await rollBack(1, on: host).reasons == ["it relayed for strangers again"])
    }

    @Test("A setting of Plesk that was changed to something else since is left alone, before the first write")
    func settingChangedSince() async throws {
        let host = try await applied()
        host.world.withLock { $0.relaying = .closed }
        let commands = host.world.withLock { $0.commands.count }
        await #expect { try await rollBack(1, on: host) } throws: {
            ($0 as? Failure)?.summary.contains("was changed since change 1") == true
        }
        #expect(host.world.withLock { $0.commands.count } == commands)
        #expect(try host.text("main.cf") == TestHost.closedMain)
    }

    @Test("An older change is taken back from under a later one")
    func older() async throws {
        let host = try TestHost()
        let texts = ["a = 1\nb = 1\nc = 1\n", "a = 2\nb = 1\nc = 1\n", "a = 2\nb = 1\nc = 2\n"]
        try host.write("main.cf", texts[0])
        for (before, after) in zip(texts, texts.dropFirst()) {
            let edit = host.mainEdit(before: before, after: after)
            let plan = host.plan([.edit(edit), .service(.reloadPostfix)])
            host.world.withLock { $0.probes = [TestHost.report(.closed), TestHost.report(.closed)] }
            _ = try await host.apply(plan)
        }
        _ = try await rollBack(1, on: host)
        #expect(try host.text("main.cf") == "a = 1\nb = 1\nc = 2\n")
    }

    @Test("A rollback that fails half-way leaves the host as it was before the rollback")
    func failsHalfWay() async throws {
        let host = try await applied()
        host.world.withLock { $0.pleskExit = 1 }
        await #expect { try await rollBack(1, on: host) } throws: { ($0 as? Failure)?.status == .failed }
        #expect(try host.text("main.cf") == TestHost.closedMain)
        #expect(host.world.withLock { $0.relaying } == .auth)
    }
}

@Suite("Judging from outside")
struct ConfirmationTests {
    private func endpoint(_ report: ProbeReport, _ change: (inout ProbeEndpoint) -> Void) -> ProbeReport {
        var report = report
        change(&report.endpoints[0])
        return report
    }

    @Test("Closed with hosted mail accepted is fixed")
    func fixed() {
        #expect(confirm(before: TestHost.report(.open), after: TestHost.report(.closed)) == .fixed)
    }

    @Test("A port that fell silent is worse, not closed")
    func silent() {
        let after = TestHost.report(.closed, banner: nil)
        guard case .worse(let losses) = confirm(before: TestHost.report(.open), after: after) else {
            Issue.record("not worse")
            return
        }
        #expect(losses == ["203.0.113.10 port 25 answered before and does not now"])
    }

    @Test("Login that vanished is worse")
    func login() {
        let after = endpoint(TestHost.report(.closed)) { $0.offersLogin = false }
        #expect(
            confirm(before: TestHost.report(.open), after: after)
                == .worse(["203.0.113.10 port 25 offered login before and does not now"]))
    }

    @Test("STARTTLS that is not announced any more is worse; one that was not asked about is no loss")
    func startTLS() {
        var before = TestHost.report(.open)
        before.endpoints.append(before.endpoints[0])
        before.endpoints[1].tls = .starttls
        #expect(confirm(before: before, after: TestHost.report(.closed)) == .fixed)
        let after = endpoint(TestHost.report(.closed)) { $0.offersStartTLS = false }
        #expect(
            confirm(before: before, after: after)
                == .worse(["203.0.113.10 port 25 offered STARTTLS before and does not now"]))
    }

    @Test("Where nobody may relay, with a login or without, a login that ends is what was asked for")
    func loginEnds() {
        let after = endpoint(TestHost.report(.closed)) { $0.offersLogin = false }
        #expect(confirm(before: TestHost.report(.closed), after: after, relaying: .closed) == .fixed)
    }

    @Test("Hosted mail that was refused before as well is not our doing")
    func wasRefusedBefore() {
        let before = TestHost.report(.open, hosted: false)
        #expect(confirm(before: before, after: TestHost.report(.closed, hosted: false)) == .fixed)
    }

    @Test("A relay that was opened is worse")
    func opened() {
        #expect(
            confirm(before: TestHost.report(.closed), after: TestHost.report(.open))
                == .worse(["it relays for strangers, which it did not before"]))
    }

    @Test("Inconclusive and unreachable never pass", arguments: [ProbeVerdict.inconclusive, .unreachable])
    func cannotTell(verdict: ProbeVerdict) {
        guard case .cannotTell = confirm(before: nil, after: TestHost.report(verdict)) else {
            Issue.record("it passed")
            return
        }
    }
}
