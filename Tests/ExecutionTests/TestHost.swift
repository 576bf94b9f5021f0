import Content
import Execution
import Foundation
import HostIO
import MailModel
import Recording
import Synchronization

/// A host of two real files and a Plesk made of a few words, with every fault a test asks for.
final class TestHost: Sendable {
    struct World: Sendable {
        var relaying: RelayingMode = .open
        var pleskExit: Int32 = 0
        /// Plesk says yes and does nothing.
        var isPleskIdle = false
        /// What Plesk writes into main.cf when its setting changes.
        var pleskRewrites: String?
        var reloadExit: Int32 = 0
        /// Whether Postfix runs at all.
        var isFollowed = true
        /// The command line of a program that fails.
        var failing: String?
        var failingExit: Int32 = 1
        var replanned: Plan?
        var probes: [ProbeReport] = []
        var probeFailure: Failure?
        var commands: [[String]] = []
        var progress: [ChangeProgress] = []
        var interruptAfterSteps: Int?
        var harbour: [FileEdit] = []
        var moment = Moment(wall: Timestamp(seconds: 2), sinceBoot: .seconds(1), bootID: "a")
        /// The timers that are set.
        var armed: [Duration] = []
        var armFailure: Failure?
        /// Where each message is, by its queue id.
        var queue: [String: QueuePlace] = [:]
        /// Runs at each report, before the run goes on.
        var onProgress: (@Sendable (ChangeProgress, RelayingMode) -> Void)?
        /// Runs when Postfix is reloaded.
        var onReload: (@Sendable () -> Void)?
    }

    struct QueuePlace: Sendable, Equatable {
        var queue: PostfixQueue
        var arrived: Int64
    }

    let directory: URL
    private let currentStore: Mutex<Store>
    let world = Mutex(World())

    static let openMain = "# caf\u{e9}\nmynetworks = 0.0.0.0/0\n"
    static let closedMain = "# caf\u{e9}\nmynetworks = 127.0.0.0/8\n"
    static let master = "smtp inet n - n - - smtpd\n"

    /// - Parameter directory: Where the host's files are made; removed at the end.
    init(directory place: URL? = nil) throws {
        directory =
            place
            ?? FileManager.default.temporaryDirectory.appending(path: "execution-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        currentStore = Mutex(try Store(path: directory.path + "/agent.sqlite", access: .readWrite))
        try write("main.cf", Self.openMain)
        try write("master.cf", Self.master)
    }

    /// The host whose files are in a directory already.
    init(reopening place: URL) throws {
        directory = place
        currentStore = Mutex(try Store(path: place.path + "/agent.sqlite", access: .readWrite))
    }

    var store: Store { currentStore.withLock { $0 } }

    /// Makes the journal what it was when the probe after the change began, as if the run had been killed then.
    func rewindToProbe() throws {
        let store = try Store(path: directory.path + "/at-probe.sqlite", access: .readWrite)
        currentStore.withLock { $0 = store }
    }

    private func keepJournal() {
        guard world.withLock({ $0.progress.last }) == .probing(.after) else { return }
        try? keepJournalForRewinding()
    }

    /// Keeps the journal as it is now, the first time, for ``rewindToProbe()``.
    func keepJournalForRewinding() throws {
        try FileManager.default.copyItem(
            at: directory.appending(path: "agent.sqlite"), to: directory.appending(path: "at-probe.sqlite"))
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func write(_ name: String, _ text: String) throws {
        try Data(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }).write(
            to: directory.appending(path: name))
    }

    func text(_ name: String) throws -> String {
        String(
            String.UnicodeScalarView(
                try Data(contentsOf: directory.appending(path: name)).map { Unicode.Scalar($0) }))
    }

    static func latin1(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    static let logins = LoginTypes(smtp: true, pop: false, popLockMinutes: nil)
    static let setAuth = PleskChange(
        command: ["/usr/sbin/plesk", "auth"], setting: .relaying(.auth, logins),
        undoCommand: ["/usr/sbin/plesk", "open"], undoSetting: .relaying(.open, logins))

    func mainEdit(before: String = openMain, after: String = closedMain) -> FileEdit {
        FileEdit(
            path: path("main.cf"), before: Self.latin1(before), after: Self.latin1(after),
            touches: ["mynetworks"])
    }

    func plan(_ actions: [ChangeAction], relayBefore: RelayVerdict = .open) -> Plan {
        Plan(
            created: Timestamp(seconds: 1), agentVersion: "1.0.0",
            host: HostIdentity(name: "mx.hosted.example", machineID: nil, plesk: "18.0.62", mta: .postfix),
            policy: PolicyIdentity(path: "built in", sha256: ""), fingerprint: "sha256:0",
            relayBefore: relayBefore, relayAfter: .closed, findings: [],
            changes: actions.enumerated().map { index, action in
                Change(number: index + 1, finding: .relay, summary: "step \(index + 1)", action: action)
            })
    }

    var wholePlan: Plan { plan([.plesk(Self.setAuth), .edit(mainEdit()), .service(.reloadPostfix)]) }

    static func policy(
        mailBroken: Policy.MailBroken = .automatic, unconfirmed: Policy.Unconfirmed = .keep
    ) -> Policy {
        Policy(
            relaying: .authorizationRequired, whiteList: .init(within: []),
            queue: .init(warnAbove: 1, flood: .report), probe: .init(from: .direct, ports: [25]),
            afterApply: .init(mailBroken: mailBroken, unconfirmed: unconfirmed),
            backups: .init(keepLast: 1, keepWithinDays: 1), files: [])
    }

    static func report(_ verdict: ProbeVerdict, hosted: Bool = true, banner: String? = "220 mx")
        -> ProbeReport
    {
        ProbeReport(
            target: "mx.hosted.example", from: ProbeOrigin(kind: "direct", address: nil), verdict: verdict,
            endpoints: [
                ProbeEndpoint(
                    address: "203.0.113.10", port: 25, tls: .none, verdict: verdict, banner: banner,
                    offersLogin: true, reason: nil, tests: [])
            ],
            hosted: HostedAnswer(
                recipient: "postmaster@hosted.example", reply: hosted ? "250 ok" : "550 no", accepted: hosted)
        )
    }

    private func run(_ call: ProgramCall) -> ProgramResult {
        world.withLock { world in
            world.commands.append([call.executable] + call.arguments)
            if call.executable == "/usr/sbin/postsuper" { return Self.postsuper(call, &world.queue) }
            guard call.executable == "/usr/sbin/plesk" else {
                world.onReload?()
                let line = ([call.executable] + call.arguments).joined(separator: " ")
                let exit = line == world.failing ? world.failingExit : world.reloadExit
                return ProgramResult(exit: .exited(exit))
            }
            if world.pleskExit == 0, !world.isPleskIdle {
                world.relaying = call.arguments == ["auth"] ? .auth : .open
                if let text = world.pleskRewrites { try? write("main.cf", text) }
            }
            return ProgramResult(exit: .exited(world.pleskExit), errorOutput: Array("no".utf8))
        }
    }

    /// postsuper(1) with `-h`, `-H` and `-d`: what is not where it looks is passed over.
    private static func postsuper(_ call: ProgramCall, _ queue: inout [String: QueuePlace]) -> ProgramResult {
        for id in String(decoding: call.input, as: UTF8.self).split(separator: "\n").map(String.init) {
            guard let place = queue[id]?.queue else { continue }
            switch call.arguments.first {
            case "-h" where place != .hold: queue[id]?.queue = .hold
            case "-H" where place == .hold: queue[id]?.queue = .deferred
            case "-d" where place == .hold: queue[id] = nil
            default: break
            }
        }
        return ProgramResult(exit: .exited(0))
    }

    /// Puts messages into the queue.
    /// - Returns: Them, as they were selected.
    func fill(_ count: Int, _ place: PostfixQueue = .deferred) -> [MessageID] {
        let messages = (0..<count).map { MessageID(id: "A\(100_000 + $0)", arrived: Int64($0)) }
        world.withLock { world in
            for message in messages {
                world.queue[message.id] = QueuePlace(queue: place, arrived: message.arrived)
            }
        }
        return messages
    }

    func count(_ queue: PostfixQueue) -> Int {
        world.withLock { world in world.queue.values.count { $0.queue == queue } }
    }

    var instruments: Instruments {
        Instruments(
            store: store, run: { [self] call in run(call) },
            moment: { [self] in world.withLock { $0.moment } },
            arm: { [self] change, length async throws(Failure) in
                if let failure = world.withLock({ $0.armFailure }) { throw failure }
                world.withLock { $0.armed.append(length) }
            },
            disarm: { [self] _ in world.withLock { $0.armed = [] } }, waitForPrograms: {},
            holds: { [self] setting in
                guard case .relaying(let mode, _) = setting else { return .unseen("not modelled") }
                return .seen(world.withLock { $0.relaying == mode })
            },
            replan: { [self] in world.withLock { $0.replanned } ?? wholePlan },
            settle: { _ in },
            probe: { [self] _ async throws(Failure) in
                keepJournal()
                let (failure, report) = world.withLock { world in
                    (world.probeFailure, world.probes.isEmpty ? nil : world.probes.removeFirst())
                }
                if let failure { throw failure }
                guard let report else { throw Failure(.cannotTell, "no probe was scripted") }
                return report
            },
            harbour: { [self] in world.withLock { $0.harbour } },
            isInterrupted: { [self] in
                world.withLock { world in
                    let done = world.progress.count { if case .done = $0 { true } else { false } }
                    return world.interruptAfterSteps.map { done >= $0 } ?? false
                }
            },
            report: { [self] progress in
                let (act, relaying) = world.withLock { world in
                    world.progress.append(progress)
                    return (world.onProgress, world.relaying)
                }
                act?(progress, relaying)
            },
            holders: { _, wanted in
                wanted ?? [
                    PortHolder(
                        Listener(
                            address: .v4(0), port: 25, processID: 1, executable: "/usr/sbin/x", unit: nil))
                ]
            },
            isFollowed: { [self] _ in world.withLock { $0.isFollowed } },
            queue: { [self] message in
                world.withLock { world in
                    world.queue[message.id].flatMap { $0.arrived == message.arrived ? $0.queue : nil }
                }
            },
            relayedMessages: { [self] in
                world.withLock { world in
                    world.queue.filter { $0.value.queue == .deferred }
                        .map { MessageID(id: $0.key, arrived: $0.value.arrived) }
                }
            })
    }

    func apply(
        _ plan: Plan? = nil, policy: Policy = TestHost.policy(), confirmWindow: Duration? = nil
    ) async throws(Failure) -> ChangeResult {
        try await Execution.apply(
            plan ?? wholePlan, planDocument: "{}", policy: policy,
            watchedPaths: [path("main.cf"), path("master.cf")], confirmWindow: confirmWindow,
            using: instruments)
    }
}
