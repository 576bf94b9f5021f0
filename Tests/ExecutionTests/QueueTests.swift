import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

@Suite("Holding and releasing messages")
struct QueueTests {
    private func hold(
        _ messages: [MessageID], on host: TestHost
    ) async throws -> (changeSet: Int, outcome: QueueOutcome) {
        try await changeQueue(
            .hold, messages, plan: host.plan([]), document: "{}", using: host.instruments)
    }

    @Test("Messages are held in batches, released again, and held by the rollback of that")
    func wholeRound() async throws {
        let host = try TestHost()
        let messages = host.fill(2500)
        let held = try await hold(messages, on: host)
        #expect(held.outcome.done == 2500 && host.count(.hold) == 2500)
        #expect(host.world.withLock { $0.commands.count } == 3)
        #expect(try host.store.steps(of: held.changeSet).map(\.state) == [.done, .done, .done])
        #expect(try host.store.verify() == [])
        let again = try host.store.heldMessages(by: nil, host.instruments.queue)
        #expect(Set(again.messages) == Set(messages) && again.changeSet == held.changeSet)
        let released = try await changeQueue(
            .release, again.messages, plan: host.plan([]), document: "{}", reverting: held.changeSet,
            using: host.instruments)
        #expect(released.outcome.done == 2500 && host.count(.deferred) == 2500)
        #expect(throws: Failure.self) { try host.store.heldMessages(by: nil, host.instruments.queue) }
        let back = try await rollBackQueue(
            released.changeSet, plan: host.plan([]), document: "{}", using: host.instruments)
        #expect(back.outcome.action == .hold && host.count(.hold) == 2500)
    }

    @Test("What holds messages still is not forgotten by a pruning, however old it is")
    func notForgotten() async throws {
        let host = try TestHost()
        let held = try await hold(host.fill(3), on: host)
        for _ in 0..<3 {
            _ = try await changeQueue(
                .release, [], plan: host.plan([]), document: "{}", using: host.instruments)
        }
        let policy = Policy.Backups(keepLast: 1, keepWithinDays: 0)
        let later = Timestamp(seconds: 4_000_000_000)
        func prune(isDry: Bool = false) throws -> [Int] {
            try host.store.pruneWhatHoldsNothing(
                policy, at: later, isDry: isDry, host.instruments.queue
            ).changeSets
        }
        #expect(try prune(isDry: true) == [2, 3])
        #expect(try prune() == [2, 3])
        let messages = try host.store.heldMessages(by: nil, host.instruments.queue).messages
        #expect(messages.count == 3)
        _ = try await changeQueue(
            .release, Array(messages.dropLast()), plan: host.plan([]), document: "{}",
            reverting: held.changeSet, using: host.instruments)
        _ = try await changeQueue(.release, [], plan: host.plan([]), document: "{}", using: host.instruments)
        #expect(try prune() == [4, 5], "one message is on hold still")
        host.world.withLock { $0.queue = [:] }
        #expect(try prune() == [held.changeSet])
        #expect(try host.store.verify() == [])
    }

    @Test("What left, what came under a reused queue id, and what somebody else held is left alone")
    func rechecked() async throws {
        let host = try TestHost()
        let messages = host.fill(10)
        host.world.withLock { world in
            world.queue["A100000"] = nil
            world.queue["A100001"]?.arrived = 77
            world.queue["A100002"]?.queue = .hold
            world.queue["A100003"]?.queue = .active
        }
        let held = try await hold(messages, on: host)
        #expect(held.outcome.done == 7 && held.outcome.gone == 3)
        #expect(host.world.withLock { $0.queue["A100001"]?.queue } == .deferred)
        _ = try await rollBackQueue(
            held.changeSet, plan: host.plan([]), document: "{}", using: host.instruments)
        #expect(host.world.withLock { $0.queue["A100002"]?.queue } == .hold)
        #expect(host.count(.hold) == 1)
    }

    @Test("An interruption leaves what was held held, and it can be released")
    func interrupted() async throws {
        let host = try TestHost()
        let messages = host.fill(2500)
        host.world.withLock { $0.interruptAfterSteps = 1 }
        let held = try await hold(messages, on: host)
        #expect(held.outcome.isInterrupted && held.outcome.done == 1000 && host.count(.hold) == 1000)
        host.world.withLock { $0.interruptAfterSteps = nil }
        #expect(
            try host.store.heldMessages(by: held.changeSet, host.instruments.queue).messages.count == 1000)
    }

    @Test("A run that was killed is closed with what it had held, which can be released")
    func killed() async throws {
        let host = try TestHost()
        let messages = host.fill(1500)
        let copy = host.path("killed.sqlite")
        let original = host.path("agent.sqlite")
        host.world.withLock { world in
            world.onProgress = { progress, _ in
                // The second batch has begun and nothing has come of it yet.
                guard progress == .started("Hold 500 messages") else { return }
                try? FileManager.default.copyItem(atPath: original, toPath: copy)
            }
        }
        _ = try await hold(messages, on: host)
        for message in messages[1000...] {
            host.world.withLock { $0.queue[message.id]?.queue = .deferred }
        }
        var instruments = host.instruments
        instruments.store = try Store(path: copy, access: .readWrite)
        let results = try await recover(policy: TestHost.policy(), using: instruments)
        #expect(results.map(\.outcome) == [.confirmed])
        #expect(results.first?.reasons == ["interrupted; what was done to 1000 messages stays"])
        #expect(host.count(.hold) == 1000)
        let back = try await rollBackQueue(
            try #require(results.first?.changeSet), plan: host.plan([]), document: "{}", using: instruments)
        #expect(back.outcome.done == 1000 && back.outcome.gone == 500 && host.count(.hold) == 0)
    }

    @Test("A deletion takes only what is on hold, and cannot be taken back")
    func deleted() async throws {
        let host = try TestHost()
        let messages = host.fill(3, .hold)
        host.world.withLock { $0.queue["A100000"]?.queue = .deferred }
        let deleted = try await changeQueue(
            .delete, messages, plan: host.plan([]), document: "{}", using: host.instruments)
        #expect(deleted.outcome.done == 2 && deleted.outcome.gone == 1)
        #expect(host.world.withLock { $0.queue.count } == 1)
        await #expect(throws: Failure.self) {
            try await rollBackQueue(
                deleted.changeSet, plan: host.plan([]), document: "{}", using: host.instruments)
        }
    }
}

@Suite("A flood in an apply")
struct FloodTests {
    private func plan(_ host: TestHost) -> Plan {
        host.plan([.edit(host.mainEdit()), .service(.reloadPostfix), .hold(messages: 20)])
    }

    @Test("What strangers relayed is held once they are seen refused, and released by the rollback")
    func held() async throws {
        let host = try TestHost()
        _ = host.fill(20)
        host.world.withLock { $0.probes = [.open, .closed, .closed, .open].map { TestHost.report($0) } }
        let result = try await host.apply(plan(host))
        #expect(result.outcome == .confirmed && result.reasons == ["held 20 of 20 messages"])
        #expect(host.count(.hold) == 20)
        let kinds = try host.store.steps(of: 1).map(\.kind)
        #expect(kinds.last == .queue && kinds.firstIndex(of: .service) ?? 99 < kinds.count - 1)
        _ = try await rollBack(1, plan: plan(host), planDocument: "{}", using: host.instruments)
        #expect(host.count(.deferred) == 20)
    }

    @Test(
        "Nothing is held while strangers can relay, or nobody can tell",
        arguments: [ProbeVerdict.open, .unreachable])
    func notHeld(verdict: ProbeVerdict) async throws {
        let host = try TestHost()
        _ = host.fill(20)
        host.world.withLock { $0.probes = [TestHost.report(.open), TestHost.report(verdict)] }
        let result = try await host.apply(plan(host))
        #expect(result.outcome != .confirmed && host.count(.hold) == 0)
    }

    @Test("A plan that only holds messages reloads nothing")
    func holdOnly() async throws {
        let host = try TestHost()
        _ = host.fill(20)
        host.world.withLock { $0.probes = [TestHost.report(.closed), TestHost.report(.closed)] }
        let result = try await host.apply(host.plan([.hold(messages: 20)], relayBefore: .closed))
        #expect(result.outcome == .confirmed && host.count(.hold) == 20)
        #expect(host.world.withLock { $0.commands } == [["/usr/sbin/postsuper", "-h", "-"]])
    }

    @Test("When a confirm window ends unconfirmed, what was held is released")
    func window() async throws {
        let host = try TestHost()
        _ = host.fill(20)
        host.world.withLock { $0.probes = (0..<3).map { _ in TestHost.report(.closed) } }
        let result = try await host.apply(
            host.plan(
                [.edit(host.mainEdit()), .service(.reloadPostfix), .hold(messages: 20)], relayBefore: .closed),
            confirmWindow: .seconds(60))
        #expect(result.confirmUntil != nil && host.count(.hold) == 20)
        let row = try #require(try host.store.changeSet(1))
        _ = try await cancelWindow(row, exactly: true, policy: TestHost.policy(), using: host.instruments)
        #expect(host.count(.deferred) == 20)
    }
}
