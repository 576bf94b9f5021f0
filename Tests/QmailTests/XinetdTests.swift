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

    @Test("A catch-all that has all mail keeps it here without rcpthosts, and the risk is said")
    func catchAll() {
        let report = report([
            "/etc/xinetd.d/smtp_psa": SampleQmail.xinetd(), "rcpthosts": nil, "virtualdomains": ":alias\n",
        ])
        #expect(report.verdict == .closed)
        #expect(report.risks.first { $0.kind == "rcpthosts" }?.why.contains("catch-all") == true)
    }
}
