import Foundation
import Testing

extension OnARealHost {
    /// A vantage in the world outside, asked by the host over its network.
    @Suite("Vantage elsewhere")
    struct Vantages {
        private static let program = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".build/debug/agent")
            .path

        /// Runs `body` while `agent vantage serve` runs outside, with what it has said up to then.
        private func serving(on lab: Lab, _ body: (_ heard: () throws -> String) throws -> Void) throws {
            let directory = FileManager.default.temporaryDirectory.appending(path: "vantage-\(UUID())")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let run = try lab.outside([
                "/bin/bash", "-ec",
                """
                # Foundation waits for whoever has its descriptors, and the vantage outlives this shell.
                for fd in /proc/$$/fd/*; do
                    fd=${fd##*/}
                    [ $fd -le 2 ] || eval "exec $fd>&-"
                done
                cd \(directory.path)
                (umask 077; openssl rand -hex 32 >token)
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -keyout key.pem \
                    -out chain.pem -subj /CN=vantage.example -addext subjectAltName=IP:198.51.100.7 2>/dev/null
                timeout 120 \(Self.program) vantage serve --listen 198.51.100.7:8443 --certificate chain.pem --key key.pem \
                    --token-file token </dev/null >log 2>&1 &
                echo $!
                """,
            ])
            let process = try #require(
                Int32(run.output.trimmingCharacters(in: .newlines)), "\(run.output)\(run.errorOutput)")
            defer { kill(process, SIGTERM) }
            let heard = { try String(contentsOf: directory.appending(path: "log"), encoding: .utf8) }
            let end = ContinuousClock.now + .seconds(20)
            // The file is not there before the server is.
            while (try? heard())?.contains("Serving probes") != true, ContinuousClock.now < end {
                sched_yield()
            }
            try #require(try heard().contains("Serving probes"), "\((try? heard()) ?? "")")
            for name in ["token", "chain.pem"] {
                try lab.install(directory.appending(path: name), at: "/root/\(name)")
            }
            try body(heard)
        }

        private let words = [
            "probe", "--from", "https://198.51.100.7:8443", "--token-file", "/root/token", "--vantage-ca",
            "/root/chain.pem", "--format", "json",
        ]

        @Test(
            "A closed host is closed from there, on both families: it has answered for the one it did not ask from"
        )
        func closed() throws {
            let lab = try Lab.required()
            try lab.reset()
            try serving(on: lab) { heard in
                let run = try lab.agent(words)
                #expect(run.status == 0, "\(run.output)\(run.errorOutput)\((try? heard()) ?? "")")
                let report = try run.json()
                #expect(report["verdict"] as? String == "closed")
                #expect((report["from"] as? [String: Any])?["kind"] as? String == "https")
                let addresses = Set(
                    (report["endpoints"] as? [[String: Any]] ?? []).compactMap { $0["address"] as? String })
                #expect(addresses == ["203.0.113.10", "2001:db8:113::10"])
                #expect((report["hosted"] as? [String: Any])?["accepted"] as? Bool == true)
            }
        }

        @Test("An open host is proved open by a message that came to the vantage")
        func open() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            try serving(on: lab) { heard in
                let run = try lab.agent(words + ["--send"])
                #expect(run.status == 2, "\(run.output)\(run.errorOutput)\((try? heard()) ?? "")")
                let endpoints = try #require(try run.json()["endpoints"] as? [[String: Any]])
                let first = try #require(endpoints.first { $0["port"] as? Int == 25 })
                let delivered = (first["tests"] as? [[String: Any]] ?? []).filter {
                    $0["verdict"] as? String == "delivered"
                }
                // Either of the two addresses that the vantage has.
                let own = ["@[203.0.113.77]>", "@[198.51.100.7]>"]
                #expect(
                    delivered.contains { test in
                        own.contains { (test["rcpt-to"] as? String)?.hasSuffix($0) == true }
                    })
            }
        }

        @Test("Behind NAT the public address is asked, and named, by a probe and by an apply")
        func natted() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            try serving(on: lab) { _ in
                try lab.behindNAT {
                    let applied = try lab.agent(["apply", "--yes"] + words.dropFirst())
                    #expect(applied.status == 0, "\(applied.output)\(applied.errorOutput)")
                    let probe = try #require(try applied.json()["probe"] as? [String: Any])
                    let asked = Set(
                        (probe["endpoints"] as? [[String: Any]] ?? []).compactMap { $0["address"] as? String }
                    )
                    #expect(asked == ["203.0.113.10", "2001:db8:113::10"])
                    let note = (probe["from"] as? [String: Any])?["note"] as? String ?? ""
                    #expect(note.contains("203.0.113.10, from which this host asks"), "\(note)")

                    // Where the proof does not get through, nothing is taken for this host that may be another one.
                    try lab.host(
                        "nft", "insert", "rule", "ip", "nat", "in", "tcp", "dport", "8025", "dnat", "to",
                        "203.0.113.77")
                    let unproved = try lab.agent(words)
                    #expect(unproved.output.contains("does not answer there on TCP port 8025"))
                    #expect(!unproved.output.contains("\"address\": \"203.0.113.10\""), "\(unproved.output)")
                    #expect(try unproved.json()["verdict"] as? String == "inconclusive")
                    let named = try lab.agent(words + ["--address", "203.0.113.10"])
                    #expect(named.status == 0, "\(named.output)\(named.errorOutput)")
                    #expect(named.output.contains("203.0.113.10"))
                }
            }
        }

        @Test("An address is named to a vantage elsewhere, and to no other")
        func addressOfNoUse() throws {
            let lab = try Lab.required()
            try lab.reset()
            for arguments in [
                ["probe", "--address", "203.0.113.10"], ["apply", "--yes", "--address", "203.0.113.10"],
                words + ["--address", "0.0.0.0"],
                words + ["--address", "203.0.113.10", "mail.hosted.example"],
            ] {
                let run = try lab.agent(arguments)
                #expect(run.status == 64, "\(arguments): \(run.errorOutput)")
            }
        }

        @Test("The host keeps the token of its policy's vantage, and has it wherever it probes")
        func ofThePolicy() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            try serving(on: lab) { heard in
                try lab.host(
                    "/bin/sh", "-ec",
                    """
                    mkdir -p -m 755 /etc/agent
                    printf 'version: 1\\nprobe: {from: "https://198.51.100.7:8443", ports: [25]}\\n' >/etc/agent/policy.yaml
                    install -m 600 /root/token /etc/agent/vantage.token
                    install -m 644 /root/chain.pem /etc/agent/vantage-ca.pem
                    """)
                let mark = "203.0.113.10: probed, "
                let applied = try lab.agent("apply", "--yes")
                #expect(applied.status == 0, "\(applied.output)\(applied.errorOutput)")
                #expect(try heard().components(separatedBy: mark).count - 1 == 2)
                let back = try lab.agent("rollback", "--yes", "--allow-insecure")
                #expect(back.status == 0, "\(back.output)\(back.errorOutput)")
                #expect(try heard().components(separatedBy: mark).count - 1 == 4)
            }
        }

        @Test("What ends a confirm window judges from the vantage that it was opened from")
        func ofTheWindow() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            try lab.askOnePort()
            try serving(on: lab) { heard in
                let mark = "203.0.113.10: probed, "
                let probes = { (text: String) in text.components(separatedBy: mark).count - 1 }
                let applied = try lab.agent(
                    "apply", "--yes", "--confirm-timeout", "600s", "--from", "https://198.51.100.7:8443",
                    "--token-file", "/root/token", "--vantage-ca", "/root/chain.pem")
                #expect(applied.status == 5, "\(applied.output)\(applied.errorOutput)")
                #expect(probes(try heard()) == 2)
                let unit = try lab.host("cat", "/etc/systemd/system/agent-window.service").output
                #expect(
                    unit.contains(
                        #""--from" "https://198.51.100.7:8443" "--token-file" "/root/token" "--vantage-ca" "/root/chain.pem""#
                    ), "\(unit)")
                let timer = try lab.host("/bin/sh", "-c", "systemctl cat 'agent-confirm-*.service'").output
                #expect(timer.contains("/root/token"), "\(timer)")
            }
        }

        @Test("A token that others could have written is not used")
        func untrustedToken() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-ec",
                "mkdir -p -m 755 /etc/agent; echo x >/etc/agent/vantage.token; chmod 666 /etc/agent/vantage.token"
            )
            let run = try lab.agent("probe", "--from", "https://198.51.100.7:8443")
            #expect(run.status == 10, "\(run.output)")
            #expect(run.errorOutput.contains("chmod go-w /etc/agent/vantage.token"), "\(run.errorOutput)")
        }

        @Test("A host that names another one is refused, and the vantage says so")
        func somebodyElse() throws {
            let lab = try Lab.required()
            try lab.reset()
            try serving(on: lab) { heard in
                let run = try lab.agent(Array(words[..<7]) + ["203.0.113.77:25"])
                #expect(run.status == 5, "\(run.output)\(run.errorOutput)")
                #expect(run.errorOutput.contains("203.0.113.77 is not the address that asks"))
                #expect(try heard().contains("203.0.113.10: refused (address)"))
            }
        }
    }
}
