import ArgumentParser
import Execution
import Foundation
import HostIO
import MailModel
import Observation
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
            this process, as it is, up to the reply to RCPT TO: no mail is sent unless
            --send says so.

            VANTAGES (--from):
              netns                 a network namespace of this machine
              direct                this process, as it is
              ssh://[user@]host     this program there, over your OpenSSH
              https://host[:port]   an `agent vantage serve` there

            EXAMPLES:
              agent probe
              agent probe mail.example.net:25 mail.example.net:587
              agent probe --from ssh://root@elsewhere.example
              agent probe --from https://vantage.example:8443 --token-file FILE
              agent probe --format json
              agent probe --keep

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

    @OptionGroup var knowledge: ProbeKnowledge

    @Flag(
        help: """
            Prove a yes by a message to the vantage, which has to be reachable on port 25
            and to have nothing else there. From netns that is always done.
            """)
    var send = false

    @Flag(
        help: "Keep in the store what it saw of this host, for agent status and agent report; needs root.")
    var keep = false

    @Option(
        help: ArgumentHelp("Keep every line sent and received in this file.", valueName: "file"),
        completion: .file())
    var transcript: String?

    /// How a vantage hands its request to this same program on the other side.
    @Option(help: .hidden)
    var request: String?

    func validate() throws {
        if let request, request != "-" { throw ValidationError("--request reads standard input only: -") }
        if keep, !targets.isEmpty { throw ValidationError("--keep is for a probe of this host") }
        if !vantage.address.isEmpty, !targets.isEmpty {
            throw ValidationError("--address is for a probe of this host")
        }
    }

    func run() async throws {
        try await perform(shared) { terminal in
            if request != nil { return await answer(terminal) }
            let policy = try loadPolicy(shared.policy)
            var outside = try vantage.instruments(orElse: targets.isEmpty ? policy.probe.from : .direct)
            outside.catches = send
            let host = Host(
                policy: policy, terminal: terminal, options: shared.common, vantage: outside)
            let lines = try transcript.map { path throws(Failure) in try TranscriptFile(path) }
            let reports = try await ask(host, outside, lines)
            if keep, let report = reports.first { keepProbe(report, in: shared.store, terminal) }
            try lines?.finish()
            show(reports, terminal)
            // That one relays is not hidden by what cannot be told of another.
            let statuses = Set(reports.map(\.verdict.exitStatus))
            return statuses.contains(.changesNeeded)
                ? .changesNeeded : statuses.max { $0.rawValue < $1.rawValue } ?? .done
        }
    }

    private func ask(
        _ host: Host, _ outside: VantageInstruments, _ lines: TranscriptFile?
    ) async throws(Failure) -> [ProbeReport] {
        let progress = ProbeProgress()
        async let _ = host.terminal.tick(
            targets.isEmpty ? "this host" : targets.joined(separator: ", "), progress)
        let watched = host.terminal.isWatched ? progress : nil
        return try await targets.isEmpty
            ? [probeThisHost(host, lines, watched)] : probeNamedHosts(outside, lines, watched)
    }

    private func answer(_ terminal: Terminal) async -> ExitStatus {
        let bytes = (try? FileHandle.standardInput.readToEnd()).map { Array($0) } ?? []
        let answer = await answerProbeRequest(
            bytes, program: agentVersion, interfaces: interfaceNetworks() ?? [],
            // sshd(8): the client's address first.
            asker: ProcessInfo.processInfo.environment["SSH_CONNECTION"].flatMap {
                $0.split(separator: " ").first.flatMap { IPAddress($0)?.unmapped }
            }
        ) { line in
            try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
        }
        terminal.write(String(decoding: answer, as: UTF8.self))
        return .done
    }

    private func probeThisHost(
        _ host: Host, _ lines: TranscriptFile?, _ progress: ProbeProgress?
    ) async throws(Failure) -> ProbeReport {
        let from = vantage.from ?? host.policy.probe.from
        try requireRoot(toProbeFrom: from)
        return try await host.probe(
            host.observe(), from: from, depth: .complete, knowing: knowledge, transcript: lines?.sink,
            progress: progress)
    }

    private func probeNamedHosts(
        _ instruments: VantageInstruments, _ lines: TranscriptFile?, _ progress: ProbeProgress?
    ) async throws(Failure) -> [ProbeReport] {
        let from = vantage.from ?? .direct
        var reports: [ProbeReport] = []
        for target in targets {
            let (name, port) = try parseTarget(target)
            let addresses = try await resolveHost(name)
            let endpoints = addresses.flatMap { address in
                (port.map { [$0] } ?? ProbeRequest.usualPorts).map {
                    ProbeRequest.Endpoint(address, port: $0)
                }
            }
            var request = ProbeRequest(
                target: target, endpoints: endpoints, origin: ProbeOrigin(kind: from.text, address: nil))
            request.limits.whole = ProbeLimits.time(for: endpoints.count)
            try knowledge.add(to: &request)
            var report = try await runProbe(
                from: from, request, instruments: instruments, transcript: lines?.sink, progress: progress)
            if port == nil { report.leaveOutUnusedPorts() }
            reports.append(report)
        }
        return reports
    }

    private func show(_ reports: [ProbeReport], _ terminal: Terminal) {
        terminal.show(
            text: { style in
                reports.map { renderProbe($0, detail: .everyTest, style: style) }.joined(separator: "\n")
            },
            document: { probesDocument(reports) })
    }

    /// `host`, `host:port`, `address`, `[address]:port`.
    private func parseTarget(_ text: String) throws(Failure) -> (name: String, port: Int?) {
        if IPAddress(text) != nil { return (text, nil) }
        var name = Substring(text)
        var port: Int?
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
