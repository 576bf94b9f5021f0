import Synchronization
import Testing

@testable import Probing

@Suite("Lines of an answer")
struct AnswerLinesTests {
    /// Gives an answer in pieces of so many bytes.
    /// - Returns: what was told on the way, and the rest; `nil` when it was too long.
    private func read(_ text: String, pieces: Int, limit: Int = 100_000) -> (told: [String], rest: String)? {
        let told = Mutex<[String]>([])
        var lines = AnswerLines(limit: limit) { line in
            let text = String(decoding: line, as: UTF8.self)
            guard text.hasPrefix("told") else { return false }
            told.withLock { $0.append(text) }
            return true
        }
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            guard lines.append(bytes[start..<min(start + pieces, bytes.count)]) else { return nil }
        }
        let rest = String(decoding: lines.end(), as: UTF8.self)
        return (told.withLock { $0 }, rest)
    }

    @Test("What is told on the way is taken out, however the answer is cut", arguments: [1, 3, 7, 1000])
    func taken(pieces: Int) throws {
        let answer = try #require(read("told 1\ntold 2\nthe report\nof two lines", pieces: pieces))
        #expect(answer.told == ["told 1\n", "told 2\n"])
        #expect(answer.rest == "the report\nof two lines")
    }

    @Test("Too long a line is not told, and too long an answer ends it, whoever has taken its lines")
    func bounded() throws {
        let long = "told " + String(repeating: "x", count: 5000) + "\n"
        let answer = try #require(read(long, pieces: 1000))
        #expect(answer.told.isEmpty)
        #expect(answer.rest == long)
        #expect(read(String(repeating: "told\n", count: 30), pieces: 8, limit: 100) == nil)
    }
}
