import Foundation
import Testing

/// A whole configuration whose behaviour was measured elsewhere, beside the checkout; no part of the product.
private struct MeasuredCase: Sendable, CustomTestStringConvertible {
    private struct Expected: Decodable {
        var verdict: String
        var relays: Bool
        var decided: Bool

        enum CodingKeys: String, CodingKey {
            case verdict, relays
            case decided = "decided-by-configuration"
        }
    }

    let directory: URL
    let verdict: String
    let relays: Bool

    var testDescription: String { directory.lastPathComponent }

    init?(_ directory: URL) {
        guard let data = try? Data(contentsOf: directory.appending(path: "expected.json")),
            let expected = try? JSONDecoder().decode(Expected.self, from: data), expected.decided,
            ["open", "partial", "closed"].contains(expected.verdict)
        else { return nil }
        self.directory = directory
        verdict = expected.verdict
        relays = expected.relays
    }

    static let all: [MeasuredCase] = {
        let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/corpus/postfix")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: corpus.path)) ?? []
        return names.sorted().compactMap { MeasuredCase(corpus.appending(path: $0)) }
    }()

    /// A few of them in a run of all tests; those that `AGENT_ROUNDS` names (`all`, or `A01,B02`).
    static let chosen: [MeasuredCase] = {
        guard let named = ProcessInfo.processInfo.environment["AGENT_ROUNDS"] else {
            return all.enumerated().filter { $0.offset % 10 == 4 }.map(\.element)
        }
        let names = named.split(separator: ",").map(String.init)
        return named == "all" ? all : all.filter { names.contains($0.testDescription) }
    }()

    /// Whether the probe can hear all that it asks: not where clients are put off for a minute after a few
    /// recipients. What is not heard is never called confirmed.
    func answersEveryQuestion() throws -> Bool {
        let text = String(decoding: try Data(contentsOf: directory.appending(path: "main.cf")), as: UTF8.self)
        return !text.contains("smtpd_client_recipient_rate_limit")
    }

    /// The files of the configuration, relative to its directory.
    func files() throws -> [(name: String, bytes: Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted().compactMap { name in
            let file = directory.appending(path: name)
            guard name != "expected.json", !file.isDirectory else { return nil }
            return (name, try Data(contentsOf: file))
        }
    }
}

extension URL {
    fileprivate var isDirectory: Bool {
        (try? resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
    }
}

extension OnARealHost {
    @Suite(
        "Configurations that were measured elsewhere",
        .enabled(if: !MeasuredCase.all.isEmpty, "there is no corpus beside the checkout"))
    struct MeasuredConfigurations {
        /// The files under their names, tables compiled, and Postfix started with them, on a host that has the
        /// addresses they may name. They serve other domains than this host's Plesk knows of.
        private func serve(_ configuration: MeasuredCase, on lab: Lab) throws {
            for (name, bytes) in try configuration.files() {
                let path = "/etc/postfix/\(name == "smtpd.conf" ? "sasl/smtpd.conf" : name)"
                let run = try lab.host(
                    "/bin/sh", "-ec", "mkdir -p \"$(dirname \(path))\"; base64 -d >\(path)",
                    input: bytes.base64EncodedString())
                try #require(run.status == 0, "\(run.errorOutput)")
            }
            let run = try lab.host(
                "/bin/sh", "-c",
                """
                link=$(ip -brief link show up | awk '$1 != "lo" { sub("@.*", "", $1); print $1; exit }')
                ip address replace 192.0.2.10/32 dev "$link"
                ip address replace 2001:db8:0:1::10/128 dev "$link" nodad
                mkdir -p /etc/postfix/pki
                openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=mx.example.net \
                    -keyout /etc/postfix/pki/srv.key -out /etc/postfix/pki/srv.pem 2>/dev/null
                cp /etc/postfix/pki/srv.pem /etc/postfix/pki/ca.pem
                id alice >/dev/null 2>&1 || useradd alice
                for type in hash btree lmdb; do
                    for map in $(grep -ho "$type:/etc/postfix/maps/[^ ,]*" /etc/postfix/*.cf | sort -u); do
                        postmap "$map"
                    done
                done
                find /etc/postfix -type f -exec touch -d '1 minute ago' {} +
                systemctl stop postfix@-.service
                systemctl start postfix@-.service
                tries=0
                until postfix status 2>/dev/null || [ $tries -gt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
                postfix status
                """)
            try #require(run.status == 0, "\(run.output)\(run.errorOutput)")
        }

        private func forgetAddresses(of lab: Lab) throws {
            try lab.host(
                "/bin/sh", "-c",
                """
                for address in 192.0.2.10/32 2001:db8:0:1::10/128; do
                    ip address show to "$address" | awk '/^[0-9]/ { sub("[:@].*", "", $2); print $2 }' |
                        xargs -r -n 1 ip address delete "$address" dev
                done
                """)
        }

        /// Every file with its bytes, owner, mode and time.
        private func files(on lab: Lab) throws -> String {
            try lab.host(
                "/bin/sh", "-c",
                "cd /etc/postfix && find . -type f -printf '%m %u %g %T@ %p\\n' -exec sha256sum {} ';' | sort"
            ).output
        }

        @Test(
            "A relaying one is closed and taken back byte for byte; of a closed one no byte is touched",
            arguments: MeasuredCase.chosen)
        fileprivate func round(_ configuration: MeasuredCase) throws {
            let lab = try Lab.required()
            try lab.reset()
            defer { try? forgetAddresses(of: lab) }
            try serve(configuration, on: lab)
            let before = try files(on: lab)
            let apply = try lab.agent("apply", "--yes", "--format", "json")
            let document = try apply.json()
            let changes = document["changes"] as? [[String: Any]] ?? []
            guard configuration.relays else {
                #expect(!changes.contains { $0["finding"] as? String == "relay" }, "\(apply.output)")
                // What serves the loopback alone is put on port 25 (article 1394, step 4).
                if changes.contains(where: { $0["finding"] as? String == "port-25" }) {
                    // Nobody outside can ask the loopback what it was like.
                    let rollback = try lab.agent("rollback", "--yes")
                    #expect([0, 5].contains(rollback.status), "\(rollback.output)\(rollback.errorOutput)")
                }
                #expect(try files(on: lab) == before)
                return
            }
            let isHeard = try configuration.answersEveryQuestion()
            let outcome = isHeard ? "confirmed" : "unconfirmed"
            #expect(document["outcome"] as? String == outcome, "\(apply.output)\(apply.errorOutput)")
            #expect((document["relay"] as? [String: Any])?["after"] as? String == "closed")
            let hosted = (document["probe"] as? [String: Any])?["hosted"] as? [String: Any]
            #expect(hosted?["accepted"] as? Bool == true, "\(apply.output)")
            #expect(try files(on: lab) != before)
            let again = try lab.agent("plan", "--format", "json").json()["changes"] as? [[String: Any]]
            #expect(again?.contains { $0["finding"] as? String == "relay" } == false)
            let rollback = try lab.agent("rollback", "--allow-insecure", "--yes")
            #expect(
                (isHeard ? [0] : [0, 5]).contains(rollback.status),
                "\(rollback.output)\(rollback.errorOutput)")
            #expect(try files(on: lab) == before)
        }
    }
}
