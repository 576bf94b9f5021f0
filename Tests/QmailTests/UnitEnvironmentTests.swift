import MailModel
import Testing

@testable import Qmail

@Suite("RELAYCLIENT that a unit of systemd hands on is taken out of its file")
struct UnitEnvironmentTests: ExplainedSample {
    private let dropIn = "/etc/systemd/system/xinetd.service.d/a.conf"

    @Test(
        "The variable goes, with a setting that has no other; all else stays",
        arguments: [
            ("Environment=RELAYCLIENT=\nNice=5\n", "Nice=5\n"),
            ("Environment=\"RELAYCLIENT=@x y\" A=b # c\n", "Environment=A=b # c\n"),
            ("Environment=A=b 'RELAYCLIENT=' C=d\n", "Environment=A=b C=d\n"),
            ("Environment = A=b \\\n  RELAYCLIENT=\nNice=5\n", "Environment = A=b \\\n  \nNice=5\n"),
            ("Environment=\\\n  RELAYCLIENT=\nNice=5\n", "Nice=5\n"),
        ])
    func unit(_ before: String, _ after: String) {
        let repair = repairRelay(
            Self.plain([dropIn: "# ours\r\n[Service]\n\(before)"]), trusted: [])
        #expect(
            repair.repair.edits.map { String(decoding: $0.after, as: UTF8.self) } == [
                "# ours\r\n[Service]\n\(after)"
            ])
        #expect(repair.restartsSuperserver && repair.repair.after.verdict == .closed)
    }

    @Test("A file that the unit names loses it; what systemd starts for a client is only read again")
    func others() {
        let named = repairRelay(
            Self.plain([
                dropIn: "[Service]\nEnvironmentFile=-/etc/ours.env\n", "/etc/ours.env": "A=1\nRELAYCLIENT=\n",
            ]), trusted: [])
        #expect(named.repair.edits.map(\.path) == ["/etc/ours.env"])
        #expect(named.repair.edits.map { String(decoding: $0.after, as: UTF8.self) } == ["A=1\n"])
        #expect(named.restartsSuperserver)
        let socket = repairRelay(
            SampleQmail.configuration([
                "/etc/systemd/system/smtp.socket": "[Socket]\nListenStream=25\nAccept=yes\n",
                "/etc/systemd/system/smtp@.service":
                    "[Service]\nEnvironment=RELAYCLIENT=\nExecStart=/var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n",
            ]), trusted: [])
        #expect(socket.reloadsUnits && !socket.restartsSuperserver)
        #expect(socket.repair.after.verdict == .closed)
    }

    @Test("The unit of a supervisor is mended, and started again")
    func supervisor() {
        let path = "/etc/systemd/system/svscan.service"
        var configuration = SampleQmail.configuration([
            "/service/smtpd/run": "exec tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n",
            path: "[Service]\nEnvironment=RELAYCLIENT=\nExecStart=/usr/bin/svscan /service\n",
        ])
        configuration.starters = [.init(name: "/service/smtpd", processID: 7, unit: "svscan", value: "")]
        configuration.running = [
            .init(
                processID: 8, command: ["tcpserver", "0", "smtp", "/var/qmail/bin/qmail-smtpd"],
                environment: ["RELAYCLIENT": ""], directory: "/service/smtpd", supervised: "/service/smtpd")
        ]
        #expect(explainRelay(configuration, trusted: []).verdict == .open)
        let repair = repairRelay(configuration, trusted: [])
        #expect(repair.restartedUnits == ["svscan"])
        #expect(repair.repair.edits.map(\.path) == [path])
        #expect(repair.repair.after.verdict == .closed)
    }
}
