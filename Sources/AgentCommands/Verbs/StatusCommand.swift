import ArgumentParser
import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Reporting

enum StatusFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, nagios, prometheus
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say in one line how the host stands, for monitoring.",
        discussion: """
            Compares the host with the policy as `agent plan` does, and adds what the
            journal knows: the last probe, an open confirm window, interrupted
            changes. It changes nothing and asks nobody from outside.

            CRITICAL: strangers can relay, by the configuration or by the last probe;
            the mail server would not start; a change was interrupted. WARNING: any
            other drift, a long queue, an open confirm window, the safe harbour.
            UNKNOWN: something could not be seen.

            EXAMPLES:
              agent status
              agent status --format nagios --queue-critical 20000 --probe-age-warning 604800
              agent status --format prometheus --out /var/lib/prometheus/node-exporter/agent.prom

            EXIT STATUS:
              0   printed, whatever it says; with nagios: OK
              1   with nagios: WARNING
              2   with nagios: CRITICAL
              3   with nagios: UNKNOWN, and every failure
              10  the policy is invalid
              12  the store is damaged or of a newer version; all else is printed
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Print one line, a JSON document, a plugin's output, or metrics.")
    var format: StatusFormat = .text

    @Option(
        help: ArgumentHelp(
            "Replace this file in one step instead of printing, readable by all.", valueName: "file"),
        completion: .file())
    var out: String?

    @Option(
        name: [.customShort("w"), .long], parsing: .unconditional,
        help: "Warn when the messages in the queue are outside; else the policy's warn-above.")
    var queueWarning: ThresholdRange?

    @Option(
        name: [.customShort("c"), .long], parsing: .unconditional,
        help: "CRITICAL when the messages in the queue are outside.")
    var queueCritical: ThresholdRange?

    @Option(parsing: .unconditional, help: "Warn when the seconds since the last probe are outside.")
    var probeAgeWarning: ThresholdRange?

    @Option(parsing: .unconditional, help: "CRITICAL when the seconds since the last probe are outside.")
    var probeAgeCritical: ThresholdRange?

    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp(
            "Give up after this time: 10, 30s, 5m. A plugin does so after 30s; UNKNOWN is what it says then.",
            valueName: "time"),
        transform: { text in
            guard let length = Duration(window: Int(text) == nil ? text : text + "s") else {
                throw ValidationError("a time is a number of seconds, or has s or m: 10, 30s, 5m")
            }
            return length
        })
    var timeout: Duration?

    // With the exit status of a plugin: the guidelines want UNKNOWN.
    @Flag(name: .customShort("V"), help: "Show the version, as --version does.")
    var showsVersion = false

    func validate() throws {
        if showsVersion { throw CleanExit.message("agent \(agentVersion)") }
        if out != nil, format != .prometheus { throw ValidationError("--out goes with --format prometheus") }
    }

    func run() async throws {
        let terminal = Terminal(common, format: format == .json ? .json : .text)
        guard format == .nagios else {
            try await perform(terminal) { terminal in
                try await show(terminal).status
            }
            return
        }
        let level: StatusLevel
        do throws(Failure) {
            level = try await show(terminal).level
        } catch {
            terminal.write(nagiosFailure(error))
            level = .unknown
        }
        // Who reads nothing must not read it as OK.
        if terminal.hasLostResults { throw ExitCode(Int32(StatusLevel.unknown.rawValue)) }
        if level != .ok { throw ExitCode(Int32(level.rawValue)) }
    }

    /// What there is to say.
    private struct Look: Sendable {
        var text: String
        var level: StatusLevel
        /// Of every format but a plugin's.
        var status: ExitStatus
    }

    private func show(_ terminal: Terminal) async throws(Failure) -> Look {
        let look = try await lookInTime(terminal)
        if let out { try publishMetrics(look.text, at: out) } else { terminal.write(look.text) }
        return look
    }

    /// Fails when the time is over; what was being asked then is ended.
    private func lookInTime(_ terminal: Terminal) async throws(Failure) -> Look {
        guard let timeout = timeout ?? (format == .nagios ? .seconds(30) : nil) else {
            return try await look(terminal)
        }
        let late = Failure(
            .failed, "the host could not be looked at within \(timeout.components.seconds) s",
            remedy: "Allow more with --timeout, or see with `agent plan --verbose` what takes the time.")
        let outcome = await withTaskGroup { group in
            group.addTask {
                do throws(Failure) {
                    return Result<Look, Failure>.success(try await look(terminal))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(late)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(late)
        }
        return try outcome.get()
    }

    private func look(_ terminal: Terminal) async throws(Failure) -> Look {
        var host = Host(policy: try loadPolicy(common.policy), terminal: terminal, options: common)
        // One that cannot be read is told of with the rest of the journal.
        host.journal = try? readStore(common.store)
        let state = await host.observe()
        let plan = host.plan(for: state)
        let journal = try statusJournal(of: common.store, undoing: plan)
        let status = HostStatus(plan: plan, queue: state.queue.value, journal: journal)
        let thresholds = StatusThresholds(
            queueWarning: queueWarning ?? ThresholdRange(upTo: host.policy.queue.warnAbove),
            queueCritical: queueCritical, probeAgeWarning: probeAgeWarning,
            probeAgeCritical: probeAgeCritical)
        let judgement = status.judged(by: thresholds)
        let text =
            switch format {
            case .text: renderStatus(status, judgement) + "\n"
            case .json: statusDocument(status, judgement).document
            case .nagios: renderNagiosStatus(status, judgement, thresholds: thresholds)
            case .prometheus: renderPrometheusStatus(status, judgement)
            }
        return Look(
            text: text, level: judgement.level, status: journal.unread == nil ? .done : .storeUnusable)
    }
}

extension ThresholdRange: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }

    package var defaultValueDescription: String { text }
}
