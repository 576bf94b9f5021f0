import MailModel

@testable import Qmail

extension VerdictTests {
    static let services: [Case] = [
        Case(
            "RELAYCLIENT in xinetd's environment",
            SampleQmail.configuration([xinetd: SampleQmail.xinetd(environment: "SMTPAUTH=1 RELAYCLIENT=")]),
            .open, cause: "relayclient \(xinetd):9", opens: "every client"),
        Case(
            "such a service is disabled",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(),
                "/etc/xinetd.d/smtps_psa": SampleQmail.xinetd(
                    service: "smtps", environment: "RELAYCLIENT=", more: "        disable = yes\n"),
            ]), .closed),
        Case(
            "such a service serves the host itself only",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(
                    environment: "RELAYCLIENT=", more: "        only_from = 127.0.0.0\n")
            ]), .closed),
        Case(
            "such a service serves one network",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(
                    environment: "RELAYCLIENT=", more: "        only_from = 192.0.2.0\n")
            ]), .partial, opens: "clients in 192.0.2.0/24"),
        Case(
            "such a service serves nobody",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(environment: "RELAYCLIENT=", more: "        only_from =\n")
            ]), .broken, cause: "only_from \(xinetd)"),
        Case(
            "such a service adds a network to those of the defaults",
            SampleQmail.configuration([
                "/etc/xinetd.conf": "defaults\n{\n        only_from = 127.0.0.1\n}\n",
                xinetd: SampleQmail.xinetd(
                    environment: "RELAYCLIENT=", more: "        only_from += 192.0.2.0\n"),
            ]), .partial, opens: "clients in 192.0.2.0/24"),
        Case(
            "a network that is served is turned away as well",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(
                    environment: "RELAYCLIENT=",
                    more: "        only_from = 192.0.2.7\n        no_access = 192.0.2.0\n")
            ]), .closed),
        Case(
            "everybody is turned away",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(
                    environment: "RELAYCLIENT=", more: "        no_access = 0.0.0.0/0\n")
            ]), .closed),
        Case(
            "no one is turned away by an empty list",
            SampleQmail.configuration([
                "/etc/xinetd.conf": "defaults\n{\n        no_access = 0.0.0.0\n}\n",
                xinetd: SampleQmail.xinetd(
                    environment: "RELAYCLIENT=", more: "        no_access =\n"),
            ]), .open, opens: "every client"),
        Case(
            "a backup of the entry is not read",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(),
                "/etc/xinetd.d/smtp_psa.bak": SampleQmail.xinetd(environment: "RELAYCLIENT="),
                "/etc/xinetd.d/smtp_psa~": SampleQmail.xinetd(environment: "RELAYCLIENT="),
            ]), .closed),
        Case(
            "true checks the passwords",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(
                    arguments: "/var/qmail/bin/relaylock /var/qmail/bin/qmail-smtpd /bin/true /bin/true")
            ]), .open, cause: "checkpassword \(xinetd):10"),
        Case(
            "true checks CRAM-MD5",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(
                    arguments: SampleQmail.chain.replacing("/var/qmail/bin/cmd5checkpw", with: "/bin/true"))
            ]), .open),
        Case(
            "a host name is missing in front of the checker",
            SampleQmail.configuration([
                "/service/smtpd/run": SampleQmail.run(
                    command: "/var/qmail/bin/qmail-smtpd /bin/checkpassword /bin/true", options: "")
            ]), .open, cause: "checkpassword /service/smtpd/run:5"),
        Case(
            "a host name and a checker",
            SampleQmail.configuration([
                "/service/smtpd/run": SampleQmail.run(
                    command: "/var/qmail/bin/qmail-smtpd mx.example.net /bin/checkpassword /bin/true",
                    options: "")
            ]), .closed),
        Case(
            "an exported RELAYCLIENT",
            SampleQmail.configuration([
                "/service/smtpd/run": SampleQmail.run(
                    export: "RELAYCLIENT=\"\"; export RELAYCLIENT", options: "")
            ]), .open, cause: "relayclient /service/smtpd/run:3"),
        Case(
            "an exported RELAYCLIENT that is taken back",
            SampleQmail.configuration([
                "/service/smtpd/run": SampleQmail.run(
                    export: "export RELAYCLIENT=\nunset RELAYCLIENT", options: "")
            ]), .closed),
        Case(
            "RELAYCLIENT in the environment directory",
            SampleQmail.configuration([
                "/service/smtpd/run": "exec envdir ./env tcpserver 0 25 qmail-smtpd\n",
                "/service/smtpd/env/RELAYCLIENT": "\n",
            ]), .open, cause: "relayclient /service/smtpd/env/RELAYCLIENT:1"),
        Case(
            "an empty file there takes it away",
            SampleQmail.configuration([
                "/service/smtpd/run": "exec envdir ./env tcpserver 0 25 qmail-smtpd\n",
                "/service/smtpd/env/RELAYCLIENT": "",
            ]), .closed),
        Case(
            "a value that keeps all mail here",
            SampleQmail.configuration([
                "/service/smtpd/run": SampleQmail.run(
                    export: "export RELAYCLIENT=@mx.example.net", options: "")
            ]), .closed),
        Case(
            "QMQP for everybody",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(),
                "/service/qmqpd/run": "exec tcpserver 0 628 /var/qmail/bin/qmail-qmqpd\n",
            ]), .open, cause: "qmqp /service/qmqpd/run:1"),
        Case(
            "QMTP with RELAYCLIENT",
            SampleQmail.configuration([
                xinetd: SampleQmail.xinetd(),
                "/service/qmtpd/run": "exec env RELAYCLIENT= tcpserver 0 209 /var/qmail/bin/qmail-qmtpd\n",
            ]), .open, cause: "relayclient /service/qmtpd/run:1"),
        Case(
            "inetd behind tcpd, by hosts.allow",
            SampleQmail.configuration([
                "/etc/inetd.conf":
                    "smtp stream tcp nowait root /usr/sbin/tcpd /var/qmail/bin/tcp-env /var/qmail/bin/qmail-smtpd\n",
                "/etc/hosts.allow": "tcp-env: 192.0.2. : setenv = RELAYCLIENT\ntcp-env: ALL\n",
            ]), .partial, cause: "relayclient /etc/hosts.allow:1", opens: "clients in 192.0.2.0/24"),
        Case("nothing that starts it", SampleQmail.configuration([:]), .closed),
    ]

    static let rules: [Case] = [
        Case("the host itself", SampleQmail.withRules("127.:allow,RELAYCLIENT=\"\"\n:allow\n"), .closed),
        Case(
            "everybody", SampleQmail.withRules("127.:allow\n:allow,RELAYCLIENT=\"\"\n"), .open,
            cause: "relayclient /etc/tcp.smtp:2", opens: "every client"),
        Case(
            "another quote, among other variables", SampleQmail.withRules(":allow,A=/x/,RELAYCLIENT=@@\n"),
            .open),
        Case(
            "an example that is commented out", SampleQmail.withRules("#:allow,RELAYCLIENT=\"\"\n:allow\n"),
            .closed),
        Case(
            "the first of two rules counts", SampleQmail.withRules(":allow\n:allow,RELAYCLIENT=\"\"\n"),
            .closed),
        Case(
            "a network", SampleQmail.withRules("10.:allow,RELAYCLIENT=\"\"\n"), .partial,
            opens: "clients in 10.0.0.0/8"),
        Case(
            "a range", SampleQmail.withRules("192.0.2.7-9:allow,RELAYCLIENT=\"\"\n"), .partial,
            opens: "clients in 192.0.2.7/32, 192.0.2.8/31"),
        Case(
            "a reverse name", SampleQmail.withRules("=.isp.test:allow,RELAYCLIENT=\"\"\n"), .partial,
            opens: "clients whose reverse name ends in .isp.test"),
        Case(
            "the whole range", SampleQmail.withRules("0-255.:allow,RELAYCLIENT=\"\"\n"), .open,
            opens: "every client"),
        Case(
            "what identd says, where it is never asked",
            SampleQmail.withRules(
                "joe@192.0.2.7:allow,RELAYCLIENT=\"\"\n",
                ["/service/smtpd/run": SampleQmail.run(options: "-vRHl0 -x /etc/tcp.smtp.cdb")]), .closed),
        Case(
            "what identd says",
            SampleQmail.withRules(
                "joe@192.0.2.7:allow,RELAYCLIENT=\"\"\n",
                ["/service/smtpd/run": SampleQmail.run(options: "-vHl0 -x /etc/tcp.smtp.cdb")]), .partial),
        Case(
            "a reverse name that is never looked up",
            SampleQmail.withRules(
                "=.isp.test:allow,RELAYCLIENT=\"\"\n",
                ["/service/smtpd/run": SampleQmail.run(options: "-vRHl0 -x /etc/tcp.smtp.cdb")]), .closed),
        Case(
            "a denied client with the variable", SampleQmail.withRules("10.:deny,RELAYCLIENT=\"\"\n"), .closed
        ),
        Case(
            "an open service that denies all others",
            SampleQmail.withRules(
                "192.0.2.:allow,RELAYCLIENT=\"\"\n:deny\n", ["rcpthosts": "example.net\n"]), .partial,
            opens: "clients in 192.0.2.0/24"),
        Case(
            "all are denied, and rcpthosts is missing",
            SampleQmail.withRules("127.:allow\n:deny\n", ["rcpthosts": nil]), .closed),
        Case(
            "the compiled rules are missing",
            SampleQmail.configuration([
                "/service/smtpd/run": SampleQmail.run(options: "-x /etc/tcp.smtp.cdb"),
                "/etc/tcp.smtp": ":allow\n",
            ]), .broken, cause: "rules /etc/tcp.smtp.cdb"),
    ]
}
