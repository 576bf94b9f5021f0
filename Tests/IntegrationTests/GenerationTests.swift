import Foundation
import Testing

extension OnARealHost {
    /// The stand-in's switches make the host one of each generation (Tests/Lab/README.md says how surely).
    @Suite("Every generation of Plesk")
    struct Generations {
        struct Generation: Sendable, CustomTestStringConvertible {
            var name: String
            var version: String
            var mta = "postfix"
            var whiteList: String
            /// How the mode is set; it was "open" before.
            var command: [String]

            var testDescription: String { "Plesk \(name)" }

            static let wrapper = ["/usr/sbin/plesk", "bin", "mailserver"]
            static let all = [
                Generation(
                    name: "8", version: "8.6.0", mta: "qmail", whiteList: "127.0.0.1/8",
                    command: ["/opt/psa/bin/mailserver.sh"]),
                Generation(
                    name: "9", version: "9.5.4", whiteList: "127.0.0.1/8",
                    command: ["/opt/psa/bin/mailserver.sh"]),
                Generation(
                    name: "10", version: "10.4.4", whiteList: "127.0.0.1/8",
                    command: ["/opt/psa/bin/mailserver"]),
                Generation(name: "11", version: "11.5.30", whiteList: "127.0.0.1/8", command: wrapper),
                Generation(name: "12", version: "12.5.30", whiteList: "empty", command: wrapper),
                Generation(name: "onyx", version: "17.8.11", whiteList: "empty", command: wrapper),
                Generation(
                    name: "obsidian", version: "18.0.62", whiteList: "127.0.0.1/8, ::1/128", command: wrapper),
            ]
        }

        @Test("It is seen as what it is, and told in its own words what to do", arguments: Generation.all)
        func observed(generation: Generation) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("switch", "generation", generation.name)
            if generation.mta == "qmail" { try lab.control("switch", "mta", "qmail") }
            let healthy = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(healthy.status == 0, "\(healthy.output)\(healthy.errorOutput)")
            let host = try #require(healthy.json()["host"] as? [String: Any])
            #expect(host["plesk"] as? String == generation.version)
            #expect(host["mta"] as? String == generation.mta)
            #expect(try actual("white-list", healthy) == generation.whiteList)
            #expect(try actual("relaying", healthy) == "authorization is required")

            let utility = try lab.host(generation.command + ["--set-relay", "open"])
            #expect(utility.status == 0, "\(utility.errorOutput)")
            let plan = try lab.agent("plan", "--format", "json").json()
            let changes = try #require(plan["changes"] as? [[String: Any]])
            #expect(
                changes.first?["command"] as? [String]
                    == generation.command + ["--set-relay", "auth", "-auth-type", "smtp"])
        }

        @Test("A host that only sends has no inbound MTA, and nothing is put in its place")
        func sendsOnly() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("switch", "mta", "msmtp")
            let plan = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(plan.status == 0, "\(plan.output)\(plan.errorOutput)")
            #expect((try plan.json()["host"] as? [String: Any])?["mta"] as? String == "msmtp")
            #expect(try actual("relay", plan) == "msmtp only sends: there is no MTA that takes mail in")
            #expect(try actual("port-25", plan) == "nothing listens")
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(try apply.json()["outcome"] as? String == "no-change")
            let explain = try lab.agent("explain")
            #expect(explain.status == 0 && explain.output.contains("msmtp only sends"), "\(explain.output)")

            // Another MTA that takes mail in: what it does with strangers is not known, and nobody takes its place.
            try lab.control("foreign", "systemd", "all")
            let before = try lab.state()
            let unknown = try lab.agent("explain")
            #expect(unknown.status == 5 && unknown.output.contains("exim4"), "\(unknown.output)")
            let stopped = try lab.agent("apply", "--yes", "--format", "json")
            #expect(stopped.status == 0, "\(stopped.output)\(stopped.errorOutput)")
            #expect(stopped.output.contains("its queue is kept: 0 messages in /var/spool/exim4/input"))
            #expect(try lab.host("ss", "-ltnH", "sport = :25").output.isEmpty)
            #expect(try lab.agent("explain").status == 0)
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect([0, 5].contains(rollback.status), "\(rollback.errorOutput)")
            #expect(try lab.state() == before)
        }

        private func actual(_ id: String, _ plan: Lab.Run) throws -> String? {
            let findings = try #require(plan.json()["findings"] as? [[String: Any]])
            return findings.first { $0["id"] as? String == id }?["actual"] as? String
        }
    }

    /// Article 1394, step 3: what it leaves to an article that is lost.
    @Suite("The causes that the article does not name")
    struct UnnamedCauses {
        private func finding(_ id: String, _ lab: Lab) throws -> [String: Any]? {
            let plan = try lab.agent("plan", "--format", "json").json()
            return (plan["findings"] as? [[String: Any]])?.first { $0["id"] as? String == id }
        }

        @Test("Short login names are drift where strangers were seen to use them, and told of elsewhere")
        func shortNames() throws {
            let lab = try Lab.required()
            try lab.reset()
            #expect(try finding("short-names", lab) == nil)
            try lab.break(["short-names"])
            #expect(try finding("short-names", lab)?["status"] as? String == "ok")
            try lab.control("switch", "generation", "8")
            try lab.control("switch", "mta", "qmail")
            let old = try finding("short-names", lab)
            #expect(old?["status"] as? String == "drift")
            #expect((old?["notes"] as? [String])?.first?.contains("reported in public for Plesk 8") == true)
            #expect(try lab.agent("apply", "--yes").status == 4, "a person must act")
        }

        @Test(
            "A POP lock that covers a network is closed by Plesk's own command, and comes back",
            arguments: ["postfix", "qmail"])
        func popLocks(mta: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            if mta == "qmail" { try lab.control("switch", "mta", "qmail") }
            try lab.askOnePort()
            try lab.break(["pop-locks"])
            let broken = try lab.state()
            let outside = Outside(lab: lab)
            let stranger = ["--local-interface", "198.51.100.7"]
            #expect(try outside.strangerReply(port: 25, tls: stranger).hasPrefix("250"))
            #expect(try finding("pop-locks", lab)?["status"] as? String == "drift")
            let explain = try lab.agent("explain", "--format", "json")
            #expect(try explain.json()["verdict"] as? String == "partial", "\(explain.output)")
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(2000))\(apply.errorOutput)")
            #expect(try !outside.strangerReply(port: 25, tls: stranger).hasPrefix("250"))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errorOutput)")
            // Plesk itself writes xinetd's files anew, so their times are not those of before.
            let facts = { (state: String) in
                mta == "qmail" ? state.split(separator: "# content").last.map(String.init) ?? "" : state
            }
            #expect(try facts(lab.state()) == facts(broken))
        }

        @Test(
            "A catch-all that forwards is told of as what it is: not a relay",
            arguments: ["postfix", "qmail"])
        func catchAll(mta: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            if mta == "qmail" { try lab.control("switch", "mta", "qmail") }
            try lab.break(["catch-all"])
            let seen = try #require(try finding("catch-all", lab))
            #expect(seen["status"] as? String == "ok")
            #expect((seen["notes"] as? [String])?.last?.contains("collector@[198.51.100.7]") == true)
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
        }
    }
}
