import Foundation
import Testing

extension OnARealHost {
    /// Into the harbour by mail that broke, and out of it.
    @Suite("The way out of the safe harbour")
    struct Harbours {
        private func soft(_ lab: Lab) throws -> String {
            try lab.host("postconf", "-h", "soft_bounce").output.trimmingCharacters(in: .newlines)
        }

        private func outcome(_ run: Lab.Run) throws -> String? { try run.json()["outcome"] as? String }

        @Test("Said by plan, status and apply; left once mail works again, and not before")
        func wayOut() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            let table = "/var/spool/postfix/plesk/vmailbox.db"
            // Mail breaks in the moment in which the outside has been asked how it was before.
            let broken = try lab.host(
                "/bin/sh", "-c",
                """
                cp \(table) /root/whole.db; : >/root/empty; postmap hash:/root/empty; : >/root/err
                agent apply --yes --format json >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Kept' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                cp /root/empty.db \(table)
                wait $agent
                status=$?
                cat /root/out
                exit $status
                """)
            #expect(broken.status == 3, "\(broken.output)\(broken.errorOutput)")
            #expect(try outcome(broken) == "harboured")
            let inHarbour = try lab.state()

            let plan = try lab.agent("plan", "--detailed-exitcode")
            #expect(plan.status == 2)
            #expect(plan.output.contains("agent apply --leave-harbour"), "\(plan.output)")
            #expect(try lab.agent("status").output.contains("in the safe harbour since change 1"))
            let again = try lab.agent("apply", "--yes")
            #expect(again.status == 4, "\(again.output)\(again.errorOutput)")
            #expect(try lab.state() == inHarbour)

            let early = try lab.agent("apply", "--yes", "--leave-harbour", "--format", "json")
            #expect(early.status == 3, "\(early.output)\(early.errorOutput)")
            #expect(try outcome(early) == "rolled-back")
            #expect(try soft(lab) == "yes")

            try lab.host("cp", "/root/whole.db", table)
            let saved = try lab.agent("plan", "--leave-harbour", "--out", "/root/plan.json")
            #expect(saved.status == 0)
            let left = try lab.agent("apply", "--yes", "/root/plan.json")
            #expect(left.status == 0, "\(left.output)\(left.errorOutput)")
            #expect(try soft(lab) == "no")
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let status = try lab.agent("status").output
            #expect(!status.contains("harbour"), "\(status)")
            let outside = Outside(lab: lab)
            #expect(try outside.strangerReply(port: 25, tls: []).hasPrefix("4"))
            #expect(try outside.hostedReply().hasPrefix("250"))
        }

        @Test("A window that nobody confirmed: the same change again, without the harbour")
        func afterWindow() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            #expect(try lab.agent("apply", "--yes", "--confirm-timeout", "10m").status == 5)
            let written = try lab.host("cat", "/etc/postfix/main.cf").output
            try lab.agent("cancel")
            #expect(try soft(lab) == "yes")
            let opened = try lab.agent("apply", "--yes", "--leave-harbour", "--confirm-timeout", "10m")
            #expect(opened.status == 5, "\(opened.output)\(opened.errorOutput)")
            #expect(try lab.host("cat", "/etc/postfix/main.cf").output == written)
            try lab.agent("cancel")
            #expect(try soft(lab) == "yes", "what nobody confirmed ends in the harbour again")
            #expect(try lab.agent("apply", "--yes", "--leave-harbour").status == 0)
            #expect(try lab.host("cat", "/etc/postfix/main.cf").output == written)
        }
    }
}
