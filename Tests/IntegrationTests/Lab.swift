import Foundation
import Testing

/// The real host that these tests work on. `Tests/run-tests` makes it and names it in `AGENT_LAB`.
struct Lab: Sendable {
    let name: String

    static let current: Lab? = ProcessInfo.processInfo.environment["AGENT_LAB"].map(Lab.init)

    /// Why there is no lab, for the reader of a skipped test.
    static var absence: Comment {
        let reason = ProcessInfo.processInfo.environment["AGENT_LAB_REASON"]
        return "\(reason ?? "no lab is up: Tests/run-tests makes one")"
    }

    static func required() throws -> Lab { try #require(current) }

    struct Run: Sendable {
        var status: Int32
        var output: String
        var errorOutput: String

        /// The result as a JSON object.
        func json() throws -> [String: Any] {
            try #require(
                JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any],
                "not a JSON object: \(output)\(errorOutput)")
        }
    }

    /// Runs a command in the host.
    @discardableResult
    func host(_ arguments: String..., input: String = "") throws -> Run {
        try lab(["exec", "--name", name, "--"] + arguments, input: input)
    }

    @discardableResult
    func host(_ arguments: [String]) throws -> Run { try lab(["exec", "--name", name, "--"] + arguments) }

    /// Copies a file of this machine into the host.
    func install(_ file: URL, at path: String) throws {
        let root = try control("path").output.trimmingCharacters(in: .newlines)
        let target = URL(filePath: root + path)
        try? FileManager.default.removeItem(at: target)
        try FileManager.default.copyItem(at: file, to: target)
    }

    /// Runs a command of this machine in the world outside.
    @discardableResult
    func outside(_ arguments: [String]) throws -> Run {
        try lab(["outside", "--name", name, "--"] + arguments)
    }

    /// Runs `agent` in the host.
    @discardableResult
    func agent(_ arguments: String...) throws -> Run { try agent(arguments) }

    @discardableResult
    func agent(_ arguments: [String]) throws -> Run {
        try lab(["exec", "--name", name, "--", "/usr/local/bin/agent"] + arguments)
    }

    /// Brings the host back to its pristine, closed state, with an empty store and quick Plesk commands.
    func reset() throws {
        try control("healthy")
        try control("switch", "start-time", "0")
        try host("/bin/sh", "-c", "rm -rf /var/lib/agent /etc/agent /root/plan.json")
    }

    /// From now on one port is asked from outside: where it is not the probe that is tried.
    func askOnePort() throws {
        try host(
            "/bin/sh", "-c",
            "mkdir -p -m 755 /etc/agent; printf 'version: 1\\nprobe: {ports: [25]}\\n' >/etc/agent/policy.yaml"
        )
    }

    func `break`(_ defects: [String]) throws { _ = try control(["break"] + defects) }

    /// All that a rollback must restore.
    func state() throws -> String { try control("state").output }

    @discardableResult
    func control(_ arguments: String...) throws -> Run { try control(arguments) }

    private func control(_ arguments: [String]) throws -> Run {
        let run = try lab([arguments[0], "--name", name] + arguments.dropFirst())
        try #require(run.status == 0, "lab \(arguments): \(run.errorOutput)")
        return run
    }

    private func lab(_ arguments: [String], input: String = "") throws -> Run {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Lab/lab")
        let process = Process()
        process.executableURL = script
        process.arguments = arguments
        let streams = try (0..<3).map { _ in try TemporaryFile() }
        try streams[0].handle.write(contentsOf: Data(input.utf8))
        try streams[0].handle.seek(toOffset: 0)
        process.standardInput = streams[0].handle
        process.standardOutput = streams[1].handle
        process.standardError = streams[2].handle
        try process.run()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, output: try streams[1].text(),
            errorOutput: try streams[2].text())
    }
}

/// A file without a name: it holds what a process prints, whatever the amount.
private struct TemporaryFile {
    let handle: FileHandle

    init() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        unlink(path)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func text() throws -> String {
        try handle.seek(toOffset: 0)
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
}

/// Everything that needs the host stands in this suite: the tests share it, so they run one by one.
@Suite("On a real host", .serialized, .enabled(if: Lab.current != nil, Lab.absence))
enum OnARealHost {}
