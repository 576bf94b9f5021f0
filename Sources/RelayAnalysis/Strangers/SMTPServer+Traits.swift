import MailModel
import Postfix

extension SMTPServer {
    /// What a stranger could bring so that a list that refuses might let it through: one trait for each entry,
    /// network and pattern that the list consults.
    func traits(against obstacle: Obstacle) -> TraitSupply {
        switch obstacle {
        case .beforehand:
            TraitSupply(
                traits: [
                    Trait(
                        change: .certificate(.verified), who: "anyone with a certificate that smtpd verifies")
                ] + screenTraits)
        case .list(let stage): traits(of: stage)
        case .route: TraitSupply(traits: routeTraits)
        case .header: TraitSupply(traits: evasions(of: .client) + headerTraits)
        }
    }

    /// Clients whom postscreen may let through where it refuses others.
    private var screenTraits: [Trait] {
        guard let screen else { return [] }
        return networkTraits
            + screen.tables.flatMap { table in
                clientTraits(table, in: table.entries.indices) {
                    table.entries[$0].value.folded != "reject"
                }
            }
    }

    private func traits(of stage: Stage) -> TraitSupply {
        var supply = TraitSupply()
        var seen: Set<String> = []
        collect(lists[stage] ?? [], subject: subject(of: stage), into: &supply, seen: &seen, depth: 0)
        if stage == .helo { add(evasions(of: .helo), of: .helo, to: &supply, &seen) }
        // Whom an entry names is told before who only slips past one.
        supply.traits += supply.evasions
        // Who gets past the one list by the recipient has to be listed after the other.
        if stage == .relay || stage == .recipient { supply.traits += listedRecipientTraits }
        return supply
    }

    private func collect(
        _ restrictions: [Restriction], subject: Restriction.Subject?, into supply: inout TraitSupply,
        seen: inout Set<String>, depth: Int
    ) {
        guard depth < 10 else { return }
        for restriction in restrictions {
            switch restriction.kind {
            case .permitMynetworks:
                if seen.insert("mynetworks").inserted { supply.traits += networkTraits }
            case .permitNakedAddress:
                supply.traits.append(
                    Trait(change: .helo("203.0.113.200"), who: "anyone who says HELO with a bare address"))
            case .permitBackupMX:
                supply.traits.append(
                    Trait(
                        change: .backedUpRecipient,
                        who: "anyone, to a domain whose second mail exchanger is made this host"))
            case .permitCertificate(let isVerified): supply.traits += certificateTraits(isVerified)
            case .rejectDestination, .permitDestination:
                if seen.insert("destination").inserted { supply.traits += destinationTraits }
            case .checkRelayDomains:
                if seen.insert("destination").inserted { supply.traits += destinationTraits }
                supply.traits += relayClientTraits
            case .rejectUnlistedRecipient: supply.traits += listedRecipientTraits
            case .rejectSenderMismatch: add(evasions(of: .sender), of: .sender, to: &supply, &seen)
            case .rejectHELO: add(evasions(of: .helo), of: .helo, to: &supply, &seen)
            case .policyService(let service, _): supply.traits += policyTraits(service, in: restrictions)
            case .restrictionClass(let name):
                guard seen.insert("class \(name)").inserted else { continue }
                collect(classes[name] ?? [], subject: subject, into: &supply, seen: &seen, depth: depth + 1)
            case .access(let subject, let table):
                collect(table, subject, into: &supply, seen: &seen, depth: depth)
            case .bareTable(let table):
                if let subject { collect(table, subject, into: &supply, seen: &seen, depth: depth) }
            default: continue
            }
        }
    }

    private func collect(
        _ name: String, _ subject: Restriction.Subject, into supply: inout TraitSupply,
        seen: inout Set<String>,
        depth: Int
    ) {
        guard seen.insert("\(subject) \(name)").inserted else { return }
        let table = host.tables.table(name)
        for leaf in table.leaves {
            if leaf.entries.count > TraitSupply.chunk {
                supply.large.append((leaf, subject))
            } else {
                supply.traits += accessTraits(leaf, subject, in: leaf.entries.indices)
            }
        }
        if seen.insert("witnesses of \(subject)").inserted { supply.traits += witnessTraits(subject) }
        for value in differentValues(table) {
            if stops(value) || !subject.mayPermit {
                add(evasions(of: subject), of: subject, to: &supply, &seen)
            }
            guard case .restrictions(let inner) = action(of: value) else { continue }
            collect(inner, subject: subject, into: &supply, seen: &seen, depth: depth + 1)
        }
    }

    /// What the rows of a table say, each answer once.
    private func differentValues(_ table: LookupTable) -> [String] {
        var seen: Set<String> = []
        var values: [String] = []
        for leaf in table.leaves {
            for entry in leaf.entries where seen.insert(entry.value).inserted { values.append(entry.value) }
        }
        for leaf in table.leaves {
            if case .constant(let value) = leaf.content, seen.insert(value).inserted { values.append(value) }
        }
        return values
    }

    private func add(
        _ traits: [Trait], of subject: Restriction.Subject, to supply: inout TraitSupply,
        _ seen: inout Set<String>
    ) {
        if seen.insert("evasions of \(subject)").inserted { supply.evasions += traits }
    }

    /// What a stranger says or is whom a rule that refuses by name or address may not have thought of.
    func evasions(of subject: Restriction.Subject) -> [Trait] {
        makeEvasions(of: subject).map { trait in
            var trait = trait
            trait.isEvasion = true
            return trait
        }
    }

    private func makeEvasions(of subject: Restriction.Subject) -> [Trait] {
        switch subject {
        case .sender:
            return [
                Trait(change: .sender(""), who: "anyone with the null sender"),
                Trait(change: .sender(Stranger.otherMailbox), who: "anyone whose sender is not refused"),
            ]
                + ownDomains.prefix(6).map {
                    Trait(change: .sender("postmaster@\($0)"), who: "anyone with a sender in \($0)")
                }
        case .helo:
            let name = values.text(of: "myhostname").folded
            let known = Trait(change: .helo(name), who: "anyone who says HELO \(name)")
            let other = Trait(change: .helo(Stranger.otherName), who: "anyone whose HELO name is not refused")
            return values.isOn("smtpd_helo_required")
                ? [known, other] : [Trait(change: .helo(nil), who: "anyone who says no HELO"), known, other]
        case .recipient:
            return [
                Trait(
                    change: .recipient(Stranger.otherMailbox),
                    who: "anyone, to recipients that are not refused")
            ]
        case .client:
            return nameTraits("unknown")
                + ["mail.\(Stranger.domain)", Stranger.otherName].map { name in
                    Trait(change: .name(name), who: "clients whose name is not refused")
                }
        case .reverseClient:
            return [Trait(change: .reverseName("unknown"), who: "clients without a reverse name")]
        case .domain(.recipient), .servers(.recipient):
            // trivial-rewrite takes the last sign for nothing.
            let hidden = Trait(
                change: .recipient(Stranger.recipient + "@"),
                who: "anyone, to recipients such as user@elsewhere@")
            return evasions(of: .recipient) + [hidden]
        case .domain(.helo) where values.isOn("smtpd_helo_required"),
            .servers(.helo) where values.isOn("smtpd_helo_required"):
            return evasions(of: .helo)
                + [Trait(change: .helo("x7q@"), who: "anyone who says HELO with a name such as x7q@")]
        case .domain(let owner), .servers(let owner): return evasions(of: owner)
        default: return []
        }
    }

    private func certificateTraits(_ isVerified: Bool) -> [Trait] {
        guard offersTLS, asksForCertificate else { return [] }
        var traits: [Trait] = []
        if isVerified, hasAuthority {
            traits.append(
                Trait(
                    change: .certificate(.verified),
                    who: "anyone with a certificate from an authority in smtpd_tls_CAfile or smtpd_tls_CApath"
                ))
        }
        traits.append(Trait(change: .certificate(.any), who: "anyone with a TLS client certificate"))
        return traits + clientCertificates.compactMap(unreadableTrait)
    }

    private func policyTraits(_ service: String, in list: [Restriction]) -> [Trait] {
        let hasOtherPermit = list.contains { restriction in
            switch restriction.kind {
            case .permitMynetworks, .permitLogin, .permitCertificate: true
            default: false
            }
        }
        let down = Trait(
            change: .policyServicesDown, who: "every client, while the policy service does not answer")
        // Where nothing else in the list permits, the service is what the clients of the house relay by.
        return hasOtherPermit
            ? [down]
            : [down, Trait(change: .trusting(service), who: "whom the policy service \(service) says OK to")]
    }

    func unreadableTrait(_ table: LookupTable) -> Trait? {
        if let rule = obscureRule(of: table) {
            return Trait(
                change: .trusting(table.name),
                who:
                    "whom \(table.entries[rule.entry].key) of \(table.name) matches, which is not understood here"
            )
        }
        guard case .unreadable(let why) = table.content else { return nil }
        return unreadableTrait(table.name, why)
    }

    /// - Parameter why: as a sentence without a full stop.
    func unreadableTrait(_ name: String, _ why: String) -> Trait {
        Trait(change: .trusting(name), who: "whom \(name) lists, which cannot be read here (\(why))")
    }

    /// A rule that may let somebody in, with a pattern that is not understood.
    func obscureRule(of table: LookupTable) -> LookupTable.PatternRule? {
        table.obscureRules.first { $0.kind == .condition || !isRefusal($0.value) }
    }

    /// Clients whose name is in `relay_domains`.
    private var relayClientTraits: [Trait] {
        relayClients.patterns.filter { !$0.isNegated }.flatMap { pattern -> [Trait] in
            switch pattern.content {
            case .literal(let text): nameTraits(text)
            case .table(let table): table.leaves.flatMap(clientTraits)
            case .unreadable, .failing: []
            }
        }
    }
}
