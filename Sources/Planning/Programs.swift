import MailModel
import Qmail
import RelayAnalysis

/// What programs in the MTA's place do with strangers, as far as it is known: further instances of Postfix by their own
/// files, proxies by what stands behind them.
func judgePrograms(_ state: HostState, trusted: [IPNetwork]) -> [Listener: RelayReport] {
    guard let mta = state.managedMTA.value?.mta else { return [:] }
    let listeners = state.listeners.value ?? []
    let instances = state.instances.mapValues { explainRelay($0, trusted: trusted, deferred: .leaves) }
    var proxied: [String: RelayReport] = [:]
    for target in Set(listeners.compactMap(\.origin?.forwardsTo)) {
        switch mta {
        case .postfix:
            proxied[target] = state.postfix.value.flatMap {
                explainBehindProxy($0, at: target, trusted: trusted, deferred: .leaves)
            }
        case .qmail: proxied[target] = state.qmail.value.flatMap { explainBehindProxy($0, at: target) }
        case .msmtp: continue
        }
    }
    let nothing = RelayReport(mta: mta, verdict: .closed, listeners: [], causes: [], risks: [])
    return listeners.reduce(into: [:]) { known, listener in
        guard listener.instance != nil || listener.origin?.forwardsTo != nil else { return }
        let report = nothing.beside([listener], instances: instances, proxied: proxied)
        if report.verdict != .unknown { known[listener] = report }
    }
}
