import Foundation
import Testing

extension OnARealHost {
    @Suite("Following a policy")
    struct FollowingAPolicy {
        private static let customer = "192.0.2.0/24"

        /// A host that trusts a customer's network, with a drop-in that vouches for it.
        private func vouchedHost(until: String) throws -> Lab {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host("plesk", "bin", "mailserver", "--add-to-white-list", Self.customer)
            try lab.host(
                "/bin/sh", "-c",
                """
                mkdir -p /etc/agent/policy.d
                cat >/etc/agent/policy.d/10-customer.yaml <<END
                version: 1
                white-list:
                  vouched:
                    - network: \(Self.customer)
                      reason: their scanner cannot log in
                      until: \(until)
                END
                """)
            return lab
        }

        private func whiteListNotes(_ plan: Lab.Run) throws -> String {
            let findings = try plan.json()["findings"] as? [[String: Any]]
            let finding = try #require(findings?.first { $0["id"] as? String == "white-list" })
            return (finding["notes"] as? [String] ?? []).joined(separator: "\n")
        }

        @Test("An entry that is vouched for is left alone, and every plan says by whom and until when")
        func vouched() throws {
            let lab = try vouchedHost(until: "2099-12-31")
            let before = try lab.state()
            let plan = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(plan.status == 0, "\(plan.output)")
            let notes = try whiteListNotes(plan)
            #expect(notes.contains("/etc/agent/policy.d/10-customer.yaml"), "\(notes)")
            #expect(notes.contains("until 2099-12-31: their scanner cannot log in"), "\(notes)")
            let page = try lab.agent("plan").output
            #expect(page.contains(" with /etc/agent/policy.d/10-customer.yaml\n"), "\(page)")
            #expect(try lab.agent("apply", "--yes").status == 0)
            #expect(try lab.state() == before)
        }

        @Test("Once the day has passed it is drift, and is taken out")
        func expired() throws {
            let lab = try vouchedHost(until: "2026-01-31")
            let plan = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(plan.status == 2, "\(plan.output)")
            #expect(try whiteListNotes(plan).contains("until 2026-01-31, which has passed"))
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try !lab.host("plesk", "bin", "mailserver", "--info").output.contains(Self.customer))
        }

        @Test("A policy of no relaying at all closes it for logins too, and is taken back exactly")
        func closed() throws {
            let lab = try Lab.required()
            try lab.reset()
            let before = try lab.state()
            let outside = Outside(lab: lab)
            #expect(try outside.loginIsOffered(on: 25))
            let policy = ["--policy", "/etc/agent-policies/no-relaying-at-all.yaml"]
            let apply = try lab.agent(["apply", "--yes", "--format", "json"] + policy)
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "confirmed")
            #expect(try !outside.loginIsOffered(on: 25))
            #expect(try outside.hostedReply().hasPrefix("250"))
            #expect(try lab.agent(["plan", "--detailed-exitcode"] + policy).status == 0)
            let rollback = try lab.agent(["rollback", "--yes"] + policy)
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
        }
    }
}
