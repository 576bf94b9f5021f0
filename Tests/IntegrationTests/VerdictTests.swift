import Foundation
import Testing

extension OnARealHost {
    /// Each verdict brought about on the host, and the policy's choice carried out.
    @Suite("Verdicts from outside")
    struct Verdicts {
        private func opened() throws -> Lab {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            return lab
        }

        private func policy(_ afterApply: String, on lab: Lab) throws {
            try lab.host(
                "/bin/sh", "-c",
                "mkdir -p -m 755 /etc/agent; printf 'version: 1\\nprobe: {ports: [25]}\\nafter-apply: {\(afterApply)}\\n' >/etc/agent/policy.yaml"
            )
        }

        @Test(
            "A vantage that is down cannot tell, and the policy decides",
            arguments: [
                ("keep", "unconfirmed", Int32(5)), ("roll-back", "rolled-back", 3),
                ("harbour", "harboured", 3),
            ])
        func vantageDown(choice: String, outcome: String, status: Int32) throws {
            let lab = try opened()
            try policy("unconfirmed: \(choice)", on: lab)
            let before = try lab.state()
            try lab.host("chmod", "a-x", "/usr/bin/unshare")
            defer { _ = try? lab.host("chmod", "a+x", "/usr/bin/unshare") }
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == status, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == outcome)
            #expect(try (lab.state() == before) == (outcome == "rolled-back"))
            #expect(try lab.agent("explain").status == (outcome == "rolled-back" ? 2 : 0))
        }

        @Test("A server that greylists cannot be told closed: applied, and not confirmed")
        func greylisted() throws {
            let lab = try opened()
            // The greylisting begins when the outside has been asked how it was before.
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                : >/etc/postfix/grey; postmap /etc/postfix/grey
                postconf -e 'smtpd_sender_restrictions = check_recipient_access hash:/etc/postfix/grey'
                touch -d '-5 seconds' /etc/postfix/main.cf
                postfix reload
                echo 'hosted.example 450 4.2.0 Greylisted, try again later' >/root/grey; postmap /root/grey
                : >/root/err
                agent apply --yes --format json >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Kept' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                cp /root/grey.db /etc/postfix/grey.db
                wait $agent
                status=$?
                cat /root/out
                exit $status
                """)
            #expect(run.status == 5, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "unconfirmed")
            #expect(try lab.agent("explain").status != 2, "the change is kept")
        }

        @Test(
            "A vantage that the policy lets relay cannot tell, and the policy decides",
            arguments: [("keep", "unconfirmed", Int32(5)), ("roll-back", "rolled-back", 3)])
        func vouchedVantage(choice: String, outcome: String, status: Int32) throws {
            let lab = try opened()
            try lab.host(
                "/bin/sh", "-c",
                """
                plesk bin mailserver --add-to-white-list 198.51.100.0/24 >/dev/null
                mkdir -p -m 755 /etc/agent
                printf 'version: 1\\nwhite-list:\\n  vouched: [{network: 198.51.100.0/24, reason: the test}]\\n' \
                    >/etc/agent/policy.yaml
                printf 'after-apply: {unconfirmed: \(choice)}\\nprobe: {ports: [25]}\\n' >>/etc/agent/policy.yaml
                """)
            try lab.break(["mynetworks"])
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == status, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == outcome)
            let output = apply.errorOutput
            #expect(output.contains("no address is free for the network namespace"), "\(output)")
            #expect(try (lab.state() == before) == (outcome == "rolled-back"))
        }

        /// Applies, and in the moment in which the outside has been asked how it was before, puts `table` in the
        /// place of `target`.
        private func apply(on lab: Lab, replacing target: String, with table: String) throws -> Lab.Run {
            try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/err
                agent apply --yes --format json >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Kept' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                cp \(table) \(target)
                wait $agent
                status=$?
                cat /root/out
                exit $status
                """)
        }

        @Test(
            "It still relays, for a reason that came up meanwhile: said, and the change is kept, since it closes"
        )
        func stillOpen() throws {
            let lab = try opened()
            try lab.host(
                "/bin/sh", "-c",
                """
                echo 'elsewhere.example REJECT' >/etc/postfix/senders; postmap /etc/postfix/senders
                for list in smtpd_relay_restrictions smtpd_recipient_restrictions; do
                    postconf -e "$list = check_sender_access hash:/etc/postfix/senders, $(postconf -h $list)"
                done
                touch -d '-5 seconds' /etc/postfix/main.cf
                postfix reload
                echo 'sender.example OK' >/root/senders; postmap /root/senders
                """)
            let run = try apply(on: lab, replacing: "/etc/postfix/senders.db", with: "/root/senders.db")
            #expect(run.status == 4, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "still-open")
            #expect(try lab.host("postconf", "-h", "mynetworks").output == "127.0.0.0/8 [::1]/128\n")
            #expect(try lab.agent("explain").status == 2)
        }

        private func breakHostedMail(on lab: Lab) throws -> Lab.Run {
            try lab.host("/bin/sh", "-c", ": >/root/empty; postmap hash:/root/empty")
            return try apply(
                on: lab, replacing: "/var/spool/postfix/plesk/vmailbox.db", with: "/root/empty.db")
        }

        @Test("Hosted mail breaks while the change is made: the harbour, in which nothing is bounced")
        func broken() throws {
            let lab = try opened()
            let run = try breakHostedMail(on: lab)
            #expect(run.status == 3, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "harboured")
            let outside = Outside(lab: lab)
            for door in Outside.doors {
                let replies = try outside.replies(
                    to: ["--to", "canary@[198.51.100.7]", "--from", "stranger@domain.example"],
                    port: door.port,
                    tls: door.tls)
                let last = try #require(replies.last { !$0.hasPrefix("221") })
                #expect(last.hasPrefix("4"), "port \(door.port) \(door.tls): \(replies)")
                #expect(!replies.contains { $0.hasPrefix("5") }, "port \(door.port) \(door.tls): \(replies)")
            }
            for recipient in ["postmaster@hosted.example", "nobody-of-that-name@hosted.example"] {
                let replies = try outside.replies(
                    to: ["--to", recipient, "--from", "stranger@domain.example"], port: 25, tls: [])
                let last = try #require(replies.last { !$0.hasPrefix("221") })
                #expect(last.hasPrefix("4"), "what is refused by mistake is retried: \(replies)")
            }
            #expect(try lab.agent("explain").status == 0)
        }

        @Test(
            "Hosted mail breaks, and the policy chooses something else than the harbour",
            arguments: [("roll-back", "rolled-back", Int32(3)), ("keep", "unconfirmed", 5)])
        func brokenOtherwise(choice: String, outcome: String, status: Int32) throws {
            let lab = try opened()
            try policy("mail-broken: \(choice)", on: lab)
            let run = try breakHostedMail(on: lab)
            #expect(run.status == status, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == outcome)
            #expect(try lab.agent("explain").status == (choice == "keep" ? 0 : 2))
        }

        @Test("Hosted mail breaks where the old state did not relay: the old state comes back")
        func brokenClosed() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-c",
                "mkdir -p -m 755 /etc/agent; printf 'version: 1\\nrelaying: closed\\nprobe: {ports: [25]}\\n' >/etc/agent/policy.yaml"
            )
            let before = try lab.host("cat", "/etc/postfix/main.cf").output
            let run = try breakHostedMail(on: lab)
            #expect(run.status == 3, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "rolled-back")
            #expect(try lab.host("cat", "/etc/postfix/main.cf").output == before)
        }
    }
}
