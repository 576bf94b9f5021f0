package import MailModel
import Postfix

/// Decides from the configuration alone whether strangers can relay, and names each line that lets them.
///
/// Every listener of `master.cf` is judged as its smtpd would judge a session (SMTPD_ACCESS_README,
/// smtpd_check.c): for a stranger like any other, and for whoever has what an entry, a network or a pattern of
/// the configuration asks for.
/// - Parameters:
///   - configuration: the files and tables as they were read.
///   - trusted: networks that an administrator vouched for; loopback and the host's own addresses always are.
///   - deferred: what counts of mail that is kept for later.
/// - Returns: the verdict for each listener and for all, the causes, and the risks that do not relay.
package func explainRelay(
    _ configuration: PostfixConfiguration, trusted: [IPNetwork], deferred: DeferredMail = .stays
) -> RelayReport {
    Explanation(Host(configuration, trusted: trusted, deferred: deferred)).report
}

/// Mail that `defer_transports` keeps in the queue until the administrator lifts it (postconf(5)), that HOLD keeps
/// there until somebody releases it (access(5)), or that nobody passes on while a daemon does not start.
package enum DeferredMail: Sendable {
    /// Nothing of it arrives anywhere, as the configuration is.
    case stays
    /// All of it does, once the emergency in which it was set is over, or it was looked at.
    case leaves
}

/// Causes that are counted together: the entries of one table, the items of one list.
private struct CauseGroup: Hashable {
    var name: String
    var isTable: Bool

    init(_ finding: Finding) {
        isTable = finding.blame.entry != nil
        name = finding.blame.entry?.table ?? "\(finding.blame.kind) \(finding.blame.parameter)"
    }
}

/// A judgement of every listener, put into words.
struct Explanation {
    let host: Host
    let judgements: [ListenerJudgement]
    /// Why no Postfix program would start.
    let fatal: (why: String, place: Place)?

    init(_ host: Host) {
        self.host = host
        fatal = host.fatalFault
        var judgements = host.listeners.map { listener in
            host.fatalFault == nil
                ? host.judge(listener) : ListenerJudgement(listener: listener, fault: host.fatalFault)
        }
        if judgements.allSatisfy({ !$0.listener.reachableFamilies.contains(.v4) }) {
            for index in judgements.indices { judgements[index].mainFamily = .v6 }
        }
        self.judgements = judgements
    }

    /// Of judgements that were made already.
    init(_ host: Host, _ judgements: [ListenerJudgement]) {
        self.host = host
        self.judgements = judgements
        fatal = nil
    }

    var verdict: RelayVerdict {
        if fatal != nil { return .broken }
        let verdicts = judgements.map(\.verdict)
        for verdict in [RelayVerdict.open, .partial, .unknown] where verdicts.contains(verdict) {
            return verdict
        }
        let inbound = judgements.filter { $0.listener.port == 25 }.map(\.verdict)
        let isBroken = { (verdicts: [RelayVerdict]) in
            !verdicts.isEmpty && verdicts.allSatisfy { $0 == .broken }
        }
        if isBroken(inbound) || (inbound.isEmpty && isBroken(verdicts)) { return .broken }
        return host.spawnedListeners.isEmpty ? .closed : .unknown
    }

    var report: RelayReport {
        let verdict = verdict
        return RelayReport(
            mta: .postfix, verdict: verdict, listeners: listenerVerdicts, causes: causes(verdict),
            risks: RiskFinder(self).risks + risksOnceMended())
    }

    private var listenerVerdicts: [ListenerVerdict] {
        let judged = judgements.flatMap { judgement in
            judgement.listener.addresses.map { address in
                ListenerVerdict(
                    address: address.text, port: judgement.listener.port, service: judgement.listener.title,
                    verdict: judgement.verdict(of: address))
            }
        }
        let spawned = fatal == nil ? host.spawnedListeners : []
        return judged
            + spawned.flatMap { listener in
                listener.addresses.filter { !$0.isLoopback }.map { address in
                    ListenerVerdict(
                        address: address.text, port: listener.port, service: listener.title, verdict: .unknown
                    )
                }
            }
    }

    func causes(_ verdict: RelayVerdict) -> [RelayCause] {
        if let fatal {
            return [cause(broken: fatal.why, fatal.place, judgements.first?.listener)]
        }
        switch verdict {
        case .closed: return []
        case .broken:
            return judgements.compactMap { judgement in
                judgement.fault.map { cause(broken: $0.why, $0.place, judgement.listener) }
            }
        case .unknown: return judgements.flatMap { causes($0) { _ in true } } + spawnedCauses
        case .open, .partial: return judgements.flatMap { causes($0) { !$0.isUncertain } }
        }
    }

    /// How many entries of one table, or items of one list, are causes of their own before the rest is counted.
    private static let entryLimit = 20

    func causes(
        _ judgement: ListenerJudgement, where isWanted: (Finding) -> Bool
    ) -> [RelayCause] {
        var causes: [RelayCause] = []
        var groups: [CauseGroup: (count: Int, last: Finding)] = [:]
        for finding in judgement.findings where isWanted(finding) {
            let group = CauseGroup(finding)
            let count = (groups[group]?.count ?? 0) + 1
            groups[group] = (count, finding)
            if count <= Self.entryLimit { causes.append(cause(finding, judgement)) }
        }
        let crowded = groups.filter { $0.value.count > Self.entryLimit }
        for (group, (count, last)) in crowded.sorted(by: { $0.key.name < $1.key.name }) {
            var rest = cause(last, judgement)
            let rows = group.isTable ? rowsLikeIt(last, judgement) : nil
            let more = max(count, rows ?? 0) - Self.entryLimit
            rest.opens =
                rows != nil
                ? "\(more) more entries of the same table with such a result, among them \(rest.opens)"
                : group.isTable
                    ? "\(more) more entries of the same table, the last of them \(rest.opens)"
                    : "\(more) more items of the same list, the last of them \(rest.opens)"
            causes.append(rest)
        }
        if !judgement.isComplete { causes += incompleteCauses(judgement) }
        return causes
    }

    /// How many rows of a large table, of which the search stops early, say what the guilty ones say.
    private func rowsLikeIt(_ finding: Finding, _ judgement: ListenerJudgement) -> Int? {
        guard finding.blame.kind.isAccess, let entry = finding.blame.entry else { return nil }
        let entries = host.tables.table(entry.table).entries
        guard entries.count > TraitSupply.chunk else { return nil }
        let server = SMTPServer(host, service: judgement.listener.service)
        return entries.count { if case .permit = server.action(of: $0.value) { true } else { false } }
    }

    private func cause(_ finding: Finding, _ judgement: ListenerJudgement) -> RelayCause {
        let place = finding.blame.place
        let entry = finding.blame.entry
        return RelayCause(
            kind: kind(of: finding).rawValue, parameter: finding.blame.parameter,
            file: host.quoting.name(of: place.file), line: place.line,
            text: entry.map {
                place.file == .builtIn || isTable(place.file)
                    ? "\($0.key) \($0.value)" : host.quoting.text(of: place)
            } ?? builtInText(finding, judgement) ?? host.quoting.text(of: place),
            culprit: place.file == .builtIn ? nil : place.token,
            opens: opens(finding, judgement)
                + (judgement.underLoad.contains(finding.blame.identity)
                    ? ", while as many processes of the service are at work as there may be" : ""),
            listener: judgement.listener.port, address: address(of: judgement.listener),
            remedy: remedy(for: finding))
    }

    /// Where a service listens, if another listens on the same port.
    func address(of listener: ServiceListener) -> String? {
        guard judgements.count(where: { $0.listener.port == listener.port }) > 1 else { return nil }
        return listener.addresses.map(\.text).joined(separator: ", ")
    }

    /// What Postfix takes for a parameter that is not set, and where it says so.
    private func builtInText(_ finding: Finding, _ judgement: ListenerJudgement) -> String? {
        let name = finding.blame.parameter
        guard finding.blame.place.file == .builtIn else { return nil }
        let value = host.values(ofService: judgement.listener.service).value(of: name)
        guard case .builtIn? = value.origin else { return nil }
        let release = "Postfix \(host.version.major).\(host.version.minor)"
        let notes = ReleaseChange.ofDefault(name).map(\.releaseNote).joined(separator: "; ")
        return "\(name) = \(value.text.text) (not set; the default of \(release)"
            + (notes.isEmpty ? ")" : ", see \(notes))")
    }

    private func isTable(_ file: ConfigurationFile) -> Bool {
        if case .table = file { true } else { false }
    }

    private func kind(of finding: Finding) -> CauseKind {
        guard finding.isUnread, finding.blame.kind != .policyService else { return finding.blame.kind }
        return .unreadableTable
    }

    private func opens(_ finding: Finding, _ judgement: ListenerJudgement) -> String {
        if finding.blame.kind == .mynetworksStyle, finding.traits.count == 1 {
            let server = SMTPServer(host, service: judgement.listener.service)
            let reaching = server.neighbourTraits.filter { trait in
                judgement.listener.reachableFamilies.contains { trait.isOf($0) }
            }
            var seen: Set<String> = []
            return reaching.map(who).filter { seen.insert($0).inserted }.joined(separator: ", ")
        }
        guard finding.traits.isEmpty else { return everything(finding.traits.map(who)) }
        let families = judgement.decisive.filter { _, found in
            found.contains { $0.traits.isEmpty && $0.blame.identity == finding.blame.identity }
        }.keys
        if let network = finding.blame.partOfAll { return "clients in \(network)" }
        guard families.count == 1, let family = families.first, !isOfOneFamily else { return "every client" }
        if family == .v6 { return "every IPv6 client" }
        return judgement.listener.reachableFamilies.count > 1 ? "every IPv4 client" : "every client"
    }

    /// A stranger needs each of them: listed like alternatives, one alone would seem to do.
    private func everything(_ needed: [String]) -> String {
        guard needed.count > 1, let last = needed.last else { return needed.first ?? "" }
        let all = needed.count == 2 ? "both" : "all"
        return needed.dropLast().joined(separator: ", ") + " and \(last) (\(all) must hold)"
    }

    /// Of a copy it is not known which addresses are the host's own.
    private func who(_ trait: Trait) -> String {
        guard host.configuration.interfaces == nil, case .client(let client) = trait.change,
            trait.who == "clients in \(client.address)"
        else { return trait.who }
        return trait.who + ", unless that is this host's own address"
    }

    /// Whether clients of one family alone can reach the host.
    private var isOfOneFamily: Bool {
        judgements.reduce(into: Set()) { $0.formUnion($1.listener.reachableFamilies) }.count == 1
    }

    func parameter(at place: Place) -> String? {
        guard let line = place.line, place.file == .main else { return nil }
        return host.main.definitions.last { $0.line.pieces.contains { $0.line == line } }?.name
    }

    private func incompleteCauses(_ judgement: ListenerJudgement) -> [RelayCause] {
        let tables = judgement.untriedTables.sorted()
        guard !tables.isEmpty else {
            return [
                incompleteCause(
                    judgement, file: "master.cf", text: judgement.listener.title,
                    remedy:
                        "\(askedTables(judgement)) allow more combinations than can be tried; make them smaller or "
                        + "separate them.")
            ]
        }
        return tables.map { name in
            let source = host.tables.table(name).source
            return incompleteCause(
                judgement, file: source.map { host.quoting.name(of: .table($0)) } ?? "main.cf", text: name,
                remedy:
                    "\(name) has more patterns, or wider ones, than can be tried; make it smaller, or name "
                    + "whom they are meant for.")
        }
    }

    /// The tables of the lists, those with the most entries first.
    private func askedTables(_ judgement: ListenerJudgement) -> String {
        let names = Set(SMTPServer(host, service: judgement.listener.service).openedTables.map(\.text))
        let large = names.map { (name: $0, count: host.tables.table($0).entries.count) }.filter {
            $0.count > 1
        }
        .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
        guard large.count > 1 else { return "The lists" }
        return large.prefix(5).map(\.name).joined(separator: ", ")
    }

    private func incompleteCause(
        _ judgement: ListenerJudgement, file: String, text: String, remedy: String
    ) -> RelayCause {
        RelayCause(
            kind: CauseKind.unreadableTable.rawValue, parameter: "", file: file, line: nil, text: text,
            culprit: nil, opens: "an unknown number of clients", listener: judgement.listener.port,
            address: address(of: judgement.listener), remedy: remedy)
    }
}
