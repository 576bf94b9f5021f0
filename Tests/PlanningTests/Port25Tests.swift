import Foundation
import MailModel
import Testing

@testable import Planning

@Suite("Who has port 25, and how it is put right")
struct Port25Tests: Port25Sample {
    @Test(
        "A server of QMQP that Qmail left behind is switched off where Postfix is the MTA, and is Qmail's own elsewhere"
    )
    func queueProtocol() throws {
        let path = "/etc/xinetd.d/qmqp"
        let text =
            "service qmqp\n{\n\tport = 628\n\tserver = /var/qmail/bin/tcp-env\n\tserver_args = /var/qmail/bin/qmail-qmqpd\n}\n"
        let served = ["/var/qmail/bin/tcp-env", "/var/qmail/bin/qmail-qmqpd"]
        let qmqp = listener(
            "/usr/sbin/xinetd", port: 628, served: served,
            origin: ProgramOrigin(command: served, manager: .xinetd(file: path, service: "qmqp")))
        #expect(qmqp.mta == .qmail)
        let plan = plan([master(), qmqp], files: [path: text])
        #expect(try finding(plan).status == .drift)
        #expect(commands(plan).prefix(2) == ["edit \(path)", "/bin/systemctl reload xinetd.service"])
        let smtp = listener(
            "/usr/sbin/xinetd", served: ["/var/qmail/bin/tcp-env", "/var/qmail/bin/qmail-smtpd"])
        #expect(try finding(self.plan([smtp, qmqp], mta: .qmail, files: [path: text])).status == .ok)
    }

    @Test(
        "A Postfix that is to listen on the loopback only takes the place of what can be stopped, and of nobody else"
    )
    func keptToLoopback() throws {
        let loopback = HostFixture.mainCF + "inet_interfaces = 127.0.0.1\n"
        let address = IPAddress.v4(0xcb00_710a)
        let put = plan([master(.v4(127 << 24 | 1)), foreign(Self.exim, address: address)], mainCF: loopback)
        #expect(
            commands(put) == [
                "edit /etc/postfix/main.cf", "/bin/systemctl stop exim4.socket exim4.service",
                "/bin/systemctl --quiet disable exim4.service", "/bin/systemctl restart postfix.service",
            ])
        #expect(put.relayAfter == .closed)
        let notes = try finding(put).notes
        #expect(notes.contains { $0.contains("names the loopback only: mail from outside cannot arrive") })
        #expect(notes.contains { $0.hasPrefix("if /usr/sbin/exim4 only filters mail") })
        let left = plan([master(.v4(127 << 24 | 1)), foreign(nil, address: address)], mainCF: loopback)
        #expect(left.changes.isEmpty && left.relayAfter == .unknown)
        #expect(try finding(left).notes.last?.contains("the other program is left alone") == true)
    }

    @Test("An address that only the other program had, and that the MTA's configuration leaves out, is told")
    func silentAfterwards() throws {
        let plan = plan(
            [master(.v4(0xcb00_710a)), foreign(Self.exim, address: .v4(0xcb00_710b))],
            mainCF: HostFixture.mainCF + "inet_interfaces = 203.0.113.10\n")
        #expect(commands(plan).count == 3)
        #expect(
            try finding(plan).notes.contains {
                $0.hasPrefix("nobody serves port 25 on 203.0.113.11 afterwards")
            })
    }

    @Test("What nobody knows on a port for logins leaves the verdict open, and is left alone")
    func unknownBeside() throws {
        let odd = plan([master(), listener("/opt/odd/mailer", port: 465)])
        #expect(odd.changes.isEmpty && odd.relayBefore == .unknown && odd.relayAfter == .unknown)
        var instance = master()
        instance.port = 587
        instance.instance = "/etc/postfix-2"
        instance.origin = ProgramOrigin(command: [], keeper: "postmulti")
        let second = plan([master(), instance])
        #expect(second.changes.isEmpty && second.relayBefore == .unknown)
        #expect(try finding(second).status == .drift)
        #expect(plan([master(), listener("/usr/sbin/dovecot", port: 587)]).relayBefore == .closed)
    }

    @Test("What nothing manages is reported with its command line, and ended only when asked for")
    func unmanaged() throws {
        let reported = plan([foreign(nil)])
        #expect(reported.changes.isEmpty)
        #expect(try finding(reported).status == .drift)
        #expect(try finding(reported).notes.first?.contains("/usr/sbin/exim4 -bd") == true)
        let ended = plan([foreign(nil)], consents: [.stopUnmanaged])
        #expect(commands(ended) == ["/bin/kill -TERM 700", "/bin/systemctl restart postfix.service"])
        #expect(
            try finding(ended).notes.contains(
                "a rollback does not start /usr/sbin/exim4 again; it was: /usr/sbin/exim4 -bd"))
    }

    @Test("What something would start again is never ended, and that is said")
    func kept() throws {
        let kept = listener(
            "/usr/sbin/exim4",
            origin: ProgramOrigin(command: ["/usr/sbin/exim4", "-bdf"], keeper: "supervise"))
        for consents: Set<Consent> in [[], [.stopUnmanaged]] {
            let plan = plan([kept], consents: consents)
            #expect(plan.changes.isEmpty)
            let note = try finding(plan).notes.first
            #expect(note?.hasPrefix("supervise may start /usr/sbin/exim4 again") == true)
        }
    }

    @Test("A proxy in front of the MTA is left alone, and what it means is said")
    func proxy() throws {
        let proxy = listener(
            "/usr/bin/docker-proxy",
            origin: ProgramOrigin(command: ["/usr/bin/docker-proxy"], forwardsTo: "172.17.0.2:25"))
        let plan = plan([proxy])
        #expect(plan.changes.isEmpty)
        #expect(try finding(plan).notes.first?.contains("172.17.0.2:25") == true)
        let inFront = self.plan(
            [master(.v4(127 << 24 | 1)), proxy], mainCF: HostFixture.mainCF + "inet_interfaces = 127.0.0.1\n")
        #expect(inFront.changes.isEmpty)
        #expect(try finding(inFront).notes.contains { $0.contains("cannot arrive") } == false)
    }

    @Test("Another program on some addresses only, while the MTA has the rest")
    func someAddresses() throws {
        let plan = plan([master(.v4(127 << 24 | 1)), foreign(Self.exim, address: .v4(0xcb00_710a))])
        #expect(commands(plan).count == 3)
        #expect(try finding(plan).status == .drift)
    }

    @Test(
        "What another program does with strangers is unknown while it has a port, whatever Postfix would do")
    func inPlace() throws {
        let relay = { (plan: Plan) in try #require(plan.findings.first { $0.id == .relay }) }
        let managed = plan([foreign(Self.exim)])
        #expect(managed.relayBefore == .unknown && managed.relayAfter == .closed)
        #expect(try relay(managed).status == .unknown)
        #expect(
            try relay(managed).actual
                == "closed: strangers are refused; but /usr/sbin/exim4 decides on its own")
        let left = plan([foreign(nil)])
        #expect(left.relayBefore == .unknown && left.relayAfter == .unknown)
        let beside = plan([master(), foreign(Self.exim, port: 587)])
        #expect(beside.relayBefore == .unknown && beside.relayAfter == .closed)
        let inside = plan([master(), foreign(nil, address: .v4(127 << 24 | 1))])
        #expect(inside.relayBefore == .closed)
        let open = plan([foreign(nil)], mainCF: HostFixture.mainCF + "mynetworks = 0.0.0.0/0 [::]/0\n")
        #expect(open.relayBefore == .open && open.relayAfter == .unknown)
        #expect(try relay(plan([foreign(nil)], mta: .msmtp, service: nil)).status == .unknown)
    }

    @Test("A sign that names another MTA is told, and does not stand against two that agree")
    func dissent() throws {
        let plan = plan([master()], dissent: [Evidence(file: "mailmng --features", text: "QMail")])
        #expect(try finding(plan).status == .ok)
        #expect(
            try finding(plan).notes == ["one sign names another MTA: mailmng --features: QMail"])
    }

    @Test("Where Plesk's MTA is not known, the reader learns where Plesk names it")
    func notKnown() throws {
        var host = HostFixture.host()
        host.managedMTA = .unseen("the sources disagree")
        let finding = try finding(
            makePlan(policy: HostFixture.policy(), state: host, agentVersion: "1.0.0"))
        #expect(finding.status == .unknown)
        #expect(finding.notes.first == "the sources disagree")
        #expect(finding.notes.last?.contains("Add/Remove Components") == true)
    }

    @Test(
        "A Postfix that has no service on port 25 gets one with another program's place, where that can be stopped"
    )
    func notConfigured() throws {
        let submission = "submission inet n - n - - smtpd\n" + HostFixture.delivery
        let put = plan([foreign(Self.exim)], masterCF: submission)
        #expect(commands(put).first == "edit /etc/postfix/master.cf" && commands(put).count == 4)
        #expect(put.relayAfter == .closed)
        let left = plan([foreign(nil)], masterCF: submission)
        #expect(left.changes.isEmpty)
        #expect(left.relayAfter == .unknown)
        #expect(try finding(left).notes.last?.contains("smtp inet n - y - - smtpd") == true)
    }

    @Test(
        "Nobody there: the MTA is started; on the loopback only: it is restarted, with what its service says")
    func nobody() throws {
        let nobody = plan([])
        #expect(commands(nobody) == ["/bin/systemctl restart postfix.service"])
        #expect(try finding(nobody).actual == "nothing listens")
        let stale = plan([master(.v4(127 << 24 | 1))])
        #expect(commands(stale) == ["/bin/systemctl restart postfix.service"])
        #expect(
            try finding(stale).notes.first?.hasPrefix("postfix runs with other addresses") == true)
        // Not a matter of inet_interfaces.
        let loopback = plan(
            [master(.v4(127 << 24 | 1))],
            masterCF: "127.0.0.1:smtp inet n - n - - smtpd\n" + HostFixture.delivery)
        #expect(
            commands(loopback) == ["edit /etc/postfix/master.cf", "/bin/systemctl restart postfix.service"])
        #expect(
            try finding(loopback).notes == [
                "127.0.0.1:smtp/inet of /etc/postfix/master.cf is bound to the loopback: mail from outside cannot arrive"
            ])
    }

    @Test("On the other ports only another MTA is stopped: an IMAP server may offer submission")
    func submission() throws {
        let dovecot = listener(
            "/usr/sbin/dovecot", port: 587, origin: ProgramOrigin(command: [], manager: Self.exim))
        let kept = plan([master(), dovecot])
        #expect(kept.changes.isEmpty)
        #expect(try finding(kept).status == .ok)
        #expect(
            try finding(kept).notes == [
                "port 587 on 0.0.0.0 is served by /usr/sbin/dovecot, which is left alone"
            ])
        #expect(commands(plan([master(), foreign(Self.exim, port: 465)])).count == 3)
    }

    @Test("A host whose MTA only sends is said to be one, and nothing is put in its place")
    func msmtp() throws {
        let quiet = plan([], mta: .msmtp, service: nil)
        #expect(try finding(quiet).status == .ok)
        #expect(quiet.findings.first { $0.id == .relay }?.actual.contains("msmtp only sends") == true)
        #expect(quiet.relayBefore == .closed && quiet.relayAfter == .closed)
        let other = plan([foreign(Self.exim), foreign(Self.exim, port: 465)], mta: .msmtp, service: nil)
        #expect(try finding(other).status == .drift)
        #expect(other.relayBefore == .unknown && other.relayAfter == .closed)
        #expect(
            commands(other) == [
                "/bin/systemctl stop exim4.socket exim4.service",
                "/bin/systemctl --quiet disable exim4.service",
            ])
        #expect(try finding(other).notes.first == "its queue is kept: 3 messages in /var/spool/exim4/input")
        let left = plan([foreign(Self.exim), foreign(nil, port: 465)], mta: .msmtp, service: nil)
        #expect(commands(left).count == 2 && left.relayAfter == .unknown)
    }

    @Test("Nothing is stopped in favour of an MTA that could not start beside what stays")
    func obstacle() throws {
        let odd = listener("/opt/odd/mailer", .v4(0xcb00_710a), port: 587)
        let submission = HostFixture.masterCF + "submission inet n - n - - smtpd\n"
        for (beside, masterCF) in [(foreign(nil, port: 465), HostFixture.masterCF), (odd, submission)] {
            let plan = plan([foreign(Self.exim), beside], masterCF: masterCF)
            #expect(plan.changes.isEmpty && plan.relayAfter == .unknown)
            let note = try #require(try finding(plan).notes.last)
            #expect(note.hasPrefix("postfix could not start beside \(beside.programName)"))
        }
        // Postfix does not want the port, or the user lets it be taken.
        #expect(commands(plan([foreign(Self.exim), odd])).count == 3)
        #expect(
            commands(plan([foreign(Self.exim), foreign(nil, port: 465)], consents: [.stopUnmanaged])).count
                == 4)
    }
}
