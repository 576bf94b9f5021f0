import Foundation
import Testing

extension OnARealHost {
    /// The mix of `lab flood`: spam of four kinds, and honest mail that must not be touched.
    @Suite("The flooded queue")
    struct Queue {
        /// Queue ids by class.
        private func classes(_ lab: Lab) throws -> [String: Set<String>] {
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Lab/flood/outside.py").path
            let root = try lab.control("path").output.trimmingCharacters(in: .newlines)
            let lines = try lab.outside(["/usr/bin/python3", script, "classes", root + "/var/spool/postfix"])
            var classes: [String: Set<String>] = [:]
            for line in lines.output.split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                classes[words[1], default: []].insert(words[0])
            }
            return classes
        }

        /// Everything of every message's file but where it is.
        /// - Parameter withTimes: Whether the times are wanted: a queue that is looked at for minutes is tried again by
        ///   Postfix meanwhile, which sets them.
        private func files(_ lab: Lab, withTimes: Bool) throws -> [Substring] {
            let script = """
                cd /var/spool/postfix
                find incoming active deferred hold -type f -printf '%f %i %m %U %G %s \(withTimes ? "%T@" : "")\\n'
                find incoming active deferred hold -type f -exec sha256sum {} + | sed 's, .*/, ,'
                """
            return try lab.host("/bin/bash", "-c", script).output.split(separator: "\n").sorted()
        }

        private func held(_ lab: Lab) throws -> Set<String> {
            Set(
                try lab.host("find", "/var/spool/postfix/hold", "-type", "f", "-printf", "%f\\n").output
                    .split(separator: "\n").map(String.init))
        }

        /// A queue that no delivery is under way in, with so many messages.
        private func flood(_ lab: Lab, _ numbers: [Int], total: Int) throws {
            try lab.reset()
            let run = numbers.map(String.init)
            try lab.control("flood", run[0], run[1], run[2], run[3], run[4])
            let end = ContinuousClock.now + .seconds(60)
            let count = [
                "-c",
                "cd /var/spool/postfix && find maildrop incoming active -type f | wc -l; find deferred -type f | wc -l",
            ]
            while true {
                let found = try lab.host(["/bin/bash"] + count).output.split(separator: "\n").map(String.init)
                if found == ["0", String(total)] { return }
                try #require(ContinuousClock.now < end, "the queue does not settle: \(found)")
            }
        }

        private func report(_ lab: Lab) throws -> [String: Any] {
            try lab.host(
                "/bin/sh", "-c", "printf 'version: 1\nqueue:\n  warn-above: 50\n' > /root/policy.yaml")
            return try lab.agent("queue", "--policy", "/root/policy.yaml", "--format", "json").json()
        }

        @Test("Each kind is found whole and nothing else, held, released as it was, exported and deleted")
        func mixed() throws {
            let lab = try Lab.required()
            try flood(lab, [40, 50, 45, 25, 8], total: 40 + 50 + 45 + 25 + 32 + 8 + 8)
            let truth = try classes(lab)
            let report = try report(lab)
            #expect(report["verdict"] as? String == "stolen-login" && report["is-relay"] as? Bool == false)
            try findAll(truth, report, lab)
            try holdAndRelease(lab, truth)
            try exportAndDelete(lab, truth)
        }

        /// How many messages `make test-queue` fills the queue with.
        private static let count = ProcessInfo.processInfo.environment["AGENT_QUEUE"].flatMap { Int($0) }

        @Test(
            "The same with as many messages as a real flood has, 500 of them honest",
            .enabled(if: count != nil, "make test-queue runs it"))
        func many() throws {
            let lab = try Lab.required()
            let total = try #require(Self.count)
            try flood(lab, [100, 100, 100, 60, 234], total: 360 + 2 * 234 + 32)
            try lab.control("multiply", String(total))
            let truth = try classes(lab)
            #expect(truth["honest"]?.count == 500)
            let report = try report(lab)
            #expect(report["messages"] as? Int == total)
            try findAll(truth, report, lab)
            try holdAndRelease(lab, truth, withTimes: false)
            #expect(try classes(lab)["honest"] == truth["honest"])
        }

        /// Looks for each kind by what the report says selects it, and prints how well that does.
        private func findAll(
            _ truth: [String: Set<String>], _ report: [String: Any], _ lab: Lab
        ) throws {
            #expect(report["unreadable"] as? Int == 0)
            let causes = try #require(report["causes"] as? [[String: Any]])
            let classOfKind = ["relayed": "relayed", "login": "login", "local": "script", "bounce": "bounce"]
            #expect(Set(causes.compactMap { $0["kind"] as? String }) == Set(classOfKind.keys))
            for cause in causes {
                let kind = try #require(cause["kind"] as? String)
                let selection = try #require(cause["selection"] as? [String]).flatMap { ["--matching", $0] }
                let dry = try lab.agent(["queue", "hold", "--dry-run", "--format", "json"] + selection).json()
                let found = Set(try #require(dry["ids"] as? [String]))
                let wanted = try #require(truth[classOfKind[kind] ?? ""])
                let right = Double(found.intersection(wanted).count)
                print(
                    "\(kind): precision \(right / Double(found.count)), recall \(right / Double(wanted.count))"
                )
                #expect(found == wanted, "\(kind)")
            }
        }

        private func holdAndRelease(
            _ lab: Lab, _ truth: [String: Set<String>], withTimes: Bool = true
        ) throws {
            let before = try files(lab, withTimes: withTimes)
            let hold = try lab.agent("queue", "hold", "--relayed", "--yes", "--format", "json").json()
            #expect(hold["done"] as? Int == truth["relayed"]?.count)
            #expect(try held(lab) == truth["relayed"])
            #expect(try files(lab, withTimes: withTimes) == before)
            let release = try lab.agent("queue", "release", "--yes")
            #expect(release.status == 0, "\(release.errorOutput)")
            #expect(try held(lab).isEmpty)
            #expect(try files(lab, withTimes: withTimes) == before)
            // The release is a change as well, and so is what takes it back.
            #expect(try lab.agent("rollback", "--yes").status == 0)
            #expect(try held(lab) == truth["relayed"])
            #expect(try lab.agent("rollback", "--yes").status == 0)
            #expect(try files(lab, withTimes: withTimes) == before && held(lab).isEmpty)
        }

        private func exportAndDelete(_ lab: Lab, _ truth: [String: Set<String>]) throws {
            try lab.host("rm", "-rf", "/root/evidence")
            #expect(try lab.agent("queue", "hold", "--matching", "origin=bounce", "--yes").status == 0)
            let export = try lab.agent("queue", "export", "/root/evidence", "--format", "json").json()
            #expect(export["written"] as? Int == truth["bounce"]?.count)
            let one = try #require(truth["bounce"]?.sorted().first)
            let text = try lab.host("cat", "/root/evidence/\(one).eml").output
            #expect(text.hasPrefix("Return-Path: <>\nX-Envelope-To: <forged"), "\(text)")
            #expect(text.contains("Subject: Undelivered Mail Returned to Sender"))
            // What is no copy any more is no reason to delete, and what is not on hold stays.
            try lab.host("/bin/sh", "-c", "echo >> /root/evidence/\(one).eml")
            let count = (truth["bounce"]?.count ?? 0) - 1
            let wrong = try lab.agent("queue", "delete", "/root/evidence", "--yes", "--expecting", "3")
            #expect(wrong.status == 1 && wrong.errorOutput.contains("\(count) messages would be deleted"))
            #expect(try lab.agent("queue", "delete", "/root/evidence", "--yes").status == 64)
            #expect(try held(lab) == truth["bounce"])
            let delete = try lab.agent(
                "queue", "delete", "/root/evidence", "--yes", "--expecting", String(count))
            #expect(delete.status == 0, "\(delete.errorOutput)")
            #expect(try held(lab) == [one])
            #expect(try classes(lab)["honest"] == truth["honest"])
            #expect(try lab.agent("history").output.contains("delete    confirmed"))
        }

        @Test("Killed between two batches, what was held stays held, and the next run closes the record")
        func killed() throws {
            let lab = try Lab.required()
            try flood(lab, [40, 0, 0, 0, 1], total: 40 + 32 + 1 + 1)
            // More than one run of postsuper is given.
            try lab.control("multiply", "2500")
            let before = try files(lab, withTimes: true)
            let truth = try #require(try classes(lab)["relayed"])
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            let hold = { (wish: String) in
                try lab.host(
                    "/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_CALL=posix_spawn", wish,
                    "/usr/local/bin/agent", "queue", "hold", "--relayed", "--yes")
            }
            #expect(try hold("FAULT_LOG=/root/calls").status == 0)
            #expect(try held(lab) == truth)
            #expect(try lab.agent("queue", "release", "--yes").status == 0)
            #expect(try files(lab, withTimes: true) == before)
            let starts = try lab.host("cat", "/root/calls").output.split(separator: "\n")
                .filter { $0.hasSuffix("/postsuper") }.compactMap { $0.split(separator: " ").first }
            try #require(starts.count == (truth.count + 999) / 1000 && starts.count > 1)

            #expect(try hold("FAULT_AT=\(starts[1])").status == 137)
            let half = try held(lab)
            #expect(half.count == 1000 && half.isSubset(of: truth))
            let recover = try lab.agent("recover")
            #expect(recover.status == 0, "\(recover.output)\(recover.errorOutput)")
            #expect(try lab.agent("recover").output == "Nothing was interrupted.\n")
            #expect(try held(lab) == half)
            #expect(try lab.agent("queue", "release", "--yes").status == 0)
            #expect(try files(lab, withTimes: true) == before && held(lab).isEmpty)
        }

        @Test(
            "Where the policy says hold, apply holds what was relayed once the relay is closed, and rollback releases it"
        )
        func policy() throws {
            let lab = try Lab.required()
            try flood(lab, [40, 10, 0, 0, 2], total: 40 + 10 + 32 + 2 + 2)
            let truth = try classes(lab)
            try lab.host("mkdir", "-p", "/etc/agent")
            try lab.host(
                "/bin/sh", "-c",
                "printf 'version: 1\nqueue:\n  warn-above: 20\n  flood: hold\n' > /etc/agent/policy.yaml")
            let plan = try lab.agent("plan", "--format", "json").json()
            let changes = try #require(plan["changes"] as? [[String: Any]])
            #expect(changes.last?["kind"] as? String == "queue" && changes.count > 1)
            #expect(try held(lab).isEmpty)
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "confirmed")
            #expect(try held(lab) == truth["relayed"])
            #expect(try #require(lab.agent("plan", "--format", "json").json()["changes"] as? [Any]).isEmpty)
            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(rollback.status == 0, "\(rollback.errorOutput)")
            #expect(try held(lab).isEmpty)
        }

        @Test("The queue is shown whatever version the store is of")
        func newerStore() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            #expect(try lab.agent("apply", "--yes").status == 0)
            try lab.host(
                "/usr/bin/sqlite3", "/var/lib/agent/agent.sqlite",
                "INSERT INTO grdb_migrations VALUES ('999 of a later version')")
            let show = try lab.agent("queue", "--format", "json")
            #expect(show.status == 0, "\(show.errorOutput)")
            #expect(try show.json()["messages"] as? Int == 0)
            #expect(show.errorOutput.contains("newer version"), "\(show.errorOutput)")
            #expect(try lab.agent("history").status == 12)
        }
    }
}
