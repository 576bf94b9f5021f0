import Foundation
import Testing

/// A way to open, or to weaken, a host whose mail is Qmail's.
private struct QmailDefect {
    var name: String
    /// Run in the host, as root.
    var script: String
    /// What the plan names as guilty: `file: text` or `file:line: text`.
    var guilty: [String]
    var before = "open"

    private static let services = "/etc/xinetd.d/*_psa"
    private static let control = "/var/qmail/control"

    /// Each is planned for; nothing is done about it, so that many cost little.
    static let all = [
        QmailDefect(
            name: "rcpthosts is missing", script: "rm \(control)/rcpthosts",
            guilty: ["rcpthosts: control/rcpthosts is not there, so every recipient is accepted"]),
        QmailDefect(
            name: "RELAYCLIENT in xinetd's environment",
            script: "sed -i 's/SMTPAUTH=1/SMTPAUTH=1 RELAYCLIENT=/' \(services)",
            guilty: ["/etc/xinetd.d/smtp_psa:10:         env             = SMTPAUTH=1 RELAYCLIENT="]),
        QmailDefect(
            name: "relaylock is not in the chain",
            script: "sed -i 's| /var/qmail/bin/relaylock||' /etc/xinetd.d/smtp_psa", guilty: [],
            before: "closed"),
        QmailDefect(
            name: "every password is right",
            script: "sed -i 's|/var/qmail/bin/smtp_auth|/bin/true|' /etc/xinetd.d/submission_psa",
            guilty: ["/etc/xinetd.d/submission_psa:12:"]),
        QmailDefect(
            name: "percenthack for a hosted domain", script: "echo hosted.example > \(control)/percenthack",
            guilty: ["percenthack:1: hosted.example"], before: "open"),
        QmailDefect(
            name: "a domain in rcpthosts that is not delivered here any more",
            script: "sed -i /^second/d \(control)/virtualdomains; echo third.example >> \(control)/rcpthosts",
            guilty: ["rcpthosts:3: third.example"], before: "partial"),
        QmailDefect(
            name: "a foreign domain in morercpthosts",
            script: "echo third.example > \(control)/morercpthosts; /var/qmail/bin/qmail-newmrh",
            guilty: ["morercpthosts:1: third.example"], before: "partial"),
        QmailDefect(
            name: "qmail-qmqpd for everybody",
            script: """
                printf 'service qmqp\\n{\\n type = UNLISTED\\n port = 628\\n socket_type = stream\\n wait = no\\n\
                \\n user = root\\n server = /var/qmail/bin/tcp-env\\n server_args = /var/qmail/bin/qmail-qmqpd\\n}\\n' \
                > /etc/xinetd.d/qmqp
                """, guilty: ["/etc/xinetd.d/qmqp:"], before: "open"),
        QmailDefect(
            name: "smarthost routes alone", script: "echo ':smarthost.example' > \(control)/smtproutes",
            guilty: [], before: "closed"),
    ]
}

extension Lab {
    /// A pristine host with Plesk's Qmail, and quick Plesk commands.
    func resetToQmail(server: String = "xinetd") throws {
        try reset()
        try control("switch", "qmail-server", server)
        try control("switch", "mta", "qmail")
    }
}

extension OnARealHost {
    @Suite("Qmail in Postfix's place")
    struct QmailHost {
        @Test("A host as Plesk sets it up complies; stock qmail's 250 for odd addresses is no relay")
        func closed() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            let before = try lab.state()
            let plan = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(plan.status == 0, "\(plan.output)\(plan.errorOutput)")
            #expect((try plan.json()["host"] as? [String: Any])?["mta"] as? String == "qmail")
            let probe = try lab.agent("probe", "--format", "json")
            #expect(probe.status == 0, "\(probe.output.suffix(3000))\(probe.errorOutput)")
            let report = try probe.json()
            #expect(report["verdict"] as? String == "closed")
            #expect((report["hosted"] as? [String: Any])?["accepted"] as? Bool == true)
            let endpoints = try #require(report["endpoints"] as? [[String: Any]])
            let tests = endpoints.flatMap { $0["tests"] as? [[String: Any]] ?? [] }
            #expect(tests.contains { $0["verdict"] as? String == "accepted" }, "qmail takes some of them")
            #expect(!tests.contains { $0["verdict"] as? String == "delivered" })
            #expect(try lab.state() == before)
        }

        @Test("Each opening is named by its line, and the plan ends closed")
        func planned() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            let files = "/var/qmail/control /etc/xinetd.d"
            try lab.host("/bin/sh", "-ec", "tar -C / -cf /run/pristine.tar \(files)")
            for defect in QmailDefect.all {
                let made = try lab.host("/bin/sh", "-ec", defect.script + "\nsystemctl reload xinetd")
                #expect(made.status == 0, "\(defect.name): \(made.errorOutput)")
                let plan = try lab.agent("plan", "--format", "json")
                let relay = try plan.json()["relay"] as? [String: Any]
                #expect(relay?["before"] as? String == defect.before, "\(defect.name): \(plan.output)")
                #expect(relay?["after"] as? String == "closed", "\(defect.name): \(plan.output)")
                let text = try lab.agent("plan").output
                for line in defect.guilty { #expect(text.contains(line), "\(defect.name): \(text)") }
                try lab.host("/bin/sh", "-ec", "rm -rf \(files) && tar -C / -xf /run/pristine.tar")
            }
        }

        @Test("An xinetd that was given RELAYCLIENT itself relays, and what gave it that is named")
        func starter() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            let file = "/etc/default/xinetd"
            try lab.host("/bin/sh", "-ec", "cp -a \(file) /run/kept; echo 'export RELAYCLIENT=' >> \(file)")
            defer { _ = try? lab.host("/bin/sh", "-c", "cp -a /run/kept \(file); systemctl restart xinetd") }
            try lab.host("systemctl", "restart", "xinetd")
            #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("250 "))
            let written = try lab.agent("explain")
            #expect(written.status == 2 && written.output.contains("\(file):"), "\(written.output)")
            try lab.host("/bin/sh", "-c", "cp -a /run/kept \(file)")
            let running = try lab.agent("explain")
            #expect(running.status == 2 && running.output.contains("/environ"), "\(running.output)")
            // What it was started with goes when it is started again.
            let restarted = try lab.agent("apply", "--yes")
            #expect(restarted.status == 0, "\(restarted.output)\(restarted.errorOutput)")
            #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("553 "))
            // And what gives it that is mended.
            try lab.host("/bin/sh", "-ec", "echo 'export RELAYCLIENT=' >> \(file); systemctl restart xinetd")
            #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("250 "))
            let mended = try lab.agent("apply", "--yes")
            #expect(mended.status == 0, "\(mended.output)\(mended.errorOutput)")
            #expect(try lab.host("cmp", file, "/run/kept").status == 0)
            #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("553 "))
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect([0, 5].contains(rollback.status), "\(rollback.output)\(rollback.errorOutput)")
            #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("250 "))
        }

        @Test(
            "What nobody could confirm goes to the safe harbour where the policy says so: closed, and mail comes in"
        )
        func harbour() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            try lab.host(
                "/bin/sh", "-ec",
                """
                sed -i 's/SMTPAUTH=1/SMTPAUTH=1 RELAYCLIENT=/' /etc/xinetd.d/*_psa; systemctl reload xinetd
                mkdir -p -m 755 /etc/agent
                printf 'version: 1\\nafter-apply: {unconfirmed: harbour}\\n' > /etc/agent/policy.yaml
                chmod a-x /usr/bin/unshare
                """)
            defer { _ = try? lab.host("chmod", "a+x", "/usr/bin/unshare") }
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 3, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "harboured")
            let outside = Outside(lab: lab)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("553 "))
            #expect(try outside.hostedReply().hasPrefix("250 "))
            #expect(try lab.agent("explain").status == 0)
        }

        /// Messages of a stranger and of a script, and bounces, as qmail-queue leaves them.
        private static let flood = """
            cd /var/qmail/queue
            add() {
                printf 'Received: (qmail 7 invoked %s); 24 Nov 2026 10:00:00 -0000\\n%b\\ntext\\n' "$2" "$3" > mess/$(($1 % 23))/$1
                printf 'u0\\0p7\\0F%s\\0Tuser%s@third.example\\0' "$4" $1 > todo/$1
            }
            for i in $(seq 1000 1059); do
                add $i 'from network' 'Received: from unknown (HELO x) (198.51.100.7)\\n  by mx with SMTP; 24 Nov\\nSubject: Prize '$i'\\n' a@b.example
            done
            for i in $(seq 2000 2039); do
                add $i 'by uid 33' 'X-PHP-Originating-Script: 33:mailer.php\\nSubject: Offer\\n' www-data@hosted.example
            done
            for i in $(seq 3000 3024); do add $i 'for bounce' 'Subject: failure notice\\n' ''; done
            printf 'version: 1\\nqueue:\\n  warn-above: 50\\n' > /root/policy.yaml
            """

        @Test("A flooded queue is explained by who invoked qmail, and its verbs refuse and touch nothing")
        func flooded() throws {
            let lab = try Lab.required()
            try lab.resetToQmail()
            try lab.host("systemctl", "stop", "qmail")
            try lab.host("rm", "/var/qmail/control/rcpthosts")
            let filled = try lab.host("/bin/sh", "-ec", Self.flood)
            #expect(filled.status == 0, "\(filled.errorOutput)")
            let queue = { try lab.agent("queue", "--policy", "/root/policy.yaml", "--format", "json").json() }
            let open = try queue()
            #expect(open["messages"] as? Int == 125 && open["unreadable"] as? Int == 0)
            #expect(open["verdict"] as? String == "relayed-by-strangers")
            let causes = try #require(open["causes"] as? [[String: Any]])
            #expect(causes.compactMap { $0["kind"] as? String } == ["relayed", "local", "bounce"])
            #expect(causes.compactMap { $0["messages"] as? Int } == [60, 40, 25])
            #expect(causes[1]["who"] as? String == "33:mailer.php, user www-data")
            // With the relay closed, who came from outside had logged in.
            try lab.host("/bin/sh", "-c", "echo hosted.example > /var/qmail/control/rcpthosts")
            #expect(try queue()["verdict"] as? String == "stolen-login")

            let before = try lab.state()
            for verb in [
                ["hold", "--relayed", "--yes"], ["release", "--yes"], ["export", "/root/evidence"],
                ["delete", "/root/evidence", "--yes", "--expecting", "1"],
            ] {
                let refusal = try lab.agent(["queue"] + verb)
                #expect(refusal.status == 1, "\(verb): \(refusal.output)")
                #expect(refusal.errorOutput.contains("Qmail cannot hold messages; nothing was touched"))
            }
            #expect(try lab.state() == before)
            let count = try lab.host("sh", "-c", "find /var/qmail/queue/mess -type f | wc -l").output
            #expect(count.trimmingCharacters(in: .whitespacesAndNewlines) == "125")
        }
    }
}
