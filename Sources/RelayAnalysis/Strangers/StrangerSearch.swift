import MailModel
import Postfix

/// One way in which a stranger relays.
///
/// A list of networks may give a hundred thousand, which stand in several arrays: each is made once.
struct Finding {
    private final class Content {
        let session: Session
        let blame: Blame
        let traits: [Trait]

        init(_ session: Session, _ blame: Blame, _ traits: [Trait]) {
            self.session = session
            self.blame = blame
            self.traits = traits
        }
    }

    private let content: Content

    init(session: Session, blame: Blame, traits: [Trait]) { content = Content(session, blame, traits) }

    var session: Session { content.session }
    var blame: Blame { content.blame }
    /// The traits that the way takes; none for a stranger like any other.
    var traits: [Trait] { content.traits }
    /// Whether any client at all can take the way.
    var isEverybodys: Bool { traits.allSatisfy(\.isEverybodys) }
    /// The traits rest on something that cannot be read.
    var isUnread: Bool { traits.contains { $0.isUncertain || $0.isTrust } }
    /// Whether it is one at all cannot be told.
    var isUncertain: Bool { isUnread || traits.contains(where: \.isSentOn) }
}

/// Looks for strangers who relay through one smtpd: first one like any other, then for each list that
/// refuses, whoever has what the list asks for.
///
/// The work grows with the number of entries in the tables, not with the product of two tables: a trait is
/// tried only where a list refused; of those who come to one place by the same way, the first ones try everything and
/// the others what led them on; and the number of sessions is bounded.
struct StrangerSearch {
    let server: SMTPServer
    private(set) var sessionCount = 0
    private var supplies: [Obstacle: TraitSupply] = [:]
    private var entriesFound: [String: Int] = [:]
    private(set) var findings: [Finding] = []
    private var blamed: Set<BlameIdentity> = []
    private var passages: [Way: Passage] = [:]
    /// Whether what took more traits than are tried might relay.
    private var isShallow = false

    private static let sessionLimit = 400_000
    /// How many traits one stranger has at most.
    private static let traitLimit = 6

    /// What a session met in the end, and how it came there.
    private struct Step: Hashable {
        var obstacle: Obstacle
        var trace: Int
    }

    private struct Way: Hashable {
        var step: Step
        var taken: Set<Trait.Dimension>
    }

    /// What those who came by one way found out.
    private struct Passage {
        var arrivals = 0
        /// The traits that led on, some for each place that they led to.
        private(set) var leads: [Trait] = []
        private var places: [Step: Int] = [:]

        mutating func note(_ trait: Trait, leadsTo place: Step) {
            guard places[place, default: 0] < 4 else { return }
            places[place, default: 0] += 1
            leads.append(trait)
        }
    }

    init(_ server: SMTPServer) { self.server = server }

    /// Whether every session that had to be tried was tried.
    var isComplete: Bool { sessionCount < Self.sessionLimit && !isShallow && !server.hasUntriedPatterns }

    /// Tries everything for a stranger with the given address.
    /// - Parameter extra: traits that no list asks for, such as what XCLIENT makes believe.
    mutating func run(from address: IPAddress, extra: [Trait] = []) {
        let session = Stranger.session(from: address, usingTLS: server.offersTLS)
        explore(session, [], after: nil, extra: extra)
    }

    /// - Parameters:
    ///   - chosen: what the session has that an ordinary one has not.
    ///   - before: what the session met before the last trait was chosen.
    /// - Returns: what it met; `nil` where nothing stopped it, and where the last trait changed nothing.
    @discardableResult
    private mutating func explore(
        _ session: Session, _ chosen: [Trait], after before: Step?, extra: [Trait]
    ) -> Step? {
        guard sessionCount < Self.sessionLimit else { return nil }
        sessionCount += 1
        var evaluation = Evaluation()
        let obstacle: Obstacle
        switch server.judge(session, &evaluation) {
        case .relays(let blame):
            if let blame = chosen.compactMap(\.blame).first ?? blame {
                record(Finding(session: session, blame: blame, traits: chosen))
            }
            return nil
        case .swallowed(let found): obstacle = found
        // Even where something cannot work, whoever is let in before it relays.
        case .refused(let stage, _): obstacle = stage.map(Obstacle.list) ?? .beforehand
        }
        let step = Step(obstacle: obstacle, trace: evaluation.trace)
        // What changes nothing by itself changes nothing for what is chosen after it.
        if !chosen.isEmpty, step == before { return nil }
        let supply = supply(obstacle)
        guard chosen.count < Self.traitLimit else {
            isShallow = isShallow || supply.traits.contains { fits($0, session) && isFree($0, chosen) }
            return step
        }
        let way = Way(step: step, taken: Set(chosen.filter { !$0.isEvasion }.map(\.dimension)))
        passages[way, default: Passage()].arrivals += 1
        if let passage = passages[way], passage.arrivals > supply.explorers {
            for trait in passage.leads { follow(trait, session, chosen, step, extra) }
            return step
        }
        for trait in supply.traits + (chosen.isEmpty ? extra : []) {
            if let next = follow(trait, session, chosen, step, extra) {
                passages[way]?.note(trait, leadsTo: next)
            }
        }
        for (table, subject) in supply.large {
            exploreLarge(table, subject, session, chosen, way, extra)
        }
        return step
    }

    private func isFree(_ trait: Trait, _ chosen: [Trait]) -> Bool {
        !chosen.contains { $0.dimension == trait.dimension && (trait.isEvasion || !$0.isEvasion) }
    }

    @discardableResult
    private mutating func follow(
        _ trait: Trait, _ session: Session, _ chosen: [Trait], _ step: Step, _ extra: [Trait]
    ) -> Step? {
        guard fits(trait, session), isFree(trait, chosen) else { return nil }
        let others = chosen.filter { $0.dimension != trait.dimension }
        return explore(trait.applied(to: session), others + [trait], after: step, extra: extra)
    }

    /// Takes a large table a part at a time, and stops when it has shown often enough what it does.
    private mutating func exploreLarge(
        _ table: LookupTable, _ subject: Restriction.Subject, _ session: Session, _ chosen: [Trait],
        _ way: Way, _ extra: [Trait]
    ) {
        let isV6 = session.client.address.width == 128
        for start in stride(from: 0, to: table.entries.count, by: TraitSupply.chunk) {
            let range = start..<min(start + TraitSupply.chunk, table.entries.count)
            // Addresses of the other family are another search's.
            let isOthers = subject == .client && !range.contains { isOfFamily(table.entries[$0].key, isV6) }
            guard !isOthers else { continue }
            for trait in server.accessTraits(table, subject, in: range) {
                if entriesFound[table.name, default: 0] > Self.entryLimit { return }
                if let next = follow(trait, session, chosen, way.step, extra) {
                    passages[way]?.note(trait, leadsTo: next)
                }
            }
        }
    }

    private func isOfFamily(_ key: String, _ isV6: Bool) -> Bool {
        if key.utf8.contains(UInt8(ascii: ":")) { return isV6 }
        return !isV6 || key.utf8.first.map { !$0.isDigit } ?? false
    }

    /// Whether a table has shown often enough what it does, so that the rest was not tried.
    var hasCutShort: Bool { entriesFound.values.contains { $0 > Self.entryLimit } }

    /// How many entries of one large table are found before the rest of it is taken as known.
    static let entryLimit = 20

    private mutating func supply(_ obstacle: Obstacle) -> TraitSupply {
        if let known = supplies[obstacle] { return known }
        let made = server.traits(against: obstacle)
        supplies[obstacle] = made
        return made
    }

    /// A client of the other family cannot reach the same listener; its own search finds it.
    private func fits(_ trait: Trait, _ session: Session) -> Bool {
        switch trait.change {
        case .client(let client):
            return client.address.width == session.client.address.width
        default: return true
        }
    }

    private mutating func record(_ finding: Finding) {
        guard blamed.insert(finding.blame.identity).inserted else { return }
        findings.append(finding)
        if let table = finding.blame.entry?.table { entriesFound[table, default: 0] += 1 }
    }
}
