import Foundation
import Testing

/// What real Postfix did with a host, as `Tests/Lab/measure.py` tells it.
struct Measurement: Decodable, Sendable {
    struct Outcome: Decodable, Sendable {
        /// The step that the last reply is for: `connect`, `rcpt`, `end`.
        var at: String
        var reply: String
        var relayed: Bool

        var isAccepted: Bool { at == "end" && reply.hasPrefix("2") }
    }

    var id: String
    var log: [String]?
    var sessions: [String: Outcome]?
    /// Why the case could not be measured.
    var error: String?

    var relayed: [String] { (sessions ?? [:]).filter(\.value.relayed).map(\.key).sorted() }

    /// Whether mail for a user of the host is taken from somebody outside, with TLS at least.
    var takesHostedMail: Bool {
        ["hosted", "hosted with TLS"].contains { sessions?[$0]?.isAccepted == true }
    }

    /// Whether the service on the port never greeted anybody.
    func isSilent(_ attempts: [Attempt], port: Int) -> Bool {
        let outcomes = attempts.filter { $0.port == port }.compactMap { sessions?[$0.id] }
        return !outcomes.isEmpty && outcomes.allSatisfy { $0.at == "connect" && $0.reply.isEmpty }
    }
}

/// The real Postfix that the analysis is compared with: that of the lab's host.
enum Oracle {
    private struct Case: Encodable {
        var id: String
        var files: [String: String]
        var sessions: [Attempt]
    }

    static let lab = ProcessInfo.processInfo.environment["AGENT_LAB"]

    static var absence: Comment {
        let reason = ProcessInfo.processInfo.environment["AGENT_LAB_REASON"]
        return "\(reason ?? "no lab is up: Tests/run-tests makes one")"
    }

    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Lab")

    /// Tries the sessions of each host on a Postfix of its own.
    /// - Returns: one for each host, in their order.
    static func measure(_ hosts: [(host: MeasuredHost, attempts: [Attempt])]) throws -> [Measurement] {
        let encoder = JSONEncoder()
        let lines = try hosts.enumerated().map { index, pair in
            try encoder.encode(Case(id: String(index), files: files(of: pair.host), sessions: pair.attempts))
        }
        let root = try run(scripts.appending(path: "lab").path(), ["path", "--name", try #require(lab)])
        let script = scripts.appending(path: "measure.py").path()
        let output = try run(
            "/usr/bin/env",
            [
                "python3", script, String(decoding: root, as: UTF8.self).trimmingCharacters(in: .newlines),
                "2",
            ],
            input: Data(lines.joined(separator: Data("\n".utf8))))
        let decoder = JSONDecoder()
        let measured = try output.split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(Measurement.self, from: Data($0))
        }
        try #require(measured.map(\.id) == hosts.indices.map(String.init))
        return measured
    }

    private static func files(of host: MeasuredHost) -> [String: String] {
        var files = ["main.cf": host.main, "master.cf": host.master]
        for (path, text) in host.files where path.hasPrefix(MeasuredHost.directory + "/") {
            files[String(path.dropFirst(MeasuredHost.directory.count + 1))] = text
        }
        return files
    }

    private static func run(_ executable: String, _ arguments: [String], input: Data = Data()) throws -> Data
    {
        let directory = FileManager.default.temporaryDirectory
        let files = ["in", "out"].map { directory.appending(path: "measure-\(UUID().uuidString).\($0)") }
        try input.write(to: files[0])
        try Data().write(to: files[1])
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(executable) \(arguments) failed")
        return try Data(contentsOf: files[1])
    }
}
