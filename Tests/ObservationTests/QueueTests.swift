import Glibc
import MailModel
import Testing

@testable import Observation

@Suite("The queue from its directories")
struct QueueTests {
    @Test("Messages are counted in plain and in hashed directories, and nothing else is")
    func counts() throws {
        let host = try HostDirectory()
        let queue = "/var/spool/postfix"
        for name in [
            "incoming/4Abc1", "active/4Abc2", "hold/4Abc3", "maildrop/4Abc4", "deferred/A/A1B2",
            "deferred/A/A1B3",
            "deferred/0/B/0B12", "defer/A/A1B2", "bounce/1/1234", "plesk/blacklists.db",
            "deferred/README-dir/x",
        ] {
            try host.write("\(queue)/\(name)", "")
        }
        let seen = observeQueue(queue, deadline: .seconds(5), in: HostFiles(root: host.root))
        #expect(
            seen.value?.messagesByQueue
                == ["incoming": 1, "active": 1, "hold": 1, "maildrop": 1, "deferred": 3, "corrupt": 0])
        #expect(seen.value?.total == 7)
    }

    @Test("One message in two directories, as while it is moved, counts once")
    func moved() throws {
        let host = try HostDirectory()
        try host.write("/q/active/A", "")
        try host.directory("/q/deferred")
        #expect(link(host.root + "/q/active/A", host.root + "/q/deferred/A") == 0)
        let seen = observeQueue("/q", deadline: .seconds(5), in: HostFiles(root: host.root))
        #expect(seen.value?.total == 1)
    }

    @Test("A queue that is not there, or not counted in time, is unseen and not empty")
    func unseen() throws {
        let host = try HostDirectory()
        let files = HostFiles(root: host.root)
        #expect(
            observeQueue("/q", deadline: .seconds(5), in: files).reason
                == "the queue directory /q cannot be read: No such file or directory")
        try host.directory("/q/deferred")
        #expect(observeQueue("/q", deadline: .zero, in: files).value == nil)
    }

    @Test("The directory is the one that main.cf names, after expansion")
    func directory() throws {
        let host = try HostDirectory()
        #expect(queueDirectory(HostFiles(root: host.root)) == "/var/spool/postfix")
        try host.write("/etc/postfix/main.cf", "spool = /srv\nqueue_directory = $spool/mail\n")
        #expect(queueDirectory(HostFiles(root: host.root)) == "/srv/mail")
    }
}
