/// How a run ended, as scripts see it. The numbers are a contract: they change only on purpose.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Done; the host complies; nothing to change.
    case done = 0
    /// Failed; the host is as it was before.
    case failed = 1
    /// `plan --detailed-exitcode`: changes are needed. `probe`, `explain`: it relays.
    case changesNeeded = 2
    /// Applied, seen to be bad from outside, rolled back or harboured: the host is consistent.
    case wentBack = 3
    /// A person must act, and the message says what on.
    case personMustAct = 4
    /// The outcome cannot be told: not confirmed, inconclusive, unreachable or unknown.
    case cannotTell = 5
    /// The plan is stale; nothing was touched.
    case stale = 6
    /// The policy or the plan is invalid.
    case invalid = 10
    /// Another run holds the lock, or Plesk is being upgraded.
    case locked = 11
    /// The store is damaged or of a newer version.
    case storeUnusable = 12
    /// The command line is wrong (sysexits.h EX_USAGE).
    case usage = 64
    /// Root is needed (sysexits.h EX_NOPERM).
    case needsRoot = 77
    /// Interrupted; the journal says where (128 + SIGINT).
    case interrupted = 130
}
