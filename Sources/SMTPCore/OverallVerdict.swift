package import MailModel

/// The verdict for a whole host.
///
/// One open endpoint opens the host. An endpoint that nothing listens on is no reason to doubt the others;
/// one that cannot be judged is. A broken one, whose smtpd does not start, takes no mail from anybody, as if nothing
/// listened there: it is named as broken, and where its address refuses strangers on port 25, the host is closed.
/// Where all of port 25, by which mail comes in, lets nothing through to this vantage, over IPv4 or over IPv6, the others
/// do not close the host.
/// A broken port 25 leaves the host without a verdict: what is not there has refused nobody.
package func overallVerdict(_ endpoints: [ProbeEndpoint]) -> ProbeVerdict {
    let verdicts = endpoints.map(\.verdict)
    if verdicts.contains(.open) { return .open }
    let isDoubtful = endpoints.contains { endpoint in
        endpoint.verdict == .inconclusive
            && !(endpoint.isBroken == true && endpoint.port != 25
                && endpoints.contains {
                    $0.port == 25 && $0.address == endpoint.address && $0.verdict == .closed
                })
    }
    if isDoubtful { return .inconclusive }
    // Networks keep their clients from port 25 of others, and firewalls of IPv4 and IPv6 are rarely alike.
    let mail = Dictionary(grouping: endpoints.filter { $0.port == 25 }) { $0.address.contains(":") }
    let isHidden = mail.values.contains {
        $0.allSatisfy { $0.isFiltered == true && $0.verdict == .unreachable }
    }
    if verdicts.contains(.closed), isHidden { return .inconclusive }
    return verdicts.contains(.closed) ? .closed : .unreachable
}

extension DialogueEnd {
    /// Why a dialogue did not come to its end, as a sentence without a full stop; `nil` when it did.
    package var trouble: String? {
        switch self {
        case .done: nil
        case .noBanner: "broken: no banner"
        case .unfinishedBanner(let bytes):
            "its banner drips in: \(bytes) \(bytes == 1 ? "byte" : "bytes") of it came in time, and no end"
        case .turnedAway(let reply): "it turns this client away in its greeting: \(reply.excerpt.text)"
        case .heloRefused(let reply): "it takes no EHLO: \(reply.excerpt.text)"
        case .startTLSNotOffered: "STARTTLS is not offered"
        case .startTLSRefused(let reply): "it offers STARTTLS and refuses it: \(reply.excerpt.text)"
        case .plainTextAfterSTARTTLS: "plain text came after STARTTLS, where only TLS may (CVE-2011-0411)"
        case .tlsFailed(let reason): "TLS failed: \(reason)"
        case .serviceClosing(let reply): "it ends the service: \(reply.excerpt.text)"
        case .closed(let awaited): "it closed the connection instead of \(awaited)"
        case .timedOut(let awaited): "\(awaited) did not come in time"
        case .violation(.lineTooLong): "it sends a line without end"
        case .violation(.replyTooLong): "it sends a reply without end"
        case .violation(.notAReply(let bytes)):
            "it does not speak SMTP: \(String(decoding: bytes, as: UTF8.self))"
        case .unsolicitedReply: "it sends replies to commands that it was not given"
        }
    }
}
