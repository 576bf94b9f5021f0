import MailModel
import Testing

@testable import Qmail

@Suite("What Qmail's files come to")
struct VerdictTests: ExplainedSample {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var configuration: QmailConfiguration
        var verdict: RelayVerdict
        /// `kind file:line` of the first cause.
        var cause: String?
        var opens: String?

        var testDescription: String { name }

        init(
            _ name: String, _ configuration: QmailConfiguration, _ verdict: RelayVerdict,
            cause: String? = nil, opens: String? = nil
        ) {
            self.name = name
            self.configuration = configuration
            self.verdict = verdict
            self.cause = cause
            self.opens = opens
        }
    }

    static let control: [Case] = [
        Case("Plesk's own", plain([:]), .closed),
        Case(
            "no rcpthosts", plain(["rcpthosts": nil]), .open, cause: "rcpthosts rcpthosts",
            opens: "every client"),
        Case("an empty rcpthosts", plain(["rcpthosts": ""]), .closed),
        Case("only a comment in rcpthosts", plain(["rcpthosts": "# none\n"]), .closed),
        Case("carriage returns match nothing", plain(["rcpthosts": "third.test\r\n"]), .closed),
        Case("blanks in front match nothing", plain(["rcpthosts": " third.test\n"]), .closed),
        Case(
            "a foreign domain", plain(["rcpthosts": "example.net\nThird.test  \n"]), .partial,
            cause: "rcpthosts rcpthosts:2",
            opens: "every client, to third.test, whose mail is not delivered here"),
        Case(
            "a whole top-level domain", plain(["rcpthosts": ".test\n"]), .partial,
            cause: "rcpthosts rcpthosts:1"),
        Case(
            "subdomains that are virtual",
            plain(["rcpthosts": ".sub.example\n", "virtualdomains": ".sub.example:2\n"]), .closed),
        Case("a dot lets every name with a dot behind it in", plain(["rcpthosts": ".\n"]), .partial),
        Case(
            "a host that Plesk hosts without mail",
            plain(["rcpthosts": "example.net\n", "virtualdomains": ""]), .closed),
        Case(
            "everything is virtual, so nothing leaves",
            plain(["rcpthosts": nil, "virtualdomains": ":alias-all\n"]), .closed),
        Case(
            "no rcpthosts, and an exception from the catch-all leaves",
            plain(["rcpthosts": nil, "virtualdomains": ":alias-all\nthird.test:\n"]), .partial,
            cause: "rcpthosts rcpthosts",
            opens: "every client, to third.test, which virtualdomains sends away from its catch-all"),
        Case("a star is no pattern", plain(["rcpthosts": "example.net\n*\n"]), .closed),
        Case(
            "an exception from the catch-all leaves",
            plain(["rcpthosts": "third.test\n", "virtualdomains": ":alias-all\nthird.test:\n"]), .partial),
        Case(
            "percenthack of a domain that is accepted", plain(["percenthack": "# x\nexample.net\n"]),
            .open,
            cause: "percenthack percenthack:2",
            opens: "every client, by addresses of the form user%domain@example.net"),
        Case("percenthack of a domain that is refused", plain(["percenthack": "other.example\n"]), .closed),
        Case(
            "percenthack of the domain that bare names get",
            plain(["rcpthosts": "example.net\n", "percenthack": "mx.example.net\n"]),
            .open, opens: "every client, by addresses of the form user%domain"),
        Case(
            "percenthack into a catch-all",
            plain(["percenthack": "example.net\n", "virtualdomains": ":alias-all\n"]), .closed),
        Case("smtproutes is no permission", plain(["smtproutes": ":203.0.113.25\n"]), .closed),
        Case("morercpthosts without its compiled form", plain(["morercpthosts": "third.test\n"]), .closed),
        Case("no name", plain(["me": nil, "locals": "example.net\n"]), .broken, cause: "me me"),
        Case(
            "a catch-all that makes an address of the recipient's",
            plain(["/var/qmail/alias/.qmail-default": "|forward \"`echo $DEFAULT | sed s/=/@/`\"\n"]),
            .partial,
            cause: "catch-all /var/qmail/alias/.qmail-default:1"),
        Case(
            "a domain whose catch-all makes an address of the recipient's",
            plain([
                "rcpthosts": "example.net\n", "virtualdomains": "example.net:alias-fwd\n",
                "/var/qmail/alias/.qmail-fwd-default": "|forward \"$DEFAULT@elsewhere.test\"\n",
            ]), .partial, cause: "catch-all /var/qmail/alias/.qmail-fwd-default:1"),
        Case(
            "the same file, to which no domain is led",
            plain(["/var/qmail/alias/.qmail-fwd-default": "|forward \"$DEFAULT@elsewhere.test\"\n"]),
            .closed),
        Case(
            "a catch-all that forwards to one address",
            plain(["/var/qmail/alias/.qmail-default": "&a@third.test\n"]), .closed),
        Case(
            "a hosted domain's own catch-all, as Plesk lays it out",
            plain(["/var/qmail/mailnames/example.net/.qmail-default": "&a@third.test\n"]), .closed),
    ]

    /// What starts the servers has it: a person takes it out there.
    static let inherited: [Case] = [
        Case(
            "systemd starts the server for a client",
            SampleQmail.configuration([
                "/etc/systemd/system/smtp.socket": "[Socket]\nListenStream=203.0.113.10:25\nAccept=yes\n",
                "/etc/systemd/system/smtp@.service":
                    "[Service]\nExecStart=/var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n",
            ]), .closed),
        Case(
            "systemd starts it with RELAYCLIENT",
            SampleQmail.configuration([
                "/etc/systemd/system/smtp.socket": "[Socket]\nListenStream=25\nAccept=yes\n",
                "/etc/systemd/system/smtp@.service":
                    "[Service]\nEnvironment=RELAYCLIENT=\nExecStart=/var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n",
            ]), .open, cause: "relayclient /etc/systemd/system/smtp@.service:2"),
        Case(
            "sslserver is read as tcpserver is",
            SampleQmail.configuration([
                "/service/smtps/run":
                    "export RELAYCLIENT=\nexec sslserver 0 465 /var/qmail/bin/qmail-smtpd\n"
            ]), .open, cause: "relayclient /service/smtps/run:1"),
        Case(
            "xinetd itself has RELAYCLIENT from a drop-in of its unit, as bytes beside it stay",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(environment: "SMTPAUTH=1"),
                "/etc/systemd/system/xinetd.service.d/a.conf":
                    "[Service]\nEnvironment=A=b \\\n  \"RELAYCLIENT=\"\n",
            ]), .open, cause: "relayclient /etc/systemd/system/xinetd.service.d/a.conf:2",
            opens: "every client"),
        Case(
            "it is taken away again by a later one",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(),
                "/lib/systemd/system/xinetd.service": "[Service]\nEnvironment=RELAYCLIENT=\n",
                "/etc/systemd/system/xinetd.service.d/a.conf": "[Service]\nUnsetEnvironment=RELAYCLIENT\n",
            ]), .closed),
        Case(
            "the unit names a file that has it",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(),
                "/usr/lib/systemd/system/xinetd.service":
                    "[Service]\nEnvironmentFile=-/etc/sysconfig/xinetd\n",
                "/etc/sysconfig/xinetd": "# RELAYCLIENT=\nRELAYCLIENT=\"\"\n",
            ]), .open, cause: "relayclient /etc/sysconfig/xinetd:2"),
        Case(
            "the start script reads a file that exports it",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(), "/etc/default/xinetd": "A=1\nexport RELAYCLIENT=\n",
            ]), .open, cause: "relayclient /etc/default/xinetd:2"),
        Case(
            "the start script reads a file that keeps it to itself",
            SampleQmail.configuration([xinetd: SampleQmail.xinetd(), "/etc/default/xinetd": "RELAYCLIENT=\n"]
            ),
            .closed),
        Case(
            "such an xinetd passes other variables on",
            SampleQmail.configuration([
                "/etc/xinetd.conf": "defaults\n{\n        passenv = PATH\n}\n", xinetd: SampleQmail.xinetd(),
                "/etc/default/xinetd": "export RELAYCLIENT=\n",
            ]), .closed),
        Case(
            "such an xinetd passes it on by name",
            SampleQmail.configuration([
                "/etc/xinetd.conf": "defaults\n{\n        passenv = PATH\n}\n",
                xinetd: SampleQmail.xinetd(more: "        passenv += RELAYCLIENT\n"),
                "/etc/default/xinetd": "export RELAYCLIENT=\n",
            ]), .open),
    ]

    @Test(
        "The verdict, its first cause and whom it opens to", arguments: control + services + inherited + rules
    )
    func verdicts(_ sample: Case) {
        let report = explainRelay(sample.configuration, trusted: SampleQmail.loopback)
        #expect(report.verdict == sample.verdict, "\(report)")
        #expect(report.mta == .qmail)
        #expect((report.verdict == .closed) == report.causes.isEmpty)
        if let cause = sample.cause {
            let first = report.causes.first.map {
                "\($0.kind) \($0.file)" + ($0.line.map { ":\($0)" } ?? "")
            }
            #expect(first == cause)
        }
        if let opens = sample.opens { #expect(report.causes.first?.opens == opens) }
    }

    @Test func `A domain is this host's business whose mail rcpthosts takes`() {
        let configuration = SampleQmail.configuration(["rcpthosts": "example.net\n.customer.example\n"])
        #expect(takesMail(for: "example.net", configuration))
        #expect(takesMail(for: "mail.customer.example", configuration))
        #expect(!takesMail(for: "example.org", configuration))
        #expect(!takesMail(for: "example.org", SampleQmail.configuration(["rcpthosts": nil])))
    }
}
