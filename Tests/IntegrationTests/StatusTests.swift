import Foundation
import Testing

extension OnARealHost {
    @Suite("Status for monitoring")
    struct Status {
        @Test("An open relay is CRITICAL, a repaired host is OK, in every format")
        func formats() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            let open = try lab.agent("status", "--format", "nagios")
            #expect(open.status == 2, "\(open.output)\(open.errorOutput)")
            #expect(open.output.hasPrefix("RELAY CRITICAL: open relay"), "\(open.output)")

            #expect(try lab.agent("apply", "--yes").status == 0)
            let closed = try lab.agent("status", "--format", "nagios", "--probe-age-warning", "3600")
            #expect(closed.status == 0, "\(closed.output)\(closed.errorOutput)")
            #expect(closed.output.contains("last probe closed"), "\(closed.output)")
            #expect(closed.output.contains("'queue'=0;1000;;0;"), "\(closed.output)")

            let document = try lab.agent("status", "--format", "json").json()
            #expect(document["format"] as? String == "agent.status/1")
            #expect(document["complies"] as? Bool == true)
            #expect((document["last-probe"] as? [String: Any])?["verdict"] as? String == "closed")
        }

        @Test("Metrics are published in one step, readable by the collector, and nothing else is overwritten")
        func textfile() throws {
            let lab = try Lab.required()
            try lab.reset()
            let publish = ["status", "--format", "prometheus", "--out", "/root/agent.prom"]
            try lab.host("rm", "-f", "/root/agent.prom")
            #expect(try lab.agent(publish).status == 0)
            #expect(try lab.agent(publish).status == 0)
            #expect(try lab.host("stat", "-c", "%a", "/root/agent.prom").output == "644\n")
            #expect(try lab.host("cat", "/root/agent.prom").output.contains("relay_agent_level 0\n"))
            try lab.host("/bin/sh", "-c", "echo mine >/root/agent.prom")
            #expect(try lab.agent(publish).status == 1)
            #expect(try lab.host("cat", "/root/agent.prom").output == "mine\n")
        }

        @Test("A probe of the host counts for monitoring, where it is kept")
        func keptProbe() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            let status = ["status", "--format", "nagios", "--probe-age-warning", "3600"]
            #expect(try lab.agent(status).output.contains("no probe has been made yet"))
            try lab.break(["mynetworks"])
            #expect(try lab.agent("probe", "--keep").status == 2)
            try lab.host("/usr/sbin/postconf", "-e", "mynetworks = 127.0.0.0/8")
            try lab.host("/usr/sbin/postfix", "reload")
            let open = try lab.agent(status)
            #expect(open.status == 2 && open.output.contains("saw an open relay"), "\(open.output)")
            #expect(try lab.agent("probe").status == 0)
            #expect(try lab.agent(status).output.contains("saw an open relay"))
            #expect(try lab.agent("probe", "--keep").status == 0)
            let closed = try lab.agent(status)
            #expect(!closed.output.contains("saw an open relay"), "\(closed.output)")
            #expect(closed.output.contains("last probe closed"), "\(closed.output)")
        }

        @Test("A change that is under way was not interrupted")
        func underWay() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            let loop = """
                /usr/local/bin/agent apply --yes >/dev/null 2>&1 & \
                while kill -0 $! 2>/dev/null; do /usr/local/bin/agent status --format nagios; done
                """
            let run = try lab.host("/bin/sh", "-c", loop)
            #expect(run.output.contains("RELAY CRITICAL: open relay"), "\(run.output)")
            #expect(!run.output.contains("interrupted"), "\(run.output)")
        }

        @Test("Help, and an answer that nobody can read, are UNKNOWN for a plugin")
        func unread() throws {
            let lab = try Lab.required()
            let help = try lab.agent("status", "--format", "nagios", "--help")
            #expect(help.status == 3 && help.output.contains("--queue-warning"), "\(help.output)")
            #expect(try lab.agent("status", "--help").status == 0)
            let agent = "/usr/local/bin/agent status --format nagios -w 5 >/dev/full"
            #expect(try lab.host("/bin/sh", "-c", agent).status == 3)
        }

        @Test("A plugin takes the short options of the guidelines, and ends as UNKNOWN when its time is over")
        func guidelines() throws {
            let lab = try Lab.required()
            try lab.reset()
            let version = try lab.agent("status", "--format", "nagios", "-V")
            #expect(version.status == 3 && version.output.hasPrefix("agent "), "\(version.output)")
            let quick = try lab.agent(
                ["status", "--format", "nagios", "-v", "-t", "60", "-w", "100", "-c", "200"])
            #expect(quick.status == 0 && quick.output.contains(";100;200;"), "\(quick.output)")
            // A range may begin with a minus sign.
            let outside = try lab.agent("status", "--format", "nagios", "-w", "-5:-1", "-c", "-5:1000")
            #expect(outside.status == 1 && outside.output.contains(";-5:-1;-5:1000;"), "\(outside.output)")

            try lab.control("switch", "hang", "all")
            defer { _ = try? lab.control("switch", "hang", "off") }
            let late = try lab.agent("status", "--format", "nagios", "--timeout", "1")
            #expect(late.output == "RELAY UNKNOWN: the host could not be looked at within 1 s\n")
            #expect(late.status == 3)
            #expect(try lab.agent("status", "--timeout", "1s").status == 1)
            #expect(try lab.agent("status", "--timeout", "soon").status == 64)
        }

        @Test("A file for metrics whose directory is not there is refused with the directory's name")
        func noDirectory() throws {
            let lab = try Lab.required()
            try lab.reset()
            let run = try lab.agent("status", "--format", "prometheus", "--out", "/root/none/agent.prom")
            #expect(run.status == 1)
            #expect(run.errorOutput.contains("there is no directory /root/none"), "\(run.errorOutput)")
            let page = try lab.agent("report", "--html", "/root/none/relay.html")
            #expect(
                page.status == 1 && page.errorOutput.contains("Make the directory"), "\(page.errorOutput)")
        }

        @Test("A damaged store does not hide an open relay")
        func damagedStore() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-c", "mkdir -p /var/lib/agent; echo no store >/var/lib/agent/agent.sqlite")
            let closed = try lab.agent("status", "--format", "nagios")
            #expect(closed.status == 3 && closed.output.contains("damaged"), "\(closed.output)")
            try lab.break(["mynetworks"])
            let open = try lab.agent("status", "--format", "nagios")
            #expect(open.status == 2 && open.output.contains("CRITICAL: open relay"), "\(open.output)")
            let metrics = try lab.agent("status", "--format", "prometheus")
            #expect(metrics.status == 12)
            #expect(metrics.output.contains("relay_verdict{verdict=\"open\"} 1\n"), "\(metrics.output)")
            #expect(!metrics.output.contains("undone_changes"))
            let plan = try lab.agent("plan", "--detailed-exitcode")
            #expect(plan.status == 2)
            #expect(plan.output.contains("An apply would refuse, and change nothing: "), "\(plan.output)")
        }

        @Test("Every failure is UNKNOWN for a plugin, with its sentence on standard output")
        func failure() throws {
            let lab = try Lab.required()
            try lab.reset()
            let run = try lab.agent("status", "--format", "nagios", "--policy", "/root/none.yaml")
            #expect(run.status == 3)
            #expect(run.output.hasPrefix("RELAY UNKNOWN: "), "\(run.output)")
            for arguments in [["--queue-warning", "5:3"], ["--nonsense"]] {
                let usage = try lab.agent(["status", "--format", "nagios"] + arguments)
                #expect(usage.status == 3 && usage.output.hasPrefix("RELAY UNKNOWN: "), "\(usage.output)")
                #expect(usage.output.filter { $0 == "\n" }.count == 1, "\(usage.output)")
            }
            #expect(try lab.agent("status", "--queue-warning", "5:3").status == 64)
        }
    }
}
