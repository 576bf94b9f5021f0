import Fixtures
import Foundation
import MailModel
import Postfix
import Testing

@testable import RelayAnalysis

/// The analysis against real Postfix: what it says of a host is what strangers find there, and what it repairs
/// is closed and still works.
@Suite(.serialized, .enabled(if: Oracle.lab != nil, Oracle.absence)) struct AgreementTests {
    private static let environment = ProcessInfo.processInfo.environment

    @Test func `Each defect does what the analysis says, and is repaired`() throws {
        let wanted = Self.environment["AGENT_DEFECT"] ?? ""
        // Every second one is what a quick run has time for; `make agreement` takes all.
        let step = wanted.isEmpty && Self.environment["AGENT_COMPOSITIONS"] == nil ? 2 : 1
        let all = stride(from: 0, to: Defect.all.count, by: step).map { [Defect.all[$0]] }
        let sets = ([[]] + all).filter { defects in
            wanted.isEmpty || defects.contains { $0.name.contains(wanted) }
        }
        for part in parts(of: sets) {
            for failure in try failures(of: part.map { Trial($0) }) { Issue.record("\(failure)") }
        }
    }

    /// `AGENT_COMPOSITIONS` and `AGENT_SEED` say how many and which ones (`make agreement`).
    @Test func `Defects that come together do what the analysis says, and are repaired`() throws {
        let count = Self.environment["AGENT_COMPOSITIONS"].flatMap(Int.init) ?? 100
        let first = Self.environment["AGENT_SEED"].flatMap(UInt64.init) ?? 1
        for part in parts(of: Array(first..<first + UInt64(count))) {
            for failure in try failures(of: part.map(composition)) {
                let smallest = try failure.shrunk()
                guard try !smallest.isRefusedByOneAlone() else { continue }
                Issue.record("seed \(failure.trial.seed ?? 0), by itself: \(smallest)")
            }
        }
    }

    /// What those who collected them measured is compared in ``CorpusTests``; here it is measured once more, and
    /// then what became of it.
    @Test(.enabled(if: CorpusTests.directory != nil, "no corpus beside the checkout or in AGENT_CORPUS"))
    func `Configurations that were measured elsewhere do what the analysis says, and are repaired`() throws {
        let directory = try #require(CorpusTests.directory)
        let wanted = Self.environment["AGENT_DEFECT"] ?? ""
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path()).sorted()
        let step = wanted.isEmpty && Self.environment["AGENT_COMPOSITIONS"] == nil ? 3 : 1
        let chosen = try stride(from: 0, to: names.count, by: step).map { names[$0] }
            .filter { try CorpusTests.isDecided(directory.appending(path: $0)) }
        for part in parts(of: chosen.filter { wanted.isEmpty || $0 == wanted }) {
            let trials = try part.map { name in
                Trial(try MeasuredHost(copy: directory.appending(path: name)), name: name)
            }
            for failure in try failures(of: trials) { Issue.record("\(failure)") }
        }
    }

    /// Those that disagree once more by themselves: of many servers at once, one may have been too slow for its client.
    private func failures(of trials: [Trial]) throws -> [Trial.Failure] {
        try Trial.failures(of: trials).filter { try !Trial.failures(of: [$0.trial]).isEmpty }
    }

    private func composition(seed: UInt64) -> Trial {
        var random = SeededGenerator(seed: seed)
        let defects = (0..<Int.random(in: 2...3, using: &random)).map { _ in
            Defect.all[Int.random(in: 0..<Defect.all.count, using: &random)]
        }
        return Trial(defects, seed: seed)
    }

    private func parts<Element>(of elements: [Element]) -> [[Element]] {
        stride(from: 0, to: elements.count, by: 40).map {
            Array(elements[$0..<min($0 + 40, elements.count)])
        }
    }
}

/// One host with what the analysis says of it, to be compared with what real Postfix does.
private struct Trial: Sendable {
    struct Failure: CustomStringConvertible {
        var trial: Trial
        var why: String
        var complaints: [String]

        var description: String { why }

        /// Whether it is only that hosted mail is refused, which one of the defects does by itself: the
        /// administrator's own refusal, such as a table that is not there, before which the opening stood.
        func isRefusedByOneAlone() throws -> Bool {
            let own = [Trial.hostedMailIsRefused, "its verdict is broken", "its verdict is unknown"]
            guard complaints.contains(Trial.hostedMailIsRefused), complaints.allSatisfy(own.contains),
                trial.defects.count > 1
            else { return false }
            let alone = trial.defects.map { Trial([$0]) }
            return try Oracle.measure(alone.map { ($0.host, $0.attempts) }).contains { !$0.takesHostedMail }
        }

        /// The same disagreement with as few of the defects as show it.
        func shrunk() throws -> Failure {
            var smallest = self
            while smallest.trial.defects.count > 1 {
                let smaller = smallest.trial.defects.indices.map { index in
                    var rest = smallest.trial.defects
                    rest.remove(at: index)
                    return Trial(rest, seed: trial.seed)
                }
                guard let next = try Trial.failures(of: smaller).first else { break }
                smallest = next
            }
            return smallest
        }
    }

    static let hostedMailIsRefused = "hosted mail is refused"

    var defects: [Defect]
    var seed: UInt64?
    var host: MeasuredHost
    /// What it is called where no defect says it.
    var name: String?
    var report: RelayReport
    var attempts: [Attempt]
    /// The attempts that the analysis says relay.
    var promised: [Attempt] = []
    /// Whether the analysis says as well that nobody is served for now, for want of a table that may come back.
    var isOut = false

    init(_ defects: [Defect], seed: UInt64? = nil) {
        var host = MeasuredHost()
        for defect in defects { defect.put(&host) }
        self.init(host)
        self.defects = defects
        self.seed = seed
    }

    init(_ host: MeasuredHost, name: String? = nil) {
        defects = []
        self.host = host
        self.name = name
        let explanation = host.explanation
        report = explanation.report
        isOut = explanation.judgements.contains(where: \.isOut)
        for judgement in explanation.judgements {
            for finding in judgement.decisive.values.flatMap({ $0.prefix(3) }) {
                if let attempt = Attempt(finding, of: judgement.listener, promised.count) {
                    promised.append(attempt)
                }
            }
        }
        let ports = Set(explanation.judgements.map(\.listener.port)).union([25])
        attempts =
            Attempt.all.filter { ports.contains($0.port) } + [.hosted, .hostedByTLS, .login] + promised
        for judgement in explanation.judgements { adapt(to: judgement.listener, explanation.host) }
    }

    /// Speaks to a service as it wants to be spoken to, so that nothing waits for the other side.
    private mutating func adapt(to listener: ServiceListener, _ host: RelayAnalysis.Host) {
        let values = host.values(ofService: listener.service)
        let isProxied = listener.proxyParameter.map { !$1.text(of: $0).isEmpty } ?? false
        for index in attempts.indices where attempts[index].port == listener.port {
            if values.isOn("smtpd_tls_wrappermode") { attempts[index].tls = "implicit" }
            guard isProxied, !attempts[index].before.contains(where: { $0.hasPrefix("PROXY") }) else {
                continue
            }
            let client = attempts[index].client
            let ends = client.contains(":") ? "TCP6 \(client) 2001:db8:0:1::10" : "TCP4 \(client) 192.0.2.10"
            attempts[index].before.insert("PROXY \(ends) 4711 \(listener.port)", at: 0)
        }
    }

    var relays: Bool { [.open, .partial].contains(report.verdict) }

    /// Compares hosts with what real Postfix does with them, and with their repairs.
    static func failures(of trials: [Trial]) throws -> [Failure] {
        var failures: [Failure] = []
        var repaired: [(trial: Trial, before: Measurement, repair: RelayRepair, host: MeasuredHost)] = []
        for (trial, measured) in zip(trials, try Oracle.measure(trials.map { ($0.host, $0.attempts) })) {
            var complaints = trial.complaints(measured)
            let repair = trial.host.repair
            switch trial.report.verdict {
            case .closed:
                if !repair.edits.isEmpty { complaints.append("a closed host needs nothing") }
            case .unknown: break
            case .open, .partial, .broken:
                repaired.append((trial, measured, repair, trial.host.repaired(repair)))
            }
            if !complaints.isEmpty {
                failures.append(
                    Failure(
                        trial: trial, why: trial.text(complaints, measured, trial.host),
                        complaints: complaints))
            }
        }
        let after = try Oracle.measure(
            repaired.map { ($0.host, $0.trial.attempts(afterRepairOf: $0.before)) })
        for (entry, measured) in zip(repaired, after) {
            let complaints = entry.trial.complaints(entry.before, entry.repair, measured)
            if !complaints.isEmpty {
                let text = entry.trial.text(complaints, measured, entry.host)
                failures.append(
                    Failure(
                        trial: entry.trial, why: "repaired: \(text)\n\(entry.repair.notes)",
                        complaints: complaints))
            }
        }
        return failures
    }

    /// What relayed, and a little of everything.
    private func attempts(afterRepairOf before: Measurement) -> [Attempt] {
        let relayed = Set(before.relayed)
        let usual: Set = [
            "plain", "hosted", "hosted with TLS", "login", "neighbour", "IPv6", "from <alice@example.net>",
        ]
        return attempts.filter { relayed.contains($0.id) || usual.contains($0.id) || $0.port != 25 }
    }

    private func strangers(_ measured: Measurement) -> [String] {
        measured.relayed.filter { $0 != "login" && !$0.hasPrefix("hosted") }
    }

    private func complaints(_ measured: Measurement) -> [String] {
        if let error = measured.error { return ["it could not be measured: \(error)"] }
        var complaints: [String] = []
        let relayed = strangers(measured)
        // Whether the subdomains of an own domain are somebody else's is not in the configuration.
        let isForeign = relayed.contains { !$0.contains("sub.example.net") }
        if isForeign, !relays, report.verdict != .unknown { complaints.append("it relays") }
        // Whether a policy service answers is not in the configuration; in the measured world none does.
        let isUnanswered =
            isOut || (measured.log ?? []).contains { $0.contains("problem talking to server") }
        let broken = isUnanswered ? [] : promised.filter { !relayed.contains($0.id) }
        if !broken.isEmpty { complaints.append("who should relay does not: \(broken)") }
        if relays, relayed.isEmpty, !isUnanswered { complaints.append("it does not relay") }
        let isSilent = measured.isSilent(attempts, port: 25)
        if relayed.isEmpty, isSilent, ![.broken, .unknown].contains(report.verdict) {
            complaints.append("it is broken")
        }
        if report.verdict == .broken, measured.takesHostedMail {
            complaints.append("it is not broken")
        }
        return complaints
    }

    /// After a repair nothing relays, and who was served still is.
    private func complaints(_ before: Measurement, _ repair: RelayRepair, _ measured: Measurement) -> [String]
    {
        if let error = measured.error { return ["it could not be measured: \(error)"] }
        var complaints: [String] = []
        if strangers(measured).contains(where: { !$0.contains("sub.example.net") }) {
            complaints.append("it relays")
        }
        complaints += repair.strayChanges.map { "lines that it does not name are changed: \($0)" }
        guard relays else { return complaints }
        // What served nobody else before may need more than a repair of the relay.
        let wasServing = before.takesHostedMail
        if repair.after.verdict != .closed, wasServing || repair.after.verdict != .broken {
            complaints.append("its verdict is \(repair.after.verdict)")
        }
        if before.takesHostedMail, !measured.takesHostedMail {
            complaints.append(Self.hostedMailIsRefused)
        }
        // Where it left only as mail for a domain to relay for, the repair says what to set, or a brake keeps all other.
        let isSaid = repair.notes.contains { $0.contains("set default_transport = smtp") }
        let qmgr = host.explanation.host.values(ofDaemon: "qmgr")
        let isBraked = !qmgr.value(of: "defer_transports").items.isEmpty
        if before.sessions?["login"]?.relayed == true, measured.sessions?["login"]?.relayed != true, !isSaid,
            !isBraked
        {
            complaints.append("a login does not relay")
        }
        return complaints
    }

    private func text(_ complaints: [String], _ measured: Measurement, _ host: MeasuredHost) -> String {
        let causes = report.causes.prefix(4).map { "\($0.kind) \($0.file):\($0.line ?? 0) \($0.opens)" }
        let served = ["hosted", "login"].map { "\($0) \(measured.sessions?[$0]?.reply ?? "-")" }
        return """
            \(name ?? "\(defects.map(\.name))"): \(complaints.joined(separator: "; "))
            said: \(report.verdict) \(causes)
            measured: \(strangers(measured).prefix(8)) \(served)
            log: \((measured.log ?? []).prefix(3))
            \(host.main)\(host.master)\(host.files)
            """
    }
}
