import MailModel
import Testing

@testable import Qmail

@Suite("Programs between the port and qmail-smtpd")
struct ChainTests: ExplainedSample {
    private let run = "/service/smtpd/run"

    @Test("What takes RELAYCLIENT away behind tcpserver takes it from the rules as well")
    func takenAway() {
        for (chain, verdict) in [
            ("envdir ./env /var/qmail/bin/qmail-smtpd", RelayVerdict.closed),
            ("env -u RELAYCLIENT /var/qmail/bin/qmail-smtpd", .closed),
            ("env -i PATH=/bin /var/qmail/bin/qmail-smtpd", .closed),
            ("env -u RELAYCLIENT RELAYCLIENT=@x.example /var/qmail/bin/qmail-smtpd", .open),
            ("/var/qmail/bin/qmail-smtpd", .open),
        ] {
            let configuration = SampleQmail.withRules(
                ":allow,RELAYCLIENT=\"\"\n",
                [
                    run: "exec tcpserver -x /etc/tcp.smtp.cdb 0 25 \(chain)\n",
                    "/service/smtpd/env/RELAYCLIENT": "",
                ])
            #expect(explainRelay(configuration, trusted: []).verdict == verdict, "\(chain)")
        }
    }

    @Test("A checker of passwords that is true(1) in truth takes every password, and is to be put back")
    func disguised() {
        var configuration = Self.plain([:])
        configuration.disguised = ["/var/qmail/bin/smtp_auth": "/usr/bin/true"]
        let report = explainRelay(configuration, trusted: [])
        #expect(report.verdict == .open)
        #expect(
            report.causes.first?.opens.hasSuffix("/var/qmail/bin/smtp_auth is /usr/bin/true in truth") == true
        )
        let repair = repairRelay(configuration, trusted: [])
        #expect(repair.repair.edits.isEmpty && repair.repair.notes.first?.contains("put the program") == true)
        configuration.disguised = ["/var/qmail/bin/cmd5checkpw": "/var/qmail/bin/smtp_auth"]
        #expect(explainRelay(configuration, trusted: []).verdict == .closed)
        configuration.disguised = ["/var/qmail/bin/relaylock": "/opt/x/wrap"]
        #expect(explainRelay(configuration, trusted: []).verdict == .unknown)
    }

    @Test("tcpsvd and s6-tcpserver are read; whom their own rules give what is said to be unknown")
    func others() {
        for (command, verdict) in [
            ("tcpsvd -c 20 -l mx.example.net 0 25 /var/qmail/bin/qmail-smtpd", RelayVerdict.closed),
            ("tcpsvd -i ./peers 0 25 /var/qmail/bin/qmail-smtpd", .unknown),
            ("tcpsvd -vx peers.cdb 0 25 /var/qmail/bin/qmail-smtpd", .unknown),
            ("s6-tcpserver -v -c 20 -G 5,6 0.0.0.0 25 /var/qmail/bin/qmail-smtpd", .closed),
            ("s6-tcpserver 0.0.0.0 25 s6-tcpserver-access -i rules /var/qmail/bin/qmail-smtpd", .unknown),
        ] {
            let report = explainRelay(
                SampleQmail.configuration([run: "#!/bin/sh\nexec \(command)\n"]), trusted: [])
            #expect(report.verdict == verdict, "\(command)")
            #expect(report.listeners.map(\.port) == [25])
            let open = explainRelay(
                SampleQmail.configuration([run: "#!/bin/sh\nexport RELAYCLIENT=\nexec \(command)\n"]),
                trusted: [])
            #expect(open.verdict == .open, "\(command)")
        }
        let said = explainRelay(
            SampleQmail.configuration([run: "exec tcpsvd -i ./peers 0 25 /var/qmail/bin/qmail-smtpd\n"]),
            trusted: [])
        #expect(said.causes.map(\.text) == ["the instructions of tcpsvd, ./peers, are not read here"])
    }
}
