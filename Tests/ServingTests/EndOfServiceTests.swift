import Fixtures
import Foundation
import HostIO
import MailModel
import Probing
import Testing
import Vantages

private let builtAgent: String? = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let path = URL(filePath: tests).deletingLastPathComponent().appending(path: "agent").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()

/// The whole program, ended by the one who has started it.
@Suite(
    "End of a vantage",
    .enabled(if: builtAgent != nil, "needs the program agent beside the tests"))
struct EndOfServiceTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    @Test("At SIGTERM it waits a few seconds for what runs and what has not been sent, and no longer")
    func signalled() async throws {
        let program = try #require(builtAgent)
        let silent = try ListeningPort()
        let directory = FileManager.default.temporaryDirectory.appending(path: "vantage-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in [
            ("chain", TestCertificate.certificatePEM), ("key", TestCertificate.keyPEM), ("token", Self.token),
        ] {
            let path = directory.appending(path: name).path
            // Tokens that others may read are refused.
            try #require(
                FileManager.default.createFile(
                    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
        }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.currentDirectoryURL = directory
        process.arguments = [
            "vantage", "serve", "--listen", "127.0.0.1:0", "--certificate", "chain", "--key", "key",
            "--token-file", "token", "--no-catcher",
        ]
        process.standardInput = FileHandle.nullDevice
        let said = Pipe()
        process.standardError = said
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        var line = ""
        while !line.hasSuffix("\n"), case let part = said.fileHandleForReading.availableData, !part.isEmpty {
            line += String(decoding: part, as: UTF8.self)
        }
        let port = try #require(
            line.split(separator: " ").last.flatMap { Int($0.filter(\.isNumber)) }, "\(line)")
        let version = try await HostIO.runProgram(
            ProgramCall(executable: program, arguments: ["--version"], deadline: .seconds(10))
        ).outputText.filter { !$0.isWhitespace }
        var instruments = VantageInstruments(
            program: version, runProgram: { _ in ProgramResult(exit: .exited(1)) }, executable: "",
            arguments: [])
        instruments.token = Self.token
        instruments.trustedPEM = TestCertificate.certificatePEM
        let request = ProbeRequest(
            target: "this host", endpoints: [.init(.v4(0x7f00_0001), port: silent.port)],
            origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential)
        let vantage = try #require(VantageAddress("https://127.0.0.1:\(port)"))
        // Its greeting alone is waited for longer than this test may last.
        async let asked = failure { () async throws(Failure) in
            try await runProbe(from: vantage, request, instruments: instruments)
        }
        let end = ContinuousClock.now + .seconds(10)
        while try await !metrics(port).contains("agent_vantage_probes_running 1\n"), ContinuousClock.now < end
        {}
        let began = ContinuousClock.now
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(ContinuousClock.now - began < .seconds(15))
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        // Who has asked is told that it hung up, and that decides nothing.
        let told = await asked
        #expect(told?.detail == "it hung up", "\(String(describing: told))")
        withExtendedLifetime(silent) {}
    }

    private func failure(_ ask: () async throws(Failure) -> ProbeReport) async -> Failure? {
        do throws(Failure) {
            _ = try await ask()
            return nil
        } catch {
            return error
        }
    }

    private func metrics(_ port: Int) async throws -> String {
        let response = try await HTTPSRequest(
            url: "https://127.0.0.1:\(port)/metrics", trustedPEM: TestCertificate.certificatePEM,
            deadline: .seconds(10)
        ).send()
        return String(decoding: response.body, as: UTF8.self)
    }
}
