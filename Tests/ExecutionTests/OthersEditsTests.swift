import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization
import Testing

@Suite("What others did meanwhile")
struct OthersEditsTests {
    /// A host with an open confirm window of change 1, which set Plesk's mode to `auth` and edited main.cf.
    private func opened() async throws -> TestHost {
        let host = try TestHost()
        host.world.withLock { $0.probes = [TestHost.report(.closed), TestHost.report(.closed)] }
        _ = try await host.apply(confirmWindow: .seconds(300))
        return host
    }

    private func cancel(_ host: TestHost) async throws -> ChangeResult {
        let row = try #require(try host.store.changeSet(1))
        return try await cancelWindow(
            row, exactly: true, policy: TestHost.policy(), using: host.instruments)
    }

    @Test("What a going back refused to touch, no later one touches")
    func refusalLasts() async throws {
        let host = try await opened()
        let theirs = "# caf\u{e9}\nmynetworks = 10.0.0.0/8\n"
        try host.write("main.cf", theirs)
        await #expect(throws: Failure.self) { try await cancel(host) }
        #expect(try host.text("main.cf") == theirs)
        for _ in 1...2 {
            await #expect(throws: Failure.self) {
                try await recover(policy: TestHost.policy(), using: host.instruments)
            }
            #expect(try host.text("main.cf") == theirs)
        }
    }

    @Test("What Plesk writes as its setting goes back is not shown as somebody else's", arguments: [1, 2])
    func plesksShare(attempts: Int) async throws {
        let host = try await opened()
        try host.write("main.cf", "# theirs\nmynetworks = 10.0.0.0/8\n")
        host.world.withLock {
            $0.pleskRewrites = "# theirs\nmynetworks = 10.0.0.0/8\nsmtpd_sasl_auth_enable = no\n"
        }
        var failure = await #expect(throws: Failure.self) { try await cancel(host) }
        if attempts == 2 {
            failure = await #expect(throws: Failure.self) {
                try await recover(policy: TestHost.policy(), using: host.instruments)
            }
        }
        let detail = try #require(failure?.detail)
        #expect(detail.contains("+mynetworks = 10.0.0.0/8"), "\(detail)")
        #expect(!detail.contains("smtpd_sasl"), "\(detail)")
    }

    @Test("A change set that cannot be taken back is closed when a person leaves the file to others")
    func keepTheirs() async throws {
        let host = try await opened()
        let theirs = "# caf\u{e9}\nmynetworks = 10.0.0.0/8\n"
        try host.write("main.cf", theirs)
        await #expect(throws: Failure.self) { try await cancel(host) }
        var instruments = host.instruments
        instruments.keepsOthersEdits = true
        let results = try await recover(policy: TestHost.policy(), using: instruments)
        #expect(results.map(\.outcome) == [.unconfirmed])
        #expect(results.first?.reasons.last?.contains("main.cf stays as somebody else left it") == true)
        #expect(try host.text("main.cf") == theirs)
        #expect(host.world.withLock { $0.relaying } == .open)
        #expect(try host.store.unfinishedChangeSets().isEmpty)
    }

    @Test("What a going back merged, no later one overwrites")
    func mergeLasts() async throws {
        let host = try await opened()
        try host.write("main.cf", "# theirs\n" + TestHost.closedMain)
        host.world.withLock { $0.reloadExit = 1 }
        await #expect(throws: Failure.self) { try await cancel(host) }
        #expect(try host.text("main.cf") == "# theirs\n" + TestHost.openMain)
        host.world.withLock { $0.reloadExit = 0 }
        let results = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(try host.text("main.cf") == "# theirs\n" + TestHost.openMain)
        #expect(results.first?.reasons.contains { $0.hasPrefix("what somebody else changed in ") } == true)
    }

    @Test("A line that somebody writes while Plesk's command of an apply runs is kept")
    func duringPleskOfApply() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = ([.open, .closed] as [ProbeVerdict]).map { TestHost.report($0) }
            world.pleskRewrites = TestHost.closedMain + "# theirs\n"
            world.replanned = host.plan([])
        }
        #expect(try await host.apply().outcome == .confirmed)
        #expect(try host.text("main.cf") == TestHost.closedMain + "# theirs\n")
        #expect(host.world.withLock { $0.progress.contains(.changedBeside(path: host.path("main.cf"))) })
        #expect(try host.store.unfinishedChangeSets().isEmpty)
    }

    @Test(
        "What somebody wrote while Plesk's command ran stays when the change is taken back",
        arguments: [
            (TestHost.closedMain + "# theirs\n", TestHost.openMain + "# theirs\n"),
            ("# theirs\n" + TestHost.closedMain, "# theirs\n" + TestHost.openMain),
            ("mynetworks = 127.0.0.0/8\n", "mynetworks = 0.0.0.0/0\n"),
            (
                "# caf\u{e9}\nrelay_domains =\n a.example\nmynetworks =\n 127.0.0.0/8\n",
                "# caf\u{e9}\nrelay_domains =\n a.example\nmynetworks = 0.0.0.0/0\n"
            ),
        ])
    func takenBackWithTheirs(after plesk: String, left: String) async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = ([.open, .closed, .closed, .open] as [ProbeVerdict]).map { TestHost.report($0) }
            world.pleskRewrites = plesk
            world.replanned = host.plan([])
        }
        _ = try await host.apply()
        // Plesk leaves alone what is not its own when the setting goes back.
        host.world.withLock { $0.pleskRewrites = left }
        let result = try await rollBack(host)
        #expect(result.outcome == .confirmed)
        #expect(try host.text("main.cf") == left)
        #expect(result.reasons.contains { $0.hasPrefix("the lines that were new in ") })
    }

    @Test("A line that Plesk wrote with its setting, and took out with it, does not come back")
    func pleskOwnLine() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = ([.open, .closed, .closed, .open] as [ProbeVerdict]).map { TestHost.report($0) }
            world.pleskRewrites = TestHost.closedMain + "plesk_line = yes\n"
            world.replanned = host.plan([])
        }
        _ = try await host.apply()
        host.world.withLock { $0.pleskRewrites = TestHost.openMain }
        _ = try await rollBack(host)
        #expect(try host.text("main.cf") == TestHost.openMain)
    }

    @Test("Going back at once keeps what somebody wrote while Plesk's command ran")
    func goneBackWithTheirs() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = ([.open] as [ProbeVerdict]).map { TestHost.report($0) }
            world.pleskRewrites = TestHost.closedMain + "# theirs\n"
            world.replanned = host.plan([])
            world.reloadExit = 1
        }
        await #expect(throws: Failure.self) { try await host.apply() }
        #expect(try host.text("main.cf") == TestHost.openMain + "# theirs\n")
    }

    @Test("A line that somebody writes between a kill in Plesk's command and the recovery is kept, and said")
    func afterKillInPlesk() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = [TestHost.report(.open)]
            world.pleskExit = 1
            world.onProgress = { progress, _ in
                guard progress == .started("step 1") else { return }
                try? host.keepJournalForRewinding()
            }
        }
        _ = try? await host.apply()
        try host.rewindToProbe()
        host.world.withLock { world in
            (world.onProgress, world.pleskExit, world.relaying) = (nil, 0, .auth)
        }
        try host.write("main.cf", TestHost.closedMain + "# theirs\n")
        let results = try await recover(policy: TestHost.policy(), using: host.instruments)
        #expect(results.map(\.outcome) == [.failed])
        #expect(try host.text("main.cf").hasSuffix("# theirs\n"))
        #expect(results.first?.reasons.contains { $0.hasPrefix("what somebody else changed in ") } == true)
    }

    @Test("A line that somebody writes while Plesk's command of a rollback runs is kept")
    func duringPleskOfRollback() async throws {
        let host = try TestHost()
        host.world.withLock {
            $0.probes = ([.open, .closed, .closed] as [ProbeVerdict]).map { TestHost.report($0) }
        }
        _ = try await host.apply()
        host.world.withLock { $0.pleskRewrites = "# theirs\n" + TestHost.closedMain }
        let result = try await rollBack(host)
        #expect(try host.text("main.cf") == "# theirs\n" + TestHost.openMain)
        #expect(result.reasons.contains { $0.hasPrefix("what somebody else changed in ") })
    }

    @Test("A setting of Plesk that somebody else changed meanwhile is left to them, and said")
    func settingOfOthers() async throws {
        let host = try await opened()
        host.world.withLock { $0.relaying = .closed }
        let result = try await cancel(host)
        #expect(host.world.withLock { $0.relaying } == .closed)
        #expect(result.reasons.contains { $0.hasPrefix("a setting of Plesk that somebody else changed") })
        #expect(try host.text("main.cf") == TestHost.openMain)
    }

    @Test("Rights that somebody else gave a file since are kept by a rollback, and said")
    func rights() async throws {
        let host = try TestHost()
        host.world.withLock { world in
            world.probes = ([.open, .closed, .closed, .closed] as [ProbeVerdict]).map { TestHost.report($0) }
        }
        _ = try await host.apply()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o640], ofItemAtPath: host.path("main.cf"))
        let result = try await rollBack(host)
        #expect(try host.text("main.cf") == TestHost.openMain)
        #expect(try snapshotFile(host.path("main.cf"))?.metadata.mode == 0o640)
        #expect(result.reasons.contains { $0.hasPrefix("the owner, rights and attributes") })
    }

    @Test("A rollback that cannot read what it needs runs no command of Plesk's")
    func damagedContent() async throws {
        let host = try TestHost()
        host.world.withLock {
            $0.probes = ([.open, .closed, .closed] as [ProbeVerdict]).map { TestHost.report($0) }
        }
        _ = try await host.apply()
        try host.damage("main.cf", of: 1)
        await #expect(throws: Failure.self) { try await rollBack(host) }
        #expect(host.world.withLock { $0.relaying } == .auth)
        #expect(try host.text("main.cf") == TestHost.closedMain)
    }

    @Test("Confirming says what the probe of the window saw")
    func confirmed() async throws {
        let host = try await opened()
        let row = try #require(try host.store.changeSet(1))
        let result = try await confirmWindow(row, policy: TestHost.policy(), using: host.instruments)
        #expect(result.probe?.verdict == .closed)
    }

    private func rollBack(_ host: TestHost) async throws -> ChangeResult {
        try await Execution.rollBack(1, plan: host.wholePlan, planDocument: "{}", using: host.instruments)
    }
}

extension TestHost {
    /// Makes the first content that a change set kept of a file unreadable.
    fileprivate func damage(_ name: String, of change: Int) throws {
        let step = try #require(try store.steps(of: change).first { $0.path == path(name) })
        let digest = try #require(step.beforeDigest)
        let program = Process()
        program.executableURL = URL(filePath: "/usr/bin/sqlite3")
        program.arguments = [
            path("agent.sqlite"), "UPDATE content SET bytes = x'00' WHERE digest = '\(digest)'",
        ]
        try program.run()
        program.waitUntilExit()
        #expect(program.terminationStatus == 0)
    }
}
