import Postfix

/// Rules of access tables whose result is made of what their groups hold, so that whoever is looked up has a say in it.
extension SMTPServer {
    private static let spellingLimit = 24

    /// What the groups of a rule must hold so that its result lets somebody in.
    func spellings(_ pattern: Pattern, _ value: String) -> [[Int: [UInt8]]] {
        guard value.utf8.contains(UInt8(ascii: "$")), let result = try? RuleResult(value) else { return [] }
        // A number permits only where nothing follows.
        let words = [("ok", false), ("relay", false), ("permit", false), ("1", true), ("111", true)]
        let found = (words + classes.keys.sorted().map { ($0, false) }).lazy.flatMap {
            result.groups(spelling: $0.0, mustBeAll: $0.1)
        }.filter { held in !held.isEmpty && held.allSatisfy { pattern.canHold($0.value, group: $0.key) } }
        return Array(found.prefix(Self.spellingLimit))
    }

    /// The key that shows best what a rule does: one that it lets in, where its result depends on the key.
    /// - Returns: `nil` where none of the usable keys comes to the rule.
    func telling(
        _ keys: [String], _ table: LookupTable, _ entry: Int, where isUsable: (String) -> Bool
    ) -> String? {
        func isGiven(_ key: String) -> Bool { gives(table, key, entry) && isUsable(key) }
        guard case .patterns(let rules) = table.content, let pattern = rules[entry].pattern?.pattern,
            !spellings(pattern, rules[entry].value).isEmpty
        else { return keys.first(where: isGiven) }
        let given = keys.filter(isGiven)
        if let key = given.first(where: { letsIn(table.ask($0)) }) { return key }
        // Some text or other may well spell a permission, and was not found.
        leaveUntried(table)
        return given.first
    }

    private func letsIn(_ answer: Answer) -> Bool {
        guard case .found(let value, _) = answer else { return false }
        switch action(of: value) {
        case .permit: return true
        case .restrictions(let list):
            switch list.first?.kind {
            case .permit, .restrictionClass: return true
            default: return false
            }
        default: return false
        }
    }
}
