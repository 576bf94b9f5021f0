package import MailModel

/// Counts the messages of a queue, one after the other, in memory that does not grow with their number.
package struct QueueCensus: Sendable {
    private let rules: OriginRules
    private let now: Timestamp
    private var examined = QueueReport.Part()
    private var origins: [MessageOrigin: QueueReport.Part] = [:]
    private var ages = [Int](repeating: 0, count: QueueReport.ageBounds.count + 1)
    private var tallies: [MessageProperty: Tally] = [:]
    private var logins = SourceTally()
    private var locals = SourceTally()
    private var relayed = SourceTally.Source(selection: ["origin=relayed"])
    private var bounces = SourceTally.Source(selection: ["origin=bounce"])

    package init(rules: OriginRules, now: Timestamp) {
        self.rules = rules
        self.now = now
        for property in MessageProperty.allCases { tallies[property] = Tally() }
    }

    /// - Parameter size: Bytes of the queue file.
    package mutating func add(_ message: QueuedMessage, size: Int) {
        let classified = rules.origin(of: message)
        examined.add(message, size: size)
        origins[classified.origin, default: .init()].add(message, size: size)
        let hours = (now.microseconds - message.arrived) / 3_600_000_000
        ages[QueueReport.ageBounds.firstIndex { hours < $0 } ?? QueueReport.ageBounds.count] += 1
        count(classified)
        switch classified.origin {
        case .relayed: relayed.add(classified, size: size)
        case .bounce: bounces.add(classified, size: size)
        case .login:
            let login = classified.login ?? ""
            logins.add(classified, size: size, as: login, selection: ["login=\(login)"])
        case .local:
            let user = classified.user ?? ""
            let script = classified.script
            locals.add(
                classified, size: size, as: script.map { "\($0), user \(user)" } ?? "user \(user)",
                selection: ["user=\(user)"] + (script.map { ["script=\($0)"] } ?? []))
        case .trusted, .incoming, .forwarded: break
        }
    }

    private mutating func count(_ message: ClassifiedMessage) {
        if let client = message.client {
            tallies[.client]?.add(client.unmapped.description)
            if let network = message.network { tallies[.network]?.add(network.description) }
        }
        if let login = message.login { tallies[.login]?.add(login) }
        if let user = message.user { tallies[.user]?.add(user) }
        if let script = message.script { tallies[.script]?.add(script) }
        tallies[.sender]?.add(message.sender)
        if let sender = message.message.sender, let domain = domain(of: sender) {
            tallies[.senderDomain]?.add(domain)
        }
        var seen: Set<String> = []
        for recipient in message.message.recipients {
            guard let domain = domain(of: recipient.address), seen.insert(domain).inserted else { continue }
            tallies[.recipientDomain]?.add(domain)
        }
        if let subject = message.message.subject { tallies[.subject]?.add(commonSubject(subject)) }
    }

    /// Fills in what was counted.
    /// - Parameter length: How long the top lists are.
    package func complete(_ report: inout QueueReport, topLists length: Int = 10) {
        report.examined = examined
        report.origins = origins
        report.ageCounts = ages
        report.tops = MessageProperty.allCases.compactMap { tallies[$0]?.top(length, of: $0) }
        report.causes = causes()
    }

    /// A source stands out with a hundredth of the queue, and what a person sends in a day; a single message that
    /// was relayed is one too many, as far as it is no trace of a domain that has moved away.
    private func causes() -> [QueueCause] {
        let threshold = max(20, examined.messages / 100)
        var causes: [QueueCause] = []
        let cause = { (kind: QueueCause.Kind, who: String?, source: SourceTally.Source) in
            QueueCause(
                kind: kind, who: who, part: source.part, networks: source.networks.count,
                selection: source.selection)
        }
        if relayed.part.messages >= max(1, threshold / 20) { causes.append(cause(.relayed, nil, relayed)) }
        if bounces.part.messages >= threshold { causes.append(cause(.bounce, nil, bounces)) }
        for (kind, tally) in [(QueueCause.Kind.login, logins), (.local, locals)] {
            for (name, source) in tally.sources where source.part.messages >= threshold {
                causes.append(cause(kind, name, source))
            }
        }
        return causes.sorted { ($1.part.messages, $0.who ?? "") < ($0.part.messages, $1.who ?? "") }
    }
}

/// A subject as it is alike for all copies of one mailing: without what differs from copy to copy.
///
/// Encoded words (RFC 2047) are compared as they stand; digits count as one, since invoices are numbered.
func commonSubject(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    for byte in bytes.prefix(120) {
        switch byte {
        case 0x30...0x39: if result.last != UInt8(ascii: "#") { result.append(UInt8(ascii: "#")) }
        case 0x20, 0x09, 0x0a, 0x0d: if result.last != 0x20 { result.append(0x20) }
        default: result.append(byte)
        }
    }
    while result.last == 0x20 { result.removeLast() }
    return text(result)
}
