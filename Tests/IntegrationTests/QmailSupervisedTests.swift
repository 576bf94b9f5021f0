import Testing

extension OnARealHost {
    @Suite("A Qmail under supervision")
    struct QmailSupervised {
        @Test(
            "While supervise(8) lets a second pass before it starts tcpserver again, an apply waits for the new one"
        )
        func restarting() throws {
            let lab = try Lab.required()
            try lab.resetToQmail(server: "tcpserver")
            try lab.askOnePort()
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                sed -i 's/^exec envdir/export RELAYCLIENT=\\nexec envdir/' /service/qmail-smtpd/run
                old=$(pgrep -o -x tcpserver)
                svc -t /service/qmail-smtpd
                timeout 20 sh -c "while new=\\$(pgrep -o -x tcpserver); [ -z \\$new ] || [ \\$new = $old ]; do :; done"
                kill -KILL $(pgrep -o -x tcpserver)
                exec agent apply --yes --format json
                """)
            #expect(run.status == 0, "\(run.output.suffix(3000))\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "confirmed")
            #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("553 "))
        }

        @Test("A start script that nothing supervises any more is not judged, and the plan names it")
        func stale() throws {
            let lab = try Lab.required()
            try lab.resetToQmail(server: "tcpserver")
            let made = try lab.host(
                "/bin/sh", "-ec",
                """
                mkdir -p /var/qmail/supervise/old/supervise
                printf '#!/bin/sh\\nexport RELAYCLIENT=\\nexec tcpserver 0 587 /var/qmail/bin/qmail-smtpd\\n' \
                > /var/qmail/supervise/old/run
                mkfifo /var/qmail/supervise/old/supervise/ok
                """)
            #expect(made.status == 0, "\(made.errorOutput)")
            #expect(try lab.agent("explain").status == 0)
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            #expect(try lab.agent("explain").output.contains("/var/qmail/supervise/old/run"))
        }

        @Test(
            "A supervised tcpserver that another MTA keeps from port 25, or that is put down, gets it, and a rollback gives it back",
            arguments: [false, true])
        func besideAnother(isDown: Bool) throws {
            let lab = try Lab.required()
            try lab.resetToQmail(server: "tcpserver")
            try lab.askOnePort()
            try lab.host("svc", "-d", "/service/qmail-smtpd")
            try lab.control("foreign", "systemd", "all")
            if !isDown { try lab.host("svc", "-u", "/service/qmail-smtpd") }
            let before = try lab.state()
            let outside = Outside(lab: lab)
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(3000))\(apply.errorOutput)")
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect([0, 5].contains(rollback.status), "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("250 "))
            // It is to run, or is down, as before.
            let status = try lab.host("svstat", "/service/qmail-smtpd").output
            #expect(!status.contains("normally down"), "\(status)")
            #expect(status.contains(": down") && !status.contains("want up") || !isDown, "\(status)")
        }
    }
}
