import Foundation
import Testing

extension OnARealHost {
    @Suite("Bad input: one clear error, the right exit status, nothing changed")
    struct BadInput {
        /// Runs `agent` on a broken host, and checks that it is refused and that nothing moved.
        private func refused(
            _ arguments: [String], status: Int32, saying text: String, lab: Lab,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let before = try lab.state()
            let run = try lab.agent(arguments)
            #expect(run.status == status, "\(run.output)\(run.errorOutput)", sourceLocation: sourceLocation)
            #expect(run.errorOutput.contains(text), "\(run.errorOutput)", sourceLocation: sourceLocation)
            let errors = run.errorOutput.components(separatedBy: "error: ").count - 1
            #expect(errors == 1, "\(run.errorOutput)", sourceLocation: sourceLocation)
            #expect(try lab.state() == before, sourceLocation: sourceLocation)
        }

        private func openHost() throws -> Lab {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["white-list"])
            return lab
        }

        @Test(
            "A policy that is missing, a directory, wrong or contradictory",
            arguments: [
                ("rm -f /root/p.yaml", "/root/p.yaml"),
                ("rm -f /root/p.yaml; mkdir /root/p.yaml", "/root/p.yaml"),
                ("printf 'version: 1\\nrelayin: closed\\n' >/root/p.yaml", "/root/p.yaml:2:1"),
                ("printf 'version: 2\\n' >/root/p.yaml", "version"),
                (
                    "printf 'version: 1\\nwhite-list:\\n  within: [0.0.0.0/0]\\n' >/root/p.yaml",
                    "/root/p.yaml:3"
                ),
                ("printf 'version: 1\\n' >/root/p.yaml; chmod 666 /root/p.yaml", "chmod"),
            ])
        func policy(preparation: String, text: String) throws {
            let lab = try openHost()
            try lab.host("/bin/sh", "-c", "rm -rf /root/p.yaml; " + preparation)
            try refused(["apply", "--yes", "--policy", "/root/p.yaml"], status: 10, saying: text, lab: lab)
            try lab.host("rm", "-rf", "/root/p.yaml")
        }

        @Test("A drop-in whose name does not end in .yaml would not be read, and is not passed over")
        func dropInName() throws {
            let lab = try openHost()
            try lab.host(
                "/bin/sh", "-c",
                "mkdir -p /etc/agent/policy.d && echo 'version: 1' >/etc/agent/policy.d/10-office.yml")
            try refused(["apply", "--yes"], status: 10, saying: "10-office.yml", lab: lab)
        }

        @Test("A plan that was edited, is of another host, or is no plan")
        func foreignPlan() throws {
            let lab = try openHost()
            #expect(try lab.agent(["plan", "--out", "/root/plan.json"]).status == 0)
            try lab.host("sed", "-i", "s/192.0.2.0/198.18.0.0/", "/root/plan.json")
            try refused(
                ["apply", "--yes", "/root/plan.json"], status: 10, saying: "changed after it was saved",
                lab: lab)
            try lab.host("/bin/sh", "-c", "echo '{}' >/root/plan.json")
            try refused(["apply", "--yes", "/root/plan.json"], status: 10, saying: "not a plan", lab: lab)

            try lab.host("rm", "/root/plan.json")
            #expect(try lab.agent(["plan", "--out", "/root/plan.json"]).status == 0)
            let name = try lab.host("hostname").output.trimmingCharacters(in: .newlines)
            try lab.host("hostname", "other.example")
            defer { _ = try? lab.host("hostname", name) }
            try refused(["apply", "--yes", "/root/plan.json"], status: 10, saying: "another host", lab: lab)
        }

        @Test("A plan that others may write to is refused, with the command that ends it")
        func writablePlan() throws {
            let lab = try openHost()
            #expect(try lab.agent(["plan", "--out", "/root/plan.json"]).status == 0)
            try lab.host("chmod", "666", "/root/plan.json")
            try refused(
                ["apply", "--yes", "/root/plan.json"], status: 10, saying: "chmod go-w /root/plan.json",
                lab: lab)
            try lab.host("rm", "/root/plan.json")
        }

        @Test(
            "A drop-in that others may write to, or whose directory they may, is refused",
            arguments: ["", "/10.yaml"])
        func writableDropIn(name: String) throws {
            let lab = try openHost()
            try lab.host(
                "/bin/sh", "-c",
                "mkdir -p /etc/agent/policy.d && echo 'version: 1' >/etc/agent/policy.d/10.yaml; "
                    + "chmod o+w /etc/agent/policy.d\(name)")
            try refused(
                ["apply", "--yes"], status: 10, saying: "chmod go-w /etc/agent/policy.d\(name)", lab: lab)
        }

        @Test("A plan of a host that has changed since is stale; an unchanged one is carried out")
        func stalePlan() throws {
            let lab = try openHost()
            #expect(try lab.agent(["plan", "--out", "/root/plan.json"]).status == 0)
            try lab.host("/bin/sh", "-c", "echo '# an administrator was here' >>/etc/postfix/main.cf")
            try refused(["apply", "--yes", "/root/plan.json"], status: 6, saying: "stale", lab: lab)
            try lab.host("rm", "/root/plan.json")
            #expect(try lab.agent(["plan", "--out", "/root/plan.json"]).status == 0)
            let apply = try lab.agent(["apply", "--yes", "/root/plan.json"])
            #expect(apply.status == 0, "\(apply.errorOutput)")
        }

        @Test("Without a terminal and without --yes it refuses rather than hangs")
        func noTerminal() throws {
            let lab = try openHost()
            try refused(["apply"], status: 64, saying: "--yes", lab: lab)
        }

        @Test("Without root")
        func withoutRoot() throws {
            let lab = try openHost()
            let run = try lab.host(
                "/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "/usr/local/bin/agent", "apply",
                "--yes")
            #expect(run.status == 77, "\(run.errorOutput)")
            #expect(run.errorOutput.contains("needs root"))
        }

        /// Plesk is gone when its wrapper, its root and its database password are.
        private func withPleskAside(on lab: Lab, _ body: () throws -> Void) throws {
            let places = ["/usr/sbin/plesk", "/opt/psa", "/etc/psa"]
            for place in places { try lab.host("mv", place, place + ".aside") }
            defer {
                for place in places { _ = try? lab.host("mv", place + ".aside", place) }
            }
            try body()
        }

        @Test("Without Plesk nothing that Plesk decides counts as compliant")
        func planWithoutPlesk() throws {
            let lab = try Lab.required()
            try lab.reset()
            try withPleskAside(on: lab) {
                let run = try lab.agent(["plan", "--detailed-exitcode", "--format", "json"])
                #expect(run.status == 5, "\(run.output)\(run.errorOutput)")
                let findings = try run.json()["findings"] as? [[String: Any]]
                let relaying = findings?.first { $0["id"] as? String == "relaying" }
                #expect(relaying?["status"] as? String == "unknown")
            }
        }

        @Test("Without Plesk nothing is applied, unless the mail server alone is to be repaired")
        func applyWithoutPlesk() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            let before = try lab.state()
            try withPleskAside(on: lab) {
                let run = try lab.agent(["apply", "--yes"])
                #expect(run.status == 1, "\(run.output)\(run.errorOutput)")
                #expect(run.errorOutput.contains("Plesk cannot be found"), "\(run.errorOutput)")
            }
            #expect(try lab.state() == before)
            try withPleskAside(on: lab) {
                let run = try lab.agent(["apply", "--yes", "--without-plesk", "--format", "json"])
                #expect(run.status == 5, "\(run.output)\(run.errorOutput)")
                #expect(try run.json()["outcome"] as? String == "confirmed")
                #expect(run.errorOutput.contains("Still unknown: relaying"), "\(run.errorOutput)")
                #expect(try Outside(lab: lab).strangerReply(port: 25, tls: []).hasPrefix("454"))
            }
        }

        @Test("Nobody on port 25 is drift that a person must mend")
        func noMTA() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host("systemctl", "stop", "postfix@-.service", "postfix.service")
            defer {
                _ = try? lab.host("systemctl", "start", "postfix.service", "postfix@-.service")
                _ = try? lab.control("wait")
            }
            let run = try lab.agent(["plan", "--detailed-exitcode"])
            #expect(run.status == 2)
            #expect(run.output.contains("nothing listens"), "\(run.output)")
        }

        @Test(
            "A store that is a text file, a directory, another program's, or newer",
            arguments: [
                ("echo hello >/root/s.sqlite", Int32(12), "damaged, or is not a store"),
                ("mkdir /root/s.sqlite", 12, "/root/s.sqlite"),
                (
                    "sqlite3 /root/s.sqlite 'CREATE TABLE t(x); PRAGMA application_id=7'", 12,
                    "another program"
                ),
                (
                    "/usr/local/bin/agent apply --yes --store /root/s.sqlite >/dev/null 2>&1; "
                        + "/root/../usr/bin/sqlite3 /root/s.sqlite \"INSERT INTO grdb_migrations VALUES ('999 later')\"",
                    12, "newer version"
                ),
            ])
        func store(preparation: String, status: Int32, text: String) throws {
            let lab = try openHost()
            try lab.host("/bin/sh", "-c", "rm -rf /root/s.sqlite*; " + preparation)
            try lab.break(["white-list"])
            try refused(
                ["apply", "--yes", "--store", "/root/s.sqlite"], status: status, saying: text, lab: lab)
            try lab.host("/bin/sh", "-c", "rm -rf /root/s.sqlite*")
        }

        @Test("A full disk under the store")
        func fullDisk() throws {
            let lab = try openHost()
            try lab.host(
                "/bin/sh", "-c",
                "mkdir -p /root/small && mount -t tmpfs -o size=64k,mode=700 none /root/small")
            defer { _ = try? lab.host("umount", "/root/small") }
            try lab.host("/bin/sh", "-c", "head -c 60000 /dev/zero >/root/small/filler; true")
            try refused(
                ["apply", "--yes", "--store", "/root/small/s.sqlite"], status: 1, saying: "disk is full",
                lab: lab)
        }

        @Test("A second run while one holds the lock")
        func locked() throws {
            let lab = try openHost()
            let run = try lab.host(
                "/usr/bin/flock", "/run/agent.lock", "/usr/local/bin/agent", "apply", "--yes"
            )
            #expect(run.status == 11, "\(run.errorOutput)")
        }

        @Test(
            "Wrong words on the command line",
            arguments: [["bogus"], ["plan", "--colour"], ["rollback", "seven"]])
        func usage(arguments: [String]) throws {
            let lab = try Lab.required()
            #expect(try lab.agent(arguments).status == 64)
        }

        @Test("What an apply could not change is named, and is not success")
        func leftOver() throws {
            let lab = try openHost()
            try lab.control("switch", "no-white-list-commands", "on")
            let apply = try lab.agent(["apply", "--yes"])
            #expect(apply.status == 4, "\(apply.output)\(apply.errorOutput)")
            #expect(apply.errorOutput.contains("Still drift: white-list"), "\(apply.errorOutput)")
        }

        @Test("A store that this user may not look at is not taken for one that is not there")
        func hiddenStore() throws {
            let lab = try openHost()
            #expect(try lab.agent(["apply", "--yes"]).status == 0)
            let run = try lab.host(
                "/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "/usr/local/bin/agent", "history")
            #expect(run.status == 77, "\(run.output)")
        }

        @Test("A result that finds no room is a failure")
        func lostResult() throws {
            let lab = try Lab.required()
            try lab.reset()
            for words in ["plan", "--help", "plan --help", "help plan", "--version"] {
                let run = try lab.host("/bin/sh", "-c", "agent \(words) >/dev/full")
                #expect(run.status == 1, "\(words): \(run.errorOutput)")
                #expect(run.errorOutput.contains("could not be written to standard output"), "\(words)")
            }
            #expect(try lab.agent(["--help"]).output.contains("EXIT STATUS:"))
            // Of a change, "failed" would say that the host is as it was.
            try lab.break(["mynetworks"])
            let apply = try lab.host("/bin/sh", "-c", "agent apply --yes --format json >/dev/full")
            #expect(apply.status == 4 && apply.errorOutput.contains("The host was changed"))
        }

        @Test("A policy that is wrong does not keep a host from being recovered")
        func recoverWithoutPolicy() throws {
            let lab = try openHost()
            try lab.host(
                "/bin/sh", "-c", "mkdir -p /etc/agent/policy.d; echo nonsense > /etc/agent/policy.d/1.yaml")
            let run = try lab.agent("recover")
            #expect(run.status == 0 && run.output == "Nothing was interrupted.\n", "\(run.errorOutput)")
            #expect(run.errorOutput.contains("/etc/agent/policy.d/1.yaml"))
            #expect(run.errorOutput.contains("going on by the built-in policy"))
        }

        @Test("A vantage without the token that it wants is refused before anything is changed")
        func noToken() throws {
            let lab = try openHost()
            try refused(
                ["apply", "--yes", "--from", "https://vantage.example"], status: 64, saying: "--token-file",
                lab: lab)
        }

        @Test(
            "Tokens of a served vantage that others may read, or could have written, are not used",
            arguments: [
                ("chmod 644 /root/served.tokens", "chmod go-rwx /root/served.tokens"),
                ("chmod 622 /root/served.tokens", "chmod go-w /root/served.tokens"),
                ("chown nobody /root/served.tokens", "chown root: /root/served.tokens"),
            ])
        func servedTokens(opening: String, remedy: String) throws {
            let lab = try Lab.required()
            try lab.host(
                "/bin/sh", "-c",
                "cd /root && rm -f served.tokens && (umask 077; openssl rand -hex 32 >served.tokens) && touch c k && \(opening)"
            )
            let run = try lab.agent([
                "vantage", "serve", "--certificate", "/root/c", "--key", "/root/k", "--token-file",
                "/root/served.tokens",
            ])
            #expect(run.status == 10, "\(run.errorOutput)")
            #expect(run.errorOutput.contains(remedy), "\(run.errorOutput)")
            try lab.host("rm", "/root/served.tokens", "/root/c", "/root/k")
        }

        @Test("Failures are one JSON document under --format json")
        func jsonFailure() throws {
            let lab = try openHost()
            let run = try lab.agent(["apply", "--yes", "--policy", "/root/none.yaml", "--format", "json"])
            let document = try run.json()
            #expect(document["format"] as? String == "agent.error/1")
            #expect(document["exit"] as? Int == 10)
        }
    }
}
