import Foundation
import Testing

extension OnARealHost {
    @Suite("Closing an open relay")
    struct Closing {
        static let defects = [["relaying"], ["white-list"], ["mynetworks"], ["submission"], ["all"]]

        @Test(
            "Each defect, and all together: probed, planned, applied, proved, taken back byte for byte",
            arguments: defects)
        func wholeRound(defects: [String]) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(defects)
            let broken = try lab.state()
            let outside = Outside(lab: lab)

            let probe = try lab.agent("probe", "--format", "json")
            #expect(probe.status == 2, "\(probe.output)\(probe.errorOutput)")
            #expect(try probe.json()["verdict"] as? String == "open")

            let plan = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(plan.status == 2)
            #expect(try lab.state() == broken, "planning changes nothing")

            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "confirmed")

            let again = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(again.status == 0, "\(again.output)")
            #expect((try again.json()["changes"] as? [Any])?.isEmpty == true)

            for door in Outside.doors {
                let reply = try outside.strangerReply(port: door.port, tls: door.tls)
                #expect(
                    reply.hasPrefix("4") || reply.hasPrefix("5"), "port \(door.port) \(door.tls): \(reply)")
            }
            #expect(try outside.hostedReply().hasPrefix("250"))
            #expect(try outside.loginReply().hasPrefix("250"))

            let refused = try lab.agent("rollback", "--yes")
            #expect(refused.status == 1)
            #expect(refused.errorOutput.contains("--allow-insecure"))

            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes", "--format", "json")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == broken)
            #expect(try lab.agent("probe", "--format", "json").status == 2)

            let secondApply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(secondApply.status == 0, "\(secondApply.errorOutput)")
            let history = try lab.agent("history", "--format", "json").json()
            let kinds = (history["changes"] as? [[String: Any]])?.compactMap { $0["kind"] as? String }
            #expect(kinds == ["apply", "rollback", "apply"])
        }

        @Test("A healthy host needs nothing, and applying to it changes nothing")
        func healthy() throws {
            let lab = try Lab.required()
            try lab.reset()
            let before = try lab.state()
            let plan = try lab.agent("plan", "--detailed-exitcode")
            #expect(plan.status == 0, "\(plan.output)\(plan.errorOutput)")
            #expect(plan.output.contains("Nothing to do"))
            #expect(try lab.agent("apply", "--yes").status == 0)
            #expect(try lab.state() == before)
            #expect(try lab.agent("probe").status == 0)
        }

        @Test("The plan names the guilty line of a continuation")
        func guiltyLine() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            let lines = try lab.host("cat", "/etc/postfix/main.cf").output.split(
                separator: "\n", omittingEmptySubsequences: false)
            let guilty = try #require(lines.firstIndex { $0.contains("0.0.0.0/0") }) + 1
            let plan = try lab.agent("plan")
            #expect(plan.output.contains("main.cf:\(guilty): "), "\(plan.output)")
            let findings = try lab.agent("plan", "--format", "json").json()["findings"] as? [[String: Any]]
            let relay = try #require(findings?.first { $0["id"] as? String == "relay" })
            let evidence = relay["evidence"] as? [[String: Any]]
            #expect(evidence?.contains { $0["line"] as? Int == guilty } == true)
        }

        @Test(
            "A server that answers everybody with 451 is a person's to correct: exit 4, and no byte is touched",
            arguments: [
                ("mynetworks", "127.0.0.0/8, 203.0.113.10/1", "non-null host address bits"),
                (
                    "smtpd_recipient_restrictions",
                    "permit_mynetworks, permit_sasl_authenticated, # reject_unauth_destination",
                    "unknown smtpd restriction: \"#\""
                ),
            ])
        func refusesEverybody(parameter: String, value: String, fault: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-ec",
                """
                postconf -e '\(parameter) = \(value)'
                touch -d '-5 seconds' /etc/postfix/main.cf
                postfix reload
                """)
            #expect(try Outside(lab: lab).hostedReply().hasPrefix("451"))
            let before = try lab.state()
            let lines = try lab.host("cat", "/etc/postfix/main.cf").output.split(
                separator: "\n", omittingEmptySubsequences: false)
            let guilty = try #require(lines.firstIndex { $0.hasPrefix("\(parameter) = ") }) + 1
            #expect(try lab.agent("explain").status == 4)
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 4, "\(apply.output)\(apply.errorOutput)")
            #expect(apply.output.contains("main.cf:\(guilty): \(parameter) = "), "\(apply.output)")
            #expect(apply.output.contains("Correct the line: Postfix says \"\(fault)"), "\(apply.output)")
            #expect(try lab.state() == before)
        }

        @Test(
            "A lookup that another program answers is asked for strangers, and taken out where it lets them in"
        )
        func answeringProgram() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-ec",
                """
                printf '%s\\n' '#!/bin/sh' 'while read -r verb key; do echo 200 OK; done' > /usr/local/bin/answer
                chmod 755 /usr/local/bin/answer
                echo '127.0.0.1:2600 inet n n n - 0 spawn user=nobody argv=/usr/local/bin/answer' >> /etc/postfix/master.cf
                postconf -e 'smtpd_relay_restrictions = check_client_access tcp:127.0.0.1:2600, reject_unauth_destination' \\
                    'smtpd_recipient_restrictions ='
                touch -d '-5 seconds' /etc/postfix/main.cf /etc/postfix/master.cf
                postfix reload
                """)
            #expect(try lab.agent("probe").status == 2)
            let explained = try lab.agent("explain", "--format", "json")
            #expect(explained.status == 2, "\(explained.output)\(explained.errorOutput)")
            let cause = (try explained.json()["causes"] as? [[String: Any]])?.first
            #expect(cause?["culprit"] as? String == "tcp:127.0.0.1:2600")
            #expect(cause?["opens"] as? String == "every client")
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            let list = try lab.host("postconf", "-h", "smtpd_relay_restrictions").output
            #expect(list == "permit_sasl_authenticated, reject_unauth_destination\n")
        }

        @Test("A rollback can be rolled back: the host is closed again, byte for byte")
        func rollbackOfARollback() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["all"])
            #expect(try lab.agent("apply", "--yes").status == 0)
            let closed = try lab.state()
            #expect(try lab.agent("rollback", "--yes", "--allow-insecure").status == 0)
            let back = try lab.agent("rollback", "--yes")
            #expect(back.status == 0, "\(back.errorOutput)")
            #expect(try lab.state() == closed)
        }
    }
}
