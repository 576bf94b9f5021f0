import Fixtures
import MailModel
import Testing

@testable import Qmail

@Suite struct ConstantDatabaseTests {
    private let records = ["example.net", "", "third.test", "third.test"].map {
        ConstantDatabase.Record(key: Array($0.utf8), data: Array("d\($0)".utf8))
    }

    @Test("What is written is read again, in its order, duplicates included")
    func roundTrip() throws {
        #expect(try ConstantDatabase.records(ConstantDatabase.bytes(records)) == records)
        #expect(try ConstantDatabase.records(ConstantDatabase.bytes([])) == [])
    }

    @Test("Whatever bytes stand in the file, reading ends with records or with a reason")
    func fuzz() {
        let whole = ConstantDatabase.bytes(records)
        var generator = SeededGenerator(seed: 7)
        var read = 0
        for round in 0..<600 {
            var bytes =
                round % 3 == 0
                ? Array(whole.prefix(Int.random(in: 0...whole.count, using: &generator))) : whole
            for _ in 0..<Int.random(in: 0...8, using: &generator) where !bytes.isEmpty {
                let place =
                    Bool.random(using: &generator)
                    ? bytes.count - 1 - min(bytes.count - 1, Int.random(in: 0..<200, using: &generator))
                    : Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            }
            if let found = try? ConstantDatabase.records(bytes) {
                read += 1
                let size = found.reduce(0) { $0 + $1.key.count + $1.data.count + 8 }
                #expect(size + 2048 <= bytes.count)
            }
        }
        #expect(read > 0 && read < 600)
    }

    @Test("Whatever text stands in the files, there is a verdict, and a repair that is no worse")
    func fuzzTexts() {
        var generator = SeededGenerator(seed: 11)
        let words = [
            "service", "smtp", "{", "}", "=", "+=", "env", "RELAYCLIENT=", "server",
            "/var/qmail/bin/qmail-smtpd", "tcpserver", "-x", "/etc/tcp.smtp.cdb", "0", "25", "\n", "\n", "\"",
            "'", "\\", ":allow", ",RELAYCLIENT=\"\"", "export", "#", "|", "\u{0}", "\u{e9}", "%", "@", ".",
            "true", "disable", "yes", "envdir",
        ]
        for _ in 0..<600 {
            let text = { (count: Int, generator: inout SeededGenerator) in
                (0..<count).compactMap { _ in words.randomElement(using: &generator) }.joined(
                    separator: Bool.random(using: &generator) ? " " : "")
            }
            let configuration = SampleQmail.configuration([
                "/etc/xinetd.d/smtp_psa": text(30, &generator), "/service/a/run": text(20, &generator),
                "/etc/tcp.smtp": text(12, &generator), "/etc/hosts.allow": text(9, &generator),
                "/etc/inetd.conf": text(12, &generator), "percenthack": text(3, &generator),
                "rcpthosts": text(5, &generator), "virtualdomains": text(5, &generator),
                "/var/qmail/alias/.qmail-default": text(5, &generator),
            ])
            let report = explainRelay(configuration, trusted: [])
            let repair = repairRelay(configuration, trusted: []).repair
            if report.verdict == .closed { #expect(repair.after.verdict == .closed) }
        }
    }
}
