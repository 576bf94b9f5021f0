import MailModel
import Postfix

/// The lookup tables of a configuration, each made once.
final class TableStore {
    private let configuration: PostfixConfiguration
    private let version: PostfixVersion
    private var tables: [String: LookupTable] = [:]
    private var tablesOfLists: [String: LookupTable] = [:]

    init(_ configuration: PostfixConfiguration, version: PostfixVersion) {
        self.configuration = configuration
        self.version = version
    }

    /// - Parameter text: `type:name` as written after expansion.
    func table(_ text: String) -> LookupTable {
        if let known = tables[text] { return known }
        let made = make(text)
        tables[text] = made
        return made
    }

    /// The table as a match list asks it: access(5) and the maps of addresses fold the keys of tables that are read as
    /// they are, match_ops.c leaves them, and what it asks for has no capitals.
    func listTable(_ text: String) -> LookupTable {
        if let known = tablesOfLists[text] { return known }
        let folded = table(text)
        let made =
            unfoldedContent(folded).map {
                LookupTable(name: text, content: $0, entries: folded.entries, source: folded.source)
            } ?? folded
        tablesOfLists[text] = made
        return made
    }

    /// - Returns: `nil` where folding makes no difference.
    private func unfoldedContent(_ table: LookupTable) -> LookupTable.Content? {
        switch table.content {
        case .fixed(let entries, let index)
        where ["inline", "texthash"].contains(TableName(table.name)?.type):
            let written = index.filter { !entries[Int($0.value)].hasCapitals }
            return written.count == index.count ? nil : .fixed(entries, index: written)
        case .union(let members): return .union(members.map { listTable($0.name) })
        // The others are asked for what the first one says.
        case .pipe(let members):
            return .pipe(members.prefix(1).map { listTable($0.name) } + members.dropFirst())
        default: return nil
        }
    }

    /// The tables that were asked for so far, in the order of their names.
    var made: [LookupTable] { tables.values.sorted { $0.name < $1.name } }

    private func make(_ text: String) -> LookupTable {
        guard let name = TableName(text), !name.name.isEmpty else {
            return LookupTable(name: text, content: .failing(Self.noName(text)), entries: [], source: nil)
        }
        if let change = ReleaseChange.ofTable(name), !version.includes(change) {
            let why = "unsupported dictionary type: \(name.type)"
            return LookupTable(name: text, content: .failing(why), entries: [], source: nil)
        }
        if let content = selfContained(name) { return content }
        switch read(name) {
        case .entries(let entries, let source):
            return LookupTable(
                name: text, content: index(entries, type: name.type), entries: entries, source: source)
        case .unreadable(let why):
            return LookupTable(name: text, content: .unreadable(why), entries: [], source: nil)
        case .asked(let answers, let why):
            return LookupTable(
                name: text, content: .unreadable(why), entries: [], source: nil, known: answers)
        case .failing(let why):
            return LookupTable(name: text, content: .failing(why), entries: [], source: nil)
        }
    }

    /// Why a program that opens the table dies of it (dict_open.c).
    static func noName(_ text: String) -> String { "expecting \"type:name\" form instead of \"\(text)\"" }

    private func selfContained(_ name: TableName) -> LookupTable? {
        func table(_ content: LookupTable.Content, _ entries: [TableEntry] = []) -> LookupTable {
            LookupTable(name: name.text, content: content, entries: entries, source: nil)
        }
        switch name.type {
        case "static": return table(.constant(name.staticValue))
        case "inline":
            return table(index(name.inlineEntries, type: "inline"), name.inlineEntries)
        case _ where name.isInlinePatterns:
            let rules = Array(name.members.joined(separator: "\n").utf8)
            let entries = parseTable(type: name.type, bytes: rules).map {
                TableEntry(key: $0.key, value: $0.value, line: nil)
            }
            return table(index(entries, type: name.type), entries)
        case "environ": return table(.unreadable("the environment of Postfix is not read"))
        case "fail": return table(.failing("\(name.text) always fails"))
        case "unionmap": return table(.union(name.members.map(self.table)))
        case "pipemap": return table(.pipe(name.members.map(self.table)))
        case "randmap":
            // One of the values at random: whichever opens the most is the one that counts.
            let value = name.members.min { Self.strictness($0) < Self.strictness($1) } ?? ""
            return table(.constant(value))
        default: break
        }
        let known = TableName.postmapTypes.union(TableName.patternTypes).union(TableName.remoteTypes)
        guard !known.contains(name.type) else { return nil }
        if case .entries? = configuration.tables[name.text] { return nil }
        return table(.failing("unsupported dictionary type: \(name.type)"))
    }

    /// How much of what is asked for a result of an access(5) table keeps out.
    private static func strictness(_ value: String) -> Int {
        let word = value.folded.prefix { $0 != " " }
        if ["ok", "permit", "relay"].contains(word) { return 0 }
        let isRefusal = ["reject", "defer", "hangup", "discard", "hold", "redirect", "filter"].contains {
            word.hasPrefix($0)
        }
        return isRefusal || word.first?.isNumber == true ? 2 : 1
    }

    private func read(_ name: TableName) -> TableContent {
        let plain = "\(name.type):\(name.name)"
        return configuration.tables[name.text] ?? configuration.tables[plain]
            ?? .unreadable("\(name.text) was not read")
    }

    private func index(_ entries: [TableEntry], type: String) -> LookupTable.Content {
        switch type {
        case "cidr": return networkContent(entries)
        case "regexp": return .patterns(patternRules(entries, .regexp))
        case "pcre": return .patterns(patternRules(entries, .pcre))
        default:
            var index: [String: UInt32] = [:]
            index.reserveCapacity(entries.count)
            for (position, entry) in entries.enumerated() {
                let key = entry.key.folded
                // Read as it is, the table is none of use (dict_thash.c).
                if type == "texthash", index[key] != nil {
                    return .failing("line \(entry.line ?? 0): duplicate entry: \"\(entry.key)\"")
                }
                // Of two entries with one key, postmap keeps the first.
                if index[key] == nil { index[key] = UInt32(clamping: position) }
            }
            return .fixed(entries, index: index)
        }
    }

    private func networkContent(_ entries: [TableEntry]) -> LookupTable.Content {
        let isPlain = entries.allSatisfy { entry in
            guard let first = entry.key.utf8.first else { return true }
            return first != UInt8(ascii: "!") && !first.isLetterButHex && !entry.key.hasPrefix("ENDIF")
        }
        guard isPlain || !version.includes(.conditionsInCIDRTables) else {
            return .networkRules(entries.enumerated().compactMap(networkRule))
        }
        // Postfix skips a rule that it cannot read, with a warning.
        let networks = entries.enumerated().lazy.compactMap { position, entry in
            CIDRText(entry.key).network.map { (network: $0, order: position) }
        }
        return .networks(entries, index: NetworkIndex(networks))
    }

    private func networkRule(_ position: Int, _ entry: TableEntry) -> LookupTable.NetworkRule? {
        if entry.key == "ENDIF" {
            return .init(kind: .endOfCondition, network: nil, isNegated: false, value: "", entry: position)
        }
        let isCondition = entry.key.hasPrefix("IF ")
        let text = (isCondition ? entry.key.dropFirst(3) : entry.key[...]).filter { $0 != " " }
        let bangs = text.prefix { $0 == "!" }.count
        guard case .network(let network) = CIDRText(String(text.dropFirst(bangs))) else { return nil }
        return .init(
            kind: isCondition ? .condition : .rule, network: network, isNegated: !bangs.isMultiple(of: 2),
            value: entry.value, entry: position)
    }

    private func patternRules(
        _ entries: [TableEntry], _ dialect: Pattern.Dialect
    ) -> [LookupTable.PatternRule] {
        entries.enumerated().map { position, entry in
            if entry.key == "ENDIF" {
                return .init(kind: .endOfCondition, pattern: nil, value: "", entry: position)
            }
            let isCondition = entry.key.hasPrefix("IF ")
            var rule = LookupTable.PatternRule(
                kind: isCondition ? .condition : .rule, pattern: nil, value: entry.value, entry: position)
            do throws(Pattern.Fault) {
                let pattern = try TablePattern(
                    key: isCondition ? String(entry.key.dropFirst(3)) : entry.key, dialect: dialect)
                if !isCondition { try check(entry.value, of: pattern) }
                rule.pattern = pattern
            } catch {
                guard case .invalid(let why) = error else { return rule }
                rule.kind = .skipped
                rule.fault = why
            }
            return rule
        }
    }

    /// Whether the groups that the result names are there.
    private func check(_ value: String, of pattern: TablePattern) throws(Pattern.Fault) {
        let highest = try RuleResult(value).highestGroup
        guard highest > 0 else { return }
        if pattern.isNegated { throw .invalid("the result names a group of what does not match") }
        guard highest <= pattern.pattern.groupCount else {
            throw .invalid("the result names group \(highest), which is not there")
        }
    }
}

extension UInt8 {
    /// A letter that no network begins with: `IF` and `ENDIF` do, and hexadecimal digits do not.
    var isLetterButHex: Bool { isLetter && !(0x61...0x66).contains(lowercased) }
}
