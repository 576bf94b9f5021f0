import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

@Suite("The confirm window")
struct WindowTests {
    /// A host with an open window of ten minutes.
    private func opened(
        relayBefore: RelayVerdict = .closed, probeFailure: Failure? = nil
    ) async throws -> TestHost {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [
                TestHost.report(relayBefore == .open ? .open : .closed), TestHost.report(.closed),
            ]
            world.probeFailure = probeFailure
            world.harbour = [host.mainEdit(before: TestHost.closedMain, after: "soft_bounce = yes\n")]
        }
        let result = try await host.apply(
            host.plan(
                [.plesk(TestHost.setAuth), .edit(host.mainEdit()), .service(.reloadPostfix)],
                relayBefore: relayBefore), confirmWindow: .seconds(600))
        #expect(result.outcome == .unconfirmed)
        #expect(result.confirmUntil == Timestamp(seconds: 602))
        return host
    }

    private func row(_ host: TestHost) throws -> ChangeSetRow { try #require(try host.store.changeSet(1)) }

    private func pass(_ seconds: Int, on host: TestHost) {
        host.world.withLock { $0.moment.sinceBoot += .seconds(seconds) }
    }

    private func confirm(_ host: TestHost) async throws(Failure) -> ChangeResult {
        guard let row = try host.store.changeSet(1) else { throw Failure(.failed, "no row") }
        return try await confirmWindow(row, policy: TestHost.policy(), using: host.instruments)
    }

    @Test("The deadline is in the journal and the timer set before the first write")
    func beforeTheFirstWrite() async throws {
        let host = try TestHost()
        host.world.withLock { $0.armFailure = Failure(.failed, "there is no systemd") }
        await #expect { try await host.apply(confirmWindow: .seconds(600)) } throws: {
            ($0 as? Failure)?.summary == "there is no systemd"
        }
        #expect(host.world.withLock { $0.commands } == [])
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(try row(host).window?.deadline.wall == Timestamp(seconds: 602))
        #expect(try row(host).outcome == "failed")
    }

    @Test("Confirmed in time: kept as the probe judged it, and the timer is gone")
    func confirmed() async throws {
        let host = try await opened()
        #expect(host.world.withLock { $0.armed } == [.seconds(600), .seconds(600)])
        #expect(try row(host).phase == .window)
        #expect(try await confirm(host).outcome == .confirmed)
        #expect(host.world.withLock { $0.armed } == [])
        #expect(try host.text("main.cf") == TestHost.closedMain)
        #expect(try row(host).outcome == "confirmed")
    }

    @Test("What no vantage could tell stays unconfirmed, whoever confirms it")
    func cannotTell() async throws {
        let host = try await opened(probeFailure: Failure(.cannotTell, "the vantage is down"))
        let result = try await confirm(host)
        #expect(result.outcome == .unconfirmed && result.confirmUntil == nil)
        #expect(try row(host).message == "the vantage is down")
    }

    @Test("Confirmed too late: undone instead")
    func tooLate() async throws {
        let host = try await opened()
        pass(600, on: host)
        let result = try await confirm(host)
        #expect(result.outcome == .rolledBack && result.outcome.exitStatus == .wentBack)
        #expect(try host.text("main.cf") == TestHost.openMain)
    }

    @Test("Nobody confirms: before the deadline it stays open, then the old state comes back")
    func expires() async throws {
        let host = try await opened()
        pass(599, on: host)
        let early = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(early.first?.confirmUntil == Timestamp(seconds: 602))
        #expect(host.world.withLock { $0.armed.last } == .seconds(1))
        #expect(try host.text("main.cf") == TestHost.closedMain)
        pass(1, on: host)
        let late = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(late.map(\.outcome) == [.rolledBack])
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(host.world.withLock { $0.relaying } == .open)
        #expect(host.world.withLock { $0.armed } == [])
    }

    @Test(
        "Where the old state relays, the end of the window leads into the harbour, unless the policy says else",
        arguments: [
            (Policy.MailBroken.automatic, Outcome.harboured), (.harbour, .harboured),
            (.rollBack, .rolledBack),
            (.keep, .harboured),
        ])
    func insecure(mailBroken: Policy.MailBroken, outcome: Outcome) async throws {
        let host = try await opened(relayBefore: .open)
        pass(700, on: host)
        let policy = TestHost.policy(mailBroken: mailBroken)
        #expect(try await recover(policy: policy, using: host.instruments).map(\.outcome) == [outcome])
    }

    @Test(
        "Cancelled: back at once, and into a relaying state only when that is asked for",
        arguments: [false, true])
    func cancelled(exactly: Bool) async throws {
        let host = try await opened(relayBefore: .open)
        let result = try await cancelWindow(
            row(host), exactly: exactly, policy: TestHost.policy(), using: host.instruments)
        #expect(result.outcome == (exactly ? .rolledBack : .harboured))
        #expect(try host.text("main.cf") == (exactly ? TestHost.openMain : "soft_bounce = yes\n"))
    }

    @Test("Extended: the new deadline counts; one that has passed cannot be moved")
    func extended() async throws {
        let host = try await opened()
        pass(500, on: host)
        _ = try await extendWindow(row(host), to: .seconds(300), using: host.instruments)
        pass(299, on: host)
        #expect(try row(host).remaining(at: host.instruments.moment()) == .seconds(1))
        pass(1, on: host)
        await #expect {
            try await extendWindow(row(host), to: .seconds(300), using: host.instruments)
        } throws: {
            ($0 as? Failure)?.summary.contains("has ended already") == true
        }
    }

    /// What writes to the host, with a store that cannot be written.
    private func withReadOnlyStore(_ host: TestHost) throws -> Instruments {
        var instruments = host.instruments
        instruments.store = try Store(path: host.path("agent.sqlite"), access: .readOnly)
        return instruments
    }

    @Test("A deadline that cannot be written down, or has no timer, is the old one")
    func notExtended() async throws {
        let host = try await opened()
        let armed = host.world.withLock { $0.armed }
        let old = try row(host).window
        let instruments = try withReadOnlyStore(host)
        await #expect(throws: Failure.self) {
            try await extendWindow(row(host), to: .seconds(900), using: instruments)
        }
        #expect(host.world.withLock { $0.armed } == armed)
        host.world.withLock { $0.armFailure = Failure(.failed, "systemd is slow") }
        await #expect(throws: Failure.self) {
            try await extendWindow(row(host), to: .seconds(900), using: host.instruments)
        }
        #expect(try row(host).window == old)
    }

    @Test("A word that cannot be written down leaves the window open, and is not said to be kept")
    func notConfirmed() async throws {
        let host = try await opened()
        let instruments = try withReadOnlyStore(host)
        await #expect {
            try await confirmWindow(row(host), policy: TestHost.policy(), using: instruments)
        } throws: {
            let failure = $0 as? Failure
            return failure?.status == .failed && failure?.remedy?.contains("`agent confirm 1` again") == true
        }
        #expect(try row(host).phase == .window && row(host).finished == nil)
        #expect(host.world.withLock { $0.armed.count } == 2)
    }

    @Test("A cancellation that cannot be written down has to be said again, which is said")
    func notCancelled() async throws {
        let host = try await opened()
        host.world.withLock { $0.reloadExit = 1 }
        let instruments = try withReadOnlyStore(host)
        await #expect {
            try await cancelWindow(row(host), exactly: true, policy: TestHost.policy(), using: instruments)
        } throws: {
            ($0 as? Failure)?.remedy?.contains("`agent cancel 1` again") == true
        }
    }

    @Test("What stands in the way of the end of a window is met again until it is gone")
    func comesBack() async throws {
        let host = try await opened()
        host.world.withLock { $0.reloadExit = 1 }
        for (late, wait) in [(0, 30), (100, 100), (100_000, 3600)] {
            host.world.withLock { $0.moment.sinceBoot = .seconds(601 + late) }
            await #expect(throws: Failure.self) {
                try await recover(policy: TestHost.policy(), using: host.instruments)
            }
            #expect(host.world.withLock { $0.armed.last } == .seconds(wait))
        }
        host.world.withLock { $0.reloadExit = 0 }
        #expect(
            try await recover(policy: TestHost.policy(), using: host.instruments).map(\.outcome) == [
                .rolledBack
            ])
        #expect(host.world.withLock { $0.armed } == [])
    }

    @Test("What was changed after the probe is not confirmed by it")
    func changedSince() async throws {
        let host = try await opened()
        try host.write("main.cf", TestHost.openMain + "# by hand\n")
        let result = try await confirm(host)
        #expect(result.outcome == .unconfirmed && result.confirmUntil == nil)
        #expect(result.reasons.last?.contains("main.cf changed after the probe") == true)
    }

    @Test("After a reboot, before mail is served: nothing is reloaded, and what has ended is undone")
    func reboot() async throws {
        let host = try await opened()
        host.world.withLock { world in
            world.moment = Moment(wall: Timestamp(seconds: 700), sinceBoot: .seconds(3), bootID: "b")
            world.reloadExit = 1
        }
        var instruments = host.instruments
        instruments.isBeforeMail = true
        #expect(
            try await recover(policy: TestHost.policy(), using: instruments).map(\.outcome) == [.rolledBack])
        #expect(try host.text("main.cf") == TestHost.openMain)
    }

    @Test("Where the window cannot be opened after the verdict, that is said, and the change is judged again")
    func notOpened() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [.open, .closed, .closed].map { TestHost.report($0) }
            world.onProgress = { progress, _ in
                guard case .probed(.closed) = progress else { return }
                host.world.withLock { $0.armFailure = Failure(.failed, "systemd is slow") }
            }
        }
        await #expect { try await host.apply(confirmWindow: .seconds(600)) } throws: {
            let failure = $0 as? Failure
            return failure?.status == .personMustAct && failure?.detail == "systemd is slow"
        }
        #expect(try host.text("main.cf") == TestHost.closedMain)
        host.world.withLock { world in
            world.armFailure = nil
            world.onProgress = nil
        }
        let results = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(results.first?.confirmUntil != nil)
        #expect(try row(host).phase == .window)
    }

    @Test("After a reboot what was written and not yet judged is left for when mail is served")
    func rebootWhileJudged() async throws {
        let host = try await opened()
        try host.rewindToProbe()
        var instruments = host.instruments
        instruments.isBeforeMail = true
        let result = try await recover(policy: TestHost.policy(), using: instruments)
        #expect(result.first?.confirmUntil != nil)
        #expect(try row(host).phase == .written)
        host.world.withLock { $0.probes = [TestHost.report(.closed)] }
        let later = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(later.first?.outcome == .unconfirmed && later.first?.confirmUntil != nil)
        #expect(try row(host).phase == .window)
    }

    @Test("A definite bad verdict acts at once")
    func worse() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [TestHost.report(.closed), TestHost.report(.closed, hosted: false)]
        }
        let result = try await host.apply(
            host.plan([.edit(host.mainEdit())], relayBefore: .closed), confirmWindow: .seconds(600))
        #expect(result.outcome == .rolledBack && result.confirmUntil == nil)
        #expect(host.world.withLock { $0.armed } == [])
    }
}
