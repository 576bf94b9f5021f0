import ArgumentParser
import Execution
import Foundation
import HostIO
import MailModel
import Probing
import Reporting
import Vantages

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Ask a server, from outside, to relay.",
        discussion: """
            Without a host, this host is asked on every address and port where it
            serves mail, from a network namespace whose address the server takes for a
            stranger's. What it would relay is proved by messages that come back to
            that namespace; nobody else gets mail. A host that is named is asked by
            this process, as it is, up to the reply to RCPT TO: no mail is sent.

            EXAMPLES:
              agent probe
              agent probe mail.example.net:25 mail.example.net:587
              agent probe --format json

            EXIT STATUS:
              0   closed
              2   open
              5   inconclusive or unreachable
              64  usage
              77  the vantage needs root
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: ArgumentHelp("A server, instead of this host.", valueName: "host[:port]"))
    var targets: [String] = []

    @OptionGroup var vantage: VantageOption

    /// How a vantage hands its request to this same program on the other side.
    @Option(help: .hidden)
    var request: String?

    func validate() throws {
        if let request, request != "-" { throw ValidationError("--request reads standard input only: -") }
    }

    func run() async throws {
        try await perform(shared) { terminal in
            if request != nil { return await answer(terminal) }
            let host = Host(policy: try loadPolicy(shared.policy), terminal: terminal, options: shared.common)
            let reports = try await targets.isEmpty ? [probeThisHost(host)] : probeNamedHosts(terminal)
            show(reports, terminal)
            return reports.map(\.verdict.exitStatus).max { $0.rawValue < $1.rawValue } ?? .done
        }
    }

    private func answer(_ terminal: Terminal) async -> ExitStatus {
        let bytes = (try? FileHandle.standardInput.readToEnd()).map { Array($0) } ?? []
        terminal.write(String(decoding: await answerProbeRequest(bytes), as: UTF8.self))
        return .done
    }

    private func probeThisHost(_ host: Host) async throws(Failure) -> ProbeReport {
        let vantage = vantage.from ?? host.policy.probe.from
        try requireRoot(toProbeFrom: vantage)
        return try await host.probe(host.observe(), from: vantage, depth: .complete)
    }

    private func probeNamedHosts(_ terminal: Terminal) async throws(Failure) -> [ProbeReport] {
        let from = vantage.from ?? .direct
        var reports: [ProbeReport] = []
        for target in targets {
            let (name, port) = try parseTarget(target)
            let endpoints = try await resolveHost(name).map { ProbeRequest.Endpoint($0, port: port) }
            let request = ProbeRequest(
                target: target, endpoints: endpoints, origin: ProbeOrigin(kind: from.text, address: nil))
            reports.append(try await runProbe(from: from, request))
        }
        return reports
    }

    private func show(_ reports: [ProbeReport], _ terminal: Terminal) {
        terminal.show(
            text: { style in reports.map { renderProbe($0, style: style) }.joined(separator: "\n") },
            document: { probesDocument(reports) })
    }

    /// `host`, `host:port`, `address`, `[address]:port`.
    private func parseTarget(_ text: String) throws(Failure) -> (name: String, port: Int) {
        if IPAddress(text) != nil { return (text, 25) }
        var name = Substring(text)
        var port = 25
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            guard let number = Int(text[text.index(after: colon)...]), (1...65535).contains(number) else {
                throw Failure(.usage, "\(text) names no port between 1 and 65535")
            }
            port = number
            name = text[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        guard !name.isEmpty else { throw Failure(.usage, "\(text) names no host") }
        return (String(name), port)
    }
}

/// Refuses a vantage that the user may not make.
func requireRoot(toProbeFrom vantage: VantageAddress) throws(Failure) {
    guard vantage == .networkNamespace else { return }
    try requireRoot(
        for: "probe --from netns", because: "It makes a network namespace for the moment of the probe.")
}

extension ProbeVerdict {
    var exitStatus: ExitStatus {
        switch self {
        case .closed: .done
        case .open: .changesNeeded
        case .inconclusive, .unreachable: .cannotTell
        }
    }
}
