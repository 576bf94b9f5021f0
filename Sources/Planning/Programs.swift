import MailModel
import RelayAnalysis

/// What programs in the MTA's place do with strangers, as far as it is known: further instances of Postfix by their own
/// files, proxies by what stands behind them.
func judgePrograms(_ state: HostState, trusted: [IPNetwork]) -> [Listener: RelayReport] {
    guard let mta = state.managedMTA.value?.mta else { return [:] }
    let listeners = state.listeners.value ?? []
    let instances = state.instances.mapValues { explainRelay($0, trusted: trusted, deferred: .leaves) }
    var proxied: [String: RelayReport] = [:]
    if mta == .postfix, let postfix = state.postfix.value {
        for target in Set(listeners.compactMap(\.origin?.forwardsTo)) {
            proxied[target] = explainBehindProxy(postfix, at: target, trusted: trusted, deferred: .leaves)
        }
    }
    let nothing = RelayReport(mta: mta, verdict: .closed, listeners: [], causes: [], risks: [])
    return listeners.reduce(into: [:]) { known, listener in
        guard listener.instance != nil || listener.origin?.forwardsTo != nil else { return }
        let report = nothing.beside([listener], instances: instances, proxied: proxied)
        if report.verdict != .unknown { known[listener] = report }
    }
}
