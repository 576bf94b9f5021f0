import Foundation
import Testing

extension OnARealHost {
    @Suite("QMTP and QMQP of a Qmail")
    struct QmailQueueProtocols {
        /// What a server of QMTP says to a message for another host: `K`, or `D` and why not.
        private func queueReply(_ lab: Lab, port: Int, to recipient: String) throws -> String {
            let script = #"""
                use IO::Socket::INET;
                sub netstring { return length($_[0]) . ":$_[0]," }
                my ($port, $recipient) = @ARGV;
                my $server = IO::Socket::INET->new(PeerAddr => "203.0.113.10:$port", Timeout => 10) or exit;
                my @parts = ("\nSubject: test\n\n", "stranger\@domain.example", netstring($recipient));
                print $server map { netstring($_) } @parts;
                sysread $server, my $reply, 200;
                print $reply =~ s/^\d+://r;
                """#
            return try lab.outside(["/usr/bin/perl", "-e", script, String(port), recipient]).output
        }

        /// What the probe makes of one port, and of the first test there.
        private func probed(_ lab: Lab, port: Int) throws -> (status: Int32, verdict: String?, test: String?)
        {
            let run = try lab.agent(
                "probe", "--from", "netns", "203.0.113.10:\(port)", "--format", "json")
            let endpoints = try #require(try run.json()["endpoints"] as? [[String: Any]])
            let endpoint = try #require(endpoints.first { $0["port"] as? Int == port }, "\(run.output)")
            let test = (endpoint["tests"] as? [[String: Any]])?.first
            return (run.status, endpoint["verdict"] as? String, test?["verdict"] as? String)
        }

        @Test(
            "QMTP that relays for strangers and QMQP for everybody: closed, mail still comes in, and all taken back",
            arguments: ["xinetd", "tcpserver"])
        func queueProtocols(server: String) throws {
            let lab = try Lab.required()
            try lab.resetToQmail(server: server)
            try lab.askOnePort()
            let opened = try lab.host(
                "/bin/sh", "-ec",
                server == "xinetd"
                    ? """
                    for s in qmtp:209 qmqp:628; do
                        name=${s%:*}
                        printf 'service %s\\n{\\n type = UNLISTED\\n port = %s\\n socket_type = stream\\n wait = no\\n' \
                        $name ${s#*:} > /etc/xinetd.d/$name
                        printf ' user = root\\n env = A=1 RELAYCLIENT=\\n server = /var/qmail/bin/tcp-env\\n' >> /etc/xinetd.d/$name
                        printf ' server_args = /var/qmail/bin/qmail-%sd\\n}\\n' $name >> /etc/xinetd.d/$name
                    done
                    systemctl reload xinetd
                    """
                    : """
                    mkdir -p /service/.new/env
                    printf '\\n' > /service/.new/env/RELAYCLIENT
                    printf '#!/bin/sh\\nexec envdir ./env tcpserver -R -H -l 0 0 209 /var/qmail/bin/qmail-qmtpd\\n' > /service/.new/run
                    chmod 755 /service/.new/run
                    mv /service/.new /service/qmail-qmtpd
                    """)
            #expect(opened.status == 0, "\(opened.errorOutput)")
            let waited = try lab.host(
                "/usr/bin/timeout", "20", "/bin/sh", "-c",
                "until ss -ltnH 'sport = :209' | grep -q .; do sleep 0.1; done")
            #expect(waited.status == 0)
            let broken = try lab.state()
            let stranger = "someone@[198.51.100.7]"
            #expect(try queueReply(lab, port: 209, to: stranger).hasPrefix("K"))
            let proved = try probed(lab, port: 209)
            #expect(proved.status == 2)
            #expect(proved.verdict == "open")
            #expect(proved.test == "delivered")

            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output.suffix(3000))\(apply.errorOutput)")
            let relay = try apply.json()["relay"] as? [String: Any]
            #expect(relay?["before"] as? String == "open")
            #expect(relay?["after"] as? String == "closed")
            #expect(try queueReply(lab, port: 209, to: stranger).hasPrefix("D"))
            #expect(try queueReply(lab, port: 209, to: "postmaster@hosted.example").hasPrefix("K"))
            let refused = try probed(lab, port: 209)
            #expect(refused.status == 0)
            #expect(refused.verdict == "closed")
            #expect(refused.test == "refused")
            let listening = try lab.host("ss", "-ltnH", "sport = :628").output
            #expect(listening.isEmpty)
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)

            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect([0, 5].contains(rollback.status), "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == broken)
            #expect(try queueReply(lab, port: 209, to: stranger).hasPrefix("K"))
        }
    }
}
