import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

@Suite("Finishing what was interrupted")
struct RecoverTests {
    /// A host on which an apply ended, as a kill would have ended it, when its journal said `phase`.
    private func interrupted(
        _ phase: ChangeSetPhase, decided: Outcome? = nil
    ) async throws -> TestHost {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.open), TestHost.report(.closed)] }
        _ = try await host.apply()
        try host.rewindToProbe()
        #expect(try host.store.changeSet(1)?.phase == .written)
        guard phase != .written else { return host }
        try host.store.enter(phase, decided: decided?.rawValue, message: "why", in: 1)
        return host
    }

    private func recovered(_ host: TestHost, policy: Policy = TestHost.policy()) async throws -> Outcome? {
        let results = try await recover(policy: policy, using: host.instruments)
        #expect(results.map(\.changeSet) == [1])
        #expect(try host.store.unfinishedChangeSets().isEmpty)
        #expect(try host.store.changeSet(1)?.outcome == results.first?.outcome.rawValue)
        return results.first?.outcome
    }

    @Test("Cut off between a write and its record: what others wrote since is kept, and ours taken out")
    func cutOffBeforeTheRecord() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [.open, .closed].map { TestHost.report($0) }
            world.onProgress = { progress, _ in
                guard case .backedUp = progress else { return }
                try? host.keepJournalForRewinding()
            }
        }
        _ = try await host.apply(host.plan([.edit(host.mainEdit()), .service(.reloadPostfix)]))
        try host.rewindToProbe()
        #expect(try host.store.steps(of: 1).last?.state == .started)
        host.world.withLock { $0.onProgress = nil }
        try host.write("main.cf", "# mine\n" + TestHost.closedMain)
        #expect(try await recovered(host) == .failed)
        #expect(try host.text("main.cf") == "# mine\n" + TestHost.openMain)
    }

    @Test("What others write to the same lines at the moment of the write stays, and nothing is left to do")
    func atTheSameMoment() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [TestHost.report(.open)]
            world.onProgress = { progress, _ in
                guard progress == .started("step 1") else { return }
                try? host.write("main.cf", "# caf\u{e9}\nmynetworks = 10.0.0.0/8\n")
            }
        }
        await #expect { try await host.apply(host.plan([.edit(host.mainEdit())])) } throws: {
            [.failed, .stale].contains(($0 as? Failure)?.status)
        }
        #expect(try host.text("main.cf") == "# caf\u{e9}\nmynetworks = 10.0.0.0/8\n")
        #expect(try host.store.unfinishedChangeSets().isEmpty)
    }

    @Test("Cut off in its steps: the state before")
    func changing() async throws {
        let host = try await interrupted(.changing)
        #expect(try await recovered(host) == .failed)
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(host.world.withLock { $0.relaying } == .open)
    }

    @Test("Killed between the verdict and its record: judged again and kept; the relay stays closed")
    func written() async throws {
        let host = try await interrupted(.written)
        host.world.withLock { $0.probes = [TestHost.report(.closed)] }
        let commands = host.world.withLock { $0.commands }
        #expect(try await recovered(host) == .confirmed)
        #expect(try host.text("main.cf") == TestHost.closedMain)
        #expect(host.world.withLock { $0.relaying } == .auth)
        // That the reload had been seen in effect is written with the verdict: it is done again.
        #expect(host.world.withLock { $0.commands } == commands + [["/usr/sbin/postfix", "reload"]])
    }

    @Test("What worked before the change is known to the run that judges it")
    func worse() async throws {
        let host = try await interrupted(.written)
        let harbour = host.mainEdit(before: TestHost.closedMain, after: "soft_bounce = yes\n")
        host.world.withLock { world in
            world.probes = [TestHost.report(.closed, banner: nil)]
            world.harbour = [harbour]
        }
        #expect(try await recovered(host) == .harboured)
        #expect(try host.text("main.cf") == "soft_bounce = yes\n")
    }

    @Test("No vantage: the policy decides, and the default keeps", arguments: Policy.Unconfirmed.allCases)
    func noVantage(unconfirmed: Policy.Unconfirmed) async throws {
        let host = try await interrupted(.written)
        host.world.withLock { $0.probeFailure = Failure(.cannotTell, "the vantage is down") }
        let outcome = try await recovered(host, policy: TestHost.policy(unconfirmed: unconfirmed))
        switch unconfirmed {
        case .keep: #expect(outcome == .unconfirmed)
        case .rollBack: #expect(outcome == .rolledBack)
        case .harbour: #expect(outcome == .harboured)
        }
        let isBack = unconfirmed == .rollBack
        #expect(try host.text("main.cf") == (isBack ? TestHost.openMain : TestHost.closedMain))
    }

    @Test("Written, but a file was already restored when the store had no room for the decision")
    func partlyTakenBack() async throws {
        let host = try await interrupted(.written)
        try host.write("main.cf", TestHost.openMain)
        #expect(try await recovered(host) == .failed)
        #expect(host.world.withLock { $0.relaying } == .open)
    }

    @Test("Decided to go back: taken back, with the outcome that was decided")
    func goingBack() async throws {
        let host = try await interrupted(.goingBack, decided: .rolledBack)
        #expect(try await recovered(host) == .rolledBack)
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(try host.store.changeSet(1)?.message == "why")
    }

    @Test("Decided for the harbour: it gets there, and the old state does not come back")
    func harbour() async throws {
        let host = try await interrupted(.harbour, decided: .harboured)
        let edit = host.mainEdit(before: TestHost.closedMain, after: "soft_bounce = yes\n")
        host.world.withLock { $0.harbour = [edit] }
        #expect(try await recovered(host) == .harboured)
        #expect(try host.text("main.cf") == "soft_bounce = yes\n")
        #expect(host.world.withLock { $0.relaying } == .auth)
    }

    @Test("A harbour that cannot be entered leaves the change, and the next run goes on")
    func harbourFails() async throws {
        let host = try await interrupted(.harbour, decided: .harboured)
        host.world.withLock { $0.reloadExit = 1 }
        await #expect { try await recover(policy: TestHost.policy(), using: host.instruments) } throws: {
            ($0 as? Failure)?.status == .personMustAct
        }
        #expect(try host.text("main.cf") == TestHost.closedMain)
        host.world.withLock { $0.reloadExit = 0 }
        #expect(try await recovered(host) == .harboured)
    }
}
