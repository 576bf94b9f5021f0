import Foundation
import Testing

extension OnARealHost {
    /// A real exim4 has port 25 in Postfix's place.
    @Suite("Another MTA on port 25")
    struct Port25 {
        /// The way the host manages it, and the addresses that it has.
        static let cases = [
            ("systemd", "one"), ("socket", "ipv6"), ("xinetd", "beside"), ("script", "all"), ("inetd", "one"),
        ]

        private func banner(_ lab: Lab, _ address: String = "203.0.113.10") throws -> String {
            let script = "exec 3<>/dev/tcp/$0/25 && read -r -t 5 -u 3 line && printf '%s' \"$line\""
            return try lab.outside(["/bin/bash", "-c", script, address]).output
        }

        /// A link that no file of a unit asks for, a unit that is installed with it and was not, and one that requires it.
        private static let entangled = """
            cd /etc/systemd/system
            echo 'Also=log.service' >> exim4.service
            printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > log.service
            printf '[Unit]\\nRequires=exim4.service\\nAfter=exim4.service\\n' > web.service
            cat log.service >> web.service
            systemctl daemon-reload
            systemctl --quiet add-wants graphical.target exim4.service
            systemctl --quiet enable --now web.service
            """

        private func links(_ lab: Lab) throws -> String {
            try lab.host(
                "/bin/sh", "-c",
                "find /etc/systemd/system -type l -printf '%p %l\\n' | sort; systemctl is-active web.service"
            ).output
        }

        @Test(
            "It is stopped and disabled as the host manages it, Postfix answers, and a rollback restores it",
            arguments: cases)
        func wholeRound(how: String, place: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("foreign", how, place)
            if how == "systemd" { try lab.host("/bin/sh", "-ec", Self.entangled) }
            // Its unit is active whether what is behind it runs or not.
            if how == "inetd" { try lab.host("systemctl", "start", "postfix.service") }
            defer { if how == "systemd" { _ = try? lab.host("systemctl", "stop", "web.service") } }
            let before = try lab.state()
            let linksBefore = try links(lab)
            let address = ["ipv6", "beside"].contains(place) ? "2001:db8:113::10" : "203.0.113.10"
            // A client would leave an instance of the socket's template in the list of units.
            if how != "socket" { #expect(try banner(lab, address).contains("Exim")) }

            let plan = try lab.agent("plan", "--detailed-exitcode", "--format", "json")
            #expect(plan.status == 2, "\(plan.output)\(plan.errorOutput)")
            // The lab's inetd starts it by a script.
            let program = how == "inetd" ? "/opt/exim/exim4" : "/opt/exim/usr/sbin/exim4"
            #expect(plan.output.contains(program))
            #expect(plan.output.contains("stops web.service as well") == (how == "systemd"))
            #expect(try lab.state() == before, "planning changes nothing")

            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(2000))\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "confirmed")
            #expect(try banner(lab).contains("ESMTP Postfix"))
            let again = try lab.agent("plan", "--detailed-exitcode")
            #expect(again.status == 0, "\(again.output)")

            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try links(lab) == linksBefore)
            #expect(try banner(lab, address).contains("Exim"))
        }

        @Test("What was started by hand is reported with its command line, and ended only when asked for")
        func byHand() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("foreign", "hand", "all")
            let kept = try lab.agent("apply", "--yes")
            #expect(kept.status == 4, "\(kept.output)\(kept.errorOutput)")
            #expect(kept.output.contains("exim4 -C /opt/exim/exim.conf -bd"))
            #expect(try banner(lab).contains("Exim"))
            #expect(try lab.agent("explain").status == 5)
            let ended = try lab.agent("apply", "--yes", "--stop-unmanaged")
            #expect(ended.status == 0, "\(ended.output)\(ended.errorOutput)")
            #expect(try banner(lab).contains("ESMTP Postfix"))
        }

        @Test("Signs that disagree on Plesk's MTA change nothing, one that stands alone against two is told")
        func signs() throws {
            let lab = try Lab.required()
            try lab.reset()
            defer {
                _ = try? lab.host(
                    "/bin/sh", "-c",
                    "rm -f /etc/systemd/system/qmail.service; systemctl daemon-reload")
            }
            let unit = try lab.host(
                "/bin/sh", "-ec",
                """
                printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/qmail.service
                systemctl daemon-reload
                """)
            #expect(unit.status == 0, "\(unit.errorOutput)")
            let alone = try lab.agent("plan", "--detailed-exitcode")
            #expect(alone.status == 0, "\(alone.output)")
            #expect(alone.output.contains("one sign names another MTA: systemctl show qmail.service"))

            try lab.host("/bin/sh", "-c", "echo qmail >/etc/plesk-stand-in/mta")
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 5, "\(apply.output)\(apply.errorOutput)")
            #expect(apply.output.contains("the sources disagree on which MTA Plesk manages"))
            #expect(apply.output.contains("Add/Remove Components"))
            #expect(try lab.state() == before)
        }

        @Test("A proxy of this host in front of Postfix is named with where it leads, judged, and left alone")
        func proxy() throws {
            let lab = try Lab.required()
            try lab.reset()
            let made = try lab.host(
                "/bin/sh", "-ec",
                """
                sed -i 's/^inet_interfaces = .*/inet_interfaces = loopback-only/' /etc/postfix/main.cf
                touch -d '5 seconds ago' /etc/postfix/main.cf
                cd /etc/systemd/system
                printf '[Socket]\\nListenStream=203.0.113.10:25\\n' > mailproxy.socket
                printf '[Service]\\nExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:25\\n' > mailproxy.service
                systemctl daemon-reload
                systemctl restart postfix.service
                systemctl start mailproxy.socket
                """)
            #expect(made.status == 0, "\(made.errorOutput)")
            defer {
                // Postfix takes up other addresses only when it is started.
                _ = try? lab.host(
                    "/bin/sh", "-c",
                    """
                    systemctl stop mailproxy.socket mailproxy.service
                    sed -i 's/^inet_interfaces = .*/inet_interfaces = all/' /etc/postfix/main.cf
                    touch -d '5 seconds ago' /etc/postfix/main.cf
                    systemctl restart postfix.service
                    """)
            }
            let plan = try lab.agent("plan", "--detailed-exitcode")
            #expect(plan.status == 2)
            #expect(plan.output.contains("systemd-socket-proxyd hands connections on to 127.0.0.1:25"))
            #expect(plan.output.contains("Nothing that agent can change"), "\(plan.output)")
            #expect(!plan.output.contains("cannot arrive"), "\(plan.output)")
            let explain = try lab.agent("explain")
            #expect(explain.status == 2 && explain.output.contains("127.0.0.1:25"), "\(explain.output)")
            #expect(explain.output.contains("mynetworks = 127.0.0.0/8"), "\(explain.output)")
            // That is what strangers find.
            let probe = try lab.agent("probe", "--from", "netns", "203.0.113.10:25")
            #expect(probe.status == 2, "\(probe.output)\(probe.errorOutput)")
            try lab.host(
                "/bin/sh", "-ec",
                """
                sed -i '/^smtp  *inet/a \\  -o mynetworks=' /etc/postfix/master.cf
                touch -d '5 seconds ago' /etc/postfix/master.cf
                systemctl restart postfix.service
                """)
            let trustless = try lab.agent("explain")
            #expect(trustless.status == 0, "\(trustless.output)")
            let refused = try lab.agent("probe", "--from", "netns", "203.0.113.10:25")
            #expect(refused.status == 0, "\(refused.output)\(refused.errorOutput)")
        }

        @Test("The queue of the other MTA is counted, and kept")
        func queue() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.control("foreign", "systemd", "all")
            for _ in 0..<2 {
                #expect(
                    try lab.swaks(["--server", "203.0.113.10", "--to", "someone@[198.51.100.7]"]).status == 0)
            }
            let count = "2 messages in /var/spool/exim4/input"
            #expect(try lab.agent("plan").output.contains(count))
            let names = {
                try lab.host("/bin/sh", "-c", "ls /var/spool/exim4/input").output.split(separator: "\n")
            }
            let before = try names()
            #expect(try lab.agent("apply", "--yes").status == 0)
            // What the probe before the change said is in there as well.
            #expect(Set(try names()).isSuperset(of: before))
        }

        @Test(
            "A Postfix that its own files keep off port 25 is put there, and a rollback takes it away again",
            arguments: [
                "sed -i 's/^inet_interfaces = .*/inet_interfaces = loopback-only/' /etc/postfix/main.cf",
                "sed -i '/^smtp  *inet/s/^/#/' /etc/postfix/master.cf",
            ])
        func merelyOff(script: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            let made = try lab.host(
                "/bin/sh", "-ec",
                script + "\ntouch -d '5 seconds ago' /etc/postfix/*.cf\nsystemctl restart postfix.service")
            #expect(made.status == 0, "\(made.errorOutput)")
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try banner(lab).contains("ESMTP Postfix"))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try banner(lab).isEmpty)
        }

        @Test(
            "A Postfix that its own files keep to the loopback takes the place of another MTA, and gives it back",
            arguments: [
                "sed -i 's/^inet_interfaces = .*/inet_interfaces = loopback-only/' /etc/postfix/main.cf",
                "sed -i 's/^smtp  *inet/127.0.0.1:&/' /etc/postfix/master.cf",
            ])
        func keptToLoopback(script: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            // Debian's unit of Postfix conflicts with exim's: of the two one runs.
            try lab.control("foreign", "xinetd", "one")
            let made = try lab.host(
                "/bin/sh", "-ec",
                script + "\ntouch -d '5 seconds ago' /etc/postfix/*.cf\nsystemctl start postfix.service")
            #expect(made.status == 0, "\(made.errorOutput)")
            #expect(try banner(lab).contains("Exim"))
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try banner(lab).contains("ESMTP Postfix"))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
            #expect(try banner(lab).contains("Exim"))
        }

        @Test("A Postfix that would be gone after the next boot is enabled, and a rollback disables it again")
        func notEnabled() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host("systemctl", "--quiet", "disable", "postfix.service")
            let before = try lab.state()
            let plan = try lab.agent("plan", "--detailed-exitcode")
            #expect(plan.status == 2 && plan.output.contains("after the next boot nobody"), "\(plan.output)")
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try lab.host("systemctl", "is-enabled", "postfix.service").output == "enabled\n")
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            let rollback = try lab.agent("rollback", "--yes")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == before)
        }

        @Test(
            "Another MTA that a supervisor keeps running is stopped through it, and a rollback starts it again",
            arguments: [
                ("daemontools", "svscan /service"), ("runit", "runsvdir -P /service"),
                ("s6", "s6-svscan /service"),
            ])
        func supervised(package: String, scanner: String) throws {
            let lab = try Lab.required()
            try lab.reset()
            if package != "daemontools" { try lab.control("add", package) }
            try lab.control("foreign", "systemd", "all")
            defer {
                _ = try? lab.host(
                    "/bin/sh", "-c",
                    "systemctl stop svscan.service; rm -rf /service /etc/systemd/system/svscan.service")
            }
            let made = try lab.host(
                "/bin/sh", "-ec",
                """
                run=$(systemctl show --property=ExecStart exim4.service | sed 's/.*argv\\[\\]=\\([^;]*\\) ;.*/\\1/')
                libraries=$(systemctl show --value --property=Environment exim4.service)
                systemctl --quiet disable --now exim4.service
                mkdir -p /service/exim
                printf '#!/bin/sh\\nexec env %s %s\\n' "$libraries" "$run" > /service/exim/run
                chmod 755 /service/exim/run
                printf '[Service]\\nExecStart=/usr/bin/\(scanner)\\n[Install]\\nWantedBy=multi-user.target\\n' \
                > /etc/systemd/system/svscan.service
                systemctl daemon-reload
                systemctl start svscan.service
                timeout 20 sh -c "until ss -ltnpH 'sport = :25' | grep -q exim; do sleep 0.1; done"
                """)
            #expect(made.status == 0, "\(made.errorOutput)")
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try banner(lab).contains("ESMTP Postfix"))
            #expect(try lab.host("test", "-e", "/service/exim/down").status == 0)
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try banner(lab).contains("Exim"))
            #expect(try lab.host("test", "-e", "/service/exim/down").status == 1)
            #expect(try lab.state() == before)
        }

        @Test(
            "Nobody on port 25: Postfix is started, and a rollback stops it again", arguments: [false, true])
        func nobody(isMasked: Bool) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host("systemctl", "stop", "postfix.service", "postfix@-.service")
            if isMasked { try lab.host("systemctl", "--quiet", "mask", "postfix.service") }
            let before = try lab.state()
            let apply = try lab.agent("apply", "--yes")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try banner(lab).contains("ESMTP Postfix"))
            let rollback = try lab.agent("rollback", "--yes", "--allow-insecure")
            #expect(rollback.status == 0 || rollback.status == 5, "\(rollback.errorOutput)")
            #expect(rollback.output.contains("this host takes no mail from outside"), "\(rollback.output)")
            #expect(try lab.state() == before)
        }
    }
}
