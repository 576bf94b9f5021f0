import Foundation
import Testing

extension OnARealHost {
    @Suite("Secrets")
    struct Secrets {
        @Test(
            "Passwords in every input are in no output, in no saved plan and in no command line that is shown"
        )
        func canaries() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks", "submission"])
            // Beside what is changed, so that it is in every difference.
            try lab.host(
                "/bin/sh", "-c",
                """
                sed -i 's|^mynetworks = .*|smtp_sasl_password_maps = static:user:canary-static\\n&|' /etc/postfix/main.cf
                sed -i 's|^relayhost.*|hoster_database = pgsql://agent:canary-url@db.example/x\\n&|' /etc/postfix/main.cf
                sed -i 's|^mailbox_size_limit.*|relay_password = canary-name\\n&|' /etc/postfix/main.cf
                sed -i 's|^submission .*|&\\n  -o smtp_sasl_password_maps=inline:{{x=user:canary-inline}}|' /etc/postfix/master.cf
                printf '[smtp.example]:587 user:canary-table\\n' >/etc/postfix/sasl_passwd
                postmap /etc/postfix/sasl_passwd
                touch -d '-5 seconds' /etc/postfix/main.cf /etc/postfix/master.cf
                """)
            let shadow = try lab.host("cat", "/etc/psa/.psa.shadow").output.trimmingCharacters(in: .newlines)
            try #require(shadow.count > 7)
            let runs = [
                ["plan", "--verbose"], ["plan", "--format", "json"], ["plan", "--out", "/root/plan.json"],
                ["explain"],
                ["explain", "--format", "json"], ["apply", "--yes", "--verbose"],
                ["apply", "--yes", "--format", "json"],
                ["show", "1"], ["show", "1", "--format", "json"], ["history"], ["backups", "list"],
                ["rollback", "--yes", "--allow-insecure", "--verbose"], ["show", "2"],
            ]
            var shown = try runs.map { arguments in
                let run = try lab.agent(arguments)
                #expect(!run.output.isEmpty, "\(arguments): \(run.errorOutput)")
                return run.output + run.errorOutput
            }
            shown.append(try lab.host("cat", "/root/plan.json").output)
            shown.append(try lab.host("journalctl", "-b", "-o", "cat", "-t", "agent").output)
            for secret in [
                "canary-static", "canary-url", "canary-name", "canary-inline", "canary-table", shadow,
            ] {
                for (index, text) in shown.enumerated() {
                    #expect(!text.contains(secret), "\(secret) in output \(index)")
                }
            }
            #expect(shown[0].contains("smtp_sasl_password_maps = static:***"), "\(shown[0])")
            // What is shown without them is kept with them.
            let kept = try lab.host(
                "/bin/sh", "-c",
                "agent backups export /root/kept >/dev/null && grep -rl canary-static /root/kept | wc -l")
            #expect(kept.output.trimmingCharacters(in: .whitespacesAndNewlines) != "0", "\(kept.errorOutput)")
            let mode = try lab.host(
                "stat", "-c", "%a", "/root/kept", "/var/lib/agent/agent.sqlite", "/root/plan.json")
            #expect(mode.output == "700\n600\n600\n")
            try lab.host("rm", "-rf", "/root/kept", "/root/plan.json")
        }
    }
}
