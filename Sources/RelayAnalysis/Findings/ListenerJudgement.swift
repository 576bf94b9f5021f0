import MailModel
import Postfix

/// What was found out about one listening service.
struct ListenerJudgement {
    var listener: ServiceListener
    /// In the order found; the first ones decide the verdict, those behind them show once they are closed.
    var findings: [Finding] = []
    /// For each family, how many of ``findings`` came before anything was taken as closed.
    var decisive: [ServiceListener.Family: [Finding]] = [:]
    /// What lets strangers in only while as many processes of the service are at work as there may be.
    var underLoad: Set<BlameIdentity> = []
    var fault: (why: String, place: Place?)?
    /// Whether a client would be greeted at all; else ``fault`` says why not.
    var starts = true
    /// Whether ``fault`` is only that something it asks is not there for now, whatever its own lines say.
    var isOut = false
    var isComplete = true
    /// The tables that have more in them than could be tried.
    var untriedTables: Set<String> = []
    /// Whether a stranger's mail to any foreign recipient is taken, and never passed on.
    var swallowsForeignMail = false
    /// Whether a stranger's mail to a recipient of this host would be taken.
    var takesHostedMail = true

    func verdict(_ family: ServiceListener.Family) -> RelayVerdict {
        if fault != nil, decisive.isEmpty { return .broken }
        let found = decisive[family] ?? []
        let definite = found.filter { !$0.isUncertain }
        if definite.contains(where: \.isEverybodys) { return isOpenToMost ? .open : .partial }
        if !definite.isEmpty { return .partial }
        if !found.isEmpty || !isComplete { return .unknown }
        return fault == nil ? .closed : .broken
    }

    /// What is open to IPv6 alone is open to some, except where nobody else reaches the host.
    var mainFamily = ServiceListener.Family.v4

    private var isOpenToMost: Bool {
        decisive[mainFamily]?.contains { $0.isEverybodys && !$0.isUncertain } == true
    }

    func verdict(of address: ServiceListener.Address) -> RelayVerdict {
        if address.isLoopback { return fault == nil ? .closed : .broken }
        let verdicts = address.families.map(verdict)
        for verdict in [RelayVerdict.open, .partial, .unknown, .broken] where verdicts.contains(verdict) {
            return verdict
        }
        return .closed
    }

    var verdict: RelayVerdict {
        let verdicts = listener.addresses.map(verdict)
        for verdict in [RelayVerdict.open, .partial, .unknown, .broken] where verdicts.contains(verdict) {
            return verdict
        }
        return .closed
    }
}
