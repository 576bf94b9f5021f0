import MailModel
import Testing

@testable import Qmail

@Suite("What xinetd reads, and what it was started with")
struct XinetdTests {
    private static let open = SampleQmail.xinetd(environment: "RELAYCLIENT=")
    private static let conf = "/etc/xinetd.conf"

    private func report(_ files: [String: String?], isCopy: Bool = false) -> RelayReport {
        explainRelay(SampleQmail.configuration(files, isCopy: isCopy), trusted: [])
    }

    @Test("An entry that is included from elsewhere counts, and is mended there")
    func included() throws {
        let path = "/usr/local/etc/xinetd/smtp_psa"
        let files = [
            Self.conf: "defaults\n{\n}\ninclude /opt/more\n",
            "/opt/more": "includedir /usr/local/etc/xinetd/\n",
            path: Self.open, "/usr/local/etc/xinetd/old.bak": Self.open,
        ]
        let report = report(files)
        #expect(report.verdict == .open && report.causes.first?.file == path)
        let repair = repairRelay(SampleQmail.configuration(files), trusted: [])
        #expect(repair.repair.after.verdict == .closed && repair.reloadsSuperserver)
        #expect(repair.repair.edits.map(\.path) == [path])
    }

    @Test("What is included and cannot be read is unknown, on the host as in a copy")
    func unreadable() {
        let files = [Self.conf: "include /opt/more\n", "/etc/xinetd.d/smtp_psa": SampleQmail.xinetd()]
        #expect(report(files).verdict == .closed)
        #expect(report(files, isCopy: true).verdict == .unknown)
        var configuration = SampleQmail.configuration(files)
        configuration.files["/opt/more"] = .unreadable("permission denied")
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .unknown)
        #expect(report.causes.first?.file == Self.conf)
    }

    @Test("Where Plesk's entry is off nobody is served; that rcpthosts is missing is a risk")
    func switchedOff() {
        let off = SampleQmail.xinetd().replacing("disable         = no", with: "disable = yes")
        let report = report(["/etc/xinetd.d/smtp_psa": off, "rcpthosts": nil])
        #expect(report.verdict == .closed && report.listeners.isEmpty)
        let risk = report.risks.first { $0.kind == "rcpthosts" }
        #expect(risk?.why.contains("nobody serves port 25") == true)
        // It would be open with the entry on.
        #expect(
            self.report(["/etc/xinetd.d/smtp_psa": SampleQmail.xinetd(), "rcpthosts": nil]).verdict == .open)
    }

    @Test("Where every client of port 25 is denied no mail arrives: broken, not closed")
    func denied() {
        #expect(explainRelay(SampleQmail.withRules(":deny\n"), trusted: []).verdict == .broken)
        #expect(explainRelay(SampleQmail.withRules("127.:allow\n:deny\n"), trusted: []).verdict == .closed)
    }

    @Test("Ranges of addresses are named as the networks that they make, and many are counted")
    func ranges() {
        let whole = explainRelay(
            SampleQmail.withRules("192.0.2.0-255:allow,RELAYCLIENT=\"\"\n:allow\n"), trusted: [])
        #expect(whole.causes.map(\.opens) == ["clients in 192.0.2.0/24"])
        let odd = (0..<40).map { 2 * $0 }.map { "192.0.2.\($0)" }
        let entry = SampleQmail.xinetd(
            environment: "RELAYCLIENT=", more: "        only_from       = \(odd.joined(separator: " "))\n")
        let many = report(["/etc/xinetd.d/smtp_psa": entry])
        #expect(
            many.causes.first?.opens.hasSuffix("192.0.2.30/32 and 24 more networks") == true, "\(many.causes)"
        )
    }

    @Test("A catch-all that has all mail keeps it here without rcpthosts, and the risk is said")
    func catchAll() {
        let report = report([
            "/etc/xinetd.d/smtp_psa": SampleQmail.xinetd(), "rcpthosts": nil, "virtualdomains": ":alias\n",
        ])
        #expect(report.verdict == .closed)
        #expect(report.risks.first { $0.kind == "rcpthosts" }?.why.contains("catch-all") == true)
    }

    @Test("A superserver that was started with RELAYCLIENT is started again, without what its file gives it")
    func starter() {
        let file = "/etc/default/xinetd"
        for (text, edits) in [("# ours\nexport RELAYCLIENT=\nOPTS=-x\n", [file]), ("OPTS=-x\n", [])] {
            var configuration = SampleQmail.configuration([
                "/etc/xinetd.d/smtp_psa": SampleQmail.xinetd(), file: text,
                "/lib/systemd/system/xinetd.service": "[Service]\nEnvironmentFile=-\(file)\n",
                "/etc/init.d/xinetd": "",
            ])
            if text.hasPrefix("#") {
                // A unit's file has no `export`: the start script's has.
                configuration.files["/lib/systemd/system/xinetd.service"] = nil
                configuration.files["/etc/init.d/xinetd"] = .content(
                    FileContent(path: "/etc/init.d/xinetd", bytes: Array(". \(file)\n".utf8)))
            }
            configuration.starters = [.init(name: "xinetd", processID: 7, unit: "xinetd", value: "")]
            #expect(explainRelay(configuration, trusted: []).verdict == .open)
            let repair = repairRelay(configuration, trusted: [])
            #expect(repair.restartsSuperserver)
            #expect(repair.repair.after.verdict == .closed)
            #expect(repair.repair.edits.map(\.path) == edits)
            #expect(repair.repair.edits.allSatisfy { $0.after == Array("# ours\nOPTS=-x\n".utf8) })
        }
    }

    @Test("A supervised process that has RELAYCLIENT from before its script was mended is started again")
    func stale() {
        var configuration = SampleQmail.configuration([
            "/service/smtpd/run": "exec tcpserver 0 smtp /var/qmail/bin/qmail-smtpd\n"
        ])
        configuration.running = [
            .init(
                processID: 7, command: ["tcpserver", "0", "smtp", "/var/qmail/bin/qmail-smtpd"],
                environment: ["RELAYCLIENT": ""], directory: "/service/smtpd", supervised: "/service/smtpd")
        ]
        let repair = repairRelay(configuration, trusted: [])
        #expect(repair.restartedServices == ["/service/smtpd"] && repair.repair.edits.isEmpty)
        #expect(repair.repair.after.verdict == .closed)
    }
}
