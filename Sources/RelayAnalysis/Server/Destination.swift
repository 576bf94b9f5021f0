import MailModel
import Postfix

/// Where a recipient's domain belongs (ADDRESS_CLASS_README), and why.
struct Destination {
    enum Class { case local, alias, mailbox, relay, elsewhere }

    var address: String
    var domain: String
    var addressClass: Class
    /// Another `@`, `%` or `!` in the local part (`RESOLVE_FLAG_ROUTED`).
    var isRouted: Bool
    /// What in which list made it so.
    var blame: Blame?
    /// The class cannot be told: smtpd answers 451.
    var failure: (why: String, place: Place?)?

    var isFinal: Bool { addressClass != .relay && addressClass != .elsewhere }
}

/// The lists and switches that decide where an address belongs (trivial-rewrite(8)).
final class Resolver {
    let lists: [(list: DomainList, addressClass: Destination.Class)]
    private let values: ParameterValues
    private let ownAddresses: Set<IPAddress>
    private var known: [String: Destination] = [:]

    init(values: ParameterValues, parser: ListParser, ownAddresses: Set<IPAddress>) {
        self.values = values
        self.ownAddresses = ownAddresses
        let parents = Set(values.value(of: "parent_domain_matches_subdomains").items.map { $0.text.folded })
        let relayMatching: DomainList.ParentMatching =
            parents.contains("relay_domains") ? .withSubdomains : .dotted
        func list(_ name: String, _ matching: DomainList.ParentMatching = .exact) -> DomainList {
            DomainList(parameter: name, parser.parse(values.value(of: name)), matching: matching)
        }
        lists = [
            (list("mydestination"), .local), (list("virtual_alias_domains"), .alias),
            (list("virtual_mailbox_domains"), .mailbox), (list("relay_domains", relayMatching), .relay),
        ]
    }

    /// The names that the host is itself, so that only its administrator can give them to a client.
    lazy var ownDomains: [String] = {
        let names = lists[0].list.patterns.compactMap { pattern -> String? in
            guard case .literal(let text) = pattern.content, !pattern.isNegated else { return nil }
            return text
        }
        let host = [values.text(of: "myhostname"), values.text(of: "mydomain"), values.text(of: "myorigin")]
        return (names + host).map(\.folded).filter { $0.contains(".") }
    }()

    func isOwn(name: String) -> Bool { ownDomains.contains { name == $0 || name.hasSuffix("." + $0) } }

    /// Whether a list names the very domain, so that somebody declared it.
    func serves(_ domain: String) -> Bool {
        lists.contains { list, _ in
            switch list.match(domain) {
            case .match(let pattern, nil):
                if case .literal(domain) = list.patterns[pattern].content { true } else { false }
            case .match(let pattern, let entry?):
                if case .table(let table) = list.patterns[pattern].content {
                    table.entries[entry].key.folded == domain
                } else {
                    false
                }
            case .noMatch, .failure: false
            }
        }
    }

    /// - Parameter given: what is taken as given; an answer is kept only while that is nothing.
    func resolve(_ address: String, assuming given: ListAssumptions) -> Destination {
        guard given.isPlain else { return resolveAnew(address, given) }
        if let known = known[address] { return known }
        let destination = resolveAnew(address, given)
        if known.count < 1000 { known[address] = destination }
        return destination
    }

    private func resolveAnew(_ address: String, _ given: ListAssumptions) -> Destination {
        // What stands before a last sign is the whole address (trivial-rewrite, resolve.c).
        var rest = address.hasSuffix("@") ? String(address.dropLast()) : address
        var savedDomain: String?
        for _ in 0..<20 {
            guard let at = rest.lastIndex(of: "@") else { break }
            let domain = String(rest[rest.index(after: at)...]).folded
            switch isLocal(domain, given) {
            case .match: break
            case .failure(let why): return failed(address, domain, why, lists[0].list)
            case .noMatch: return classify(rest, domain, given)
            }
            savedDomain = domain
            rest = rewritten(String(rest[..<at]))
        }
        return classify(rest + "@" + (savedDomain ?? values.text(of: "myhostname").folded), nil, given)
    }

    /// `site!user` and `user%site` become `user@site` once the local domain is off.
    private func rewritten(_ local: String) -> String {
        guard !local.contains("@") else { return local }
        if values.isOn("swap_bangpath"), let bang = local.firstIndex(of: "!") {
            return String(local[local.index(after: bang)...]) + "@" + String(local[..<bang])
        }
        if values.isOn("allow_percent_hack"), let percent = local.lastIndex(of: "%") {
            return String(local[..<percent]) + "@" + String(local[local.index(after: percent)...])
        }
        return local
    }

    private func isLocal(_ domain: String, _ given: ListAssumptions) -> ListAnswer {
        if domain.hasPrefix("["), domain.hasSuffix("]") {
            let literal = domain.dropFirst().dropLast()
            let address = IPAddress(literal.hasPrefix("ipv6:") ? literal.dropFirst(5) : literal)
            if let address, ownAddresses.contains(address) { return .match(pattern: 0, entry: nil) }
        }
        return lists[0].list.match(domain, assuming: given)
    }

    private func classify(_ address: String, _ remote: String?, _ given: ListAssumptions) -> Destination {
        let at = address.lastIndex(of: "@") ?? address.endIndex
        let domain = remote ?? String(address[at...].dropFirst())
        let isRouted = address[..<at].contains { "@%!".contains($0) }
        var found = Destination(
            address: address, domain: domain, addressClass: remote == nil ? .local : .elsewhere,
            isRouted: isRouted)
        for (list, addressClass) in lists where (remote == nil) == (addressClass == .local) {
            switch list.match(domain, assuming: given) {
            case .match(let pattern, let entry):
                found.addressClass = addressClass
                found.blame = blame(list, pattern, entry)
                return found
            case .failure(let why): return failed(address, domain, why, list)
            case .noMatch: continue
            }
        }
        return found
    }

    private func failed(_ address: String, _ domain: String, _ why: String, _ list: DomainList) -> Destination
    {
        let place = list.patterns.first { pattern in
            switch pattern.content {
            case .failing: true
            case .table(let table): if case .failing = table.content { true } else { false }
            default: false
            }
        }?.place
        return Destination(
            address: address, domain: domain, addressClass: .elsewhere, isRouted: false, failure: (why, place)
        )
    }

    private func blame(_ list: DomainList, _ pattern: Int, _ entry: Int?) -> Blame {
        let pattern = list.patterns[pattern]
        var blame = Blame(
            kind: list.parameter == "relay_domains" ? .relayDomains : .destinations,
            parameter: list.parameter,
            place: pattern.place, item: pattern.item)
        if let entry, case .table(let table) = pattern.content { blame.accuse(entry, of: table) }
        return blame
    }
}

extension Blame {
    /// Lays the blame on one entry of a table.
    mutating func accuse(_ index: Int, of table: LookupTable) {
        let entry = table.entries[index]
        self.entry = BlamedEntry(table: table.name, index: index, key: entry.key, value: entry.value)
        if let source = table.source {
            place = Place(file: .table(source), line: entry.line, range: nil, token: entry.key)
        }
    }
}
