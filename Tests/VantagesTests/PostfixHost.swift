import Foundation
import HostIO
import MailModel
import Testing

@testable import Vantages

/// A mail host of the test's own: Postfix with its default settings, alone in a network namespace.
///
/// The addresses are those of documentation (RFC 5737, RFC 3849); nothing leads out of the namespace.
struct PostfixHost {
    static let isPossible =
        isRoot && access("/usr/sbin/postfix", X_OK) == 0 && access("/usr/lib/postfix/sbin/smtpd", X_OK) == 0

    let name: String
    let directory: String
    let processID: Int32

    static let addresses = [IPAddress("203.0.113.10"), IPAddress("2001:db8::10")].compactMap { $0 }

    /// Runs `body` with a host whose `main.cf` ends in `settings`, and removes every trace of it afterwards.
    static func with<T>(_ settings: String, _ body: (PostfixHost) async throws -> T) async throws -> T {
        let name = "agent-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let directory = "/tmp/\(name)"
        do {
            let host = try await start(name, directory, settings)
            let result = try await body(host)
            await remove(name, directory)
            return result
        } catch {
            await remove(name, directory)
            throw error
        }
    }

    /// What runs programs in the namespace of the host.
    var instruments: VantageInstruments {
        get async throws {
            let name = name
            return VantageInstruments(
                program: try await agentVersion(),
                runProgram: { call throws(Failure) in
                    var call = call
                    call.arguments = ["netns", "exec", name, call.executable] + call.arguments
                    call.executable = try NamespaceLink.ipPath()
                    return try await HostIO.runProgram(call)
                }, executable: try #require(agent), arguments: ["probe", "--request", "-"],
                hostProcess: processID)
        }
    }

    private static func start(_ name: String, _ directory: String, _ settings: String) async throws
        -> PostfixHost
    {
        let ip = try NamespaceLink.ipPath()
        try await run(ip, "netns", "add", name)
        try await run(ip, "-n", name, "link", "set", "lo", "up")
        for address in addresses {
            try await run(ip, "-n", name, "addr", "add", "\(address)/\(address.width)", "dev", "lo")
        }
        for part in ["etc", "queue", "data"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(part)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
        }
        try await run("/usr/bin/chown", "postfix", "\(directory)/data")
        try mainCF(directory, settings).write(
            toFile: "\(directory)/etc/main.cf", atomically: false, encoding: .utf8)
        try masterCF.write(toFile: "\(directory)/etc/master.cf", atomically: false, encoding: .utf8)
        try await run(ip, "netns", "exec", name, "/usr/sbin/postfix", "-c", "\(directory)/etc", "start")
        let pid = try String(contentsOfFile: "\(directory)/queue/pid/master.pid", encoding: .utf8)
        return PostfixHost(
            name: name, directory: directory,
            processID: try #require(Int32(pid.trimmingCharacters(in: .whitespacesAndNewlines))))
    }

    private static func remove(_ name: String, _ directory: String) async {
        guard let ip = try? NamespaceLink.ipPath() else { return }
        _ = try? await run(ip, "netns", "exec", name, "/usr/sbin/postfix", "-c", "\(directory)/etc", "stop")
        _ = try? await run(ip, "netns", "delete", name)
        _ = try? FileManager.default.removeItem(atPath: directory)
    }

    @discardableResult
    private static func run(_ executable: String, _ arguments: String...) async throws -> ProgramResult {
        let result = try await HostIO.runProgram(
            ProgramCall(executable: executable, arguments: arguments, deadline: .seconds(30)))
        guard result.succeeded else {
            throw Failure(
                .failed, "\(executable) \(arguments.joined(separator: " "))", detail: result.errorText)
        }
        return result
    }

    private static func mainCF(_ directory: String, _ settings: String) -> String {
        """
        compatibility_level = 3.6
        queue_directory = \(directory)/queue
        data_directory = \(directory)/data
        myhostname = mx.hosted.example
        mydestination = hosted.example
        local_recipient_maps = inline:{info=x, postmaster=x}
        alias_maps =
        mynetworks_style = class
        maillog_file = \(directory)/log
        maillog_file_prefixes = /tmp
        \(settings)

        """
    }

    private static let masterCF = """
        smtp      inet  n - n - - smtpd
        587       inet  n - n - - smtpd
        cleanup   unix  n - n - 0 cleanup
        qmgr      unix  n - n 300 1 qmgr
        tlsmgr    unix  - - n 1000? 1 tlsmgr
        rewrite   unix  - - n - - trivial-rewrite
        bounce    unix  - - n - 0 bounce
        defer     unix  - - n - 0 bounce
        trace     unix  - - n - 0 bounce
        proxymap  unix  - - n - - proxymap
        smtp      unix  - - n - - smtp
        relay     unix  - - n - - smtp
        error     unix  - - n - - error
        retry     unix  - - n - - error
        discard   unix  - - n - - discard
        local     unix  - n n - - local
        anvil     unix  - - n - 1 anvil
        postlog   unix-dgram n - n - 1 postlogd

        """
}
