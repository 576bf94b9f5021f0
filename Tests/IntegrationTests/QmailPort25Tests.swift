import Testing

extension OnARealHost {
    @Suite("Port 25 of a host whose MTA is Qmail")
    struct QmailPort25 {
        @Test("Another MTA in Qmail's place is stopped, Qmail answers, and a rollback restores it")
        func foreign() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            try lab.host("systemctl", "stop", "xinetd")
            try lab.control("foreign", "systemd", "all")
            let before = try lab.state()
            let outside = Outside(lab: lab)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("250 "))
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(3000))\(apply.errorOutput)")
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
        }

        @Test("An xinetd that had ports of its own beside another MTA lets port 25 go again in a rollback")
        func foreignBesideXinetd() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            try lab.host("systemctl", "stop", "xinetd")
            try lab.control("foreign", "systemd", "all")
            // It cannot have port 25, and serves the others.
            try lab.host("systemctl", "start", "xinetd")
            let before = try lab.state()
            let outside = Outside(lab: lab)
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(3000))\(apply.errorOutput)")
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("250 "))
            // And forth again.
            let again = try lab.agent("rollback", "--yes")
            #expect(again.status == 0, "\(again.output)\(again.errorOutput)")
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
        }

        @Test(
            "A proxy in front of Qmail is judged by what relaylock lets the host itself do, as strangers find it"
        )
        func proxy() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            let made = try lab.host(
                "/bin/sh", "-ec",
                """
                sed -i -e '/flags.*IPv6/d' -e 's/^}/ bind = 127.0.0.1\\n}/' /etc/xinetd.d/smtp_psa
                cd /etc/systemd/system
                printf '[Socket]\\nListenStream=203.0.113.10:25\\n' > mailproxy.socket
                printf '[Service]\\nExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:25\\n' > mailproxy.service
                systemctl daemon-reload
                systemctl restart xinetd.service
                systemctl start mailproxy.socket
                """)
            #expect(made.status == 0, "\(made.errorOutput)")
            defer { _ = try? lab.host("systemctl", "stop", "mailproxy.socket", "mailproxy.service") }
            let outside = Outside(lab: lab)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("250 "))
            let plan = try lab.agent("plan", "--detailed-exitcode")
            #expect(
                plan.status == 2 && plan.output.contains("Nothing that agent can change"), "\(plan.output)")
            let open = try lab.agent("explain")
            #expect(open.status == 2 && open.output.contains("Plesk white list"), "\(open.output)")
            try lab.host("plesk", "bin", "mailserver", "--remove-from-white-list", "127.0.0.1/8")
            // Plesk writes its entry anew.
            try lab.host(
                "/bin/sh", "-ec",
                """
                sed -i -e '/flags.*IPv6/d' -e '/bind/d' -e 's/^}/ bind = 127.0.0.1\\n}/' /etc/xinetd.d/smtp_psa
                systemctl stop mailproxy.socket
                systemctl restart xinetd.service
                systemctl start mailproxy.socket
                """)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            let closed = try lab.agent("explain")
            #expect(closed.status == 0, "\(closed.output)")
        }

        @Test("An entry of Plesk's that is switched off is switched on, and a rollback switches it off again")
        func switchedOff() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            try lab.host(
                "/bin/sh", "-ec",
                """
                sed -i -e 's/disable.*= no/disable = yes/' -e 's/SMTPAUTH=1/SMTPAUTH=1 RELAYCLIENT=/' /etc/xinetd.d/smtp_psa
                grep -q 'disable = yes' /etc/xinetd.d/smtp_psa
                systemctl restart xinetd
                """)
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(3000))\(apply.errorOutput)")
            let outside = Outside(lab: lab)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            #expect(try outside.hostedReply().hasPrefix("250 "))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect([0, 5].contains(rollback.status), "\(rollback.output)\(rollback.errorOutput)")
            #expect(rollback.output.contains("this host takes no mail from outside"), "\(rollback.output)")
            #expect(try lab.state() == before)
        }
    }
}
