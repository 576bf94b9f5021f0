import Fixtures
import Glibc
import MailModel
import Qmail
import Testing

@testable import Observation

@Suite("A copy of a configuration directory")
struct CopyTests {
    private func copy(_ main: String) throws -> HostDirectory {
        let copy = try HostDirectory()
        try copy.write("/copy/main.cf", main)
        try copy.write("/copy/master.cf", "smtp inet n - y - - smtpd\n")
        return copy
    }

    private func observe(
        _ copy: HostDirectory, _ directory: String = "/copy", version: String? = nil,
        programs: ScriptedPrograms = ScriptedPrograms([])
    ) async throws -> PostfixConfiguration {
        try await observeCopy(directory: directory, version: version, Instruments(copy.root, programs))
    }

    @Test("What was below the host's directory is read from the copy, in source form")
    func tables() async throws {
        let copy = try copy(
            "mynetworks = cidr:/etc/postfix/maps/nets, hash:/etc/aliases\nrelay_domains = hash:/etc/postfix/maps/r\n"
        )
        try copy.write("/copy/maps/nets", "0.0.0.0/0 OK\n")
        try copy.write("/copy/maps/r", "example.org OK\n")
        let seen = try await observe(copy)
        #expect(seen.directory == "/etc/postfix")
        guard case .entries(let nets, _)? = seen.tables["cidr:/etc/postfix/maps/nets"],
            case .entries(let domains, _)? = seen.tables["hash:/etc/postfix/maps/r"]
        else {
            Issue.record("the tables of the copy were not read: \(seen.tables)")
            return
        }
        #expect(nets.map(\.key) == ["0.0.0.0/0"] && domains.map(\.key) == ["example.org"])
        #expect(
            seen.tables["hash:/etc/aliases"]
                == .unreadable("outside /etc/postfix and not part of the copy"))
        #expect(seen.interfaces == nil && seen.version == nil && seen.hostName == nil)
    }

    @Test("A table whose directory is in the copy is not there on the host either")
    func missingTable() async throws {
        let names = ["hash:/etc/postfix/maps/gone", "pcre:/etc/postfix/maps/gone", "hash:/etc/postfix/gone"]
        let copy = try copy("mynetworks = \(names.joined(separator: ", "))\n")
        let alone = try await observe(copy)
        #expect(names.allSatisfy { if case .unreadable? = alone.tables[$0] { true } else { false } })
        try copy.write("/copy/maps/other", "x y\n")
        let seen = try await observe(copy)
        #expect(names.prefix(2).allSatisfy { if case .failing? = seen.tables[$0] { true } else { false } })
        if case .unreadable? = seen.tables[names[2]] {} else { Issue.record("\(seen.tables)") }
    }

    @Test("A copy is of the release that it is said to be of, whatever it calls itself")
    func release() async throws {
        let copy = try copy("mail_version = 2.3.8\n")
        #expect(try await observe(copy).version == nil)
        #expect(try await observe(copy, version: "3.10.2").version == "3.10.2")
    }

    private static let restriction = "relay_domains = hash:/etc/postfix/r\n"

    @Test("A compiled table counts before its text, as on the host")
    func compiled() async throws {
        let copy = try copy(Self.restriction)
        try copy.write("/copy/r.db", bytes: hashDatabase(["a.example\0", "OK\0"]))
        let row = TableEntry(key: "a.example", value: "OK", line: nil)
        let stale: TableContent = .entries([row], source: "/copy/r.db")
        #expect(try await observe(copy).tables["hash:/etc/postfix/r"] == stale)
        #expect(try await observe(copy).staleTables.isEmpty)
        try copy.write("/copy/r", "b.example OK\n")
        #expect(try await observe(copy).tables["hash:/etc/postfix/r"] == stale)
        #expect(
            try await observe(copy).staleTables["hash:/etc/postfix/r"]
                == CompiledTable(type: "hash", name: "/etc/postfix/r", path: "/copy/r.db"))
        try copy.write("/copy/r", "# mine\na.example OK\n")
        #expect(
            try await observe(copy).tables["hash:/etc/postfix/r"]
                == .entries([TableEntry(key: "a.example", value: "OK", line: 2)], source: "/copy/r"))
        #expect(try await observe(copy).staleTables.isEmpty)
    }

    @Test("A constant database in a copy is read without a program")
    func constantDatabase() async throws {
        let copy = try copy(Self.restriction.replacing("hash:", with: "cdb:"))
        let record = ConstantDatabase.Record(key: Array("a.example".utf8), data: Array("OK".utf8))
        try copy.write("/copy/r.cdb", bytes: ConstantDatabase.bytes([record]))
        #expect(
            try await observe(copy).tables["cdb:/etc/postfix/r"]
                == .entries([TableEntry(key: "a.example", value: "OK", line: nil)], source: "/copy/r.cdb"))
    }

    @Test(
        "Compiled tables of other types take a postmap of this machine; else their text counts, or they say so"
    )
    func compiledOnly() async throws {
        let copy = try copy(Self.restriction.replacing("hash:", with: "btree:"))
        try copy.write("/copy/r.db", "x")
        let name = "btree:/etc/postfix/r"
        #expect(
            try await observe(copy).tables[name]
                == .unreadable(
                    "/etc/postfix/r is in the copy only as /etc/postfix/r.db, in compiled form that is not read here"
                ))
        try copy.program("/usr/sbin/postmap")
        let command = "/usr/sbin/postmap -s btree:/copy/r"
        let postmap = ScriptedPrograms([(command, .prints("a.example\tOK\n"))])
        #expect(
            try await observe(copy, programs: postmap).tables[name]
                == .entries([TableEntry(key: "a.example", value: "OK", line: nil)], source: "/copy/r.db"))
        try copy.write("/copy/r", "b.example OK\n")
        let damaged = ScriptedPrograms([(command, .exits(1, output: "", error: "postmap: fatal: open\n"))])
        #expect(
            try await observe(copy, programs: damaged).tables[name]
                == .entries([TableEntry(key: "b.example", value: "OK", line: 1)], source: "/copy/r"))
    }

    @Test("What a server answers is not asked for a copy")
    func remote() async throws {
        let copy = try copy("relay_domains = mysql:/etc/postfix/my.cf\n")
        let table = try await observe(copy).tables["mysql:/etc/postfix/my.cf"]
        #expect(
            table == .unreadable("its answers come from a server or another program, which is not asked"))
    }

    @Test(
        "Neither a link nor a path leads out of the copy",
        arguments: ["/etc/postfix/out", "/etc/postfix/../shadow"])
    func noWayOut(_ path: String) async throws {
        let copy = try copy("mynetworks = \(path)\n")
        try copy.link("/copy/out", to: "/etc/hostname")
        let seen = try await observe(copy)
        #expect(seen.otherFiles[path] == nil)
        #expect(seen.unreadableFiles[path]?.contains("copy") == true)
    }

    @Test("A directory without main.cf is one clear error")
    func noMain() async throws {
        let copy = try HostDirectory()
        try copy.directory("/copy")
        let failure = await #expect(throws: Failure.self) { try await observe(copy) }
        #expect(failure?.status == .failed)
        #expect(failure?.detail?.hasSuffix("/main.cf is not there.") == true)
        let missing = await #expect(throws: Failure.self) {
            try await observe(copy, "/none")
        }
        #expect(missing?.detail == "There is no such directory.")
    }

    @Test("What is no directory, or has no name, is one clear error")
    func noDirectory() async throws {
        let copy = try HostDirectory()
        try copy.write("/file", "x")
        let file = await #expect(throws: Failure.self) { try await observe(copy, "/file") }
        #expect(file?.detail == "It is no directory.")
        for failure in [
            #expect(throws: Failure.self) { try directoryOfCopy("", HostFiles(root: "/"), remedy: "") },
            #expect(throws: Failure.self) { try observeQmailCopy(directory: "") },
        ] {
            #expect(failure?.summary == "an empty path cannot be read")
            #expect(failure?.detail == "There is no such directory.")
        }
    }
}
