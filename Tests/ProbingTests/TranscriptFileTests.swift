import Foundation
import Testing

let builtAgent: String? = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let path = URL(filePath: tests).deletingLastPathComponent().appending(path: "agent").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()

/// The whole program, with a server that remembers what was said.
@Suite(
    "Transcript in a file",
    .enabled(if: builtAgent != nil, "needs the program agent beside the tests"))
struct TranscriptFileTests {
    private static let rules = [
        ("EHLO", "250-x\r\n250 AUTH PLAIN"), ("MAIL", "250 2.1.0 Ok"),
        ("RCPT", "454 4.7.1 <x>: Relay access denied"),
        ("RSET", "250 2.0.0 Ok"), ("QUIT", "221 2.0.0 Bye"), ("", "502 5.5.2 Error: command not recognized"),
    ]

    @Test("Every line sent and received is in it, in TLS as in the clear, and nothing raw")
    func everyLine() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "transcript-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        let plain = [("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "(next)")] + Self.rules
        let steps: [ScriptedServer.Step] = [
            .say("220 x \u{1b}[2J"), .answer(plain), .say("220 go"), .startTLS, .answer(Self.rules),
        ]
        try await ScriptedServer.with(tls: TestCertificate.serverContext(), { _ in steps }) { server in
            let status = try await run(["probe", "127.0.0.1:\(server.port)", "--transcript", file.path])
            #expect(status == 0)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.utf8.allSatisfy { $0 == 10 || (0x20...0x7e).contains($0) })
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("127.0.0.1 \(server.port) #") }
            #expect(lines.count == text.split(separator: "\n").count)
            let sent = lines.compactMap { line in
                line.firstRange(of: " > ").map { String(line[$0.upperBound...]) }
            }
            #expect(sent.sorted() == server.lines.sorted())
            let received = lines.compactMap { line in
                line.firstRange(of: " < ").map { String(line[$0.upperBound...]) }
            }
            #expect(
                received.sorted() == server.saidLines.map { $0.replacing("\u{1b}", with: "\\x1b") }.sorted())
            #expect(lines.contains { $0.hasSuffix(" - TLS established") })
        }
    }

    @Test(
        "What stands under its name and is no transcript stays as it is: a file, a pipe, another's link",
        .enabled(if: geteuid() == 0, "only root can give a link to another user"),
        arguments: ["file", "pipe", "link", "transcript"])
    func inItsPlace(what: String) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "transcript-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (target, name) = (directory + "/target", directory + "/" + what)
        try Data("precious\n".utf8).write(to: URL(filePath: target))
        switch what {
        case "file": try Data("precious\n".utf8).write(to: URL(filePath: name))
        case "pipe": #expect(mkfifo(name, 0o644) == 0)
        case "link":
            #expect(chmod(directory, 0o1777) == 0)
            #expect(symlink(target, name) == 0)
            #expect(lchown(name, 12345, 12345) == 0)
        default: try Data("127.0.0.1 25 #1 > QUIT\n".utf8).write(to: URL(filePath: name))
        }
        let rules = Self.rules
        try await ScriptedServer.with({ _ in [.say("220 x"), .answer(rules)] }) { server in
            let status = try await run(["probe", "127.0.0.1:\(server.port)", "--transcript", name])
            #expect(status == (what == "transcript" ? 0 : 1))
            #expect(server.lines.isEmpty == (what != "transcript"))
        }
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "precious\n")
        var status = stat()
        #expect(lstat(name, &status) == 0)
        let kinds = ["pipe": S_IFIFO, "link": S_IFLNK]
        #expect(status.st_mode & S_IFMT == kinds[what] ?? S_IFREG)
        guard ["file", "transcript"].contains(what) else { return }
        let text = try String(contentsOfFile: name, encoding: .utf8)
        #expect(text.hasPrefix("precious") == (what == "file"))
        #expect(!text.contains("25 #1"))
    }

    private func run(_ arguments: [String]) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: try #require(builtAgent))
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }
}
