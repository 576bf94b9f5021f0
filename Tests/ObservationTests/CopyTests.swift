import Glibc
import MailModel
import Observation
import Testing

@Suite("A copy of a configuration directory")
struct CopyTests {
    private func copy(_ main: String) throws -> HostDirectory {
        let copy = try HostDirectory()
        try copy.write("/main.cf", main)
        try copy.write("/master.cf", "smtp inet n - y - - smtpd\n")
        return copy
    }

    @Test("What was below the host's directory is read from the copy, in source form")
    func tables() throws {
        let copy = try copy(
            "mynetworks = cidr:/etc/postfix/maps/nets, hash:/etc/aliases\nrelay_domains = hash:/etc/postfix/maps/r\n"
        )
        try copy.write("/maps/nets", "0.0.0.0/0 OK\n")
        try copy.write("/maps/r", "example.org OK\n")
        let seen = try observeCopy(directory: copy.root)
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
                == .unreadable("/etc/aliases is outside /etc/postfix and not part of the copy"))
        #expect(seen.interfaces == nil && seen.version == nil && seen.hostName == nil)
    }

    @Test("A copy is of the release that it is said to be of, whatever it calls itself")
    func release() throws {
        let copy = try copy("mail_version = 2.3.8\n")
        #expect(try observeCopy(directory: copy.root).version == nil)
        #expect(try observeCopy(directory: copy.root, version: "3.10.2").version == "3.10.2")
    }

    @Test("A table that is there only in compiled form says so")
    func compiledOnly() throws {
        let copy = try copy("relay_domains = hash:/etc/postfix/r\n")
        try copy.write("/r.db", "x")
        let seen = try observeCopy(directory: copy.root)
        #expect(
            seen.tables["hash:/etc/postfix/r"]
                == .unreadable("/etc/postfix/r is in the copy only as /etc/postfix/r.db, in compiled form"))
    }

    @Test(
        "Neither a link nor a path leads out of the copy",
        arguments: ["/etc/postfix/out", "/etc/postfix/../shadow"])
    func noWayOut(_ path: String) throws {
        let copy = try copy("mynetworks = \(path)\n")
        try copy.link("/out", to: "/etc/hostname")
        let seen = try observeCopy(directory: copy.root)
        #expect(seen.otherFiles[path] == nil)
        #expect(seen.unreadableFiles[path]?.contains("copy") == true)
    }

    @Test("A directory without main.cf is one clear error")
    func noMain() throws {
        let copy = try HostDirectory()
        let failure = #expect(throws: Failure.self) { try observeCopy(directory: copy.root) }
        #expect(failure?.status == .failed)
        #expect(failure?.detail?.hasSuffix("/main.cf is not there.") == true)
        let missing = #expect(throws: Failure.self) {
            try observeCopy(directory: copy.root + "/none")
        }
        #expect(missing?.detail == "There is no such directory.")
    }
}
