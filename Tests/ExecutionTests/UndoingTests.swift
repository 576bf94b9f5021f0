import Execution
import Foundation
import MailModel
import Recording
import Synchronization
import Testing

@Suite("Being undone by others")
struct UndoingTests {
    /// A host on which the same was applied so often, and undone by somebody else each time.
    private func undone(_ times: Int) async throws -> TestHost {
        let host = try TestHost()
        for number in 0..<times {
            try host.write("main.cf", TestHost.openMain)
            host.world.withLock { world in
                world.relaying = .open
                world.probes = [TestHost.report(.open), TestHost.report(.closed)]
                world.moment.wall = Timestamp(seconds: 100_000 + 3600 * Int64(number))
            }
            _ = try await host.apply()
        }
        return host
    }

    private func undoings(_ host: TestHost, at seconds: Int64) throws -> [Undoing] {
        try Execution.undoings(of: host.wholePlan, in: host.store, at: Timestamp(seconds: seconds))
    }

    @Test("What comes up again within a day is counted, with the change sets that had changed it")
    func counted() async throws {
        let host = try await undone(3)
        let found = try undoings(host, at: 108_000)
        #expect(found.map(\.changeSets) == [[3, 2, 1], [3, 2, 1]])
        #expect(found.map(\.what) == ["/usr/sbin/plesk auth", "\(host.path("main.cf")): mynetworks"])
        let notes = host.wholePlan.noting(found).findings.flatMap(\.notes)
        #expect(notes.allSatisfy { $0.contains("undone 3 times within a day, the last time since change 3") })
    }

    @Test("A program that is brought back again and again is counted too, whatever its process id is")
    func services() async throws {
        let host = try TestHost()
        let unit = ServiceManager.script(path: "/etc/init.d/sendmail", isEnabled: true)
        func plan(_ processID: Int) -> Plan {
            host.plan([
                .service(.retire(unit)), .service(.end(processID: processID, command: ["/usr/sbin/exim4"])),
                .service(.reloadPostfix),
            ])
        }
        for number in 0..<2 {
            host.world.withLock { world in
                world.probes = [TestHost.report(.open), TestHost.report(.closed)]
                world.moment.wall = Timestamp(seconds: 100_000 + 3600 * Int64(number))
            }
            _ = try await host.apply(plan(1000 + number))
        }
        let found = try Execution.undoings(of: plan(7), in: host.store, at: Timestamp(seconds: 108_000))
        #expect(found.map(\.what) == ["Stop and disable /etc/init.d/sendmail", "End /usr/sbin/exim4"])
        #expect(found.map(\.changeSets) == [[2, 1], [2, 1]])
    }

    @Test("A file that an apply would refuse to replace is told of with the plan")
    func refused() throws {
        let host = try TestHost()
        var plan = host.wholePlan
        plan.findings = Set(plan.changes.map(\.finding)).map {
            Finding(id: $0, status: .drift, wanted: "", actual: "", why: "")
        }
        let noted = plan.notingRefusals(of: ["/other"]) { path in
            path == host.path("main.cf") ? "main.cf has 2 names (hard links)" : nil
        }
        #expect(
            noted.refusals == ["main.cf has 2 names (hard links)"])
        #expect(plan.notingRefusals(of: ["/other"]) { "\($0) is immutable" }.refusals.count == 2)
        #expect(plan.notingRefusals(of: []) { _ in nil } == plan)
        #expect(host.plan([]).notingRefusals(of: ["/other"]) { _ in "immutable" }.refusals.isEmpty)
    }

    @Test("A day later it counts no more; other things never counted")
    func others() async throws {
        let host = try await undone(2)
        #expect(try undoings(host, at: 100_000 + 86_400 + 1).map(\.changeSets) == [[2], [2]])
        #expect(try undoings(host, at: 300_000) == [])
        var edit = host.mainEdit()
        edit.touches = ["relay_domains"]
        let other = host.plan([.edit(edit)])
        #expect(
            try Execution.undoings(of: other, in: host.store, at: Timestamp(seconds: 104_000)) == [])
    }

    @Test("What was rolled back on purpose was not undone by others")
    func rolledBack() async throws {
        let host = try await undone(1)
        _ = try await rollBack(1, plan: host.plan([]), planDocument: "{}", using: host.instruments)
        #expect(try undoings(host, at: 101_000) == [])
    }
}
