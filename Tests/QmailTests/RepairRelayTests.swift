import Foundation
import MailModel
import Testing

@testable import Qmail

@Suite struct RepairRelayTests {
    @Test(
        "Whatever relays is closed by edits that touch nothing else",
        arguments: VerdictTests.control + VerdictTests.services + VerdictTests.rules)
    func closes(_ sample: VerdictTests.Case) {
        let outcome = repairRelay(sample.configuration, trusted: SampleQmail.loopback)
        switch sample.verdict {
        case .open, .partial:
            // What stands in start scripts' own words, and what programs do, is for a person.
            let byHand = ["qmqp", "checkpassword", "catch-all"]
            let isLeft = outcome.repair.after.causes.allSatisfy { byHand.contains($0.kind) }
            #expect(outcome.repair.after.verdict == .closed || isLeft, "\(outcome)")
        case .closed: #expect(outcome.repair.edits.isEmpty, "\(outcome)")
        case .broken, .unknown: break
        }
        for edit in outcome.repair.edits { #expect(!edit.touches.isEmpty && edit.before != edit.after) }
    }

    private func after(_ configuration: QmailConfiguration, _ path: String) -> String? {
        repairRelay(configuration, trusted: SampleQmail.loopback).repair.edits.first { $0.path == path }
            .map { String(decoding: $0.after, as: UTF8.self) }
    }

    private let xinetd = "/etc/xinetd.d/smtp_psa"

    @Test("RELAYCLIENT leaves xinetd's environment, alone or among others; bytes beside it stay")
    func environment() {
        let latin = "# caf\u{e9}\r\n"
        for (before, left) in [
            ("SMTPAUTH=1 RELAYCLIENT= POPAUTH=", "SMTPAUTH=1 POPAUTH="), ("RELAYCLIENT=", nil),
            ("RELAYCLIENT= A=1", "A=1"),
        ] {
            let text = latin + SampleQmail.xinetd(environment: before)
            let wanted = latin + SampleQmail.xinetd(environment: left)
            #expect(after(SampleQmail.configuration([xinetd: text]), xinetd) == wanted)
        }
        #expect(
            repairRelay(
                SampleQmail.configuration([xinetd: SampleQmail.xinetd(environment: "RELAYCLIENT=")]),
                trusted: []
            ).reloadsSuperserver)
    }

    @Test("A supervised service whose script or environment is mended is started again")
    func supervised() {
        let script = SampleQmail.run(export: "export RELAYCLIENT=", options: "-x /etc/tcp.smtp.cdb")
        let exported = SampleQmail.withRules(":allow\n", ["/service/smtpd/run": script])
        #expect(repairRelay(exported, trusted: []).restartedServices == ["/service/smtpd"])
        let rules = SampleQmail.withRules(":allow,RELAYCLIENT=\"\"\n")
        #expect(repairRelay(rules, trusted: []).restartedServices.isEmpty)
    }

    @Test("A rule loses RELAYCLIENT and keeps all else, and the rules are compiled as tcprules would")
    func rules() throws {
        let before =
            "# ours\n127.:allow,RELAYCLIENT=\"\"\n10.:allow,A=\"1\",RELAYCLIENT=\"\",B=\"2\"\n:allow,RELAYCLIENT=\"\"\n"
        let wanted = "# ours\n127.:allow,RELAYCLIENT=\"\"\n10.:allow,A=\"1\",B=\"2\"\n:allow\n"
        let configuration = SampleQmail.withRules(before)
        #expect(after(configuration, "/etc/tcp.smtp") == wanted)
        let repair = repairRelay(configuration, trusted: SampleQmail.loopback).repair
        let compiled = repair.edits.first { $0.path == "/etc/tcp.smtp.cdb" }
        #expect(compiled?.after == TCPRules.compiled(source: Array(wanted.utf8)))
    }

    @Test("Compiled rules without their source are mended themselves")
    func compiledOnly() throws {
        var configuration = SampleQmail.withRules(
            "127.:allow,RELAYCLIENT=\"\"\n:allow,RELAYCLIENT=\"\",A=\"1\"\n")
        configuration.files["/etc/tcp.smtp"] = nil
        let repair = repairRelay(configuration, trusted: SampleQmail.loopback).repair
        #expect(repair.edits.map(\.path) == ["/etc/tcp.smtp.cdb"])
        #expect(
            repair.edits.first?.after
                == TCPRules.compiled(source: Array("127.:allow,RELAYCLIENT=\"\"\n:allow,A=\"1\"\n".utf8)))
    }

    @Test("A missing rcpthosts is made of the domains whose mail stays here")
    func recipientHosts() throws {
        let configuration = SampleQmail.configuration(
            ["rcpthosts": nil, xinetd: SampleQmail.xinetd()], domains: ["example.net", "second.example"])
        let repair = repairRelay(configuration, trusted: []).repair
        let edit = try #require(repair.edits.first)
        #expect(edit.path == "/var/qmail/control/rcpthosts")
        #expect(edit.before == nil)
        #expect(
            String(decoding: edit.after, as: UTF8.self)
                == "example.net\nlocalhost\nlocalhost.localdomain\nmx.example.net\nsecond.example\n")
        #expect(repair.after.verdict == .closed)
    }

    @Test("Entries of rcpthosts, morercpthosts and percenthack go line by line")
    func entries() throws {
        var configuration = SampleQmail.configuration(
            [
                "rcpthosts": "a\nexample.net\n.test\n# b\n", "morercpthosts": "third.test\nexample.net\n",
                "percenthack": "#\nexample.net", xinetd: SampleQmail.xinetd(),
            ], domains: ["a", "example.net"])
        let keys = ["third.test", "example.net"].map {
            ConstantDatabase.Record(key: Array($0.utf8), data: [])
        }
        configuration.files["/var/qmail/control/morercpthosts.cdb"] = .content(
            FileContent(path: "/var/qmail/control/morercpthosts.cdb", bytes: ConstantDatabase.bytes(keys)))
        #expect(after(configuration, "/var/qmail/control/rcpthosts") == "a\nexample.net\n# b\n")
        #expect(after(configuration, "/var/qmail/control/morercpthosts") == "example.net\n")
        #expect(after(configuration, "/var/qmail/control/percenthack") == "#\n")
        let outcome = repairRelay(configuration, trusted: [])
        #expect(outcome.restartsQmail && !outcome.reloadsSuperserver)
        let compiled = try #require(outcome.repair.edits.first { $0.path.hasSuffix(".cdb") })
        #expect(try ConstantDatabase.records(compiled.after).map(\.key) == [Array("example.net".utf8)])
    }

    @Test("relaylock comes back into the chain, and the checker back in front of true")
    func chain() {
        let healthy = SampleQmail.xinetd()
        for (part, other) in [
            ("/var/qmail/bin/relaylock ", ""), ("/var/qmail/bin/smtp_auth", "/bin/true"),
            ("/var/qmail/bin/cmd5checkpw", "/bin/true"), ("/var/qmail/bin/smtp_auth", "/var/qmail/bin/true"),
        ] {
            let text = SampleQmail.xinetd(arguments: SampleQmail.chain.replacing(part, with: other))
            #expect(text != healthy)
            #expect(after(SampleQmail.configuration([xinetd: text]), xinetd) == healthy)
        }
    }

    @Test("QMQP under xinetd is switched off")
    func queueProtocol() {
        let text =
            "service qmqp\n{\n\tserver = /var/qmail/bin/tcp-env\n\tserver_args = /var/qmail/bin/qmail-qmqpd\n\tdisable\t= no\n}\n"
        let path = "/etc/xinetd.d/qmqp"
        let configuration = SampleQmail.configuration([xinetd: SampleQmail.xinetd(), path: text])
        #expect(after(configuration, path) == text.replacing("= no", with: "= yes"))
        let bare = text.replacing("\tdisable\t= no\n", with: "")
        #expect(
            after(SampleQmail.configuration([path: bare]), path)?.contains("{\n\tdisable\t\t= yes\n") == true)
    }

    @Test("A start script loses the assignment and nothing else")
    func script() {
        let path = "/service/smtpd/run"
        for line in ["export RELAYCLIENT=\"\"", "RELAYCLIENT=\"\"; export RELAYCLIENT"] {
            let text = SampleQmail.run(export: line, options: "")
            let repaired = after(SampleQmail.configuration([path: text]), path) ?? ""
            #expect(!repaired.contains("RELAYCLIENT=") && repaired.contains("tcpserver"), "\(repaired)")
        }
        let one = "exec env A=1 RELAYCLIENT= tcpserver 0 25 qmail-smtpd\n"
        #expect(
            after(SampleQmail.configuration([path: one]), path) == "exec env A=1 tcpserver 0 25 qmail-smtpd\n"
        )
    }
}
