import HostIO
import MailModel
import Qmail
import Testing

@testable import Observation

@Suite("Postfix's files and tables")
struct PostfixTests {
    private let master = "smtp inet n - y - - smtpd\n"

    private func observe(
        _ host: borrowing HostDirectory, _ main: String, _ programs: ScriptedPrograms,
        asking keys: [String] = []
    ) async throws -> PostfixConfiguration {
        try host.write("/etc/postfix/main.cf", main)
        try host.write("/etc/postfix/master.cf", master)
        try host.write("/proc/sys/kernel/hostname", "mx.example.net\n")
        try host.program("/usr/sbin/postconf")
        var instruments = Instruments(host.root, programs)
        instruments.strangersKeys = { keys }
        return try #require(await observePostfix(instruments).value)
    }

    private let postconf = (
        "/usr/sbin/postconf -d -h mail_version", ScriptedPrograms.Answer.prints("3.7.11\n")
    )

    @Test(
        "The release is read in the program; where it does not stand there once, the program is asked",
        arguments: [
            ("\u{7f}ELF\0mail_version=3.7.11\0", "3.7.11" as String?),
            ("mail_version=%s\0mail_version=2.11-20140101\0mail_version=2.11-20140101\0", "2.11-20140101"),
            ("mail_version=3.7.11\0mail_version=3.5.6\0", nil), ("mail_version=3.7.11", nil),
            ("mail_version=\0 mail_version", nil), ("mail_version=3.7.11 and more\0", nil), ("", nil),
        ])
    func release(program: String, version: String?) throws {
        let host = try HostDirectory()
        try host.write("/usr/sbin/postconf", program)
        #expect(stampedVersion("/usr/sbin/postconf", HostFiles(root: host.root)) == version)
        #expect(stampedVersion("/usr/sbin/gone", HostFiles(root: host.root)) == nil)
    }

    @Test("Files that lists include are read, and the tables that those name")
    func includes() async throws {
        let host = try HostDirectory()
        try host.write("/etc/postfix/nets", "10.0.0.0/8\ncidr:/etc/postfix/more.cidr\n")
        try host.write("/etc/postfix/more.cidr", "192.0.2.0/24 OK\n")
        let seen = try await observe(
            host, "mynetworks = /etc/postfix/nets /etc/postfix/gone\n", ScriptedPrograms([postconf]))
        #expect(seen.version == "3.7.11" && seen.hostName == "mx.example.net")
        let nets = try #require(seen.otherFiles["/etc/postfix/nets"])
        #expect(nets?.path == "/etc/postfix/nets")
        #expect(seen.otherFiles["/etc/postfix/gone"] == .some(nil))
        #expect(
            seen.tables["cidr:/etc/postfix/more.cidr"]
                == .entries(
                    [TableEntry(key: "192.0.2.0/24", value: "OK", line: 1)], source: "/etc/postfix/more.cidr")
        )
    }

    private static let restriction =
        "smtpd_recipient_restrictions = check_sender_access hash:/etc/postfix/s, reject_unauth_destination\n"

    @Test("A compiled table without its text is listed by postmap")
    func compiledOnly() async throws {
        let host = try HostDirectory()
        try host.write("/etc/postfix/s.db", "compiled")
        let programs = ScriptedPrograms([
            postconf,
            ("/usr/sbin/postmap -s hash:/etc/postfix/s", .prints("b.example\tREJECT no\na.example\tOK\n")),
        ])
        let seen = try await observe(host, Self.restriction, programs)
        #expect(
            seen.tables["hash:/etc/postfix/s"]
                == .entries(
                    [
                        TableEntry(key: "a.example", value: "OK", line: nil),
                        TableEntry(key: "b.example", value: "REJECT no", line: nil),
                    ], source: "/etc/postfix/s.db"))
    }

    @Test("A constant database, which postmap does not list, is read without it")
    func constantDatabase() async throws {
        let host = try HostDirectory()
        let records = [("b.example\0", "REJECT no\0"), ("a.example", "OK")].map {
            ConstantDatabase.Record(key: Array($0.utf8), data: Array($1.utf8))
        }
        try host.write("/etc/postfix/s.cdb", bytes: ConstantDatabase.bytes(records))
        let restriction = Self.restriction.replacing("hash:", with: "cdb:")
        let seen = try await observe(host, restriction, ScriptedPrograms([postconf]))
        #expect(
            seen.tables["cdb:/etc/postfix/s"]
                == .entries(
                    [
                        TableEntry(key: "a.example", value: "OK", line: nil),
                        TableEntry(key: "b.example", value: "REJECT no", line: nil),
                    ], source: "/etc/postfix/s.cdb"))
        try host.write("/etc/postfix/s.cdb", "cut short")
        let damaged = try await observe(host, restriction, ScriptedPrograms([postconf]))
        let reason =
            "/etc/postfix/s.cdb is no constant database: it is shorter than the 2048 bytes that a cdb begins with"
        #expect(damaged.tables["cdb:/etc/postfix/s"] == .unreadable(reason))
    }

    @Test("The text beside a compiled table gives the lines only while it says the same")
    func staleText() async throws {
        let host = try HostDirectory()
        try host.write("/etc/postfix/s.db", "compiled")
        try host.write("/etc/postfix/s", "# comment\nA.example   OK\n")
        let programs = ScriptedPrograms([
            postconf, ("/usr/sbin/postmap -s hash:/etc/postfix/s", .prints("a.example\tOK\n")),
        ])
        let same = try await observe(host, Self.restriction, programs)
        #expect(
            same.tables["hash:/etc/postfix/s"]
                == .entries(
                    [TableEntry(key: "a.example", value: "OK", line: 2, hasCapitals: true)],
                    source: "/etc/postfix/s"))
        try host.write("/etc/postfix/s", "a.example REJECT\n")
        let stale = try await observe(host, Self.restriction, programs)
        #expect(
            stale.tables["hash:/etc/postfix/s"]
                == .entries(
                    [TableEntry(key: "a.example", value: "OK", line: nil)], source: "/etc/postfix/s.db"))
        #expect(same.staleTables.isEmpty && stale.staleTables.keys.map(\.self) == ["hash:/etc/postfix/s"])
    }

    @Test("A text that was never compiled, a broken table and a database are unreadable with a sentence")
    func unreadable() async throws {
        let host = try HostDirectory()
        try host.write("/etc/postfix/s", "a.example OK\n")
        let never = try await observe(host, Self.restriction, ScriptedPrograms([postconf]))
        #expect(
            never.tables["hash:/etc/postfix/s"]
                == .failing(
                    "/etc/postfix/s.db is not there, so Postfix cannot use the table: postmap was not run on /etc/postfix/s"
                ))
        #expect(never.uncompiledTables["hash:/etc/postfix/s"]?.path == "/etc/postfix/s.db")
        try host.write("/etc/postfix/s.db", "x")
        let broken = try await observe(
            host, Self.restriction + "relay_domains = proxy:mysql:/etc/postfix/r.cf\n",
            ScriptedPrograms([
                postconf,
                (
                    "/usr/sbin/postmap -s hash:/etc/postfix/s",
                    .exits(
                        1, output: "",
                        error: "postmap: fatal: open database /etc/postfix/s.db: Invalid argument\n")
                ),
            ]))
        #expect(
            broken.tables["hash:/etc/postfix/s"]
                == .unreadable(
                    "hash:/etc/postfix/s cannot be listed: postmap: fatal: open database /etc/postfix/s.db: Invalid argument"
                ))
        #expect(
            broken.tables["proxy:mysql:/etc/postfix/r.cf"]
                == .unreadable(
                    "its answers come from a server or another program, which is not asked"
                ))
    }

    private static let source = "its answers come from a server or another program"

    @Test(
        "A table of a server is asked for strangers, all of them at once",
        arguments: [
            (
                ScriptedPrograms.Answer.prints("192.0.2.1\tOK\n"),
                TableContent.asked(["192.0.2.1": "OK"], why: "\(source), which does not list them")
            ),
            (
                .exits(1, output: "", error: ""),
                .asked([:], why: "\(source), which does not list them")
            ),
            (
                .exits(
                    1, output: "192.0.2.1\tOK\n",
                    error: "postmap: warning: connect to it\npostmap: fatal: table tcp:x: query error\n"),
                .asked(
                    ["192.0.2.1": "OK"],
                    why:
                        "\(source), and not all questions are answered: postmap: fatal: table tcp:x: query error"
                )
            ),
            (
                .exits(1, output: "", error: "postmap: fatal: unsupported dictionary type: mysql\n"),
                .failing("unsupported dictionary type: mysql")
            ),
            (.fails("it took too long"), .unreadable("it took too long")),
        ])
    func remote(_ answer: ScriptedPrograms.Answer, _ content: TableContent) async throws {
        let host = try HostDirectory()
        let programs = ScriptedPrograms([
            postconf, ("/usr/sbin/postmap -q - mysql:/etc/postfix/r.cf", answer),
        ])
        let seen = try await observe(
            host, "relay_domains = proxy:mysql:/etc/postfix/r.cf\n", programs, asking: ["192.0.2.1", "192.0"])
        #expect(seen.tables["proxy:mysql:/etc/postfix/r.cf"] == content)
        #expect(programs.calls.last?.input == Array("192.0.2.1\n192.0\n".utf8))
    }

    @Test("The users of the system are asked for no strangers")
    func users() async throws {
        let host = try HostDirectory()
        let seen = try await observe(
            host, "local_recipient_maps = unix:passwd.byname\n", ScriptedPrograms([postconf]),
            asking: ["root"])
        #expect(seen.tables["unix:passwd.byname"] == .unreadable("\(Self.source), which is not asked"))
    }

    @Test("Without main.cf the configuration is unseen")
    func noPostfix() async throws {
        let host = try HostDirectory()
        let seen = await observePostfix(Instruments(host.root, ScriptedPrograms([])))
        #expect(
            seen.reason == "the configuration of Postfix cannot be read: /etc/postfix/main.cf is not there")
    }

    @Test("main.cf behind a link is read where it is, and a pipe in its place holds nobody up")
    func links() async throws {
        let host = try HostDirectory()
        try host.write("/etc/postfix/real/main.cf", "mynetworks = 127.0.0.1\n")
        try host.link("/etc/postfix/main.cf", to: "real/main.cf")
        try host.write("/etc/postfix/master.cf", master)
        let seen = await observePostfix(Instruments(host.root, ScriptedPrograms([]))).value
        #expect(seen?.mainCF.path == "/etc/postfix/real/main.cf")
        try host.pipe("/etc/postfix/pipe")
        #expect(
            HostFiles(root: host.root).read("/etc/postfix/pipe")
                == .unreadable("/etc/postfix/pipe is not a regular file"))
        #expect(
            HostFiles(root: host.root).read("/etc/postfix/master.cf", limit: 4)
                == .unreadable("/etc/postfix/master.cf is larger than 4 bytes"))
    }
}
