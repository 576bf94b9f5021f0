import Foundation
import Testing

extension OnARealHost {
    @Suite("What the host does wrong while it is changed")
    struct FailingHost {
        /// Whether all is tried, and not only what is quick.
        private static let isWhole = ProcessInfo.processInfo.environment["AGENT_FAULTS"] != nil

        private func opened(_ defects: [String] = ["relaying", "mynetworks"]) throws -> Lab {
            let lab = try Lab.required()
            try lab.reset()
            try lab.askOnePort()
            try lab.break(defects)
            return lab
        }

        @Test(
            "Plesk refuses, lies or is at work on itself: nothing is changed, and the sentence says so",
            arguments: [
                ("exit-1", Int32(1), "Plesk refused a change"),
                ("exits-0-without-effect", 1, "Plesk reported success and changed nothing"),
                ("busy", 11, "Plesk must not be changed at this moment"),
            ])
        func plesk(flaw: String, status: Int32, text: String) throws {
            let lab = try opened()
            try lab.control("switch", flaw, "on")
            let before = try lab.state()
            let run = try lab.agent("apply", "--yes")
            #expect(run.status == status, "\(run.output)\(run.errorOutput)")
            #expect(run.errorOutput.contains(text), "\(run.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try lab.agent("recover").output == "Nothing was interrupted.\n")
        }

        @Test("Postfix does not reload: everything is taken back, as far as it goes without")
        func reload() throws {
            let lab = try opened(["mynetworks"])
            let before = try lab.state()
            // `postfix reload` runs it; what runs already goes on.
            try lab.host("mv", "/usr/lib/postfix/sbin/postfix-script", "/root/postfix-script")
            defer { _ = try? lab.host("mv", "/root/postfix-script", "/usr/lib/postfix/sbin/postfix-script") }
            let run = try lab.agent("apply", "--yes")
            #expect(run.status == 4, "\(run.output)\(run.errorOutput)")
            #expect(run.errorOutput.contains("Postfix did not reload"), "\(run.errorOutput)")
            #expect(try lab.state() == before)
            try lab.host("mv", "/root/postfix-script", "/usr/lib/postfix/sbin/postfix-script")
            let recover = try lab.agent("recover")
            #expect(recover.status == 0, "\(recover.output)\(recover.errorOutput)")
            #expect(try lab.state() == before)
        }

        /// Two minutes: Plesk's deadline.
        @Test(
            "Plesk hangs: its command is ended in time, and nothing is changed",
            .enabled(if: isWhole, "make test-faults"))
        func hangingPlesk() throws {
            let lab = try opened()
            try lab.control("switch", "hang", "on")
            let before = try lab.state()
            let run = try lab.agent("apply", "--yes")
            #expect(run.status == 1, "\(run.output)\(run.errorOutput)")
            #expect(run.errorOutput.contains("did not finish within 120"), "\(run.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try lab.host("pgrep", "-f", "bin/mailserver").output == "", "it was ended")
            #expect(try lab.agent("recover").output == "Nothing was interrupted.\n")
        }

        /// A minute and more: the probe's patience.
        @Test(
            "A server that keeps every client waiting cannot be told closed: applied, and not confirmed",
            .enabled(if: isWhole, "make test-faults"))
        func tarpit() throws {
            let lab = try opened(["mynetworks"])
            try lab.host(
                "/bin/sh", "-c",
                """
                postconf -e 'smtpd_client_restrictions = sleep 30'
                touch -d '5 seconds ago' /etc/postfix/main.cf; postfix reload
                """)
            let run = try lab.agent("apply", "--yes", "--format", "json")
            #expect(run.status == 5, "\(run.output)\(run.errorOutput)")
            #expect(try run.json()["outcome"] as? String == "unconfirmed")
            #expect(run.output.contains("the reply to RCPT did not come in time"))
            #expect(try lab.agent("explain").status == 0, "the change is kept")
        }

        @Test(
            "Another program takes port 25 meanwhile: nothing is left open, and the next run puts it right",
            .enabled(if: isWhole, "make test-faults"), arguments: ["Kept", "Reload Postfix"])
        func portTaken(moment: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("foreign", "systemd", "all")
            try lab.host("/bin/sh", "-c", "systemctl stop exim4.service; systemctl start postfix.service")
            try lab.askOnePort()
            try lab.break(["mynetworks"])
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                : >/root/err
                agent apply --yes >/dev/null 2>/root/err & agent=$!
                tries=0
                until grep -q '\(moment)' /root/err || [ $tries -gt 200000 ]; do tries=$((tries + 1)); done
                systemctl stop postfix.service postfix@-.service; systemctl start exim4.service
                wait $agent
                status=$?
                cat /root/err
                exit $status
                """)
            #expect(run.status != 0, "\(run.output)")
            #expect(try lab.agent("recover").output == "Nothing was interrupted.\n", "\(run.output)")
            let plan = try lab.agent("plan").output
            #expect(plan.contains("Stop and disable /opt/exim/usr/sbin/exim4"), "\(run.output)\(plan)")
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try lab.host("postconf", "-h", "mynetworks").output == "127.0.0.0/8 [::1]/128\n")
        }

        @Test("Nobody reads what it prints any more: it goes on to the end", arguments: ["| :", ">&- 2>&-"])
        func unread(streams: String) throws {
            let lab = try opened(["mynetworks"])
            try lab.host("/bin/sh", "-c", "agent apply --yes 2>&1 " + streams)
            let history = try lab.agent("history", "--format", "json").json()["changes"] as? [[String: Any]]
            #expect(history?.first?["outcome"] as? String == "confirmed")
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
        }

        @Test("A limit on the size of files is one clear error, as a full disk is, and nothing is changed")
        func fileSizeLimit() throws {
            let lab = try opened(["mynetworks"])
            let before = try lab.state()
            let run = try lab.host("/bin/sh", "-c", "ulimit -f 10; agent apply --yes")
            #expect(run.status == 1, "\(run.errorOutput)")
            #expect(run.errorOutput.contains("error: "), "\(run.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try lab.agent("apply", "--yes").status == 0)
        }

        @Test("A session that is open during the reload goes on to its end, and is named")
        func openSession() throws {
            let lab = try opened(["mynetworks"])
            let run = try lab.host(
                "/bin/sh", "-c",
                #"""
                rm -f /run/greeted /run/changed
                perl -MIO::Socket::INET -e '
                    my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:25", Timeout => 10) or die;
                    sub say_and_hear { print $server "$_[0]\r\n" if $_[0]; print "$_[0] -> ", scalar <$server>; }
                    say_and_hear(""); say_and_hear("HELO client.example");
                    open my $sign, ">", "/run/greeted"; close $sign;
                    until (-e "/run/changed") { select undef, undef, undef, 0.05 }
                    say_and_hear("MAIL FROM:<sender\@domain.example>");
                    say_and_hear("RCPT TO:<postmaster\@hosted.example>"); say_and_hear("QUIT")' >/root/session &
                until [ -e /run/greeted ]; do :; done
                agent apply --yes >/dev/null 2>/root/err
                echo "$?"
                : >/run/changed
                wait
                cat /root/session /root/err
                """#)
            #expect(run.output.hasPrefix("0\n"), "\(run.output)")
            #expect(run.output.contains("RCPT TO:<postmaster@hosted.example> -> 250"), "\(run.output)")
            #expect(run.output.contains("1 SMTP sessions from before the reload go on"), "\(run.output)")
        }

        @Test("A draft is nobody else's to read before it has the file's own rights")
        func draftMode() throws {
            let lab = try opened(["mynetworks"])
            try lab.install(try #require(faultLibrary), at: "/usr/local/lib/libFaults.so")
            let run = try lab.host(
                "/usr/bin/env", "LD_PRELOAD=/usr/local/lib/libFaults.so", "FAULT_KIND=run",
                "FAULT_CALL=fchmod",
                "FAULT_AT=1", "FAULT_RUN=stat -c '%a %u %s' /etc/postfix/.agent-draft.* >/root/draft",
                "/bin/sh",
                "-c", "umask 0; exec agent apply --yes")
            #expect(run.status == 0, "\(run.errorOutput)")
            let draft = try lab.host("cat", "/root/draft").output.split(separator: " ")
            #expect(draft.first == "600" && draft.last != "0\n", "\(draft)")
        }
    }
}
