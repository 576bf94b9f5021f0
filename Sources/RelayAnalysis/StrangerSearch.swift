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
    var isUncertain: Bool { traits.contains { $0.isUncertain || $0.isTrust } }
}

/// Looks for strangers who relay through one smtpd: first one like any other, then for each list that
/// refuses, whoever has what the list asks for.
///
/// The work grows with the number of entries in the tables, not with the product of two tables: a trait is
/// tried only where a list refused, and the number of sessions is bounded.
struct StrangerSearch {
    let server: SMTPServer
    private var sessionsLeft = 400_000
    private var supplies: [Obstacle: TraitSupply] = [:]
    private var entriesFound: [String: Int] = [:]
    private(set) var findings: [Finding] = []
    private var blamed: Set<BlameIdentity> = []
    private var known: Set<Way> = []
    /// Whether what took more traits than are tried might relay.
    private var isShallow = false

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

    init(_ server: SMTPServer) { self.server = server }

    /// Whether every session that had to be tried was tried.
    var isComplete: Bool { sessionsLeft > 0 && !isShallow && !server.hasUntriedPatterns }

    /// Tries everything for a stranger with the given address.
    /// - Parameter extra: traits that no list asks for, such as what XCLIENT makes believe.
    mutating func run(from address: IPAddress, extra: [Trait] = []) {
        let session = Stranger.session(from: address, usingTLS: server.offersTLS)
        explore(session, [], after: nil, extra: extra)
    }

    /// - Parameters:
    ///   - chosen: what the session has that an ordinary one has not.
    ///   - before: what the session met before the last trait was chosen.
    private mutating func explore(_ session: Session, _ chosen: [Trait], after before: Step?, extra: [Trait])
    {
        sessionsLeft -= 1
        guard sessionsLeft > 0 else { return }
        var evaluation = Evaluation()
        let obstacle: Obstacle
        switch server.judge(session, &evaluation) {
        case .relays(let blame):
            if let blame = chosen.compactMap(\.blame).first ?? blame {
                record(Finding(session: session, blame: blame, traits: chosen))
            }
            return
        case .swallowed(let found): obstacle = found
        // Even where something cannot work, whoever is let in before it relays.
        case .refused(let stage, _): obstacle = stage.map(Obstacle.list) ?? .beforehand
        }
        let step = Step(obstacle: obstacle, trace: evaluation.trace)
        // What changes nothing by itself changes nothing for what is chosen after it.
        if !chosen.isEmpty, step == before { return }
        let supply = supply(obstacle)
        if supply.isLarge, obstacle == before?.obstacle {
            // Of the entries of a large table that say the same, one stands for all.
            guard known.insert(Way(step: step, taken: Set(chosen.map(\.dimension)))).inserted else { return }
        }
        guard chosen.count < Self.traitLimit else {
            isShallow = isShallow || supply.traits.contains { fits($0, session) && isFree($0, chosen) }
            return
        }
        for trait in supply.traits + (chosen.isEmpty ? extra : []) {
            follow(trait, session, chosen, step, extra)
        }
        for (table, subject) in supply.large {
            exploreLarge(table, subject, session, chosen, step, extra)
        }
    }

    private func isFree(_ trait: Trait, _ chosen: [Trait]) -> Bool {
        !chosen.contains { $0.dimension == trait.dimension }
    }

    private mutating func follow(
        _ trait: Trait, _ session: Session, _ chosen: [Trait], _ step: Step, _ extra: [Trait]
    ) {
        guard fits(trait, session), isFree(trait, chosen) else { return }
        explore(trait.applied(to: session), chosen + [trait], after: step, extra: extra)
    }

    /// Takes a large table a part at a time, and stops when it has shown often enough what it does.
    private mutating func exploreLarge(
        _ table: LookupTable, _ subject: Restriction.Subject, _ session: Session, _ chosen: [Trait],
        _ step: Step, _ extra: [Trait]
    ) {
        let isV6 = session.client.address.width == 128
        for start in stride(from: 0, to: table.entries.count, by: TraitSupply.chunk) {
            let range = start..<min(start + TraitSupply.chunk, table.entries.count)
            // Addresses of the other family are another search's.
            let isOthers = subject == .client && !range.contains { isOfFamily(table.entries[$0].key, isV6) }
            guard !isOthers else { continue }
            for trait in server.accessTraits(table, subject, in: range) {
                if entriesFound[table.name, default: 0] > Self.entryLimit { return }
                follow(trait, session, chosen, step, extra)
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
