import Foundation
import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

/// Compares verdicts with what real mail servers were measured to do, where such a collection is at hand: one
/// directory a case with `main.cf`, `master.cf`, the maps and `expected.json`.
///
/// The collection is no part of this repository: `AGENT_CORPUS` names it, or it stands beside the checkout.
@Suite struct CorpusTests {
    private struct Expected: Decodable {
        var verdict: String
        var or: String?
        var relays: Bool
        var isDecided: Bool

        private enum CodingKeys: String, CodingKey {
            case verdict, or, relays
            case isDecided = "decided-by-configuration"
        }
    }

    static var directory: URL? {
        let named = ProcessInfo.processInfo.environment["AGENT_CORPUS"].map { URL(filePath: $0) }
        let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/corpus")
        let found = (named ?? beside).appending(path: "postfix")
        return FileManager.default.fileExists(atPath: found.path()) ? found : nil
    }

    /// Whether the files of a case say by themselves what strangers can do.
    static func isDecided(_ directory: URL) throws -> Bool {
        let data = try Data(contentsOf: directory.appending(path: "expected.json"))
        return try JSONDecoder().decode(Expected.self, from: data).isDecided
    }

    private func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map(Array.init)
    }

    private func load(_ directory: String) throws -> PostfixConfiguration {
        let main = try #require(read(directory + "/main.cf"))
        let master = try #require(read(directory + "/master.cf"))
        var configuration = PostfixConfiguration(
            version: nil, directory: "/etc/postfix",
            mainCF: FileContent(path: directory + "/main.cf", bytes: main),
            masterCF: FileContent(path: directory + "/master.cf", bytes: master), otherFiles: [:],
            tables: [:],
            interfaces: nil, hostName: nil)
        for _ in 0..<3 {
            let needed = references(
                of: main, masterCF: master, version: nil, otherFiles: configuration.otherFiles)
            for file in needed.files {
                let path = pathInCopy(file, directory: "/etc/postfix", copy: directory)
                configuration.otherFiles[file] = path.flatMap(read).map { FileContent(path: file, bytes: $0) }
            }
            for table in needed.tables {
                guard let name = TableName(table) else { continue }
                let path = pathInCopy(name.name, directory: "/etc/postfix", copy: directory)
                let entries = path.flatMap(read).map { parseTable(type: name.type, bytes: $0) }
                configuration.tables[table] =
                    entries.map { .entries($0, source: name.name) }
                    ?? .unreadable("\(table) is not in the copy")
            }
        }
        return configuration
    }

    @Test(
        .enabled(
            if: directory != nil, "no corpus beside the checkout or in AGENT_CORPUS, so nothing was compared")
    )
    func `Verdicts are as measured, and repairs close what relays`() throws {
        let directory = try #require(Self.directory)
        var compared = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path()).sorted() {
            let path = directory.appending(path: name).path()
            let bytes = try #require(read(path + "/expected.json"))
            let expected = try JSONDecoder().decode(Expected.self, from: Data(bytes))
            let configuration = try load(path)
            let report = explainRelay(configuration, trusted: SampleHost.trusted)
            let repair = repairRelay(configuration, trusted: SampleHost.trusted)
            #expect(report.verdict != .closed || repair.edits.isEmpty, "\(name)")
            if [.open, .partial].contains(report.verdict) {
                #expect(repair.after.verdict == .closed, "\(name)")
            }
            #expect(repair.strayChanges.isEmpty, "\(name)")
            guard expected.isDecided else { continue }
            if expected.verdict == "closed" { #expect(repair.edits.isEmpty, "\(name)") }
            compared += 1
            let said = [.open, .partial].contains(report.verdict) ? "relays" : report.verdict.rawValue
            let wanted = expected.relays ? "relays" : expected.verdict
            #expect(said == wanted || said == expected.or, "\(name)")
            #expect(!expected.relays || !report.causes.isEmpty, "\(name)")
        }
        #expect(compared > 0)
    }
}
