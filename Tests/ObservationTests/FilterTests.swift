import MailModel
import Testing

@testable import Observation

@Suite("Filters of mail that have a port in front of the MTA")
struct FilterTests: ListenerSample {
    private func filter(
        _ executable: String, _ command: String, files: [String: String] = [:]
    ) throws -> (script: String?, target: String)? {
        let host = try host()
        for (path, text) in files { try host.write(path, text) }
        var master = listener("/usr/lib/postfix/sbin/master", 600, unit: nil)
        master.port = 10125
        let words = command.split(separator: " ").map(String.init)
        return mailFilter(
            listener(executable, 1700, unit: nil), words, served: [master], in: HostFiles(root: host.root))
    }

    @Test("ASSP says in its own file where it hands mail on to, and is known by its script")
    func assp() throws {
        let file = [
            "/opt/assp/assp.cfg": "HeaderMaxLength:=100\r\nsmtpDestination:=127.0.0.1:10125|192.0.2.1:25\r\n"
        ]
        let found = try #require(
            try filter("/usr/bin/perl", "/usr/bin/perl /opt/assp/assp.pl /opt/assp", files: file))
        #expect(found.script == "/opt/assp/assp.pl")
        #expect(found.target == "127.0.0.1:10125")
        let elsewhere = try filter("/usr/bin/perl", "perl -w /srv/assp.pl", files: [:])
        #expect(elsewhere?.target == ownConfiguration)
        let port = try filter(
            "/usr/bin/perl", "perl /opt/assp/assp.pl",
            files: ["/opt/assp/assp.cfg": "smtpDestination:=10125\n"])
        #expect(port?.target == ownConfiguration)
    }

    @Test("Others say it in their arguments, and only a port where an MTA answers is a target")
    func arguments() throws {
        let found = try filter(
            "/usr/bin/perl", "/usr/bin/perl -T /usr/sbin/spampd --relayhost=localhost:10125")
        #expect(found?.target == "127.0.0.1:10125")
        #expect(try filter("/usr/bin/perl", "amavisd (master)")?.target == ownConfiguration)
        #expect(
            try filter("/usr/bin/node", "node /usr/bin/haraka -c /srv 127.0.0.1:9999")?.target
                == ownConfiguration)
    }

    @Test("An MTA and a script of another name are no filters")
    func others() throws {
        #expect(try filter("/usr/sbin/exim4", "/usr/sbin/exim4 -bd 127.0.0.1:10125") == nil)
        #expect(try filter("/usr/bin/perl", "perl /srv/mail.pl assp 127.0.0.1:10125") == nil)
    }
}
