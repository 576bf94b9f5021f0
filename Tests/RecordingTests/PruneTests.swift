import Foundation
import MailModel
import Recording
import Testing

@Suite("Pruning the store")
struct PruneTests {
    private let day: Int64 = 86_400

    /// A store with one closed change set a day, each with content of its own.
    private func filled(_ outcomes: [String], in fixture: StoreFixture) throws -> Store {
        let store = try fixture.open()
        for (number, outcome) in outcomes.enumerated() {
            var new = newChangeSet(plan: "{\"plan\":\(number)}")
            new.created = noon.advanced(bySeconds: day * Int64(number))
            let id = try store.begin(new)
            let content = Array(repeating: UInt8(number), count: 20_000)
            let step = try store.record(edit(before: content, after: content + [1]), in: id)
            try store.mark(.done, step: step, in: id, at: new.created)
            if outcome != "open" {
                try store.close(id, outcome: outcome, message: "", probe: nil, at: new.created)
            }
        }
        return store
    }

    private func policy(last: Int, days: Int) -> Policy.Backups {
        .init(keepLast: last, keepWithinDays: days)
    }

    @Test(
        "keeps the last ones, those of the last days, what is open, and the last good one",
        arguments: [
            (2, 0, [5, 6]), (1, 3, [4, 5, 6]), (6, 0, [1, 2, 3, 4, 5, 6]), (1, 365, [1, 2, 3, 4, 5, 6]),
            (1, 0, [6]),
        ])
    func keeps(last: Int, days: Int, kept: [Int]) throws {
        let fixture = try StoreFixture()
        let store = try filled(Array(repeating: "confirmed", count: 6), in: fixture)
        let now = noon.advanced(bySeconds: day * 5 + day / 2)
        let dry = try store.prune(policy(last: last, days: days), at: now, isDry: true)
        #expect(try store.changeSets().count == 6)
        let pruning = try store.prune(policy(last: last, days: days), at: now)
        #expect(pruning == dry)
        #expect(try store.changeSets().map(\.id).reversed() == kept)
        #expect(pruning.changeSets == [1, 2, 3, 4, 5, 6].filter { !kept.contains($0) })
        #expect(pruning.kept == kept.count)
        #expect(try store.verify() == [])
    }

    @Test("The way out of the safe harbour stays, however often something failed since")
    func harbourStays() throws {
        let fixture = try StoreFixture()
        let store = try filled(["failed", "harboured", "failed", "failed"], in: fixture)
        _ = try store.prune(policy(last: 1, days: 0), at: noon.advanced(bySeconds: day * 9))
        #expect(try store.changeSets().map(\.id) == [4, 2])
    }

    @Test("What was done to the queue is no good state of the host, and does not stand for one")
    func queueIsNoState() throws {
        let fixture = try StoreFixture()
        let store = try filled(["confirmed"], in: fixture)
        let id = try store.begin(newChangeSet(.hold))
        try store.close(id, outcome: "confirmed", message: "", probe: nil, at: noon)
        _ = try store.prune(policy(last: 1, days: 0), at: noon.advanced(bySeconds: day * 9))
        #expect(try store.changeSets().map(\.id) == [2, 1])
    }

    @Test("never forgets one that is open, the last good one, or what a kept one takes back")
    func needed() throws {
        let fixture = try StoreFixture()
        let store = try filled(
            ["failed", "confirmed", "open", "failed", "rolled-back", "failed"], in: fixture)
        var rollback = newChangeSet(.rollback, reverts: 1)
        rollback.created = noon.advanced(bySeconds: day * 10)
        let id = try store.begin(rollback)
        try store.close(id, outcome: "unconfirmed", message: "", probe: nil, at: rollback.created)
        _ = try store.prune(policy(last: 1, days: 0), at: noon.advanced(bySeconds: day * 100))
        #expect(try store.changeSets().map(\.id) == [7, 3, 2, 1])
        #expect(try store.verify() == [])
    }

    @Test("A change set and the one that takes it back go together")
    func bothGo() throws {
        let fixture = try StoreFixture()
        let store = try filled(["confirmed"], in: fixture)
        let id = try store.begin(newChangeSet(.rollback, reverts: 1))
        try store.close(id, outcome: "confirmed", message: "", probe: nil, at: noon)
        try recordApply(in: store)
        let pruning = try store.prune(policy(last: 1, days: 0), at: noon.advanced(bySeconds: day * 9))
        #expect(pruning.changeSets == [1, 2])
        #expect(try store.changeSets().map(\.id) == [3])
    }

    @Test("gives the room back, keeps content that others need, and starts no number again")
    func room() throws {
        let fixture = try StoreFixture()
        let store = try filled(Array(repeating: "confirmed", count: 40), in: fixture)
        let before = try #require(fixture.bytes("agent.sqlite")).count
        let pruning = try store.prune(policy(last: 2, days: 0), at: noon.advanced(bySeconds: day * 100))
        #expect(pruning.contentBytes > 38 * 40_000)
        let after = try #require(fixture.bytes("agent.sqlite"))
        #expect(after.count < before / 4)
        #expect(!after.contains(sequence: Array(repeating: 7, count: 1000)))
        #expect(try store.backups().count == 2)
        #expect(try recordApply(in: store) == 41)
    }
}

extension [UInt8] {
    fileprivate func contains(sequence: [UInt8]) -> Bool { Data(self).range(of: Data(sequence)) != nil }
}
