import Content
import Fixtures
import Foundation
import Testing

@Suite("Taking a change into a file that somebody else changed as well")
struct ThreeWayMergeTests {
    @Test(
        "Changes apart from each other are both kept; changes of the same or neighbouring lines are refused",
        arguments: [
            // Nobody changed anything; one did; the other did.
            ("a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n"),
            ("a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", "a\nB\nc\n"),
            ("a\nb\nc\n", "a\nb\nc\n", "A\nb\nc\n", "A\nb\nc\n"),
            // Both, apart; both, the same; both, apart by one line.
            ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"),
            ("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", "a\nX\nc\n"),
            ("a\nb\nc\nd\n", "a\nd\n", "a\nb\nc\nd\n# mine\n", "a\nd\n# mine\n"),
            ("a\nb\nc\nd\n", "a\nb\n", "a\nb\nc\nd\n# mine\n", nil),
            // The same line in two ways; neighbours; two insertions at one place.
            ("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", nil),
            ("a\nb\nc\n", "a\nX\nc\n", "a\nb\nY\n", nil),
            ("a\nb\n", "a\nX\nb\n", "a\nY\nb\n", nil),
            // A last line without its end; nothing at all.
            ("a\nb\nc", "a\nb\nC", "A\nb\nc", "A\nb\nC"),
            ("", "x\n", "", "x\n"), ("", "x\n", "y\n", nil),
        ] as [(String, String, String, String?)])
    func merge(base: String, ours: String, theirs: String, merged: String?) {
        let result = threeWayMerge(base: Array(base.utf8), ours: Array(ours.utf8), theirs: Array(theirs.utf8))
        #expect(result.map { String(decoding: $0, as: UTF8.self) } == merged)
    }

    @Test("Bytes that are no UTF-8 and CRLF come through")
    func bytes() {
        let base = Array("# caf".utf8) + [0xE9, 0x0D, 0x0A] + Array("b\r\nc\r\nd\n".utf8)
        let ours = Array("# caf".utf8) + [0xE9, 0x0D, 0x0A] + Array("b\r\nc\r\nD\n".utf8)
        let theirs = Array("# th".utf8) + [0xE9, 0x0D, 0x0A] + Array("b\r\nc\r\nd\n".utf8)
        #expect(
            threeWayMerge(base: base, ours: ours, theirs: theirs)
                == Array("# th".utf8) + [0xE9, 0x0D, 0x0A] + Array("b\r\nc\r\nD\n".utf8))
    }

    @Test(
        "It agrees with diff3 on random files wherever both find no conflict",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/diff3"), "needs diff3 of diffutils"))
    func againstDiff3() throws {
        var generator = SeededGenerator(seed: 1)
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        var compared = 0
        for _ in 0..<60 {
            // Lines that differ, so that there is only one way to see what changed.
            let base = (0..<12).map { "line \($0)" }
            let texts = [edited(base, &generator), base, edited(base, &generator)].map {
                $0.map { $0 + "\n" }.joined()
            }
            let names = ["ours", "base", "theirs"].map { directory.appending(path: $0) }
            for (text, name) in zip(texts, names) { try Data(text.utf8).write(to: name) }
            let (status, output) = try diff3(names.map(\.path))
            let ours = threeWayMerge(
                base: Array(texts[1].utf8), ours: Array(texts[0].utf8), theirs: Array(texts[2].utf8))
            guard let ours, status == 0 else { continue }
            compared += 1
            #expect(String(decoding: ours, as: UTF8.self) == output, "\(texts)")
        }
        #expect(compared > 5)
    }

    private func edited(_ lines: [String], _ generator: inout SeededGenerator) -> [String] {
        var lines = lines
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            let index = Int.random(in: 0..<lines.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: lines.remove(at: index)
            case 1: lines.insert("new \(UInt32.random(in: 0...UInt32.max, using: &generator))", at: index)
            default: lines[index] = "other \(UInt32.random(in: 0...UInt32.max, using: &generator))"
            }
        }
        return lines
    }

    private func diff3(_ paths: [String]) throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/diff3")
        process.arguments = ["-m"] + paths
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
