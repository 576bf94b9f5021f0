import Execution
import Foundation
import MailModel
import Recording
import Synchronization
import Testing

@Suite("The safe harbour, and what is known of it later")
struct SafeHarbourTests {
    private static let harbourMain = "# caf\u{e9}\nmynetworks = 127.0.0.0/8\nsoft_bounce = yes\n"

    /// A host that change 1 left in the harbour.
    private func harboured() async throws -> TestHost {
        let host = try TestHost()
        let harbour = host.mainEdit(before: TestHost.closedMain, after: Self.harbourMain)
        host.world.withLock { world in
            world.probes = [TestHost.report(.open), TestHost.report(.closed, hosted: false)]
            world.harbour = [harbour]
        }
        #expect(try await host.apply().outcome == .harboured)
        return host
    }

    @Test("What the change had made comes back, and not what was before it")
    func wayOut() async throws {
        let host = try await harboured()
        let harbour = try #require(try safeHarbour(host.store))
        #expect(harbour.changeSet == 1)
        #expect(harbour.filesWithout == [host.path("main.cf"): TestHost.latin1(TestHost.closedMain)])
        #expect(harbour.conflicts.isEmpty)
    }

    @Test("What somebody wrote elsewhere in the file since stays in it")
    func othersEdit() async throws {
        let host = try await harboured()
        try host.write("main.cf", "# theirs\n" + Self.harbourMain)
        let harbour = try #require(try safeHarbour(host.store))
        #expect(
            harbour.filesWithout == [
                host.path("main.cf"): TestHost.latin1("# theirs\n" + TestHost.closedMain)
            ])
    }

    @Test("The harbour's own lines, changed by somebody, are theirs")
    func conflict() async throws {
        let host = try await harboured()
        try host.write("main.cf", "# caf\u{e9}\nmynetworks = 127.0.0.0/8\nsoft_bounce = no\n")
        #expect(try safeHarbour(host.store)?.conflicts == [host.path("main.cf")])
    }

    @Test("A host that was brought out of it by hand is in none")
    func byHand() async throws {
        let host = try await harboured()
        try host.write("main.cf", TestHost.closedMain)
        #expect(try safeHarbour(host.store) == nil)
    }

    @Test(
        "A failed attempt to leave it changes nothing; one that is kept ends it; taking that back enters it again"
    )
    func later() async throws {
        let host = try await harboured()
        let leave = host.plan(
            [.edit(host.mainEdit(before: Self.harbourMain, after: TestHost.closedMain))],
            relayBefore: .closed)
        host.world.withLock { $0.probes = [.closed, .closed].map { TestHost.report($0) } }
        host.world.withLock { $0.probes[1].hosted = TestHost.report(.closed, hosted: false).hosted }
        #expect(try await host.apply(leave).outcome == .rolledBack)
        #expect(try host.text("main.cf") == Self.harbourMain)
        #expect(try safeHarbour(host.store)?.changeSet == 1)

        host.world.withLock { $0.probes = [.closed, .closed].map { TestHost.report($0) } }
        #expect(try await host.apply(leave).outcome == .confirmed)
        #expect(try safeHarbour(host.store) == nil)

        host.world.withLock { $0.probes = [.closed, .closed].map { TestHost.report($0) } }
        let plan = host.plan([], relayBefore: .closed)
        _ = try await rollBack(3, plan: plan, planDocument: "{}", using: host.instruments)
        #expect(try safeHarbour(host.store)?.changeSet == 1)
    }
}
