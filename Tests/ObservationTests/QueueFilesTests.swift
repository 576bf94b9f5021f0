import Foundation
import MailModel
import Testing

@testable import Observation

@Suite("The queue by its files")
struct QueueFilesTests {
    @Test("Bytes and ages are counted without opening a file")
    func sizes() throws {
        let host = try HostDirectory()
        try host.write("/q/deferred/A/A1B2C3", "12345", mode: 0)
        try host.write("/q/hold/A1B2C4", "123", mode: 0)
        let seen = observeQueue(
            "/q", deadline: .seconds(5), withFiles: true, in: HostFiles(root: host.root)
        ).value
        #expect(seen?.total == 2 && seen?.files?.bytes == 8)
        let oldest = try #require(seen?.files?.oldest)
        #expect(abs(Date.now.timeIntervalSince1970 - Double(oldest.microseconds) / 1e6) < 600)
    }

    @Test("Qmail's queue is counted as qmail-qstat does, in plain and in split directories")
    func qmail() throws {
        let host = try HostDirectory()
        for name in ["mess/0/23", "mess/0/46", "mess/22/45", "todo/23", "info/0/46", "remote/0/46"] {
            try host.write("/var/qmail/queue/\(name)", "")
        }
        let files = HostFiles(root: host.root)
        let seen = observeQmailQueue("/var/qmail/queue", deadline: .seconds(5), in: files).value
        #expect(seen?.messagesByQueue == ["preprocessed": 2, "todo": 1] && seen?.total == 3)
        #expect(observeQmailQueue("/nowhere", deadline: .seconds(5), in: files).value == nil)
    }

    @Test("Qmail's messages are read with their envelopes, wherever these are; what has none is moving")
    func qmailMessages() throws {
        let host = try HostDirectory()
        let queue = "/var/qmail/queue"
        let head = "Received: (qmail 2 invoked by uid 33); 13 Sep\n\ntext\n"
        for (id, envelope) in [("23", "todo/23"), ("46", "todo/0/46"), ("69", nil), ("92", nil)] {
            try host.write("\(queue)/mess/0/\(id)", head)
            if let envelope {
                try host.write("\(queue)/\(envelope)", "u33\0p2\0Fa@b.example\0Tc@d.example\0")
            }
        }
        try host.write("\(queue)/info/0/69", "F\0")
        try host.write("\(queue)/remote/0/69", "Dx@d.example\0Ty@d.example\0")
        try host.write("\(queue)/local/0/69", "T1-z@hosted.example\0")
        try host.link("\(queue)/mess/1/24", to: "/etc/passwd")
        var seen: [String: QueuedMessage] = [:]
        var moving = 0
        var unreadable = 0
        let problem = readQmailQueue(Instruments(host.root, ScriptedPrograms([]))) { reading in
            switch reading {
            case .message(let message, let id, _, let size):
                seen[id] = message
                #expect(size == head.utf8.count)
            case .moving: moving += 1
            case .unreadable: unreadable += 1
            }
        }
        #expect(problem == nil && moving == 1 && unreadable == 1)
        #expect(Set(seen.keys) == ["23", "46", "69"] && seen.values.allSatisfy { $0.userID == 33 })
        #expect(seen["69"]?.sender == [] && seen["69"]?.recipientCount == 2)
        #expect(abs(Date.now.timeIntervalSince1970 - Double(try #require(seen["23"]).arrived) / 1e6) < 600)
        #expect(readQmailQueue(Instruments("/nowhere", ScriptedPrograms([]))) { _ in } != nil)
    }

    @Test("A message is found where it is, and a reused queue id is another message")
    func places() throws {
        let host = try HostDirectory()
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/postfix-3.7.11-queue/deferred/5/5A99C5AA1DB")
        let bytes = [UInt8](try Data(contentsOf: fixture))
        try host.write("/var/spool/postfix/hold/5A99C5AA1DB", bytes: bytes)
        let instruments = Instruments(host.root, ScriptedPrograms([]))
        let layout = queueLayout(instruments)
        let message = MessageID(id: "5A99C5AA1DB", arrived: 1_795_512_725_340_983)
        #expect(queue(of: message, layout, instruments) == .hold)
        #expect(queueFile(of: message, in: .hold, layout, instruments) == bytes)
        let other = MessageID(id: "5A99C5AA1DB", arrived: 1)
        #expect(queue(of: other, layout, instruments) == nil)
        try host.move("/var/spool/postfix/hold/5A99C5AA1DB", to: "/var/spool/postfix/5A99C5AA1DB")
        #expect(queue(of: message, layout, instruments) == nil)
    }

    @Test(
        "Each message is read once; a link in the queue is not followed, and what is still coming in is left out"
    )
    func reading() throws {
        let host = try HostDirectory()
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/postfix-3.7.11-queue")
        let local = [UInt8](try Data(contentsOf: fixtures.appending(path: "maildrop/4jYd073lJ6zrlrm")))
        let remote = [UInt8](try Data(contentsOf: fixtures.appending(path: "deferred/5/5A99C5AA1DB")))
        try host.write("/var/spool/postfix/maildrop/4jYd073lJ6zrlrm", bytes: local, mode: 0o744)
        try host.write("/var/spool/postfix/deferred/5/5A99C5AA1DB", bytes: remote, mode: 0o700)
        try host.write("/var/spool/postfix/incoming/5A99C5AA1DC", bytes: remote, mode: 0o600)
        try host.write("/var/spool/postfix/deferred/5/5A99C5AA1DD", bytes: [1, 2, 3], mode: 0o700)
        try host.link("/var/spool/postfix/hold/5A99C5AA1DE", to: "/etc/passwd")
        var seen: [String: QueuedMessage] = [:]
        var others: [QueueReading] = []
        let problem = readPostfixQueue(Instruments(host.root, ScriptedPrograms([]))) { reading in
            if case .message(let message, let id, _, _) = reading {
                seen[id] = message
            } else {
                others.append(reading)
            }
            return true
        }
        #expect(problem == nil && seen.count == 2 && others.count == 3)
        // Handed in by whoever the file belongs to.
        #expect(seen["4jYd073lJ6zrlrm"]?.userID == Int(geteuid()))
        #expect(seen["5A99C5AA1DB"]?.clientAddress == Array("203.0.113.77".utf8))
    }

    @Test("What moves on while it is looked at is found where it went, and what left is counted")
    func moved() throws {
        let host = try HostDirectory()
        for name in ["deferred/5/A1B2C3", "deferred/5/A1B2C4", "active/A1B2C5"] {
            try host.write("/q/\(name)", "")
        }
        var seen: [String] = []
        let walk = PostfixQueueFiles(directory: "/q", files: HostFiles(root: host.root))
            .forEach(names: .all) { file in
                seen.append("\(file.queue.rawValue) \(file.name)")
                guard file.queue == .deferred else { return .seen }
                if file.name == "A1B2C3" {
                    try? host.move("/q/deferred/5/A1B2C3", to: "/q/active/A1B2C3")
                } else {
                    try? host.move("/q/deferred/5/A1B2C4", to: "/A1B2C4")
                }
                return .moved
            }
        #expect(walk.problem == nil && walk.moved == 1)
        #expect(seen.sorted() == ["active A1B2C3", "active A1B2C5", "deferred A1B2C3", "deferred A1B2C4"])
    }

    @Test("A mail log is read by lines, over the edges of what is read at once")
    func log() throws {
        let host = try HostDirectory()
        let line = String(repeating: "x", count: 999) + "\n"
        try host.write("/var/log/mail.log", String(repeating: line, count: 3000) + "unfinished")
        let instruments = Instruments(host.root, ScriptedPrograms([]))
        #expect(mailLogPath(instruments) == "/var/log/mail.log")
        var count = 0
        var isWhole = true
        let result = readMailLog("/var/log/mail.log", instruments, progress: { _, _ in }) { text in
            count += 1
            isWhole = isWhole && text.count == 999
        }
        #expect(count == 3000 && isWhole && result.size == 3_000_010 && result.problem == nil)
    }

    @Test("Of what was rotated away, the last is read as well, where it is not compressed")
    func rotatedLog() throws {
        let host = try HostDirectory()
        for name in ["maillog", "maillog.2.gz", "maillog-20261101.xz", "maillogger", "other.1"] {
            try host.write("/var/log/\(name)", "x\n")
        }
        let instruments = Instruments(host.root, ScriptedPrograms([]))
        #expect(rotatedLogPath(of: "/var/log/maillog", instruments) == nil)
        for (name, day) in [("maillog.processed", 2), ("maillog.1", 3), ("maillog-20261101", 1)] {
            try host.write("/var/log/\(name)", "x\n")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: Double(day * 86_400))],
                ofItemAtPath: host.root + "/var/log/\(name)")
        }
        #expect(rotatedLogPath(of: "/var/log/maillog", instruments) == "/var/log/maillog.1")
    }
}
