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
