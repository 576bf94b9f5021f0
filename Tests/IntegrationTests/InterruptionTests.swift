import Foundation
import Testing

extension OnARealHost {
    @Suite("Interrupted")
    struct Interruption {
        @Test(
            "A signal between two steps takes everything back, and says so",
            arguments: ["INT", "TERM", "HUP"])
        func signalled(signal: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["all"])
            let before = try lab.state()
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/err
                # A shell starts what is in the background with SIGINT ignored.
                perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' agent apply --yes >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Set relaying' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                kill -\(signal) $agent
                wait $agent
                status=$?
                cat /root/err
                exit $status
                """)
            #expect(run.status == 130, "\(run.output)\(run.errorOutput)")
            #expect(run.output.contains("the host is as it was before"), "\(run.output)")
            #expect(try lab.state() == before)
            let history = try lab.agent("history", "--format", "json").json()["changes"] as? [[String: Any]]
            #expect(history?.first?["outcome"] as? String == "failed")
        }

        @Test("After a kill the next run brings the host back before it does anything new")
        func killed() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["all"])
            let before = try lab.state()
            // Killed as soon as Plesk has done its first part.
            try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/err
                agent apply --yes >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Remove 0.0.0.0/0' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                kill -KILL $agent
                wait $agent
                """)
            let recover = try lab.agent("recover")
            #expect(recover.status == 0, "\(recover.errorOutput)")
            #expect(recover.errorOutput.contains("was interrupted"), "\(recover.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try lab.agent("apply", "--yes").status == 0)
        }

        @Test("Killed while it is being judged from outside, the change is judged again and kept")
        func killedWhileJudged() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["all"])
            try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/err
                agent apply --yes >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'how it is now' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                kill -KILL $agent
                wait $agent
                """)
            let recover = try lab.agent("recover", "--format", "json")
            #expect(recover.status == 0, "\(recover.output)\(recover.errorOutput)")
            let change = (try recover.json()["changes"] as? [[String: Any]])?.first
            #expect(change?["state"] as? String == "after")
            #expect(change?["outcome"] as? String == "confirmed")
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
        }

        @Test("On a terminal the change is asked for, and anything but yes changes nothing")
        func prompt() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["white-list"])
            let before = try lab.state()
            let run = try lab.host("/usr/bin/script", "-qec", "agent apply", "/dev/null", input: "no\n")
            #expect(run.status == 1, "\(run.output)")
            #expect(run.output.contains("Carry out these"), "\(run.output)")
            #expect(run.output.contains("nothing was changed"), "\(run.output)")
            #expect(try lab.state() == before)
        }
    }
}
