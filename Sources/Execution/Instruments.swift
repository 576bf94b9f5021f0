package import HostIO
package import MailModel
package import Recording

/// What carrying out a change needs of the world. Everything that looks, plans or probes is handed in.
package struct Instruments: Sendable {
    package var store: Store
    package var run: RunProgram
    package var now: @Sendable () -> Timestamp
    /// Whether a Plesk setting is as it should be, read back from Plesk.
    package var holds: @Sendable (PleskChange.Setting) async -> Observed<Bool>
    /// Observes the host and plans afresh, changing nothing.
    package var replan: @Sendable () async throws(Failure) -> Plan
    /// Returns when a reload that began at that time since the boot has taken effect.
    package var settle: @Sendable (Duration) async throws(Failure) -> Void
    /// Asks from outside whether strangers are refused and hosted mail is accepted.
    package var probe: @Sendable (ProbeDepth) async throws(Failure) -> ProbeReport
    /// The edits that make the smallest configuration known to be closed.
    package var harbour: @Sendable () async throws(Failure) -> [FileEdit]
    /// Whether the user asked to stop; looked at between steps, never in one.
    package var isInterrupted: @Sendable () -> Bool
    package var report: @Sendable (ChangeProgress) -> Void

    package init(
        store: Store, run: @escaping RunProgram, now: @escaping @Sendable () -> Timestamp,
        holds: @escaping @Sendable (PleskChange.Setting) async -> Observed<Bool>,
        replan: @escaping @Sendable () async throws(Failure) -> Plan,
        settle: @escaping @Sendable (Duration) async throws(Failure) -> Void,
        probe: @escaping @Sendable (ProbeDepth) async throws(Failure) -> ProbeReport,
        harbour: @escaping @Sendable () async throws(Failure) -> [FileEdit],
        isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (ChangeProgress) -> Void
    ) {
        self.store = store
        self.run = run
        self.now = now
        self.holds = holds
        self.replan = replan
        self.settle = settle
        self.probe = probe
        self.harbour = harbour
        self.isInterrupted = isInterrupted
        self.report = report
    }
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
    case started(String)
    case done(String)
    /// Plesk has already done what an edit was planned for.
    case unneeded(String)
    case goingBack(String)
    case enteringHarbour(String)
    case takenBack(String)

    package enum Moment: Sendable { case before, after }
}
