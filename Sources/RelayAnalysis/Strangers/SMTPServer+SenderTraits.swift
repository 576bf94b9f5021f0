import MailModel
import Postfix

/// Senders whom two tables have to let in: each list may ask its own, and a sender is one address for all of them.
extension SMTPServer {
    /// How many traits, and how many keys of other tables, are put together.
    private static let pairLimit = 30

    /// The same senders in the domains that other tables name, and the senders that those name in full.
    func pairedSenders(_ traits: [Trait], of table: LookupTable) -> [Trait] {
        let keys = namedSenders(besides: table)
        guard !keys.isEmpty else { return [] }
        let locals = Set(
            traits.prefix(Self.pairLimit).compactMap { trait -> String? in
                guard case .sender(let address) = trait.change, let at = address.lastIndex(of: "@") else {
                    return nil
                }
                return String(address[..<at])
            }
        ).sorted()
        let candidates = keys.flatMap { key in key.contains("@") ? [key] : locals.map { "\($0)@\(key)" } }
        return candidates.filter { isLetIn($0, by: table) }.map {
            Trait(change: .sender($0), who: "anyone with the sender \($0)")
        }
    }

    private func isLetIn(_ sender: String, by table: LookupTable) -> Bool {
        let local = sender.prefix { $0 != "@" } + "@"
        for (key, part) in [(sender, KeyPart.whole), (String(local), .part)] {
            if case .found(let value, _) = table.ask(key, part) { return !isRefusal(value) }
        }
        return false
    }

    private func namedSenders(besides table: LookupTable) -> [String] {
        let tables = (Array(lists.values) + Array(classes.values)).joined().compactMap {
            restriction -> String? in
            guard case .access(.sender, let name) = restriction.kind else { return nil }
            return name
        }
        return Set(tables).sorted().flatMap { host.tables.table($0).leaves }.filter { $0.name != table.name }
            .flatMap { other -> [String] in
                guard case .fixed(let entries, _) = other.content else { return [] }
                return entries.prefix(Self.pairLimit).map(\.key).filter {
                    !$0.hasSuffix("@") && !$0.hasPrefix("@")
                }
                .map { $0.hasPrefix(".") ? "x7q\($0)" : $0 }
            }
    }
}
