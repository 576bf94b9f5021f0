import Glibc
import MailModel
import Testing

@testable import Observation

@Suite("What smtpd wants of its host")
struct ServerNeedsTests {
    private func missing(
        _ host: borrowing HostDirectory, _ main: String, master: String = "smtp inet n - y - - smtpd\n"
    ) async throws -> [String: String] {
        try host.write("/etc/postfix/main.cf", main)
        try host.write("/etc/postfix/master.cf", master)
        let seen = try #require(await observePostfix(Instruments(host.root, ScriptedPrograms([]))).value)
        return seen.missing.merging(seen.missingInJail) { $1 }.merging(seen.missingOutside) { $1 }
    }

    @Test("Files of TLS that are not there are told, and only those that count")
    func files() async throws {
        let host = try HostDirectory()
        try host.write("/etc/ssl/here.pem", "")
        try host.link("/etc/ssl/dead.pem", to: "gone")
        let found = try await missing(
            host,
            """
            smtpd_tls_cert_file = /etc/ssl/here.pem
            smtpd_tls_key_file = /etc/ssl/dead.pem
            smtpd_tls_eccert_file = none
            smtpd_tls_CAfile = $config_directory/ca.pem
            smtp_tls_cert_file = /etc/ssl/other.pem

            """)
        #expect(
            found == [
                "/etc/ssl/dead.pem": "/etc/ssl/dead.pem is not there",
                "/etc/postfix/ca.pem": "/etc/postfix/ca.pem is not there",
            ])
        let chain =
            "smtpd_tls_cert_file = /gone\nsmtpd_tls_chain_files = /etc/ssl/here.pem, /etc/ssl/no.pem\n"
        #expect(try await missing(host, chain).keys.sorted() == ["/etc/ssl/no.pem"])
    }

    @Test("A directory of authorities counts by the names that OpenSSL looks for, here or below the queue")
    func authorities() async throws {
        let host = try HostDirectory()
        let main = "smtpd_tls_CApath = /etc/ssl/clients\n"
        #expect(try await missing(host, main).keys.sorted() == ["/etc/ssl/clients"])
        try host.write("/etc/ssl/clients/ca.pem", "")
        try host.write("/etc/ssl/clients/4bfab55.0", "")
        try host.write("/etc/ssl/clients/4bfab552.r0", "")
        #expect(
            try await missing(host, main) == [
                "/etc/ssl/clients": "/etc/ssl/clients has no certificate by its hash"
            ])
        try host.write("/var/spool/postfix/etc/ssl/clients/4bfab552.0", "")
        #expect(try await missing(host, main).isEmpty)
    }

    @Test(
        "A milter is missing where nothing listens on this host, and nothing is said of other hosts",
        arguments: [
            ("inet:127.0.0.1:8891", true), ("inet:localhost:8891", true), ("inet:[::1]:8891", true),
            ("inet:127.0.0.1:25", false), ("inet:127.0.0.1:10025", false), ("inet:localhost:10025", false),
            ("inet:192.0.2.1:8891", false), ("inet:filter.example:8891", false),
            ("inet:127.0.0.1:milter", false), ("unix:/run/there", false), ("unix:/run/gone", true),
            ("unix:private/there", false), ("unix:private/gone", true),
            ("{ inet:127.0.0.1:8891, default_action=accept }", false), ("odd", false),
        ])
    func milters(_ endpoint: String, _ isMissing: Bool) async throws {
        let host = try HostDirectory()
        try host.write("/proc/net/tcp", listeningTCP)
        let sockets = try ["run", "private"].map { directory in
            try host.listen("/var/spool/postfix/\(directory)/there")
        }
        defer { sockets.forEach { close($0) } }
        let found = try await missing(host, "smtpd_milters = \(endpoint)\n")
        #expect(found.keys.contains(endpoint) == isMissing && found.count == (isMissing ? 1 : 0))
        #expect(
            try await missing(host, "milter_default_action = accept\nsmtpd_milters = \(endpoint)\n").isEmpty)
    }

    @Test(
        "The server of the logins and the filter before the queue are missed as milters are",
        arguments: [
            ("smtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/gone", "private/gone"),
            ("smtpd_sasl_type = dovecot\nsmtpd_sasl_path = unix:/run/gone", "unix:/run/gone"),
            ("smtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:12345", "inet:127.0.0.1:12345"),
            ("smtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/there", nil),
            ("smtpd_sasl_type = cyrus\nsmtpd_sasl_path = smtpd", nil),
            ("smtpd_data_restrictions = check_policy_service unix:private/gone", "unix:private/gone"),
            (
                "smtpd_restriction_classes = c\nc = check_policy_service { inet:127.0.0.1:10023, timeout=1s }",
                "inet:127.0.0.1:10023"
            ),
            ("smtpd_proxy_filter = 127.0.0.1:10099", "127.0.0.1:10099"),
            ("smtpd_proxy_filter = unix:/run/gone", "unix:/run/gone"),
            ("smtpd_proxy_filter = 127.0.0.1:10025", nil), ("smtpd_proxy_filter = filter.example:25", nil),
        ])
    func servers(_ main: String, _ expected: String?) async throws {
        let host = try HostDirectory()
        try host.write("/proc/net/tcp", listeningTCP)
        let socket = try host.listen("/var/spool/postfix/private/there")
        defer { close(socket) }
        let found = try await missing(host, "smtpd_sasl_auth_enable = yes\n\(main)\n")
        #expect(Array(found.keys) == (expected.map { [$0] } ?? []))
    }

    @Test("A service's own settings count, and what is no smtpd asks nobody")
    func services() async throws {
        let host = try HostDirectory()
        try host.write("/proc/net/tcp", listeningTCP)
        let master = """
            smtp inet n - y - - smtpd
            submission inet n - y - - smtpd -o smtpd_milters=inet:127.0.0.1:8891
            other unix n - y - - cleanup -o smtpd_milters=inet:127.0.0.1:8892

            """
        #expect(try await missing(host, "", master: master).keys.sorted() == ["inet:127.0.0.1:8891"])
    }

    @Test("A socket that its program has left behind is nobody's")
    func abandoned() async throws {
        let host = try HostDirectory()
        let main = "smtpd_milters = unix:/run/milter\n"
        let master = "smtp inet n - n - - smtpd\n"
        let socket = try host.listen("/run/milter")
        #expect(try await missing(host, main, master: master).isEmpty)
        close(socket)
        #expect(
            try await missing(host, main, master: master) == [
                "unix:/run/milter": "nobody listens at /run/milter"
            ])
    }

    @Test("A service in the queue's jail finds what is in there, and others what is outside")
    func jails() async throws {
        let host = try HostDirectory()
        let main = "smtpd_milters = unix:/run/milter\n"
        let outside = try host.listen("/run/milter")
        func missing(_ chroot: String, _ level: String = "3") async throws -> [String: String] {
            try await self.missing(
                host, main + "compatibility_level = \(level)\n", master: "smtp inet n - \(chroot) - - smtpd\n"
            )
        }
        let why = "/run/milter is not there below /var/spool/postfix, where smtpd runs"
        #expect(try await missing("y") == ["unix:/run/milter": why])
        #expect(try await missing("-", "0") == ["unix:/run/milter": why])
        #expect(try await missing("-").isEmpty)
        #expect(try await missing("n").isEmpty)
        let inside = try host.listen("/var/spool/postfix/run/milter")
        close(outside)
        #expect(try await missing("y").isEmpty)
        #expect(try await missing("-", "0").isEmpty)
        #expect(try await missing("n").count == 1)
        close(inside)
    }
}
