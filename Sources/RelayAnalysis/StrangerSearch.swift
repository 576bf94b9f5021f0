import MailModel
import Postfix

/// One way in which a stranger relays.
struct Finding {
    var session: Session
    var blame: Blame
    /// The traits that the way takes; none for a stranger like any other.
    var traits: [Trait]
    /// The traits rest on something that cannot be read.
    var isUncertain: Bool { traits.contains { if case .trusting = $0.change { true } else { false } } }
}

/// Looks for strangers who relay through one smtpd: first one like any other, then for each list that
/// refuses, whoever has what the list asks for.
///
/// The work grows with the number of entries in the tables, not with the product of two tables: a trait is
/// tried only where a list refused, and the number of sessions is bounded.
struct StrangerSearch {
    let server: SMTPServer
    private var sessionsLeft = 400_000
    private var traits: [Stage: [Trait]] = [:]
    private(set) var findings: [Finding] = []
    private var known: Set<BlameIdentity> = []

    init(_ server: SMTPServer) { self.server = server }

    /// Whether every session that had to be tried was tried.
    var isComplete: Bool { sessionsLeft > 0 }

    /// Tries everything for a stranger with the given address.
    /// - Parameter extra: traits that no list asks for, such as what XCLIENT makes believe.
    mutating func run(from address: IPAddress, extra: [Trait] = []) {
        let session = Stranger.session(from: address, usingTLS: server.offersTLS)
        explore(session, [], after: nil, extra: extra)
    }

    /// - Parameter earlier: the list that refused before the last trait was chosen.
    private mutating func explore(
        _ session: Session, _ chosen: [Trait], after earlier: Stage?, extra: [Trait]
    ) {
        sessionsLeft -= 1
        guard sessionsLeft > 0 else { return }
        switch server.judge(session) {
        case .relays(let blame):
            if let blame = chosen.compactMap(\.blame).first ?? blame {
                record(Finding(session: session, blame: blame, traits: chosen))
            }
        case .swallowed: return
        case .refused(let stage, let rejection):
            if case .configuration = rejection { return }
            guard chosen.count < 3 else { return }
            let candidates = candidates(stage)
            // In a large table a trait that did not even get past the list it was chosen for is of no use.
            if !chosen.isEmpty, stage == earlier, candidates.count > 200 { return }
            for trait in candidates + (chosen.isEmpty ? extra : [])
            where !chosen.contains(where: { $0.dimension == trait.dimension }) && fits(trait, session) {
                explore(trait.applied(to: session), chosen + [trait], after: stage, extra: extra)
            }
        }
    }

    private mutating func candidates(_ stage: Stage?) -> [Trait] {
        guard let stage else {
            return [
                Trait(change: .certificate(.verified), who: "anyone with a certificate that smtpd verifies")
            ]
        }
        if let known = traits[stage] { return known }
        let made = server.traits(of: stage)
        traits[stage] = made
        return made
    }

    /// A client of the other family cannot reach the same listener; its own search finds it.
    private func fits(_ trait: Trait, _ session: Session) -> Bool {
        switch trait.change {
        case .client(let client):
            return client.address.width == session.client.address.width || client.name != Stranger.name
        default: return true
        }
    }

    private mutating func record(_ finding: Finding) {
        if known.insert(finding.blame.identity).inserted { findings.append(finding) }
    }
}
