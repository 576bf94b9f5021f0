internal import Synchronization

/// Numbers the connections of one run and hands their lines to whoever keeps them.
final class Transcript: Sendable {
    private let sink: TranscriptSink?
    private let connections = Mutex(0)

    init(_ sink: TranscriptSink?) { self.sink = sink }

    /// What records the lines of one more connection.
    func connection(to endpoint: ProbeRequest.Endpoint)
        -> @Sendable (TranscriptEntry.Direction, [UInt8]) -> Void
    {
        guard let sink else { return { _, _ in } }
        let number = connections.withLock { count in
            count += 1
            return count
        }
        return { direction, bytes in
            sink(TranscriptEntry(endpoint: endpoint, connection: number, direction: direction, bytes: bytes))
        }
    }
}
