package import MailModel
import Postfix

/// The recipient whose mail tells whether this host still takes what it is there for.
///
/// While a relay is open every recipient is accepted, also one of a domain that Postfix itself knows nothing of;
/// to be refused later is no loss for that one. So it is one that is served once the relay is closed: its domain
/// is delivered here, or relayed by name (ADDRESS_CLASS_README), and the restrictions on port 25 let it through.
/// - Parameters:
///   - candidates: addresses that may be served here, the best to ask for first.
///   - configuration: the files and tables as they were read.
///   - trusted: networks that an administrator vouched for.
/// - Returns: the first that would be accepted; else the first whose domain is served; `nil` when there is none.
package func servedRecipient(
    among candidates: [String], by configuration: PostfixConfiguration, trusted: [IPNetwork]
) -> String? {
    guard let (server, listener) = repairedServer(by: configuration, trusted: trusted),
        let family = listener.reachableFamilies.min(by: { $0 == .v4 && $1 != .v4 })
    else { return nil }
    let served = candidates.filter(server.serves)
    guard let address = server.ordinaryAddress(family) else { return served.first }
    var session = Stranger.session(from: address, usingTLS: server.offersTLS)
    session.sender = ""
    let accepted = served.first { recipient in
        session.recipient = recipient
        if case .refused = server.judge(session) { return false }
        return true
    }
    return accepted ?? served.first
}

/// A domain that stands for all that are foreign: mail for one that is served is taken, and relays nothing.
/// - Parameters:
///   - candidates: domains that are nobody's, the best to ask for first.
///   - configuration: the files and tables as they were read.
///   - trusted: networks that an administrator vouched for.
/// - Returns: the first that is not served once the relay is closed; `nil` when there is none, or it cannot be told.
package func foreignDomain(
    among candidates: [String], by configuration: PostfixConfiguration, trusted: [IPNetwork]
) -> String? {
    guard let (server, _) = repairedServer(by: configuration, trusted: trusted) else { return nil }
    return candidates.first { !server.serves("x7q@\($0)") }
}

/// The smtpd that serves port 25 when nothing relays any more.
private func repairedServer(
    by configuration: PostfixConfiguration, trusted: [IPNetwork]
) -> (SMTPServer, ServiceListener)? {
    var workshop = Workshop(configuration, trusted: trusted, deferred: .leaves)
    workshop.work()
    let explanation = Explanation(Host(workshop.current, trusted: trusted))
    guard explanation.fatal == nil else { return nil }
    let judged = explanation.judgements.filter {
        $0.listener.program == .smtpd && ($0.fault == nil || $0.isOut)
    }
    guard let judgement = judged.first(where: { $0.listener.port == 25 }) ?? judged.first else { return nil }
    return (SMTPServer(explanation.host, service: judgement.listener.service), judgement.listener)
}

extension SMTPServer {
    /// Whether mail for the recipient's domain is this host's business.
    fileprivate func serves(_ recipient: String) -> Bool {
        let destination = resolver.resolve(recipient, assuming: given)
        return destination.failure == nil && !destination.isRouted
            && destination.addressClass != .elsewhere
    }
}
