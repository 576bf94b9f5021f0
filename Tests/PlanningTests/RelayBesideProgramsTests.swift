import MailModel
import Testing

@Suite("What the configuration says of a host where another program has a mail port")
struct RelayBesideProgramsTests {
    private let closed = RelayReport(mta: .postfix, verdict: .closed, listeners: [], causes: [], risks: [])

    private func listener(
        _ executable: String?, port: Int = 25, address: IPAddress = .v4(0), forwardsTo: String? = nil
    ) -> Listener {
        Listener(
            address: address, port: port, processID: 700, executable: executable, unit: nil,
            origin: ProgramOrigin(command: ["/x", "-bd"], forwardsTo: forwardsTo))
    }

    @Test("It is not closed by what the MTA's own files say, and the program is named")
    func foreign() {
        let report = closed.beside([
            listener("/usr/sbin/exim4"), listener("/usr/bin/socat", port: 587, forwardsTo: "127.0.0.1:25"),
        ])
        #expect(report.verdict == .unknown)
        #expect(report.listeners.map(\.verdict) == [.unknown, .unknown])
        #expect(report.causes.map(\.parameter) == ["/usr/sbin/exim4", "/usr/bin/socat"])
        #expect(report.causes.last?.opens.contains("127.0.0.1:25") == true)
    }

    @Test("What is known to be open stays open, and what strangers do not reach says nothing")
    func others() {
        var open = closed
        open.verdict = .open
        #expect(open.beside([listener("/usr/sbin/exim4")]).verdict == .open)
        let own = listener("/usr/lib/postfix/sbin/master")
        let inside = listener("/usr/sbin/exim4", address: .v4(127 << 24 | 1))
        #expect(closed.beside([own, inside]) == closed)
    }

    @Test("A further instance of Postfix is judged by its own files, where they were read")
    func instances() {
        var second = listener("/usr/lib/postfix/sbin/master")
        second.instance = "/etc/postfix-2"
        var own = closed
        own.listeners = [.init(address: "0.0.0.0", port: 25, service: "smtp/inet", verdict: .closed)]
        #expect(closed.beside([second], instances: ["/etc/postfix-2": own]).verdict == .closed)
        #expect(closed.beside([second], instances: ["/etc/postfix-3": own]).verdict == .unknown)
        own.listeners[0].verdict = .open
        own.causes = [25, 465].map { port in
            RelayCause(
                kind: "mynetworks", parameter: "mynetworks", file: "main.cf", line: 1, text: "", culprit: nil,
                opens: "every client", listener: port, remedy: "")
        }
        let report = closed.beside([second], instances: ["/etc/postfix-2": own])
        #expect(report.verdict == .open)
        #expect(report.causes.map(\.file) == ["/etc/postfix-2/main.cf"])
        // A port that its files do not have.
        second.port = 587
        #expect(closed.beside([second], instances: ["/etc/postfix-2": own]).verdict == .unknown)
    }

    @Test("A server of logins alone, and programs that only root can see, are told of")
    func told() {
        let dovecot = closed.beside([listener("/usr/sbin/dovecot", port: 587)])
        #expect(dovecot.verdict == .closed && dovecot.risks.count == 1)
        let unseen = closed.beside([listener(nil), listener(nil, port: 465)])
        #expect(unseen.verdict == .closed)
        #expect(unseen.risks.map(\.kind) == ["port-25"])
    }
}
