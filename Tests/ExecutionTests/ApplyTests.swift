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
