import Fixtures
import Foundation
import MailModel
import Testing

@testable import Postfix

/// Queue files that Postfix 3.7.11 wrote, by their place in its queue.
enum QueueFixture {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/postfix-3.7.11-queue")

    static let names = [
        "deferred/2/2B6C65AA20A", "deferred/3/4jYczV1lmWzrlg9", "deferred/5/5A99C5AA1DB",
        "deferred/6/6E9775AA1E5", "deferred/7/4jYd043VSYzrlrh", "deferred/9/4jYd034D1TzrlrZ",
        "deferred/B/B57E85AA1F0", "deferred/C/C090F5AA1EC", "maildrop/4jYd073lJ6zrlrm",
    ]

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: directory.appending(path: name)))
    }

    static func message(_ name: String) throws -> QueuedMessage {
        let bytes = try bytes(name)
        return try #require(QueuedMessage(postfixQueueFile: reading(bytes)))
    }

    /// A file in memory, as `pread` reads it.
    static func reading(_ bytes: [UInt8]) -> (Int, Int) -> [UInt8] {
        { offset, count in
            guard offset < bytes.count else { return [] }
            return Array(bytes[offset..<min(bytes.count, offset + count)])
        }
    }
}

@Suite("Queue files of Postfix")
struct QueueFileTests {
    @Test("A message from a client has its address, its envelope and its subject")
    func client() throws {
        let message = try QueueFixture.message("deferred/5/5A99C5AA1DB")
        #expect(message.arrived == 1_795_512_725_340_983)
        #expect(message.clientAddress.map(text) == "203.0.113.77")
        #expect(message.sender.map(text) == "win@lottery.example")
        #expect(
            message.recipients.map { text($0.address) } == [
                "victim1@[198.51.100.7]", "victim2@third.example",
            ])
        #expect(message.recipientCount == 2)
        #expect(message.subject.map(text) == "You have won")
        #expect(message.login == nil && message.userID == nil && message.isWhole)
    }

    @Test("A login is read with the client that used it")
    func login() throws {
        let message = try QueueFixture.message("deferred/6/6E9775AA1E5")
        #expect(message.login.map(text) == "alice@hosted.example")
        #expect(message.clientAddress.map(text) == "203.0.113.77")
    }

    @Test("What sendmail was told to find in the headers counts as recipients, and a script has its name")
    func script() throws {
        let message = try QueueFixture.message("deferred/C/C090F5AA1EC")
        #expect(message.userID == 33)
        #expect(message.phpScript.map(text) == "33:mailer.php")
        #expect(message.recipients.map { text($0.address) } == ["a@x.example", "b@y.example"])
        #expect(message.clientAddress == nil)
    }

    @Test("A recipient is known by what it was before aliases, and a forwarded message by its Delivered-To")
    func aliases() throws {
        let rewritten = try QueueFixture.message("deferred/9/4jYd034D1TzrlrZ")
        #expect(rewritten.recipients.first?.original.map(text) == "bob@second.example")
        #expect(rewritten.recipients.first.map { text($0.address) } == "far@remote.example")
        let forwarded = try QueueFixture.message("deferred/7/4jYd043VSYzrlrh")
        #expect(forwarded.wasDeliveredHere && forwarded.clientAddress == nil)
    }

    @Test("A bounce has no sender, no client and no user")
    func bounce() throws {
        let message = try QueueFixture.message("deferred/2/2B6C65AA20A")
        #expect(message.sender == [])
        #expect(message.clientAddress == nil && message.userID == nil)
    }

    @Test("What was handed in and not yet picked up is read as well")
    func maildrop() throws {
        let message = try QueueFixture.message("maildrop/4jYd073lJ6zrlrm")
        #expect(message.sender.map(text) == "www@hosted.example")
        #expect(message.recipients.count == 1 && message.recipientCount == 1)
        #expect(message.subject.map(text) == "in maildrop")
    }

    @Test("The time of arrival alone is the same as of the whole", arguments: QueueFixture.names)
    func arrival(name: String) throws {
        let bytes = try QueueFixture.bytes(name)
        #expect(
            arrivalOfQueueFile(QueueFixture.reading(bytes)) == (try QueueFixture.message(name)).arrived)
    }

    @Test("A file stands where Postfix put it, by its short or long queue id", arguments: QueueFixture.names)
    func place(name: String) throws {
        let parts = name.split(separator: "/").map(String.init)
        let queue = try #require(PostfixQueue(rawValue: parts[0]))
        let id = try #require(parts.last)
        #expect(QueueLayout(directory: "/q").path(of: id, in: queue) == "/q/" + name)
        #expect(QueueLayout.isQueueID(id))
    }

    @Test("The content comes out as it was handed in")
    func content() throws {
        let bytes = try QueueFixture.bytes("deferred/3/4jYczV1lmWzrlg9")
        var content: [UInt8] = []
        #expect(readContent(ofQueueFile: QueueFixture.reading(bytes), limit: 1 << 20) { content += $0 })
        #expect(text(content).hasPrefix("Received: by mail.hosted.example (Postfix, from userid 0)\n\tid "))
        #expect(text(content).hasSuffix("\nFrom: root <root@mail.hosted.example>\n\nhello\n"))
    }

    @Test("A HELO name that looks like a user id is none")
    func forgedUser() throws {
        var bytes = try QueueFixture.bytes("deferred/5/5A99C5AA1DB")
        let helo = Array("spam.example (unknown".utf8)
        let forged = Array("x, from userid 0 aaaa".utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: helo) })
        bytes.replaceSubrange(start..<start + helo.count, with: forged)
        let message = try #require(QueuedMessage(postfixQueueFile: QueueFixture.reading(bytes)))
        #expect(message.received.first.map(text)?.contains("from userid 0") == true)
        #expect(message.userID == nil)
    }
}

@Suite("Damaged queue files")
struct DamagedQueueFileTests {
    /// How many bytes a reading of the file asked for.
    private final class Meter {
        var asked = 0
    }

    private func bytesAsked(_ bytes: [UInt8], size: Int? = nil) -> Int {
        let meter = Meter()
        let read = QueueFixture.reading(bytes)
        let metered = { (offset: Int, count: Int) -> [UInt8] in
            meter.asked += count
            let part = read(offset, count)
            // A file of which all the rest is one repeated window.
            guard part.isEmpty, let size, offset < size else { return part }
            return (0..<count).map { bytes[($0 + offset) % bytes.count] }
        }
        _ = QueuedMessage(postfixQueueFile: metered)
        _ = arrivalOfQueueFile(metered)
        _ = readContent(ofQueueFile: metered, limit: 1 << 20) { _ in }
        return meter.asked
    }

    private let bound = 3 << 20

    @Test("A file cut off anywhere is read as far as it goes", arguments: QueueFixture.names)
    func truncated(name: String) throws {
        let bytes = try QueueFixture.bytes(name)
        for length in 0..<bytes.count {
            let message = QueuedMessage(postfixQueueFile: QueueFixture.reading(Array(bytes[..<length])))
            #expect(message?.isWhole != true, "whole at \(length) of \(bytes.count) bytes")
        }
    }

    @Test("No random change makes it crash, or read without bound")
    func changed() throws {
        var generator = SeededGenerator(seed: 7)
        for name in QueueFixture.names {
            let original = try QueueFixture.bytes(name)
            for _ in 0..<200 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes.remove(at: place)
                    default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                    }
                }
                #expect(bytesAsked(bytes) <= bound)
            }
        }
    }

    @Test("Random bytes are no queue file, and huge lengths and circles of pointers have an end")
    func hostile() {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<500 {
            let length = Int.random(in: 0...600, using: &generator)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(bytesAsked(bytes) <= bound)
        }
        let arrival = Array("T".utf8) + [12] + Array("1795512725 0".utf8)
        let longest: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0x7f]
        let circle = Array("p".utf8) + [15] + Array("             14".utf8)
        for tail in [
            Array("N".utf8) + longest, Array("M".utf8) + longest, circle,
            Array("M".utf8) + [0] + Array("N".utf8) + longest,
            Array("p".utf8) + [15]
                + Array("999999999999999".utf8), Array("M".utf8) + [0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
        ] {
            #expect(bytesAsked(arrival + tail) <= bound)
            #expect(bytesAsked(arrival + tail, size: 1 << 40) <= bound)
        }
    }

    @Test(
        "Only letters and digits are a queue id", arguments: ["../../etc", "ALL", "A1B2C3/D", "", "abc\ndef"])
    func queueIDs(id: String) {
        #expect(!QueueLayout.isQueueID(id))
    }
}

private func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
