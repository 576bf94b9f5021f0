internal import Synchronization

/// Lets so many work at once, and the others wait in the order in which they came.
package final class Turns: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// The next of ``waiting``: taking the first of an array each time would move all.
        var next = 0
    }

    private let state: Mutex<State>

    package init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

    package func take<T>(_ body: () async -> T) async -> T {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
        let result = await body()
        pass()
        return result
    }

    private func pass() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.next < state.waiting.count else {
                state.waiting.removeAll()
                state.next = 0
                state.free += 1
                return nil
            }
            state.next += 1
            return state.waiting[state.next - 1]
        }
        next?.resume()
    }
}
