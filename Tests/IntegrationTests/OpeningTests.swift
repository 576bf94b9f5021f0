import Foundation
import Testing

/// A way to open the lab's host that no Plesk setting knows of.
private struct Opening: Sendable, CustomTestStringConvertible {
    var name: String
    /// Run in the host.
    var script: String
    /// The file that a repair changes, and a line of it that must be gone afterwards.
    var file: String
    var guilty: String
    var policy: String?
    /// What must hold after the repair, as a script that succeeds.
    var check: String?

    var testDescription: String { name }

    private static let whiteList = "check_client_access cidr:/etc/postfix/clients.cidr"

    private static let types = "hash btree lmdb cdb"

    private static let compiled = types.split(separator: " ").map {
        "check_client_access \($0):/etc/postfix/clients.\($0)"
    }.joined(separator: " ")

    static let all = [
        Opening(
            name: "relay_domains takes every domain",
            script: "echo 'relay_domains = static:all' >> /etc/postfix/main.cf", file: "/etc/postfix/main.cf",
            guilty: "relay_domains = static:all"),
        Opening(
            name: "a listener for a filter, bound to every address",
            script: """
                printf '%s\\n' '2525 inet n - n - - smtpd' '  -o mynetworks=0.0.0.0/0,[::]/0' \
                '  -o smtpd_relay_restrictions=permit_mynetworks,reject' >> /etc/postfix/master.cf
                """, file: "/etc/postfix/master.cf", guilty: "  -o mynetworks=0.0.0.0/0,[::]/0"),
        Opening(
            name: "XCLIENT from everywhere",
            script: "echo 'smtpd_authorized_xclient_hosts = 0.0.0.0/0' >> /etc/postfix/main.cf",
            file: "/etc/postfix/main.cf", guilty: "smtpd_authorized_xclient_hosts = 0.0.0.0/0"),
        Opening(
            name: "a provider's network in a table with an office that is vouched for",
            script: """
                printf '203.0.113.64/28 OK\\n198.51.0.0/16 OK\\n' > /etc/postfix/clients.cidr
                sed -i '/^smtpd_re.*_restrictions/s|permit_mynetworks|permit_mynetworks \(whiteList)|' \
                /etc/postfix/main.cf
                """, file: "/etc/postfix/clients.cidr", guilty: "198.51.0.0/16 OK",
            policy: """
                version: 1
                white-list:
                  vouched:
                    - network: 203.0.113.64/28
                      reason: the office's scanner cannot log in
                """),
        Opening(
            name: "a provider's network in compiled tables with an office that is vouched for",
            script: """
                for type in \(types); do
                    printf '# who relays\n203.0.113.64 OK\n198.51 OK\n' >/etc/postfix/clients.$type
                    postmap $type:/etc/postfix/clients.$type
                done
                sed -i '/^smtpd_re.*_restrictions/s|permit_mynetworks|permit_mynetworks \(compiled)|' \
                /etc/postfix/main.cf
                """, file: "/etc/postfix/clients.hash", guilty: "198.51 OK",
            policy: """
                version: 1
                white-list:
                  vouched:
                    - network: 203.0.113.64/28
                      reason: the office's scanner cannot log in
                """,
            check: """
                for type in \(types); do
                    table=$type:/etc/postfix/clients.$type
                    [ "$(postmap -q 203.0.113.64 $table)" = OK ]
                    if postmap -q 198.51 $table; then exit 1; fi
                    [ "$(cat /etc/postfix/clients.$type)" = "$(printf '# who relays\n203.0.113.64 OK')" ]
                done
                """),
    ]
}

extension OnARealHost {
    @Suite("Closing what only the configuration shows")
    struct ClosingByConfiguration {
        @Test("Found, closed by the guilty line alone, and taken back byte for byte", arguments: Opening.all)
        fileprivate func wholeRound(opening: Opening) throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host("/bin/sh", "-ec", opening.script)
            if let policy = opening.policy {
                try lab.host(
                    "/bin/sh", "-ec",
                    "mkdir -p /etc/agent/policy.d; cat > /etc/agent/policy.d/10-office.yaml",
                    input: policy)
            }
            try lab.host("/bin/sh", "-ec", "touch -d '1 minute ago' /etc/postfix/*.cf; postfix reload")
            let broken = try lab.state()
            let before = try lines(of: opening, lab)
            #expect(before.contains(opening.guilty))

            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "confirmed")
            let relay = try apply.json()["relay"] as? [String: Any]
            #expect(["open", "partial"].contains(relay?["before"] as? String))
            #expect(relay?["after"] as? String == "closed")
            #expect(try lines(of: opening, lab).filter { !before.contains($0) }.count <= 1)
            #expect(try !lines(of: opening, lab).contains(opening.guilty))
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
            if let check = opening.check {
                let run = try lab.host("/bin/sh", "-ec", check)
                #expect(run.status == 0, "\(run.output)\(run.errorOutput)")
            }

            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errorOutput)")
            #expect(try lab.state() == broken)
        }

        @Test("A domain that the host relays for is no foreign one to the probe")
        func relayedDomain() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.host(
                "/bin/sh", "-ec",
                """
                echo 'relay_domains = example.org' >> /etc/postfix/main.cf
                plesk bin mailserver --set-relay open
                touch -d '1 minute ago' /etc/postfix/*.cf; postfix reload
                """)
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            #expect(try apply.json()["outcome"] as? String == "confirmed")
            let probe = try lab.agent("probe", "--format", "json")
            #expect(probe.status == 0, "\(probe.output)\(probe.errorOutput)")
            #expect(
                try lab.host("cat", "/etc/postfix/main.cf").output.contains("relay_domains = example.org"))
        }

        private func lines(of opening: Opening, _ lab: Lab) throws -> [String] {
            try lab.host("cat", opening.file).output.split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
        }
    }
}
