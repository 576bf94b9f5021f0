import MailModel
import Postfix

/// A list of clients by name and address, such as `mynetworks` (`namadr_list`).
final class ClientList {
    let parsed: ParsedList
    private let matchesParents: Bool
    private let networks: NetworkIndex
    private var names: [String: Int] = [:]
    /// Patterns that must be asked one by one: tables and those that fail, in order.
    private var others: [Int] = []
    /// Most clients that are asked for have one and the same name.
    private var lastName: (name: String, order: Int?)?

    var patterns: [ListPattern] { parsed.patterns }

    init(_ parsed: ParsedList, matchesParents: Bool) {
        self.parsed = parsed
        self.matchesParents = matchesParents
        var networks: [(network: IPNetwork, order: Int)] = []
        for (index, pattern) in parsed.patterns.enumerated() {
            guard case .literal(let text) = pattern.content else {
                others.append(index)
                continue
            }
            if names[text] == nil { names[text] = index }
            switch Self.address(text) {
            case .network(let network)?: networks.append((network, index))
            case .malformed?: others.append(index)
            case nil: continue
            }
        }
        self.networks = NetworkIndex(networks)
    }

    /// What a literal says about addresses; `nil` when Postfix takes it for a name.
    static func address(_ text: String) -> CIDRText? {
        let isAddressLike = text.utf8.allSatisfy { byte in
            byte.isDigit || (0x61...0x66).contains(byte) || ".:[]/".utf8.contains(byte)
        }
        let isPlainV4 = text.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
        guard isAddressLike else { return nil }
        if isPlainV4 { return IPAddress(text).map { .network(IPNetwork($0)) } }
        // An address in brackets is compared as text; with a colon or a slash it is read as a network.
        if text.hasPrefix("["), text.hasSuffix("]"), let address = IPAddress(text.dropFirst().dropLast()) {
            return .network(IPNetwork(address))
        }
        guard text.contains(":") || text.contains("/") else { return nil }
        return CIDRText(text)
    }

    /// The network that a pattern stands for, where it is one.
    func network(_ pattern: Int) -> IPNetwork? {
        guard case .literal(let text) = patterns[pattern].content,
            case .network(let network)? = Self.address(text)
        else { return nil }
        return network
    }

    func match(_ client: Client, assuming given: ListAssumptions = .none) -> ListAnswer {
        let quick = [networks.first(holding: client.address), firstName(client.name)].compactMap { $0 }.min()
        let isQuickSkipped = quick.map { given.skips(patterns[$0], nil) } ?? false
        guard !isQuickSkipped else { return matchSlowly(client, given) }
        for index in others where index < quick ?? .max {
            if let answer = ask(index, client, given) { return answer }
        }
        return quick.map(result) ?? .noMatch
    }

    private func result(_ pattern: Int) -> ListAnswer {
        patterns[pattern].isNegated ? .noMatch : .match(pattern: pattern, entry: nil)
    }

    private func trusted(_ pattern: Int) -> ListAnswer { result(pattern) }

    private func firstName(_ name: String) -> Int? {
        if let lastName, lastName.name == name { return lastName.order }
        let order = findFirstName(name)
        lastName = (name, order)
        return order
    }

    private func findFirstName(_ name: String) -> Int? {
        var best = names[name]
        var rest = name[...]
        while let dot = rest.dropFirst().firstIndex(of: ".") {
            rest = matchesParents ? rest[rest.index(after: dot)...] : rest[dot...]
            if let index = names[String(rest)], index < best ?? .max { best = index }
        }
        return best
    }

    private func matchSlowly(_ client: Client, _ given: ListAssumptions) -> ListAnswer {
        for index in patterns.indices {
            switch patterns[index].content {
            case .literal(let text):
                let isName = firstNameMatches(text, client.name)
                let isAddress = network(index)?.contains(client.address) == true
                if (isName || isAddress), !given.skips(patterns[index], nil) { return result(index) }
                if others.contains(index), let answer = ask(index, client, given) { return answer }
            default: if let answer = ask(index, client, given) { return answer }
            }
        }
        return .noMatch
    }

    private func firstNameMatches(_ text: String, _ name: String) -> Bool {
        if text == name { return true }
        if matchesParents { return name.hasSuffix("." + text) }
        return text.hasPrefix(".") && name.hasSuffix(text) && name.count > text.count
    }

    private func ask(_ index: Int, _ client: Client, _ given: ListAssumptions) -> ListAnswer? {
        let pattern = patterns[index]
        switch pattern.content {
        case .literal(let text):
            // Only a client of the pattern's own family makes Postfix read it as a network.
            guard text.contains(":") == (client.address.width == 128),
                case .malformed(let why)? = Self.address(text)
            else { return nil }
            return .failure(why)
        case .failing(let why): return .failure(why)
        case .unreadable: return given.trusts(pattern.place.token) ? trusted(index) : nil
        case .table(let table):
            if given.trustsObscureRules(pattern, table) { return trusted(index) }
            for key in keys(for: client) {
                switch table.ask(key.text, key.part) {
                case .found(_, let entry):
                    if given.skips(pattern, entry) { continue }
                    return pattern.isNegated ? .noMatch : .match(pattern: index, entry: entry)
                case .missing: continue
                case .failure(let why): return .failure(why)
                case .unreadable: return given.trusts(pattern, table) ? trusted(index) : nil
                }
            }
            return nil
        }
    }

    private func keys(for client: Client) -> [(text: String, part: KeyPart)] {
        var keys: [(String, KeyPart)] = [(client.name, .whole)]
        var rest = client.name[...]
        while let dot = rest.dropFirst().firstIndex(of: ".") {
            rest = matchesParents ? rest[rest.index(after: dot)...] : rest[dot...]
            keys.append((String(rest), .part))
        }
        keys.append((client.address.description, .whole))
        return keys
    }
}

/// Who connects.
struct Client: Hashable {
    var address: IPAddress
    /// The verified name in lower case, or `unknown`.
    var name: String
    /// Whether the address is in a network that the host itself is in.
    var isNeighbour = false
}
