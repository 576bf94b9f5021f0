package import HostIO
package import MailModel
package import Recording

/// What carrying out a change needs of the world. Everything that looks, plans or probes is handed in.
package struct Instruments: Sendable {
    package var store: Store
    package var run: RunProgram
    package var moment: @Sendable () -> Moment
    /// Makes sure that a change set is recovered after that long, also if this run or the host ends meanwhile.
    package var arm: @Sendable (_ changeSet: Int, _ length: Duration) async throws(Failure) -> Void
    /// Takes that back.
    package var disarm: @Sendable (_ changeSet: Int) async -> Void
    /// Returns when no program runs any more that an earlier run had started.
    package var waitForPrograms: @Sendable () async -> Void
    /// Whether this is the start of the host, before mail is served: then nothing can be reloaded or probed.
    package var isBeforeMail: Bool
    /// Whether a file in which somebody else changed the same lines is left to them, so that the rest can be finished.
    package var keepsOthersEdits = false
    /// Whether a Plesk setting is as it should be, read back from Plesk.
    package var holds: @Sendable (PleskChange.Setting) async -> Observed<Bool>
    /// Observes the host and plans afresh, changing nothing.
    package var replan: @Sendable () async throws(Failure) -> Plan
    /// Returns when a reload that began at that time since the boot has taken effect.
    package var settle: @Sendable (Duration) async throws(Failure) -> Void
    /// What makes the MTA follow its files where no step does it by itself; nothing where the MTA does not run.
    package var usualReload: [ServiceChange]
    /// Returns when what was done to a service, other than a reload of Postfix, is seen in effect; with the time since
    /// the boot when it was begun.
    package var awaitEffect: @Sendable (ServiceChange, Duration) async throws(Failure) -> Void
    /// Who has these ports: once it is those that are named, but for a while at most; at once where nobody is.
    package var holders: @Sendable (_ ports: Set<Int>, _ wanted: [PortHolder]?) async -> [PortHolder]
    /// Whether there is a program that a reload reaches; one that has ended reads its files when it is started.
    package var isFollowed: @Sendable (ServiceChange) -> Bool
    /// Asks from outside whether strangers are refused and hosted mail is accepted.
    package var probe: @Sendable (ProbeDepth) async throws(Failure) -> ProbeReport
    /// The edits that make the smallest configuration known to be closed.
    package var harbour: @Sendable () async throws(Failure) -> [FileEdit]
    /// In which queue a message is at this moment; `nil` when it is gone.
    package var queue: @Sendable (MessageID) -> PostfixQueue?
    /// The messages in the queue that strangers relayed.
    package var relayedMessages: @Sendable () async throws(Failure) -> [MessageID]
    /// Whether the user asked to stop; looked at between steps, never in one.
    package var isInterrupted: @Sendable () -> Bool
    package var report: @Sendable (ChangeProgress) -> Void

    package init(
        store: Store, run: @escaping RunProgram, moment: @escaping @Sendable () -> Moment,
        arm: @escaping @Sendable (Int, Duration) async throws(Failure) -> Void,
        disarm: @escaping @Sendable (Int) async -> Void,
        waitForPrograms: @escaping @Sendable () async -> Void, isBeforeMail: Bool = false,
        holds: @escaping @Sendable (PleskChange.Setting) async -> Observed<Bool>,
        replan: @escaping @Sendable () async throws(Failure) -> Plan,
        settle: @escaping @Sendable (Duration) async throws(Failure) -> Void,
        probe: @escaping @Sendable (ProbeDepth) async throws(Failure) -> ProbeReport,
        harbour: @escaping @Sendable () async throws(Failure) -> [FileEdit],
        isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (ChangeProgress) -> Void,
        usualReload: [ServiceChange] = [.reloadPostfix],
        awaitEffect: @escaping @Sendable (ServiceChange, Duration) async throws(Failure) -> Void = {
            (_: ServiceChange, _: Duration) async throws(Failure) in
        },
        holders: @escaping @Sendable (Set<Int>, [PortHolder]?) async -> [PortHolder] = { $1 ?? [] },
        isFollowed: @escaping @Sendable (ServiceChange) -> Bool = { _ in true },
        queue: @escaping @Sendable (MessageID) -> PostfixQueue? = { _ in nil },
        relayedMessages: @escaping @Sendable () async throws(Failure) -> [MessageID] = {
            () async throws(Failure) in []
        }
    ) {
        self.queue = queue
        self.relayedMessages = relayedMessages
        self.usualReload = usualReload
        self.awaitEffect = awaitEffect
        self.holders = holders
        self.isFollowed = isFollowed
        self.store = store
        self.run = run
        self.moment = moment
        self.arm = arm
        self.disarm = disarm
        self.waitForPrograms = waitForPrograms
        self.isBeforeMail = isBeforeMail
        self.holds = holds
        self.replan = replan
        self.settle = settle
        self.probe = probe
        self.harbour = harbour
        self.isInterrupted = isInterrupted
        self.report = report
    }

    var now: @Sendable () -> Timestamp { { [moment] in moment().wall } }
}

/// How much is asked from outside.
package enum ProbeDepth: Hashable, Sendable {
    /// What tells an open server from a closed one, and a working one from a broken one.
    case essential
    /// Every test there is: what a proof needs.
    case complete
}

/// What is going on, for the person who waits.
package enum ChangeProgress: Sendable, Equatable {
    case probing(Moment)
    case probed(ProbeVerdict)
    /// The probe before a change could not be made; the sentence says why.
    case notProbed(String)
    case backedUp(path: String)
    /// While Plesk was at work lines changed in the file that its relay settings do not govern.
    case changedBeside(path: String)
    case started(String)
    case done(String)
    /// Plesk has already done what an edit was planned for.
    case unneeded(String)
    case goingBack(String)
    case enteringHarbour(String)
    case takenBack(String)

    package enum Moment: Sendable { case before, after }
}
