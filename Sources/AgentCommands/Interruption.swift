import Synchronization
import UnixSignals

/// What is said where there is nothing to go back to: what ends a change set is carried out.
let onToTheEnd = "then going on to the end"

/// Runs `body` with SIGINT, SIGTERM and SIGHUP turned into a flag that it looks at between its steps.
///
/// Nothing is cancelled: a step that has begun is finished, so that no outside program dies half-way.
func withInterruption<Result: Sendable>(
    _ terminal: Terminal, afterwards: String = "then going back",
    _ body: (@escaping @Sendable () -> Bool) async throws -> Result
) async throws -> Result {
    let isInterrupted = Flag()
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    return try await withThrowingDiscardingTaskGroup { group in
        group.addTask {
            for await signal in signals {
                terminal.say("\(signal) received: finishing the step under way, \(afterwards)")
                isInterrupted.raise()
            }
        }
        let result = try await body { isInterrupted.isRaised }
        group.cancelAll()
        return result
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
