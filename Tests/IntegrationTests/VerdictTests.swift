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
                "mkdir -p -m 755 /etc/agent; printf 'version: 1\\nafter-apply: {\(afterApply)}\\n' >/etc/agent/policy.yaml"
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

        @Test("Hosted mail breaks while the change is made: the harbour, in which nothing is bounced")
        func broken() throws {
            let lab = try opened()
            // As soon as the outside has been asked how it was before, the map of hosted mailboxes is emptied.
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/empty; postmap hash:/root/empty
                : >/root/err
                agent apply --yes --format json >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Kept' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                cp /root/empty.db /var/spool/postfix/plesk/vmailbox.db
                wait $agent
                status=$?
                cat /root/out
                exit $status
                """)
            #expect(run.status == 3, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "harboured")
            let outside = Outside(lab: lab)
            for door in Outside.doors where door.port != 587 {
                let reply = try outside.strangerReply(port: door.port, tls: door.tls)
                #expect(reply.hasPrefix("4"), "port \(door.port) \(door.tls): \(reply)")
            }
            let deferred = try outside.hostedReply()
            #expect(deferred.hasPrefix("4"), "what is refused by mistake is retried: \(deferred)")
            #expect(try lab.agent("explain").status == 0)
        }
    }
}
