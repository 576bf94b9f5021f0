/// What a vantage has done, for Prometheus (text format 0.0.4).
struct VantageMetrics: Sendable {
    /// Why a client was sent away.
    enum Refusal: String, CaseIterable, Sendable {
        /// No token, or none that is known.
        case token
        /// No order of this version of the program.
        case order
        /// The address that it wanted probed is not its own.
        case address
        case clientQuota = "client-quota"
        case totalQuota = "total-quota"
    }

    /// By verdict.
    var probes: [String: Int] = [:]
    var refused: [Refusal: Int] = [:]
    var running = 0
    var waiting = 0
    var messages = 0

    var text: String {
        var lines = [
            "# HELP agent_vantage_probes_total Probes that were carried out, by verdict.",
            "# TYPE agent_vantage_probes_total counter",
        ]
        for verdict in ["open", "closed", "inconclusive", "unreachable"] {
            lines.append("agent_vantage_probes_total{verdict=\"\(verdict)\"} \(probes[verdict] ?? 0)")
        }
        lines += [
            "# HELP agent_vantage_refused_total Requests that were refused, by reason.",
            "# TYPE agent_vantage_refused_total counter",
        ]
        for reason in Refusal.allCases {
            lines.append("agent_vantage_refused_total{reason=\"\(reason.rawValue)\"} \(refused[reason] ?? 0)")
        }
        lines += gauge("probes_running", "Probes that run now.", running)
        lines += gauge("probes_waiting", "Probes that wait for others to end.", waiting)
        lines += [
            "# HELP agent_vantage_messages_total Messages with a live token that were caught.",
            "# TYPE agent_vantage_messages_total counter", "agent_vantage_messages_total \(messages)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func gauge(_ name: String, _ help: String, _ value: Int) -> [String] {
        [
            "# HELP agent_vantage_\(name) \(help)", "# TYPE agent_vantage_\(name) gauge",
            "agent_vantage_\(name) \(value)",
        ]
    }
}
