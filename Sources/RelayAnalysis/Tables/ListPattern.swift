import MailModel
import Postfix

/// One pattern of a match list (`match_list_parse`): a negation, what it matches, and where it was written.
struct ListPattern {
    enum Content {
        /// A host or domain name, an address, or a network; in lower case.
        case literal(String)
        case table(LookupTable)
        /// The lookup fails and so does the whole list.
        case failing(String)
        case unreadable(String)
    }

    var content: Content
    var isNegated: Bool
    var place: Place
    /// The item of the parameter's value; of an included file, the item that names the file.
    var item: ListItem
}

/// What reading a list gave: its patterns, or why the program stops.
struct ParsedList {
    var patterns: [ListPattern] = []
    /// Postfix's own words for the fatal error.
    var fault: String?
    /// The item that Postfix took for a comment and stopped at.
    var comment: ListItem?
}

/// Reads match lists.
struct ListParser {
    let configuration: PostfixConfiguration
    let quoting: Quoting
    let tables: TableStore

    func parse(_ value: EffectiveValue) -> ParsedList {
        var parsed = ParsedList()
        for item in value.items {
            if item.bytes.first == UInt8(ascii: "#") {
                parsed.comment = item
                break
            }
            add(item.text, isNegated: false, quoting.place(of: item), item, depth: 0, to: &parsed)
        }
        return parsed
    }

    private func add(
        _ text: String, isNegated: Bool, _ place: Place, _ item: ListItem, depth: Int,
        to parsed: inout ParsedList
    ) {
        let pattern = String(text.drop { $0 == "!" })
        let negated = isNegated != !(text.count - pattern.count).isMultiple(of: 2)
        func append(_ content: ListPattern.Content) {
            parsed.patterns.append(
                ListPattern(content: content, isNegated: negated, place: place, item: item))
        }
        if pattern.isEmpty {
            parsed.fault = "no pattern after '!'"
        } else if pattern.first == "/" {
            guard let file = configuration.otherFiles[pattern] else {
                if IPNetwork.isPrefix(pattern) { return append(.failing("open file \(pattern)")) }
                return append(
                    .unreadable(configuration.unreadableFiles[pattern] ?? "\(pattern) was not read"))
            }
            guard let file, depth < 10 else { return append(.failing("open file \(pattern)")) }
            for line in includedItems(file.bytes) {
                let inner = Place(
                    file: .included(pattern), line: line.line, range: line.range, token: line.text)
                add(line.text, isNegated: negated, inner, item, depth: depth + 1, to: &parsed)
            }
        } else if pattern.first != "[", pattern.contains(":") {
            append(.table(tables.listTable(pattern)))
        } else {
            append(.literal(pattern.folded))
        }
    }
}

extension IPNetwork {
    /// Whether a word is what is left of a network with a blank in it, `192.0.2.0 /24`: it is taken for a file, and
    /// nobody has one with such a name.
    static func isPrefix(_ word: String) -> Bool {
        word.first == "/" && Int(word.dropFirst()).map { (0...128).contains($0) } == true
    }
}

/// What a match list says.
enum ListAnswer {
    /// By which pattern, and by which entry of its table.
    case match(pattern: Int, entry: Int?)
    case noMatch
    case failure(String)
}

/// What is taken as given while a list is asked.
struct ListAssumptions {
    /// Whether a pattern, or an entry of its table, counts as not there.
    var skips: (ListPattern, Int?) -> Bool = { _, _ in false }
    /// Whether something that cannot be read counts as a match.
    var trusts: (String) -> Bool = { _ in false }
    /// Whether a table, or one that it is made of, counts as one that has what is asked for.
    func trusts(_ pattern: ListPattern, _ table: LookupTable) -> Bool {
        guard !isPlain else { return false }
        return trusts(pattern.place.token) || table.leaves.contains { trusts($0.name) }
    }

    /// The same where it is only in part that the table is not understood.
    func trustsObscureRules(_ pattern: ListPattern, _ table: LookupTable) -> Bool {
        trusts(pattern, table) && table.leaves.contains { !$0.obscureRules.isEmpty }
    }

    /// Whether nothing at all is taken as given.
    var isPlain = false

    static var none: ListAssumptions { ListAssumptions(isPlain: true) }
}
