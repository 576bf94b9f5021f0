import Foundation
import Testing

extension OnARealHost {
    /// A machine in the world outside, to which the host logs in to be probed from there.
    @Suite("Vantage over OpenSSH")
    struct SSHVantages {
        /// Runs `body` while a real sshd runs outside that lets root of the host in, and finds this program there.
        private func lettingIn(_ lab: Lab, _ body: () throws -> Void) throws {
            try lab.control("add", "openssh-client")
            let packages = try lab.control("aside", "openssh-client", "openssh-server", "libwrap0").output
                .trimmingCharacters(in: .newlines)
            let directory = FileManager.default.temporaryDirectory.appending(path: "sshd-\(UUID())")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: ".build/debug").path
            let run = try lab.outside([
                "/bin/bash", "-ec",
                """
                # Foundation waits for whoever has its descriptors, and sshd outlives this shell.
                for fd in /proc/$$/fd/*; do
                    fd=${fd##*/}
                    [ $fd -le 2 ] || eval "exec $fd>&-"
                done
                cd \(directory.path)
                umask 077
                for key in host client; do \(packages)/usr/bin/ssh-keygen -q -t ed25519 -N '' -f $key; done
                printf '198.51.100.7 %s\n' "$(cat host.pub)" >known_hosts
                cp client.pub authorized_keys
                # Of this shell alone: who separates privileges, and a root who is not locked out.
                sed '/^sshd:/d' /etc/passwd >passwd
                echo 'sshd:x:999:65534::/run/sshd:/usr/sbin/nologin' >>passwd
                sed 's/^root:[^:]*/root:*/' /etc/shadow >shadow
                chmod 644 passwd
                for file in passwd shadow; do mount --bind $file /etc/$file; done
                mount -t tmpfs -o mode=755 none /run
                mkdir -m 755 /run/sshd
                printf '%s\n' 'ListenAddress 198.51.100.7' "HostKey $PWD/host" 'UsePAM no' 'StrictModes no' \
                    "AuthorizedKeysFile $PWD/authorized_keys" 'PidFile none' 'SetEnv PATH=\(program):/usr/bin:/bin' >config
                LD_LIBRARY_PATH=\(packages)/lib/x86_64-linux-gnu:\(packages)/usr/lib/x86_64-linux-gnu \
                    timeout 300 \(packages)/usr/sbin/sshd -D -f config -E log </dev/null >/dev/null 2>&1 &
                echo $!
                """,
            ])
            let process = try #require(
                Int32(run.output.trimmingCharacters(in: .newlines)), "\(run.output)\(run.errorOutput)")
            defer { kill(process, SIGTERM) }
            try lab.host("mkdir", "-p", "-m", "700", "/root/.ssh")
            defer { _ = try? lab.host("rm", "-rf", "/root/.ssh") }
            for (name, path) in [("client", "id_ed25519"), ("known_hosts", "known_hosts")] {
                try lab.install(directory.appending(path: name), at: "/root/.ssh/\(path)")
            }
            let end = ContinuousClock.now + .seconds(20)
            while try lab.host("ssh", "-o", "BatchMode=yes", "root@198.51.100.7", "true").status != 0 {
                let log = try? String(contentsOf: directory.appending(path: "log"), encoding: .utf8)
                try #require(ContinuousClock.now < end, "\(log ?? "")")
            }
            try body()
        }

        private let words = ["--from", "ssh://root@198.51.100.7", "--format", "json"]

        private func asked(_ report: [String: Any]) -> Set<String> {
            Set((report["endpoints"] as? [[String: Any]] ?? []).compactMap { $0["address"] as? String })
        }

        @Test(
            "Behind NAT the host is asked where it comes from or is said to be, and by IPv6 alone it is not closed"
        )
        func natted() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            try lettingIn(lab) {
                try lab.behindNAT {
                    let applied = try lab.agent(["apply", "--yes"] + words)
                    #expect(applied.status == 0, "\(applied.output)\(applied.errorOutput)")
                    let probe = try #require(try applied.json()["probe"] as? [String: Any])
                    #expect(asked(probe) == ["203.0.113.10", "2001:db8:113::10"])
                    let from = try #require(probe["from"] as? [String: Any])
                    #expect(from["kind"] as? String == "ssh")
                    let note = from["note"] as? String ?? ""
                    #expect(note.contains("203.0.113.10, from which this host asks"), "\(note)")

                    // Where the proof does not get through, another machine may have that address.
                    try lab.host(
                        "nft", "insert", "rule", "ip", "nat", "in", "tcp", "dport", "8025", "dnat", "to",
                        "203.0.113.77")
                    let unproved = try lab.agent(["probe"] + words)
                    #expect(unproved.status == 5, "\(unproved.output)\(unproved.errorOutput)")
                    let report = try unproved.json()
                    #expect(report["verdict"] as? String == "inconclusive")
                    #expect(asked(report) == ["10.9.9.9", "2001:db8:113::10"])
                    #expect(unproved.output.contains("does not answer there on TCP port 8025"))

                    let named = try lab.agent(["probe", "--address", "203.0.113.10"] + words)
                    #expect(named.status == 0, "\(named.output)\(named.errorOutput)")
                    #expect(asked(try named.json()) == ["203.0.113.10", "2001:db8:113::10"])
                }
            }
        }
    }
}
