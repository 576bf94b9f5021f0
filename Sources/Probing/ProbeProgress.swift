internal import Synchronization

/// How far a probe has come, for whoever watches it. One serves the probes of one run.
package final class ProbeProgress: Sendable {
    /// What can be said of it at one moment.
    package struct Moment: Hashable, Sendable, Codable {
        /// Questions that are over, one way or the other.
        package var done: Int
        /// Questions that are known by now: those of an endpoint are when it is begun.
        package var all: Int
        /// The longest wait: `203.0.113.10 port 25: the reply to RCPT`. As servers have a part in it: escape it.
        package var waitsFor: String?

        package init(done: Int = 0, all: Int = 0, waitsFor: String? = nil) {
            self.done = done
            self.all = all
            self.waitsFor = waitsFor
        }
    }

    private struct State {
        var moment = Moment()
        /// What is waited for, with the number of the wait: the lowest is the oldest.
        var waits: [Int: (since: Int, what: String)] = [:]
        var counter = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Moment {
        state.withLock { state in
            var moment = state.moment
            moment.waitsFor = state.waits.values.min { $0.since < $1.since }?.what ?? moment.waitsFor
            return moment
        }
    }

    /// Takes over what a probe elsewhere says of itself.
    package func take(_ moment: Moment) { state.withLock { $0.moment = moment } }

    func expect(_ count: Int) { state.withLock { $0.moment.all += count } }

    func finish(_ count: Int) { state.withLock { $0.moment.done += count } }

    /// - Returns: the number of the wait, for ``wait(_:for:)`` and ``end(_:)``.
    package func begin(_ what: String) -> Int {
        state.withLock { state in
            state.counter += 1
            state.waits[state.counter] = (state.counter, what)
            return state.counter
        }
    }

    /// One thing has come; now another is waited for.
    func wait(_ number: Int, for what: String) {
        state.withLock { state in
            guard state.waits[number] != nil else { return }
            state.counter += 1
            state.waits[number] = (state.counter, what)
        }
    }

    package func end(_ number: Int) { state.withLock { $0.waits[number] = nil } }
}
