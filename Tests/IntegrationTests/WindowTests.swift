import Foundation
import Testing

extension OnARealHost {
    @Suite("The confirm window")
    struct Window {
        /// A broken host with an open window, and its state before.
        private func opened(_ length: String) throws -> (lab: Lab, before: String) {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes", "--confirm-timeout", length, "--format", "json")
            #expect(apply.status == 5, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["confirm-until"] is String)
            return (lab, before)
        }

        private func outcome(_ lab: Lab) throws -> String? {
            let history = try lab.agent("history", "--format", "json").json()["changes"] as? [[String: Any]]
            return history?.first?["outcome"] as? String
        }

        private func traces(_ lab: Lab) throws -> String {
            try lab.host(
                "/bin/sh", "-c",
                "ls /etc/systemd/system/agent-window.service 2>/dev/null; "
                    + "systemctl list-timers --all --no-legend 'agent-*'"
            ).output
        }

        /// Waits until the change set is closed, in the host.
        private func waitForTheEnd(_ lab: Lab) throws {
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                for turn in $(seq 600); do
                    agent history --format json | grep -q '"outcome": *"[a-z]' &&
                        [ -z "$(systemctl list-units --all --no-legend 'agent-*')" ] && exit 0
                    sleep 0.1
                done
                exit 1
                """)
            try #require(run.status == 0)
        }

        @Test("Confirmed: kept, and nothing is left that could undo it; again and wrongly: one clear error")
        func confirmed() throws {
            let (lab, _) = try opened("10m")
            #expect(try traces(lab).contains("agent-confirm-1-"))
            #expect(try lab.agent("apply", "--yes").status == 5, "one window at a time")
            let wrong = try lab.agent("confirm", "7")
            #expect(wrong.status == 1 && wrong.errorOutput.contains("no change 7"), "\(wrong.errorOutput)")
            let extended = try lab.agent("extend", "1", "--confirm-timeout", "20m")
            #expect(extended.status == 0, "\(extended.errorOutput)")
            #expect(try lab.agent("recover").status == 5)
            #expect(try traces(lab).split(separator: "\n").count == 2, "the unit and one timer")
            let confirm = try lab.agent("confirm", "1", "--format", "json")
            #expect(confirm.status == 0, "\(confirm.output)\(confirm.errorOutput)")
            #expect(try traces(lab) == "")
            let again = try lab.agent("confirm")
            #expect(again.status == 1 && again.errorOutput.contains("no confirm window is open"))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
        }

        @Test(
            "One window on a host: another store's is refused, with the store that has it, and stays as it is"
        )
        func anotherStore() throws {
            let (lab, _) = try opened("10m")
            let before = try traces(lab)
            try lab.break(["mynetworks"])
            try lab.host("mkdir", "-p", "-m", "700", "/root/other")
            let apply = try lab.agent(
                "apply", "--yes", "--confirm-timeout", "10m", "--store", "/root/other/agent.sqlite")
            #expect(apply.status == 1, "\(apply.output)\(apply.errorOutput)")
            #expect(apply.errorOutput.contains("of the store /"), "\(apply.errorOutput)")
            #expect(try lab.agent("recover", "--store", "/root/other/agent.sqlite").status == 0)
            #expect(try traces(lab).split(separator: "\n").count == before.split(separator: "\n").count)
            try lab.host("rm", "-rf", "/root/other")
            // The break has changed main.cf since the probe of this window, which says nothing of it.
            #expect(try lab.agent("confirm").status == 5)
            #expect(try traces(lab) == "")
        }

        @Test("What a run left beside the unit when it was killed is gone after the next recovery")
        func leftovers() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-c",
                """
                cd /etc/systemd/system && touch .agent-draft.00ff && echo old >left &&
                mv left .agent-parked.agent-window.service.none.$(sha256sum <left | cut -c1-32).0123456789abcdef ||
                exit 1
                """)
            #expect(try lab.agent("recover").status == 0)
            let names = try lab.host("ls", "-A", "/etc/systemd/system").output
            #expect(!names.contains(".agent-"), "\(names)")
        }

        @Test("A confirm that is killed before it has taken the timer away: the next recovery does it")
        func confirmKilled() throws {
            let (lab, _) = try opened("10m")
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            // The first program that it starts once that it is confirmed is written down.
            var call = 0
            repeat {
                call += 1
                let confirm = try lab.host([
                    "/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_CALL=posix_spawn",
                    "FAULT_AT=\(call)", "agent", "confirm",
                ])
                try #require(confirm.status == 137, "\(confirm.errorOutput)")
            } while try outcome(lab) != "confirmed"
            #expect(try traces(lab) != "")
            #expect(try lab.agent("recover").status == 0)
            #expect(try traces(lab) == "")
        }

        @Test("Where systemd does not run, a window is refused before anything is written down")
        func withoutSystemd() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            let before = try lab.state()
            let run = try lab.host([
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                "mount -t tmpfs none /run/systemd && agent apply --yes --confirm-timeout 10m",
            ])
            #expect(run.status == 1, "\(run.output)\(run.errorOutput)")
            #expect(run.errorOutput.contains("a confirm window needs systemd"), "\(run.errorOutput)")
            #expect(try lab.state() == before)
            let history = try lab.agent("history", "--format", "json").json()["changes"] as? [Any]
            #expect(history?.isEmpty == true)
        }

        /// The time of day that the agent sees is stepped, not the machine's: every lab and test has that one.
        @Test("The clock is set forward in the window: it stays open for its length, and can be confirmed")
        func clockForward() throws {
            let (lab, _) = try opened("10m")
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            let ahead = [
                "/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_CLOCK=86400", "agent",
            ]
            let recover = try lab.host(ahead + ["recover"])
            #expect(recover.status == 5, "\(recover.output)\(recover.errorOutput)")
            #expect(try outcome(lab) == nil)
            let confirm = try lab.host(ahead + ["confirm"])
            #expect(confirm.status == 0, "\(confirm.output)\(confirm.errorOutput)")
            #expect(try outcome(lab) == "confirmed")
        }

        @Test("The clock is set back in the window: it ends on time all the same")
        func clockBack() throws {
            let lab = try Lab.required()
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            // For everything that systemd starts from now on: what the timer runs.
            let clock = ["LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_CLOCK=-86400"]
            let (opened, _) = try opened("3s")
            try opened.host(["systemctl", "set-environment"] + clock)
            defer { _ = try? opened.host("systemctl", "unset-environment", "LD_PRELOAD", "FAULT_CLOCK") }
            try waitForTheEnd(opened)
            #expect(try outcome(opened) == "harboured")
        }

        @Test("Cancelled: the old state where it is asked for")
        func cancelled() throws {
            let (lab, before) = try opened("10m")
            let cancel = try lab.agent("cancel", "--allow-insecure")
            #expect(cancel.status == 0, "\(cancel.output)\(cancel.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try traces(lab) == "")
        }

        @Test("Nobody confirms: the timer ends it, and the relay stays closed")
        func expires() throws {
            let (lab, _) = try opened("2s")
            try waitForTheEnd(lab)
            #expect(try outcome(lab) == "harboured")
            try proveHarbour(lab)
            #expect(try traces(lab) == "")
        }

        /// Strangers are refused for now, nothing is bounced, and hosted mail is accepted.
        private func proveHarbour(_ lab: Lab) throws {
            let outside = Outside(lab: lab)
            for door in Outside.doors where door.port != 587 {
                let reply = try outside.strangerReply(port: door.port, tls: door.tls)
                #expect(reply.hasPrefix("4"), "port \(door.port) \(door.tls): \(reply)")
            }
            #expect(try outside.hostedReply().hasPrefix("250"))
            #expect(try outside.loginReply().hasPrefix("250"))
            #expect(try lab.agent("explain").status == 0)
            let probe = try lab.agent("probe", "--from", "netns")
            #expect(probe.status == 0, "\(probe.output)\(probe.errorOutput)")
        }

        @Test("The run is killed in the middle: the timer brings the host back")
        func killed() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["all"])
            let before = try lab.state()
            try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/err
                agent apply --yes --confirm-timeout 5s >/root/out 2>/root/err & agent=$!
                tries=0
                until grep -q 'Remove 0.0.0.0/0' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                kill -KILL $agent
                wait $agent
                """)
            try waitForTheEnd(lab)
            #expect(try outcome(lab) == "failed")
            #expect(try lab.state() == before)
        }

        @Test("A reboot in the window: it goes on; one after its end: undone before mail is served")
        func reboot() throws {
            let (lab, _) = try opened("1h")
            try lab.control("reboot")
            #expect(try lab.agent("history").output.contains("to confirm"))
            #expect(try traces(lab).contains("agent-confirm-1-"))
            // The clock of the journal is set back instead of the host's, which is this machine's.
            try lab.host(
                "/usr/bin/sqlite3", "/var/lib/agent/agent.sqlite",
                "UPDATE change_set SET window_deadline = window_deadline - 7200000000, window_boot = 'another', seal = NULL"
            )
            try lab.control("reboot")
            #expect(try outcome(lab) == "harboured")
            try proveHarbour(lab)
            let order = try lab.host("journalctl", "-b", "-o", "cat", "--no-pager").output
            let end = try #require(order.range(of: "agent-window.service - The open"), "\(order)")
            let mail = try #require(order.range(of: "Starting postfix@-.service"), "\(order)")
            #expect(end.lowerBound < mail.lowerBound)
            #expect(try traces(lab) == "")
        }
    }
}
