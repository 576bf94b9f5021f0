import Foundation
import HostIO
import MailModel
import Probing
import Testing

@testable import Vantages

/// The whole way: this program, the user's ssh, a real sshd on a machine next to the server's, this program there.
@Suite(
    "Probe over OpenSSH",
    .enabled(if: PostfixHost.isPossible, "needs root and Postfix"),
    .enabled(if: agent != nil, "needs the program agent beside the tests: run `swift build` first"),
    .enabled(if: access("/usr/sbin/sshd", X_OK) == 0, "needs sshd (Debian: openssh-server)"),
    .enabled(if: access("/usr/bin/ssh", X_OK) == 0, "needs ssh (Debian: openssh-client)"), .serialized)
struct SSHVantageTests {
    private func ask(_ host: PostfixHost, _ elsewhere: SSHHost, program: String) async throws -> ProbeReport {
        var instruments = try await host.instruments
        instruments.program = program
        let run = instruments.runProgram
        instruments.runProgram = { call throws(Failure) in
            var call = call
            // What would stand in the user's own ssh_config.
            call.arguments = ["-F", elsewhere.clientConfiguration] + call.arguments
            return try await run(call)
        }
        return try await runProbe(
            from: .ssh("root@198.51.100.7"),
            ProbeRequest(
                target: "mx.hosted.example", endpoints: [.init(PostfixHost.addresses[0], port: 25)],
                hostedRecipient: "info@hosted.example", origin: ProbeOrigin(kind: "direct", address: nil),
                tests: .essential),
            instruments: instruments)
    }

    @Test(
        "The server is asked from the other machine's address",
        arguments: [("", ProbeVerdict.closed), ("mynetworks = 198.51.100.7", .open)])
    func asked(settings: String, expected: ProbeVerdict) async throws {
        try await PostfixHost.with(settings) { host in
            try await SSHHost.with(beside: host) { elsewhere in
                let report = try await ask(host, elsewhere, program: try await agentVersion())
                #expect(report.verdict == expected)
                #expect(report.from == ProbeOrigin(kind: "ssh", address: "198.51.100.7"))
                #expect(report.hosted?.accepted == true)
            }
        }
    }

    @Test("Another version on the other side is refused, and the user told what to do")
    func otherVersion() async throws {
        try await PostfixHost.with("") { host in
            try await SSHHost.with(beside: host) { elsewhere in
                let failure = await #expect(throws: Failure.self) {
                    try await ask(host, elsewhere, program: "0.0.0")
                }
                #expect(failure?.summary.contains("is of version 0.0.0, not") == true)
                #expect(failure?.remedy?.contains("same version") == true)
            }
        }
    }
}

/// A machine next to a ``PostfixHost``, at 198.51.100.7, with an sshd and this program in its path.
struct SSHHost {
    let clientConfiguration: String

    static func with<T>(beside host: PostfixHost, _ body: (SSHHost) async throws -> T) async throws -> T {
        let name = host.name + "-ssh"
        let directory = host.directory + "/ssh"
        try await link(name, host)
        let server = try await start(name, directory)
        do {
            let result = try await body(SSHHost(clientConfiguration: directory + "/config"))
            await remove(name, server)
            return result
        } catch {
            await remove(name, server)
            throw error
        }
    }

    /// The host's own side of the link is in another network: Postfix trusts the networks of its interfaces.
    private static func link(_ name: String, _ host: PostfixHost) async throws {
        let ip = try NamespaceLink.ipPath()
        try await run(ip, "netns", "add", name)
        for words in [
            ["-n", host.name, "link", "add", "far", "type", "veth", "peer", "name", "near", "netns", name],
            ["-n", host.name, "address", "add", "192.0.2.1", "peer", "198.51.100.7", "dev", "far"],
            ["-n", host.name, "link", "set", "far", "up"],
            ["-n", name, "link", "set", "lo", "up"],
            ["-n", name, "address", "add", "198.51.100.7", "peer", "192.0.2.1", "dev", "near"],
            ["-n", name, "link", "set", "near", "up"],
            ["-n", name, "route", "add", "default", "via", "192.0.2.1", "dev", "near"],
        ] { try await run([ip] + words) }
    }

    private static func start(_ name: String, _ directory: String) async throws -> Process {
        let files = FileManager.default
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try files.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        for key in ["host", "client"] {
            try await run([
                "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(directory)/\(key)",
            ])
        }
        let path = URL(filePath: try #require(agent)).deletingLastPathComponent().path
        try """
        Port 22
        ListenAddress 198.51.100.7
        HostKey \(directory)/host
        AuthorizedKeysFile \(directory)/client.pub
        PidFile none
        StrictModes no
        UsePAM no
        SetEnv PATH=\(path):/usr/bin:/bin

        """.write(toFile: directory + "/sshd_config", atomically: false, encoding: .utf8)
        try """
        IdentityFile \(directory)/client
        IdentitiesOnly yes
        UserKnownHostsFile \(directory)/known
        StrictHostKeyChecking accept-new

        """.write(toFile: directory + "/config", atomically: false, encoding: .utf8)
        let server = Process()
        server.executableURL = URL(filePath: try NamespaceLink.ipPath())
        server.arguments = ["netns", "exec", name, "/usr/sbin/sshd", "-D", "-f", directory + "/sshd_config"]
        server.standardInput = FileHandle.nullDevice
        try server.run()
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            let listeners = try await run([
                try NamespaceLink.ipPath(), "netns", "exec", name, "/bin/cat", "/proc/net/tcp",
            ])
            if listeners.outputText.contains(":0016 00000000:0000 0A") { return server }
            await Task.yield()
        }
        throw Failure(.failed, "sshd does not listen")
    }

    private static func remove(_ name: String, _ server: Process) async {
        server.terminate()
        server.waitUntilExit()
        _ = try? await run([try NamespaceLink.ipPath(), "netns", "delete", name])
    }

    private static func run(_ words: String...) async throws { try await run(words) }

    @discardableResult
    private static func run(_ words: [String]) async throws -> ProgramResult {
        let result = try await HostIO.runProgram(
            ProgramCall(executable: words[0], arguments: Array(words.dropFirst()), deadline: .seconds(30)))
        guard result.succeeded else {
            throw Failure(.failed, words.joined(separator: " "), detail: result.errorText)
        }
        return result
    }
}
