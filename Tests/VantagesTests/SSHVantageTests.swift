import Foundation
import HostIO
import MailModel
import Testing

@testable import Vantages

/// The whole way: this program on a mail host, the user's ssh, a real sshd on another machine, this program there.
@Suite("Probe over OpenSSH", .enabled(if: ImageHost.isPossible, ImageHost.absence), .serialized)
struct SSHVantageTests {
    private static let elsewhere = "198.51.100.7"

    /// Runs `body` with a mail host, and a machine elsewhere on which root of the mail host may log in.
    private func machines(
        _ settings: String, _ body: (_ host: ImageHost, _ elsewhere: ImageHost) async throws -> Void
    ) async throws {
        let openSSH = try await OpenSSH.unpacked()
        try await PostfixHost.with(settings) { host in
            try await ImageHost.with([]) { elsewhere in
                try await host.machine.link(as: "192.0.2.1", to: elsewhere, as: Self.elsewhere)
                try await openSSH.letLogin(from: host.machine, to: elsewhere)
                for machine in [host.machine, elsewhere] { try await machine.installAgent() }
                try await body(host.machine, elsewhere)
            }
        }
    }

    private func ask(_ host: ImageHost, _ options: String...) async throws -> ProgramResult {
        try await host.inside(
            ["/usr/local/bin/agent", "probe", "203.0.113.10:25", "--from", "ssh://root@\(Self.elsewhere)"]
                + options)
    }

    private struct Report: Decodable {
        struct Endpoint: Decodable { var tests: [Test] }
        struct Test: Decodable { var id, verdict: String }
        struct Hosted: Decodable { var accepted: Bool }
        struct Origin: Decodable { var kind, address: String }
        var verdict: String
        var from: Origin
        var endpoints: [Endpoint]
        var hosted: Hosted?
    }

    @Test(
        "The server is asked from the other machine's address, and what it relays arrives there",
        arguments: [("", "closed", Int32(0)), ("mynetworks = 198.51.100.7", "open", 2)])
    func asked(settings: String, verdict: String, exit: Int32) async throws {
        try await machines(settings) { host, _ in
            let run = try await ask(
                host, "--send", "--hosted", "info@hosted.example", "--format", "json", "--transcript",
                "/lines")
            #expect(run.exit == .exited(exit), "\(run.outputText)\(run.errorText)")
            let report = try JSONDecoder().decode(Report.self, from: Data(run.output))
            #expect(report.verdict == verdict)
            #expect(report.from.kind == "ssh")
            #expect(report.from.address == Self.elsewhere)
            #expect(report.hosted?.accepted == true)
            let arrived = report.endpoints.flatMap(\.tests).filter { $0.verdict == "delivered" }
            #expect(arrived.map(\.id).contains("plain") == (verdict == "open"))
            let lines = try String(contentsOfFile: host.root + "/lines", encoding: .utf8)
            #expect(lines.contains("203.0.113.10 25 #1 < 220 mx.hosted.example ESMTP Postfix"))
            #expect(lines.contains("203.0.113.10 25 #1 > EHLO [\(Self.elsewhere)]"))
        }
    }

    @Test("What is missing on the way or on the other side is said, with what to do about it")
    func refusals() async throws {
        try await machines("") { host, elsewhere in
            let version = try await agentVersion()
            let program = elsewhere.root + "/usr/local/bin/agent"
            func isRefused(_ summary: String, _ remedy: String) async throws {
                let run = try await ask(host)
                #expect(run.exit == .exited(5), "\(run.outputText)")
                #expect(run.errorText.contains(summary), "\(run.errorText)")
                #expect(run.errorText.contains(remedy), "\(run.errorText)")
            }
            // The other side gets an order of a program that is older than its own.
            rename(program, program + ".real")
            try elsewhere.write(
                "#!/bin/sh\nsed 's/\"program\":\"\(version)\"/\"program\":\"0.0.1\"/' | agent.real \"$@\"\n",
                to: "/usr/local/bin/agent", mode: 0o755)
            try await isRefused("is of version 0.0.1, not \(version)", "Install the same version")
            // One that is so old that it knows no orders.
            try elsewhere.write(
                "#!/bin/sh\necho \"Error: Unknown option '--request'\" >&2; exit 64\n",
                to: "/usr/local/bin/agent", mode: 0o755)
            try await isRefused(
                "Unknown option '--request'", "agent --version` prints this program's version")
            unlink(program)
            try await isRefused("agent: command not found", "Install this program there")
            unlink(elsewhere.root + "/root/.ssh/authorized_keys")
            try await isRefused("Permission denied", "works without a question")
            unlink(host.root + "/root/.ssh/known_hosts")
            try await isRefused("Host key verification failed", "a host key that is not known")
        }
    }
}

/// A real OpenSSH of Debian's, unpacked without being installed: nothing of it runs but what a test starts.
private struct OpenSSH {
    let root: String

    static func unpacked() async throws -> OpenSSH {
        let run = try await ImageHost.run([
            ImageHost.checkout + "/Tests/Lab/lab", "aside", "openssh-client", "openssh-server",
        ])
        return OpenSSH(root: run.outputText.trimmingCharacters(in: .newlines))
    }

    /// Root of one machine may log in as root of the other, and knows its key.
    func letLogin(from client: ImageHost, to server: ImageHost) async throws {
        for machine in [client, server] {
            for program in ["/usr/bin/ssh", "/usr/bin/ssh-keygen", "/usr/sbin/sshd"] {
                try? FileManager.default.removeItem(atPath: machine.root + program)
                try FileManager.default.copyItem(atPath: root + program, toPath: machine.root + program)
            }
        }
        let users = try String(contentsOfFile: server.root + "/etc/passwd", encoding: .utf8)
        try server.write(users + "sshd:x:999:65534::/run/sshd:/usr/sbin/nologin\n", to: "/etc/passwd")
        try server.write("HostKey /etc/ssh/host\nUsePAM no\n", to: "/etc/ssh/sshd_config")
        try server.write("", to: "/run/sshd/.keep")
        let hostKey = try await makeKey("/etc/ssh/host", on: server)
        let clientKey = try await makeKey("/root/.ssh/id_ed25519", on: client)
        try server.write(clientKey, to: "/root/.ssh/authorized_keys", mode: 0o600)
        try client.write("198.51.100.7 " + hostKey, to: "/root/.ssh/known_hosts", mode: 0o600)
        let started = try await server.inside("/usr/sbin/sshd")
        try #require(started.succeeded, "\(started.errorText)")
        try await server.awaitListener(port: 22)
    }

    /// - Returns: the public part.
    private func makeKey(_ path: String, on machine: ImageHost) async throws -> String {
        try machine.write("", to: path)
        unlink(machine.root + path)
        let made = try await machine.inside(
            "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
        try #require(made.succeeded, "\(made.errorText)")
        return try String(contentsOfFile: machine.root + path + ".pub", encoding: .utf8)
    }
}

extension ImageHost {
    /// Joins two machines. The ends are in different networks: Postfix trusts the networks of its interfaces.
    func link(as own: String, to other: ImageHost, as others: String) async throws {
        let ip = try NamespaceLink.ipPath()
        for words in [
            ["-n", name, "link", "add", "far", "type", "veth", "peer", "name", "near", "netns", other.name],
            ["-n", name, "address", "add", own, "peer", others, "dev", "far"],
            ["-n", name, "link", "set", "far", "up"],
            ["-n", other.name, "address", "add", others, "peer", own, "dev", "near"],
            ["-n", other.name, "link", "set", "near", "up"],
            ["-n", other.name, "route", "add", "default", "via", own, "dev", "near"],
        ] { try await Self.run([ip] + words) }
    }
}
