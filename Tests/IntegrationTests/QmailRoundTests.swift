import Testing

/// A round from the open host to the closed one and back.
private struct QmailRound: Sendable, CustomTestStringConvertible {
    var name: String
    var server = "xinetd"
    var script: String
    /// Run in the host when it is closed; succeeds when everything is as it must be.
    var check: String

    var testDescription: String { name }

    static let all = [
        QmailRound(
            name: "what xinetd starts: RELAYCLIENT, no gatekeeper, every password right",
            script: """
                sed -i -e 's/SMTPAUTH=1/SMTPAUTH=1 RELAYCLIENT=/' -e 's| /var/qmail/bin/relaylock||' \
                -e 's|/var/qmail/bin/smtp_auth|/var/qmail/bin/true|' -e '1i # caf\\xe9' /etc/xinetd.d/*_psa
                systemctl reload xinetd
                """,
            check: """
                for f in smtp smtps submission; do
                    grep -q 'relaylock .*/qmail-smtpd /var/qmail/bin/smtp_auth ' /etc/xinetd.d/${f}_psa
                    ! grep -q RELAYCLIENT /etc/xinetd.d/${f}_psa
                    LC_ALL=C grep -qa '^# caf.$' /etc/xinetd.d/${f}_psa
                done
                """),
        QmailRound(
            name: "the control files: no rcpthosts, percenthack",
            script: """
                mariadb psa -e "INSERT INTO domain_aliases VALUES (9, 'alias.example', 1, 'true')"
                rm /var/qmail/control/rcpthosts
                echo hosted.example > /var/qmail/control/percenthack
                systemctl restart qmail
                """,
            check: """
                for d in alias.example hosted.example second.example; do grep -qx $d /var/qmail/control/rcpthosts; done
                ! grep -q web-only /var/qmail/control/rcpthosts
                [ ! -s /var/qmail/control/percenthack ]
                """),
        QmailRound(
            name: "compiled files: rules of tcpserver, morercpthosts, an exported RELAYCLIENT",
            server: "tcpserver",
            script: """
                printf '# ours\\n127.:allow,RELAYCLIENT=""\\n10.0.0.1-9:allow,A="1",RELAYCLIENT=""\\n:allow,RELAYCLIENT=""\\n' \
                > /etc/tcp.smtp
                tcprules /etc/tcp.smtp.cdb /etc/tcp.smtp.tmp < /etc/tcp.smtp
                printf 'third.example\\nsecond.example\\n' > /var/qmail/control/morercpthosts
                /var/qmail/bin/qmail-newmrh
                sed -i 's/^exec 2/export RELAYCLIENT=\\nexec 2/' /service/qmail-smtpd/run
                svc -t /service/qmail-smtpd
                # supervise(8) lets a second pass before it starts again what ended at once.
                timeout 20 sh -c \
                'until tr "\\0" "\\n" < /proc/$(pgrep -o -x tcpserver)/environ | grep -q ^RELAYCLIENT=; do sleep 0.1; done'
                """,
            check: """
                grep -qxF ':allow' /etc/tcp.smtp && grep -qxF '# ours' /etc/tcp.smtp
                tcprules /run/check.cdb /run/check.tmp < /etc/tcp.smtp && cmp /run/check.cdb /etc/tcp.smtp.cdb
                cdb -q /var/qmail/control/morercpthosts.cdb second.example
                ! cdb -q /var/qmail/control/morercpthosts.cdb third.example
                printf '+14,0:second.example->\\n\\n' | cdb -c /run/check.cdb
                cmp /run/check.cdb /var/qmail/control/morercpthosts.cdb
                ! grep -q RELAYCLIENT /service/qmail-smtpd/run
                """),
        QmailRound(
            name: "a drop-in of xinetd's unit",
            script: """
                mkdir -p /etc/systemd/system/xinetd.service.d
                printf '[Service]\\nEnvironment="RELAYCLIENT=" A=b\\n' > /etc/systemd/system/xinetd.service.d/ours.conf
                systemctl daemon-reload
                systemctl restart xinetd
                """,
            check: """
                grep -qx 'Environment=A=b' /etc/systemd/system/xinetd.service.d/ours.conf
                systemctl show --property=Environment xinetd | grep -qx Environment=A=b
                """),
        QmailRound(
            name: "Plesk's settings: relaying open, a white list with everybody",
            script: """
                plesk bin mailserver --set-relay open
                plesk bin mailserver --add-to-white-list 0.0.0.0/0
                """, check: "! grep -q RELAYCLIENT /etc/xinetd.d/smtp_psa"),
    ]
}

extension OnARealHost {
    @Suite("Qmail closed and taken back")
    struct QmailRounds {
        @Test(
            "Closed by the smallest edits, proven from outside, and taken back byte for byte",
            arguments: QmailRound.all)
        fileprivate func wholeRound(round: QmailRound) throws {
            let lab = try Lab.required()
            try lab.resetToQmail(server: round.server)
            let opened = try lab.host("/bin/sh", "-ec", round.script)
            #expect(opened.status == 0, "\(opened.errorOutput)")
            let broken = try lab.state()
            let outside = Outside(lab: lab)
            let isLoginOffered = round.server == "xinetd"

            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(3000))\(apply.errorOutput)")
            let document = try apply.json()
            #expect(document["outcome"] as? String == "confirmed")
            let relay = document["relay"] as? [String: Any]
            #expect(relay?["before"] as? String == "open")
            #expect(relay?["after"] as? String == "closed")
            let check = try lab.host("/bin/sh", "-exc", round.check)
            #expect(check.status == 0, "\(check.errorOutput)")
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            #expect(try outside.hostedReply().hasPrefix("250 "))
            if isLoginOffered { #expect(try outside.loginReply().hasPrefix("250 ")) }
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)

            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == broken)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("250 "))
        }
    }
}
