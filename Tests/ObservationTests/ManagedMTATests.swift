import MailModel
import Testing

@testable import Observation

@Suite("Which MTA Plesk manages")
struct ManagedMTATests {
    private func witness(_ mta: MailTransferAgent?, _ source: String) -> MTAWitness {
        MTAWitness(mta: mta, evidence: Evidence(file: source, text: mta?.rawValue ?? "says nothing"))
    }

    @Test("Two sources that agree decide, against one that differs or is silent")
    func majority() {
        let seen = managedMTA([
            witness(.postfix, "units"), witness(nil, "features"), witness(.qmail, "packages"),
            witness(.postfix, "port 25"),
        ])
        #expect(seen.value?.mta == .postfix)
        #expect(seen.value?.evidence.map(\.file) == ["units", "features", "packages", "port 25"])
        #expect(seen.value?.dissent.map(\.file) == ["packages"])
        // What has the port is judged by itself.
        let other = managedMTA([
            witness(.postfix, "units"), witness(.postfix, "features"), witness(.qmail, "port 25"),
        ])
        #expect(other.value?.dissent == [])
    }

    @Test("One source alone, two against two, and none at all are not enough")
    func notEnough() {
        let one = managedMTA([witness(.postfix, "units"), witness(nil, "port 25")])
        #expect(
            one.reason
                == "no two sources agree on which MTA Plesk manages (units: postfix; port 25: says nothing)")
        let tie = managedMTA([
            witness(.qmail, "units"), witness(.qmail, "features"), witness(.postfix, "packages"),
            witness(.postfix, "port 25"),
        ])
        #expect(tie.reason?.hasPrefix("the sources disagree") == true)
        #expect(managedMTA([]).value == nil)
    }

    @Test("Qmail's unit counts before the unit of Postfix that lingers beside it")
    func units() {
        let lingering = """
            Id=qmail.service
            LoadState=loaded
            ActiveState=active
            UnitFileState=enabled

            Id=postfix.service
            LoadState=loaded
            ActiveState=inactive
            UnitFileState=disabled

            """
        #expect(Observation.witness(ofUnits: lingering, isBehindXinetd: true).mta == .qmail)
        // systemctl show of systemd 252 (Debian 12) on a host without Qmail.
        let postfix =
            "Id=qmail.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n\n"
            + "Id=postfix.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
        let seen = Observation.witness(ofUnits: postfix, isBehindXinetd: false)
        #expect(seen.mta == .postfix)
        #expect(seen.evidence.text == "active, enabled")
        #expect(Observation.witness(ofUnits: "garbage", isBehindXinetd: false).mta == nil)
    }

    @Test("A start script that systemd made a unit of is enabled where a runlevel has a link to it")
    func generated() {
        let units = """
            Id=qmail.service
            LoadState=loaded
            ActiveState=active
            UnitFileState=enabled

            Id=xinetd.service
            LoadState=loaded
            ActiveState=inactive
            UnitFileState=generated
            SourcePath=/etc/init.d/xinetd

            """
        for isRunAtBoot in [true, false] {
            let seen = Observation.witness(ofUnits: units, isBehindXinetd: true) { script in
                script == "/etc/init.d/xinetd" && isRunAtBoot
            }
            #expect(
                seen.service
                    == .systemd([
                        UnitState(name: "qmail.service", active: "active", file: "enabled"),
                        UnitState(
                            name: "xinetd.service", active: "inactive",
                            file: isRunAtBoot ? "enabled" : "disabled"),
                    ]))
        }
    }

    @Test("Of the installer's components those that are installed count, and one mail server alone")
    func components() {
        let list = { (postfix: String, qmail: String) in
            "panel [up2date] - Plesk\npostfix [\(postfix)] - Postfix mail server\nqmail [\(qmail)] - QMail mail server\n"
        }
        let source = "plesk installer"
        let seen = Observation.witness(ofComponents: list("up2date", "install"), source: source)
        #expect(seen.mta == .postfix)
        #expect(seen.evidence.text == "postfix [up2date] - Postfix mail server")
        #expect(Observation.witness(ofComponents: list("Install", "UPGRADE"), source: source).mta == .qmail)
        #expect(Observation.witness(ofComponents: list("up2date", "up2date"), source: source).mta == nil)
        let none = Observation.witness(ofComponents: "BUSY: locked\n", source: source)
        #expect(none.mta == nil && none.evidence.text == "no mail server")
    }

    @Test(
        "The feature line is understood in any of its spellings",
        arguments: [
            (
                "features[SMTP_Server] = \"Postfix\"\nfeatures[SMTP_Server_package] = \"postfix\"\n",
                MailTransferAgent.postfix
            ),
            ("SMTP_Server: QMail\n", .qmail), ("SMTP_Server_package=msmtp\nIMAP_Server=none\n", .msmtp),
            ("IMAP_Server: postfix-like\n", nil), ("SMTP_Server: Postfix\nSMTP_Server_package: qmail\n", nil),
            ("", nil),
        ] as [(String, MailTransferAgent?)])
    func features(_ text: String, _ mta: MailTransferAgent?) {
        #expect(Observation.witness(ofFeatures: text, source: "mailmng-server --features").mta == mta)
    }
}
