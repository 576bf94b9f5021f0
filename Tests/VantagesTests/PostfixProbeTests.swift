import Foundation
import HostIO
import MailModel
import Probing
import Testing

@testable import Vantages

/// The whole way: a real Postfix, asked from a namespace of its own host, with messages that come back.
@Suite("Probe of a real Postfix", .enabled(if: ImageHost.isPossible, ImageHost.absence), .serialized)
struct PostfixProbeTests {
    private func ask(_ host: PostfixHost, ports: [Int] = [25]) async throws -> ProbeReport {
        try await runProbe(
            from: .networkNamespace,
            ProbeRequest(
                target: "mx.hosted.example",
                endpoints: PostfixHost.addresses.flatMap { address in ports.map { .init(address, port: $0) }
                },
                hostedRecipient: "info@hosted.example", origin: ProbeOrigin(kind: "direct", address: nil)),
            instruments: try await host.instruments)
    }

    @Test("Postfix as installed is closed on both families, and mail for its users is accepted")
    func closed() async throws {
        try await PostfixHost.with("") { host in
            let report = try await ask(host, ports: [25, 587])
            #expect(report.verdict == .closed)
            #expect(report.endpoints.map(\.verdict) == [.closed, .closed, .closed, .closed])
            #expect(report.hosted?.accepted == true)
            let plain = report.endpoints.first?.tests.first { $0.id == "plain" }
            #expect(plain?.reply.hasPrefix("454 4.7.1") == true)
            #expect(report.endpoints.allSatisfy { $0.tests.count > 45 })
        }
    }

    @Test("A Postfix that trusts everybody is open, and the message itself proves it")
    func open() async throws {
        try await PostfixHost.with("mynetworks = 0.0.0.0/0 [::]/0") { host in
            let report = try await ask(host)
            #expect(report.verdict == .open)
            let delivered = report.endpoints[0].tests.filter { $0.verdict == .delivered }
            #expect(delivered.map(\.id) == ["plain", "null-sender"])
            #expect(delivered.first?.rcptTo.contains("@[198.51.100.") == true)
        }
    }

    @Test(
        "What only looks open or only looks closed is told apart",
        arguments: [
            // Trust in a sender: the plain test does not see it.
            (
                "smtpd_relay_restrictions = check_sender_access inline:{info@hosted.example=OK}, reject_unauth_destination",
                ProbeVerdict.open
            ),
            (
                "smtpd_relay_restrictions = check_helo_access inline:{localhost=OK}, reject_unauth_destination",
                .open
            ),
            // Nobody's mail is refused, before what lets others relay is come to.
            (
                """
                smtpd_sender_restrictions = check_sender_access inline:{{<> = REJECT}}
                smtpd_relay_restrictions = check_helo_access inline:{localhost=OK}, reject_unauth_destination
                """, .open
            ),
            ("soft_bounce = yes", .closed),
            ("soft_bounce = yes\nsmtpd_sender_restrictions = reject_non_fqdn_sender", .closed),
            ("smtpd_sender_restrictions = reject_unknown_sender_domain", .closed),
            ("smtpd_relay_restrictions = no_such_restriction, reject", .inconclusive),
            // Whoever has a name may relay; the vantage has none.
            (
                """
                mynetworks = 0.0.0.0/0
                smtpd_client_restrictions = reject_unknown_client_hostname
                unknown_client_reject_code = 550
                """, .inconclusive
            ),
            ("smtpd_helo_restrictions = check_helo_access regexp:{{/^\\[/ REJECT}}", .closed),
            (
                "mynetworks = 0.0.0.0/0\nsmtpd_helo_restrictions = check_helo_access regexp:{{/^\\[/ REJECT}}",
                .open
            ),
            ("smtpd_helo_restrictions = check_helo_access static:REJECT", .inconclusive),
        ])
    func lookAlikes(settings: String, expected: ProbeVerdict) async throws {
        try await PostfixHost.with(settings) { host in
            let request = ProbeRequest(
                target: "mx.hosted.example", endpoints: [.init(PostfixHost.addresses[0], port: 25)],
                hostedRecipient: "info@hosted.example", origin: ProbeOrigin(kind: "direct", address: nil))
            let report = try await runProbe(
                from: .networkNamespace, request, instruments: try await host.instruments)
            #expect(report.verdict == expected, "\(report.endpoints.map { ($0.verdict, $0.reason) })")
        }
    }

    @Test("A Postfix whose smtpd does not start is broken, not closed")
    func broken() async throws {
        // No list of these refuses anybody.
        try await PostfixHost.with("smtpd_relay_restrictions =\nsmtpd_recipient_restrictions =") { host in
            let request = ProbeRequest(
                target: "mx.hosted.example", endpoints: [.init(PostfixHost.addresses[0], port: 25)],
                origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential,
                limits: ProbeLimits(banner: .seconds(2), reply: .seconds(2), whole: .seconds(20)))
            let report = try await runProbe(
                from: .networkNamespace, request, instruments: try await host.instruments)
            #expect(report.verdict == .inconclusive)
            #expect(report.endpoints.map(\.reason) == ["broken: no banner"])
            #expect(report.endpoints.map(\.isBroken) == [true])
        }
    }

    @Test("A port whose smtpd does not start is named as broken beside a port 25 that is closed")
    func brokenBeside() async throws {
        let service =
            "2525 inet n - n - - smtpd -o smtpd_relay_restrictions= -o smtpd_recipient_restrictions=\n"
        try await PostfixHost.with("", services: service) { host in
            let request = ProbeRequest(
                target: "mx.hosted.example",
                endpoints: [25, 2525].map { .init(PostfixHost.addresses[0], port: $0) },
                origin: ProbeOrigin(kind: "direct", address: nil), tests: .essential,
                limits: ProbeLimits(banner: .seconds(3), reply: .seconds(3), whole: .seconds(40)))
            let report = try await runProbe(
                from: .networkNamespace, request, instruments: try await host.instruments)
            #expect(report.verdict == .closed)
            #expect(report.endpoints.map(\.verdict) == [.closed, .inconclusive])
            #expect(report.endpoints.map(\.reason) == [nil, "broken: no banner"])
        }
    }

    /// The whole program, in the host, with what the host's own queue and log know.
    private func askItself(_ host: PostfixHost) async throws -> ProgramResult {
        try await host.machine.installAgent()
        return try await host.machine.inside(
            "/usr/local/bin/agent", "probe", "--hosted", "info@hosted.example", "--no-color",
            deadline: .seconds(120))
    }

    @Test(
        "What became of a message that was taken is told apart",
        arguments: [
            (
                "smtpd_end_of_data_restrictions = check_client_access static:HOLD", Int32(0),
                "it takes messages for strangers and holds them in its queue"
            ),
            (
                "default_transport = local", 0,
                "it takes messages for strangers and sends none to where they were meant to go (local, bounced)"
            ),
            (
                "smtpd_end_of_data_restrictions = reject", 0,
                "it takes foreign recipients and refuses the message: 554 5.7.1"
            ),
            ("smtpd_data_restrictions = reject", 0, "it takes foreign recipients and refuses the message"),
            ("# as it is", 2, "relays for strangers"),
        ])
    func toldApart(settings: String, status: Int32, text: String) async throws {
        try await PostfixHost.with("mynetworks = 0.0.0.0/0 [::]/0\n" + settings) { host in
            let run = try await askItself(host)
            #expect(run.exit == .exited(status), "\(run.outputText)\(run.errorText)")
            #expect(run.outputText.contains(text), "\(run.outputText)\(run.errorText)")
        }
    }

    @Test("Mail for users who do not exist, taken and bounced later, is backscatter and no relay")
    func backscatter() async throws {
        try await PostfixHost.with("local_recipient_maps =") { host in
            let run = try await askItself(host)
            #expect(run.exit == .exited(0), "\(run.outputText)\(run.errorText)")
            #expect(run.outputText.contains("it takes unknown-recipient and bounces it later (backscatter)"))
        }
    }

    @Test("A greylist is waited for, and the relay behind it found")
    func greylist() async throws {
        let settings = """
            mynetworks = 0.0.0.0/0 [::]/0
            smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:10032
            """
        try await PostfixHost.with(settings) { host in
            let policy = try host.beside("greylist", "10032", "3")
            defer { policy.terminate() }
            try await host.machine.awaitListener(port: 10032)
            let run = try await askItself(host)
            #expect(run.exit == .exited(2), "\(run.outputText)\(run.errorText)")
            #expect(run.outputText.contains(/[0-9] delivered/), "\(run.outputText)")
        }
    }

    @Test("Where a proxy hides the clients, the report says that this is the hole")
    func masked() async throws {
        try await PostfixHost.with("mynetworks = 127.0.0.0/8") { host in
            let proxy = try host.beside("proxy", "203.0.113.10", "2525", "127.0.0.1", "25", "127.0.0.1")
            defer { proxy.terminate() }
            try await host.machine.awaitListener(port: 2525)
            let report = try await ask(host, ports: [25, 2525])
            let verdicts = Dictionary(
                report.endpoints.map { ("\($0.address) \($0.port)", $0) },
                uniquingKeysWith: { first, _ in first })
            #expect(verdicts["203.0.113.10 25"]?.verdict == .closed)
            #expect(verdicts["203.0.113.10 2525"]?.verdict == .open)
            #expect(
                verdicts["203.0.113.10 2525"]?.reason?.contains(
                    "the server took the client for 127.0.0.1: a proxy in front of it hides who connects")
                    == true)
        }
    }

    @Test(
        "A port with TLS from the first byte that waits for the header of a proxy believes whoever sends one")
    func proxyHeaderBeforeTLS() async throws {
        let service = """
            465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_upstream_proxy_protocol=haproxy
              -o smtpd_tls_chain_files=/etc/postfix/both.pem

            """
        try await PostfixHost.with("mynetworks = 127.0.0.0/8", services: service) { host in
            let made = try await host.machine.inside(
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=mx", "-keyout", "/etc/postfix/both.pem", "-out", "/etc/postfix/chain")
            try #require(made.succeeded, "\(made.errorText)")
            let joined = try await host.machine.inside(
                "/bin/sh", "-c", "cat /etc/postfix/chain >>/etc/postfix/both.pem")
            try #require(joined.succeeded)
            let report = try await ask(host, ports: [25, 465])
            #expect(report.verdict == .open)
            let smtps = try #require(report.endpoints.first { $0.port == 465 && !$0.address.contains(":") })
            #expect(smtps.tls == .implicit)
            #expect(smtps.verdict == .open, "\(smtps.reason ?? "")")
            #expect(smtps.tests.map(\.id) == ["proxy-header"])
            #expect(smtps.tests.map(\.verdict) == [.delivered])
            #expect(smtps.reason?.hasPrefix("strangers may claim any client address by the PROXY") == true)
        }
    }

    @Test("A content filter, whose client is the server itself, is not taken for a proxy that hides clients")
    func filtered() async throws {
        let service =
            "127.0.0.1:10026 inet n - n - - smtpd -o content_filter= -o myhostname=filter.hosted.example\n"
        let settings = "mynetworks = 0.0.0.0/0 [::]/0\ncontent_filter = smtp:[127.0.0.1]:10026"
        try await PostfixHost.with(settings, services: service) { host in
            let report = try await ask(host)
            #expect(report.verdict == .open)
            #expect(report.endpoints[0].tests.contains { $0.verdict == .delivered })
            #expect(report.endpoints.map(\.reason) == [nil, nil])
        }
    }

    @Test("A probe that is killed leaves no interface, address or route behind")
    func killed() async throws {
        // Its smtpd does not start: the probe waits for a banner.
        try await PostfixHost.with("smtpd_relay_restrictions =\nsmtpd_recipient_restrictions =") { host in
            try await host.machine.installAgent()
            let before = try await host.network
            let probe = Process()
            probe.executableURL = URL(filePath: "/usr/bin/nsenter")
            probe.arguments = host.machine.insideWords([
                "/usr/local/bin/agent", "probe", "--hosted", "info@hosted.example",
            ])
            probe.standardInput = FileHandle.nullDevice
            probe.standardError = FileHandle.nullDevice
            try probe.run()
            #expect(try await host.network(becomes: { $0.contains("agp-") }))
            kill(probe.processIdentifier, SIGKILL)
            // nsenter(1) has put the program into the host's PID namespace as a child of its own.
            let killed = try await host.machine.inside(
                "/bin/sh", "-c",
                "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -q '^/usr/local/bin/agent probe --hosted' && kill -9 ${p#/proc/}; done; true"
            )
            #expect(killed.succeeded)
            #expect(try await host.network(becomes: { $0 == before }))
        }
    }
}

extension PostfixHost {
    /// Starts what stands round a mail server, in the host's network; it ends with the host's processes.
    func beside(_ words: String...) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/nsenter")
        process.arguments =
            [
                "--target", "\(machine.processID)", "--net", "--pid", "/usr/bin/python3",
                ImageHost.checkout + "/Tests/Corpus/world.py",
            ] + words
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Interfaces, addresses and routes of the host.
    var network: String {
        get async throws {
            let ip = try NamespaceLink.ipPath()
            var text = ""
            for words in [
                ["-o", "link"], ["-o", "addr"], ["route", "show", "table", "all"],
                ["-6", "route", "show", "table", "all"],
            ] {
                text += try await ImageHost.run([ip, "-n", machine.name] + words).outputText
            }
            return text
        }
    }

    /// Waits until the network looks as it is to.
    func network(becomes isRight: (String) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if isRight(try await network) { return true }
        }
        return false
    }
}
