import Foundation
import HostIO
import MailModel
import Testing

@testable import Vantages

/// A mail host of the test's own: a real Postfix with its default settings on an ``ImageHost``.
///
/// The addresses are those of documentation (RFC 5737, RFC 3849).
struct PostfixHost {
    let machine: ImageHost

    static let addresses = [IPAddress("203.0.113.10"), IPAddress("2001:db8::10")].compactMap { $0 }

    /// Runs `body` with a host whose `main.cf` ends in `settings`, and whose `master.cf` in `services`.
    static func with<T>(
        _ settings: String, services: String = "", _ body: (PostfixHost) async throws -> T
    ) async throws -> T {
        try await ImageHost.with(addresses.map { "\($0)/\($0.width)" }) { machine in
            try machine.write(mainCF + settings + "\n", to: "/etc/postfix/main.cf")
            try machine.write(masterCF + services, to: "/etc/postfix/master.cf")
            let started = try await machine.inside("/usr/sbin/postfix", "start")
            try #require(started.succeeded, "\(started.errorText)")
            try await machine.awaitListener(port: 25)
            return try await body(PostfixHost(machine: machine))
        }
    }

    /// What runs programs in the namespace of the host.
    var instruments: VantageInstruments {
        get async throws {
            let name = machine.name
            return VantageInstruments(
                program: try await agentVersion(),
                runProgram: { call throws(Failure) in
                    var call = call
                    call.arguments = ["netns", "exec", name, call.executable] + call.arguments
                    call.executable = try NamespaceLink.ipPath()
                    return try await HostIO.runProgram(call)
                }, executable: try #require(agent), arguments: ["probe", "--request", "-"],
                hostProcess: machine.processID)
        }
    }

    private static let mainCF = """
        compatibility_level = 3.6
        myhostname = mx.hosted.example
        mydestination = hosted.example
        local_recipient_maps = inline:{info=x, postmaster=x}
        alias_maps =
        maillog_file = /var/log/postfix.log

        """

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
