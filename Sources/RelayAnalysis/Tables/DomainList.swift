import Postfix

/// A list of domains, such as `relay_domains` (`domain_list`) or `mydestination` (`string_list`).
final class DomainList {
    let parameter: String
    let parsed: ParsedList
    private let matching: ParentMatching
    private var names: [String: Int] = [:]
    private var others: [Int] = []

    /// How a name in the list relates to the domains below it.
    enum ParentMatching {
        /// Only the name itself (`string_list`).
        case exact
        /// The name and everything below it (`parent_domain_matches_subdomains`).
        case withSubdomains
        /// The name itself; `.name` for everything below it.
        case dotted
    }

    var patterns: [ListPattern] { parsed.patterns }

    init(parameter: String, _ parsed: ParsedList, matching: ParentMatching) {
        self.parameter = parameter
        self.parsed = parsed
        self.matching = matching
        for (index, pattern) in parsed.patterns.enumerated() {
            if case .literal(let text) = pattern.content {
                if names[text] == nil { names[text] = index }
            } else {
                others.append(index)
            }
        }
    }

    func match(_ domain: String, assuming given: ListAssumptions = .none) -> ListAnswer {
        var quick: Int?
        for name in parts(of: domain) {
            if let index = names[name], index < quick ?? .max, !given.skips(patterns[index], nil) {
                quick = index
            }
        }
        for index in others where index < quick ?? .max {
            if let answer = ask(index, domain, given) { return answer }
        }
        return quick.map(result) ?? .noMatch
    }

    private func result(_ pattern: Int) -> ListAnswer {
        patterns[pattern].isNegated ? .noMatch : .match(pattern: pattern, entry: nil)
    }

    private func parts(of domain: String) -> [String] {
        var parts = [domain]
        guard matching != .exact else { return parts }
        var rest = domain[...]
        while let dot = rest.dropFirst().firstIndex(of: ".") {
            rest = matching == .withSubdomains ? rest[rest.index(after: dot)...] : rest[dot...]
            parts.append(String(rest))
        }
        return parts
    }

    private func ask(_ index: Int, _ domain: String, _ given: ListAssumptions) -> ListAnswer? {
        let pattern = patterns[index]
        switch pattern.content {
        case .literal: return nil
        case .failing(let why): return .failure(why)
        case .unreadable: return given.trusts(pattern.place.token) ? result(index) : nil
        case .table(let table):
            if given.trustsObscureRules(pattern, table) { return result(index) }
            for (position, key) in parts(of: domain).enumerated() {
                switch table.ask(key, position == 0 ? .whole : .part) {
                case .found(_, let entry):
                    if given.skips(pattern, entry) { continue }
                    return pattern.isNegated ? .noMatch : .match(pattern: index, entry: entry)
                case .missing: continue
                case .failure(let why): return .failure(why)
                case .unreadable: return given.trusts(pattern, table) ? result(index) : nil
                }
            }
            return nil
        }
    }
}
