package import MailModel

/// What an apply came to, seen from outside.
package enum Confirmation: Hashable, Sendable {
    /// Strangers are refused, and what worked before still works.
    case fixed
    /// Strangers can still relay, as they could before.
    case stillOpen
    /// Something that worked before does not work now, or a relay was opened. Sentences without full stops.
    case worse([String])
    /// No vantage could tell. It never counts as fixed.
    case cannotTell(String)
}

/// Compares what the outside saw before a change with what it sees after.
/// - Parameters:
///   - before: `nil` when nothing could be asked before the change; then only what is wrong in itself counts.
///   - relaying: What the policy asks for: under `closed` a login that is no longer offered is no loss.
///   - leavesHarbour: Whether the change leads out of the safe harbour, which is safer than what nobody has seen to work.
package func confirm(
    before: ProbeReport?, after: ProbeReport, relaying: Policy.Relaying = .authorizationRequired,
    leavesHarbour: Bool = false
) -> Confirmation {
    var losses: [String] = []
    if leavesHarbour, after.hosted == nil {
        let reason = after.hostedReason.map { " (\($0))" } ?? ""
        losses.append("nothing shows that mail for this host is accepted\(reason)")
    }
    if after.verdict == .open, let before, before.verdict == .closed {
        losses.append("it relays for strangers, which it did not before")
    }
    let wasAccepted = before?.hosted?.accepted ?? true
    // What its senders tried again, as in the safe harbour, must not be bounced from now on.
    let wasTriedAgain = before?.hosted?.isTriedAgain ?? false
    if let now = after.hosted, !now.accepted, !now.deferred,
        wasAccepted || wasTriedAgain && !now.isTriedAgain
    {
        losses.append("mail for \(now.recipient), which is hosted here, is not accepted")
    }
    for old in before?.endpoints ?? [] where old.banner != nil {
        guard let new = after.endpoints.first(where: { $0.isSamePlace(as: old) }) else {
            if old.tls == .starttls, after.announcesNoTLS(at: old) {
                losses.append("\(old.address) port \(old.port) offered STARTTLS before and does not now")
            }
            continue
        }
        if new.banner == nil {
            losses.append("\(old.place) answered before and does not now")
        } else if relaying != .closed, old.offersLogin == true, new.offersLogin == false {
            losses.append("\(old.place) offered login before and does not now")
        }
    }
    if !losses.isEmpty { return .worse(losses) }
    if let now = after.hosted, now.deferred, wasAccepted {
        return .cannotTell("mail for \(now.recipient), which is hosted here, is deferred: \(now.reply)")
    }
    switch after.verdict {
    case .open: return .stillOpen
    case .closed: return .fixed
    case .inconclusive, .unreachable:
        let reasons = after.endpoints.compactMap { endpoint in
            endpoint.reason.map { "\(endpoint.place): \($0)" }
        }
        return .cannotTell(reasons.first ?? "the probe was \(after.verdict.rawValue)")
    }
}

extension ProbeReport {
    /// Whether the server answers there and says that it has no STARTTLS, which is more than not having been asked.
    fileprivate func announcesNoTLS(at place: ProbeEndpoint) -> Bool {
        endpoints.contains {
            $0.address == place.address && $0.port == place.port && $0.offersStartTLS == false
        }
    }
}

extension ProbeEndpoint {
    func isSamePlace(as other: ProbeEndpoint) -> Bool {
        address == other.address && port == other.port && tls == other.tls
    }
}
