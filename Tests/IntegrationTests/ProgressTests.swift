import Foundation
import Testing

extension OnARealHost {
    /// What a person sees while the host is asked.
    @Suite("Progress on a terminal")
    struct Progress {
        /// A host that takes its time, and whose greeting would write to the terminal.
        private func slowHost() throws -> Lab {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.host(
                "/bin/sh", "-ec",
                """
                printf 'smtpd_banner = $myhostname ESMTP \\033]0;owned\\007\\033[2J\\n' >>/etc/postfix/main.cf
                echo 'smtpd_client_restrictions = sleep 1' >>/etc/postfix/main.cf
                touch -d '-5 seconds' /etc/postfix/main.cf
                postfix reload
                """)
            return lab
        }

        @Test("One line tells how far it is, is written over, and is gone in the end")
        func onATerminal() throws {
            let lab = try slowHost()
            let run = try lab.host(
                "/bin/sh", "-c",
                "TERM=xterm script -qec 'stty cols 70; agent probe >/root/out' /dev/null")
            #expect(run.status == 0, "\(run.output)")
            let back = "\r\u{1b}[2K"
            let states = run.output.components(separatedBy: back)
            try #require(states.count > 3, "\(run.output)")
            #expect(states.first == "" && states.last == "", "it begins and ends with an empty line")
            let shown = states.dropFirst().dropLast()
            #expect(shown.allSatisfy { $0.hasPrefix("Asking this host … ") && $0.count < 70 })
            #expect(shown.contains { $0.contains("tests, ") })
            #expect(
                shown.contains {
                    $0.contains("; 203.0.113.10 port ") || $0.contains("; 2001:db8:113::10 port ")
                })
            let raw = shown.joined().unicodeScalars.filter { $0.value < 0x20 || $0.value == 0x7f }
            #expect(raw.isEmpty, "\(run.output)")
        }

        @Test("It is gone as well when the person ends the program")
        func interrupted() throws {
            let lab = try slowHost()
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/typescript
                { tries=0
                  until grep -q 'tests, ' /root/typescript || [ $tries -gt 20000 ]; do tries=$((tries + 1)); done
                  pkill -INT -x agent; } &
                TERM=xterm script -qefc 'agent probe >/root/out; echo status $?' /root/typescript
                wait
                """)
            #expect(run.output.hasSuffix("\r\u{1b}[2Kstatus 130\r\n"), "\(run.output)")
        }

        @Test("Nothing is written where nobody watches")
        func elsewhere() throws {
            let lab = try slowHost()
            let run = try lab.agent("probe")
            #expect(run.status == 0, "\(run.output)")
            #expect(run.errorOutput == "")
            #expect(!run.output.contains("\u{1b}"))
            #expect(run.output.contains("✓ closed"))
        }
    }
}
