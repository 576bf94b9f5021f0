import Foundation
import Testing

extension OnARealHost {
    /// Somebody else writes to `main.cf` while an apply is at work: at one of its calls that write, or all the time.
    ///
    /// A sample of the calls is tried; so many, spread over all of them, with a number in `AGENT_RACES`
    /// (`make test-races`: 1,000).
    @Suite(
        "Others write at the same time", .enabled(if: faultLibrary != nil, "the library Faults is not built"))
    struct Races {
        /// Who writes, and how.
        enum Other: String, CaseIterable {
            case postconf, plesk
            /// An editor that writes a new file and renames it.
            case renamingEditor
            /// One that writes to the file as it stands.
            case writingEditor
            /// One that has had the file open for a while when it saves.
            case slowEditor
            case secondAgent

            /// What it runs, and what is in `main.cf` ever after.
            func work(_ number: Int) -> (script: String, trace: String) {
                let edit = "# race \(number) was here"
                switch self {
                case .postconf:
                    return ("\(Races.aged)postconf -e 'race_\(number) = yes'", "race_\(number) = yes")
                case .plesk:
                    let network = "127.\(1 + number / 250).\(number % 250).0/24"
                    return ("plesk bin mailserver --add-to-white-list \(network)", network)
                case .renamingEditor: return ("sed -i '$a\(edit)' /etc/postfix/main.cf", edit)
                case .writingEditor: return ("echo '\(edit)' >>/etc/postfix/main.cf", edit)
                case .slowEditor: return (Races.slowEditor(edit), edit)
                case .secondAgent:
                    return ("agent apply --yes >/dev/null 2>&1; agent rollback --yes >/dev/null 2>&1", "")
                }
            }
        }

        /// Postfix's programs wait before they read a file that was changed just now.
        private static let aged = "touch -d '-5 seconds' /etc/postfix/main.cf; "

        /// It reads and has the file open; the apply goes on; then it saves.
        private static func slowEditor(_ edit: String) -> String {
            """
            rm -f /run/opened
            perl -e 'open my $file, "+<:raw", "/etc/postfix/main.cf" or die;
                local $/; my $text = <$file>; open my $sign, ">", "/run/opened"; close $sign;
                select undef, undef, undef, 0.4;
                seek $file, 0, 0; print $file "$text\(edit)\\n"; truncate $file, tell $file' </dev/null >/dev/null 2>&1 &
            until [ -e /run/opened ]; do :; done
            """
        }

        private func opened() throws -> Lab {
            let lab = try Lab.required()
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            try lab.reset()
            try lab.askOnePort()
            return lab
        }

        /// The lines of `main.cf` that nobody here changes.
        private func rest(_ lab: Lab) throws -> [Substring] {
            let text = try lab.host("cat", "/etc/postfix/main.cf").output
            var isInNetworks = false
            return text.split(separator: "\n").filter { line in
                if !line.hasPrefix(" ") { isInNetworks = line.hasPrefix("mynetworks =") }
                return !isInNetworks && !line.contains("race")
            }
        }

        /// The calls of an apply at which somebody else gets a turn, by name and number.
        private func moments(_ lab: Lab) throws -> [(name: String?, number: Int)] {
            guard let count = ProcessInfo.processInfo.environment["AGENT_RACES"].flatMap(Int.init) else {
                return Other.allCases.map { _ in ("renameat2", 2) }
            }
            try lab.break(["mynetworks"])
            try lab.host(
                "/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_LOG=/root/calls", "agent",
                "apply",
                "--yes")
            let calls = try lab.host("cat", "/root/calls").output.split(separator: "\n").count
            try lab.host("rm", "/root/calls")
            try #require(calls > 50)
            return (0..<count).map { (nil, 1 + $0 * calls / count) }
        }

        @Test(
            "At any moment: what the other wrote stays, the file is whole, and the next apply closes the relay"
        )
        func atOneCall() throws {
            let lab = try opened()
            let pristine = try rest(lab)
            for (index, moment) in try moments(lab).enumerated() {
                let other = Other.allCases[index % Other.allCases.count]
                let (script, trace) = other.work(index)
                let what = "\(other) at call \(moment.number) \(moment.name ?? "")"
                // A history of the same change again and again would end it.
                try lab.host("rm", "-rf", "/var/lib/agent")
                try lab.break(["mynetworks"])
                let run = try lab.host(
                    ["/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_KIND=run"]
                        + ["FAULT_RUN=\(script)", "FAULT_AT=\(moment.number)"]
                        + (moment.name.map { ["FAULT_CALL=\($0)"] } ?? []) + ["agent", "apply", "--yes"])
                #expect([0, 1, 4, 6].contains(run.status), "\(what): \(run.errorOutput)")
                // An editor that was still at it has saved by then.
                try lab.host("/bin/sh", "-c", "while pgrep -x perl >/dev/null; do :; done")
                try check(lab, what: what, trace: trace, pristine: pristine)
                let next = try lab.agent("apply", "--yes")
                #expect(next.status == 0, "\(what), then: \(next.output)\(next.errorOutput)")
                try check(lab, what: what + ", then", trace: trace, pristine: pristine)
                #expect(try lab.agent("explain").status == 0, "\(what)")
            }
        }

        private func check(_ lab: Lab, what: String, trace: String, pristine: [Substring]) throws {
            let text = try lab.host("cat", "/etc/postfix/main.cf").output
            #expect(trace.isEmpty || text.contains(trace), "\(what): the other's edit is lost\n\(text)")
            #expect(try rest(lab) == pristine, "\(what): the file is not whole\n\(text)")
            let names = try lab.host("ls", "-A", "/etc/postfix").output
            #expect(!names.contains(".agent-"), "\(what): \(names)")
        }

        @Test("A loop of `postconf -e` all the time: none of its parameters is lost")
        func loop() throws {
            let lab = try opened()
            let pristine = try rest(lab)
            try lab.break(["mynetworks"])
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                touch /run/go
                ( number=0
                  while [ -e /run/go ]; do
                      number=$((number + 1))
                      \(Self.aged)postconf -e "race_$number = yes"
                  done
                  echo $number >/run/number ) &
                for turn in 1 2 3; do agent apply --yes >/root/out 2>&1; echo $?; done
                rm /run/go
                wait
                for turn in $(seq $(cat /run/number)); do
                    grep -qx "race_$turn = yes" /etc/postfix/main.cf || echo "lost $turn"
                done
                [ "$(cat /run/number)" -gt 20 ] || echo "only $(cat /run/number)"
                """)
            let lines = run.output.split(separator: "\n")
            #expect(
                lines.count == 3 && lines.allSatisfy { ["0", "1", "4", "6"].contains($0) }, "\(run.output)")
            #expect(try rest(lab) == pristine)
            #expect(try [0].contains(lab.agent("apply", "--yes").status))
            #expect(try lab.agent("explain").status == 0)
        }
    }
}
