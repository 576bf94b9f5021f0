import Glibc
import MailModel
import Observation
import Testing

@Suite("A copy of a Qmail configuration")
struct QmailCopyTests {
    private let run = "#!/bin/sh\nexec tcpserver -x /etc/tcp.smtp.cdb 0 25 /var/qmail/bin/qmail-smtpd\n"

    private func names(_ configuration: QmailConfiguration) -> [String] { configuration.files.keys.sorted() }

    @Test("Control files with what starts the servers beside them, each under its path on the host")
    func beside() throws {
        let copy = try HostDirectory()
        try copy.write("/control/me", "mx.example.net\n")
        try copy.write("/control/rcpthosts", "example.net\n")
        try copy.write("/xinetd.d/smtp_psa", "service smtp\n{\n}\n")
        try copy.write("/service/smtpd/run", run)
        try copy.write("/service/smtpd/env/RELAYCLIENT", "\n")
        try copy.write("/tcp.smtp", "127.:allow,RELAYCLIENT=\"\"\n")
        try copy.write("/alias/.qmail-default", "&a@b\n")
        let seen = try observeQmailCopy(directory: copy.root)
        #expect(
            names(seen) == [
                "/etc/tcp.smtp", "/etc/xinetd.d/smtp_psa", "/service/smtpd/env/RELAYCLIENT",
                "/service/smtpd/run", "/var/qmail/alias/.qmail-default", "/var/qmail/control/me",
                "/var/qmail/control/rcpthosts",
            ])
        #expect(seen.isCopy && seen.directory == "/var/qmail" && seen.whiteList == nil)
    }

    @Test("The control directory alone, and a tree as it stands on a host")
    func layouts() throws {
        let alone = try HostDirectory()
        try alone.write("/me", "mx.example.net\n")
        try alone.write("/tcp.smtp", ":allow\n")
        #expect(
            names(try observeQmailCopy(directory: alone.root)) == ["/etc/tcp.smtp", "/var/qmail/control/me"])
        let tree = try HostDirectory()
        try tree.write("/var/qmail/control/rcpthosts", "a\n")
        try tree.write("/etc/inetd.conf", "#\n")
        #expect(
            names(try observeQmailCopy(directory: tree.root))
                == ["/etc/inetd.conf", "/var/qmail/control/rcpthosts"])
    }

    @Test("A directory in the place of a control file is seen as one, and links do not lead out")
    func oddities() throws {
        let copy = try HostDirectory()
        try copy.write("/control/me", "mx.example.net\n")
        try copy.directory("/control/rcpthosts")
        try copy.link("/control/locals", to: "/etc/passwd")
        let seen = try observeQmailCopy(directory: copy.root)
        #expect(seen.files["/var/qmail/control/rcpthosts"] == .notRegular)
        #expect(seen.files["/var/qmail/control/locals"] == nil)
    }

    @Test("A directory without control files is refused with what to name")
    func refused() throws {
        let copy = try HostDirectory()
        try copy.write("/main.cf", "")
        let failure = #expect(throws: Failure.self) { try observeQmailCopy(directory: copy.root) }
        #expect(failure?.status == .failed && failure?.remedy?.contains("control") == true)
        #expect(throws: Failure.self) { try observeQmailCopy(directory: copy.root + "/none") }
    }
}
