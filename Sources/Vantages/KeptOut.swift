package import MailModel

extension ProbeReport {
    /// Says what an endpoint without an answer means to this host's own vantage.
    ///
    /// Somebody was seen to listen there, so it is this host's firewall or routing that keeps the vantage out. Both
    /// are respected, and both may treat clients on other interfaces otherwise: what strangers are told there is not
    /// known. On other ports that is said beside the verdict; where it is so for all of port 25, by which mail comes
    /// in, over IPv4 or over IPv6, the host is not closed by what the others say: rules for the two are often apart.
    /// - Parameter listeners: Who was seen to listen at that moment; `nil` for all that was asked.
    package mutating func tellWhatKeepsOut(listening listeners: [Listener]? = nil) {
        let isServed = { (endpoint: ProbeEndpoint) in
            listeners?.contains { $0.port == endpoint.port && $0.serves(endpoint.address) } ?? true
        }
        for index in endpoints.indices where endpoints[index].verdict == .unreachable {
            guard !isServed(endpoints[index]) else { continue }
            endpoints[index].reason = (endpoints[index].reason ?? "no answer") + ", and nobody listens there"
        }
        let isKeptOut = { (endpoint: ProbeEndpoint) in
            endpoint.verdict == .unreachable && isServed(endpoint)
        }
        guard endpoints.contains(where: isKeptOut) else { return }
        for index in endpoints.indices where isKeptOut(endpoints[index]) {
            let reason = endpoints[index].reason ?? "no answer"
            endpoints[index].reason =
                "\(reason), and somebody listens there: this host's firewall or routing keeps the vantage out"
        }
        let mail = Dictionary(grouping: endpoints.filter { $0.port == 25 }) { $0.address.contains(":") }
        if verdict == .closed, mail.values.contains(where: { $0.allSatisfy(isKeptOut) }) {
            verdict = .inconclusive
        }
        let others =
            "where this host's firewall or routing keeps it out, clients from elsewhere may get in: ask from another"
            + " machine (--from ssh://… or https://…)"
        from.note = from.note.map { "\($0); \(others)" } ?? others
    }
}

extension Listener {
    /// Whether it may be who is to answer at an address: behind NAT that is none of the host's own.
    fileprivate func serves(_ text: String) -> Bool {
        guard let asked = IPAddress(text) else { return true }
        return address.width == asked.width || takesIPv4
    }
}
