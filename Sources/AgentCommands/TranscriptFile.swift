import Content
import Foundation
import HostIO
import MailModel
import Probing
import Synchronization

/// Every line sent and received, in a file: `203.0.113.10 25 #3 > RCPT TO:<…>`, with the number of the
/// connection. What is not plain text is escaped, so that the file can be looked at with anything.
final class TranscriptFile: Sendable {
    private struct State {
        var file: FileHandle
        /// What has no end of line yet, by connection and direction.
        var pieces: [String: [UInt8]] = [:]
        var failure: String?
    }

    private static let lineLimit = 8192
    private let path: String
    private let state: Mutex<State>

    /// - Throws: ``ExitStatus/failed`` when the file cannot be made; an older transcript is written anew, anything else
    ///   that is there stays.
    init(_ path: String) throws(Failure) {
        let descriptor = try makeOwnFile(path, called: "transcript", replacing: beginsTranscript)
        self.path = path
        state = Mutex(State(file: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)))
    }

    var sink: TranscriptSink { { [self] in append($0) } }

    private func append(_ entry: TranscriptEntry) {
        let place = "\(entry.endpoint.address) \(entry.endpoint.port) #\(entry.connection)"
        let mark =
            switch entry.direction {
            case .sent: ">"
            case .received: "<"
            case .note: "-"
            }
        state.withLock { state in
            let key = "\(place) \(mark)"
            var bytes = state.pieces.removeValue(forKey: key) ?? []
            bytes += entry.bytes
            if entry.direction == .note { bytes.append(UInt8(ascii: "\n")) }
            var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let rest = lines.removeLast()
            if !rest.isEmpty, rest.count < Self.lineLimit {
                state.pieces[key] = Array(rest)
            } else if !rest.isEmpty {
                lines.append(rest)
            }
            for line in lines { write(key, line, &state) }
        }
    }

    private func write(_ key: String, _ line: ArraySlice<UInt8>, _ state: inout State) {
        let text = printableText(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        do {
            try state.file.write(contentsOf: Data("\(key) \(text)\n".utf8))
        } catch {
            state.failure = state.failure ?? error.localizedDescription
        }
    }

    /// Writes what is left.
    /// - Throws: ``ExitStatus/failed`` when a line could not be written.
    func finish() throws(Failure) {
        let failure = state.withLock { state in
            for (key, piece) in state.pieces { write(key, piece[...], &state) }
            state.pieces = [:]
            return state.failure
        }
        if let failure { throw Failure(.failed, "the transcript \(path) is not whole", detail: failure) }
    }
}

/// Whether a file begins with a line of a transcript: `203.0.113.10 25 #3 > …`.
private func beginsTranscript(_ bytes: [UInt8]) -> Bool {
    let words = bytes.split(separator: UInt8(ascii: " "), maxSplits: 4).map {
        String(decoding: $0, as: UTF8.self)
    }
    return words.count == 5 && IPAddress(words[0]) != nil && Int(words[1]) != nil
        && words[2].hasPrefix("#") && [">", "<", "-"].contains(words[3])
}
