import Foundation
import Testing

extension OnARealHost {
    @Suite("The units for systemd")
    struct Units {
        private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "integrations/systemd")

        private func installed() throws -> Lab {
            let lab = try Lab.required()
            try lab.reset()
            for name in ["agent-recover.service", "agent-apply.service", "agent-apply.timer"] {
                try lab.install(Self.directory.appending(path: name), at: "/etc/systemd/system/" + name)
            }
            try lab.host("systemctl", "daemon-reload")
            return lab
        }

        @Test("A host is closed, proved closed and left so by the sandboxed unit")
        func apply() throws {
            let lab = try installed()
            try lab.break(["all"])
            let start = try lab.host("systemctl", "start", "agent-apply.service")
            let log = try lab.host("journalctl", "-u", "agent-apply.service", "-o", "cat", "--no-pager")
                .output
            #expect(start.status == 0, "\(log)")
            let history = try lab.agent("history", "--format", "json").json()["changes"] as? [[String: Any]]
            #expect(history?.first?["outcome"] as? String == "confirmed", "\(log)")
            #expect(try lab.agent("plan", "--detailed-exitcode").status == 0)
        }

        @Test(
            "They are correct, and as closed as their page says", arguments: ["agent-recover", "agent-apply"])
        func exposure(unit: String) throws {
            try exposure(of: unit + ".service", in: installed())
        }

        @Test("So are the unit that a confirm window brings, and what its timer starts")
        func window() throws {
            let lab = try Lab.required()
            try lab.reset()
            try lab.break(["mynetworks"])
            #expect(try lab.agent("apply", "--yes", "--confirm-timeout", "10m").status == 5)
            try exposure(of: "agent-window.service", in: lab)
            let timers = try lab.host("systemctl", "list-timers", "--no-legend", "agent-confirm-*").output
            let words = try #require(timers.split(separator: "\n").last).split(separator: " ")
            let unit = try #require(words.last { $0.hasSuffix(".service") })
            let limits = ["ProtectSystem", "ReadWritePaths", "CapabilityBoundingSet", "NoNewPrivileges"]
            let shown = try ["agent-window.service", String(unit)].map { unit in
                try lab.host(["systemctl", "show", "--property=" + limits.joined(separator: ","), unit])
                    .output
            }
            #expect(shown[0] == shown[1] && shown[0].contains("ProtectSystem=strict"), "\(shown)")
        }

        private func exposure(of unit: String, in lab: Lab) throws {
            let verify = try lab.host("systemd-analyze", "verify", unit)
            #expect(
                !(verify.output + verify.errorOutput).contains(unit), "\(verify.output)\(verify.errorOutput)")
            let security = try lab.host("systemd-analyze", "security", "--no-pager", unit)
            let page = try String(contentsOf: Self.directory.appending(path: "README.md"), encoding: .utf8)
            let row = try #require(
                page.split(separator: "\n").first { $0.hasPrefix("| `\(unit)`") })
            let figure = try #require(row.split(separator: "|").last).trimmingCharacters(in: .whitespaces)
            #expect(
                security.output.contains("exposure level for \(unit): \(figure) "), "\(security.output)")
        }
    }
}
