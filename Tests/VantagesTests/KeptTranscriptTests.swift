import MailModel
import Probing
import Testing

@testable import Vantages

@Suite("Transcript of a vantage")
struct KeptTranscriptTests {
    private func entry(_ number: Int) -> TranscriptEntry {
        TranscriptEntry(
            endpoint: .init(.v4(0xcb00_710a), port: 25), connection: number, direction: .received,
            bytes: Array("250 ok\r\n".utf8))
    }

    @Test("It is bounded, whatever servers say, and says where it ends")
    func bounded() {
        let kept = KeptTranscript(limitInBytes: 100)
        for number in 1...1000 { kept.append(entry(number)) }
        // Five of 8 bytes and 16 more each are over the limit.
        #expect(kept.entries.dropLast() == (1...5).map(entry)[...])
        #expect(kept.entries.last?.direction == .note)
    }

    @Test("What a user's own vantage keeps fits into what its process may print")
    func fits() throws {
        let kept = KeptTranscript(limitInBytes: KeptTranscript.ownLimit / 64)
        // Nothing weighs more in JSON than an entry without a byte.
        var empty = entry(99_999)
        empty.bytes = []
        while kept.entries.last?.direction != .note {
            for _ in 0..<100 { kept.append(empty) }
        }
        let json = ProbeDelivery(transcript: kept.entries).json
        #expect(json.count * 64 < KeptTranscript.ownLimitInJSON, "\(json.count)")
    }
}
