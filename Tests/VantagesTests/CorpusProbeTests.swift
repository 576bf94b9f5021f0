import Foundation
import HostIO
import MailModel
import Testing

/// Whole configurations with measured behaviour, beside the checkout; no part of the product.
private enum Corpus {
    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let directory = checkout.deletingLastPathComponent().appending(path: "shared/corpus")
    static let isThere = FileManager.default.fileExists(atPath: directory.appending(path: "postfix").path)

    /// One of each kind: everybody, a neighbour, a proxy that hides its clients, greylisting, QMQP, a message that
    /// is refused after DATA. `make test-probes` has them all.
    static let sample = ["A01", "A07", "A25", "D13", "E02", "E10"]
}

@Suite(
    "Probe of measured configurations",
    .enabled(if: Corpus.isThere, "there is no corpus beside the checkout"),
    .enabled(if: isRoot, "needs root, to make network namespaces"),
    .enabled(if: agent != nil, "needs the program agent beside the tests: run `swift build` first"),
    .enabled(if: access("/usr/bin/python3", X_OK) == 0, "needs python3"))
struct CorpusProbeTests {
    @Test("What real Postfix was measured to do is what the probe says of it")
    func sample() async throws {
        let run = Corpus.checkout.appending(path: "Tests/Corpus/run").path
        let result = try await HostIO.runProgram(
            ProgramCall(
                executable: "/usr/bin/python3",
                arguments: [run, try #require(agent), Corpus.directory.path, "--jobs", "3"] + Corpus.sample,
                deadline: .seconds(400)))
        #expect(result.succeeded, "\(result.outputText)\(result.errorText)")
        #expect(
            result.outputText.contains("\(2 * Corpus.sample.count) of \(2 * Corpus.sample.count) verdicts"))
    }
}
