import Execution
import Foundation
import HostIO
import MailModel
import Recording

/// What an apply of one edit takes by itself: Plesk is not asked, nothing is reloaded, and the outside answers at
/// once. In turn with it, the least that a careful editor does with the same bytes.
///
///     safety-cost DIRECTORY ROUNDS
///
/// prints `{"apply":…,"floor":…}` a round, in seconds; the first round, which makes the store, is not printed.
@main
enum SafetyCost {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let rounds = Int(arguments[2]) else {
            FileHandle.standardError.write(Data("usage: safety-cost DIRECTORY ROUNDS\n".utf8))
            exit(64)
        }
        let host = try SampleHost(directory: URL(filePath: arguments[1]))
        for round in 0...rounds {
            let apply = try await host.apply()
            let floor = try host.writeCarefully()
            if round > 0 { print("{\"apply\":\(apply),\"floor\":\(floor)}") }
        }
    }
}

/// A file of the size of a host's `main.cf`, and a store, on the disk that they are to be measured on.
private struct SampleHost {
    let directory: URL
    private let comments = String(
        repeating: "# What is kept and written is as long as a real one.\n", count: 60)

    private var file: String { directory.appending(path: "main.cf").path }
    private var open: [UInt8] { Array((comments + "mynetworks = 0.0.0.0/0\n").utf8) }
    private var closed: [UInt8] { Array((comments + "mynetworks = 127.0.0.0/8\n").utf8) }

    init(directory: URL) throws {
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    /// From the opening of the store to the end of the change set.
    func apply() async throws -> Double {
        try Data(open).write(to: URL(filePath: file))
        // What others wrote is on the disk, and is not paid for here.
        sync()
        return try await seconds {
            let store = try Store(path: directory.appending(path: "agent.sqlite").path, access: .readWrite)
            let result = try await Execution.apply(
                plan, planDocument: "{}", policy: policy, watchedPaths: [file], using: instruments(store))
            guard result.outcome == .confirmed else { throw Failure(.failed, "it was not confirmed") }
        }
    }

    /// Write, fsync, rename, fsync of the directory.
    func writeCarefully() throws -> Double {
        sync()
        let clock = ContinuousClock()
        return try clock.measure {
            let draft = Glibc.open(file + ".draft", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            let place = Glibc.open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer {
                close(draft)
                close(place)
            }
            guard draft >= 0, place >= 0, write(draft, closed, closed.count) == closed.count,
                fsync(draft) == 0, rename(file + ".draft", file) == 0, fsync(place) == 0
            else { throw Failure(.failed, "the floor could not be measured") }
        }.inSeconds
    }

    private func seconds(_ work: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await work()
        return start.duration(to: .now).inSeconds
    }
}

extension SampleHost {
    private var plan: Plan {
        Plan(
            created: currentTime(), agentVersion: "",
            host: HostIdentity(name: "mail.hosted.example", machineID: nil, plesk: nil, mta: .postfix),
            policy: PolicyIdentity(path: "built in", sha256: ""), fingerprint: "sha256:0", relayBefore: .open,
            relayAfter: .closed, findings: [],
            changes: [
                Change(
                    number: 1, finding: .relay, summary: "edit",
                    action: .edit(
                        FileEdit(path: file, before: open, after: closed, touches: ["mynetworks"]))),
                Change(number: 2, finding: .relay, summary: "reload", action: .service(.reloadPostfix)),
            ])
    }

    private var policy: Policy {
        Policy(
            relaying: .authorizationRequired, whiteList: .init(within: []),
            queue: .init(warnAbove: 1, flood: .report), probe: .init(from: .direct, ports: [25]),
            afterApply: .init(mailBroken: .automatic, unconfirmed: .keep),
            backups: .init(keepLast: 50, keepWithinDays: 90), files: [])
    }

    private var report: ProbeReport {
        ProbeReport(
            target: "mail.hosted.example", from: ProbeOrigin(kind: "direct", address: nil), verdict: .closed,
            endpoints: [], hosted: nil)
    }

    private func instruments(_ store: Store) -> Instruments {
        Instruments(
            store: store, run: { _ in ProgramResult(exit: .exited(0)) },
            moment: { Moment(wall: currentTime(), sinceBoot: timeSinceBoot(), bootID: nil) },
            arm: { _, _ in }, disarm: { _ in }, waitForPrograms: {}, holds: { _ in .seen(true) },
            replan: { plan }, settle: { _ in }, probe: { _ in report }, harbour: { [] },
            isInterrupted: { false }, report: { _ in })
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
