import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

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
