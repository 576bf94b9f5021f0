package import MailModel

/// A lookup table as a value names it: `type:name`, with what wraps it taken off.
package struct TableName: Hashable, Sendable {
    /// As written after expansion: the key of `PostfixConfiguration.tables`.
    package let text: String
    /// `hash`, `cidr`, `pcre`, … without `proxy:`.
    package let type: String
    /// What follows the type.
    package let name: String

    /// - Returns: `nil` when there is no colon, so that Postfix would not take the text for a table.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        self.text = text
        let type = String(text[..<colon])
        let name = String(text[text.index(after: colon)...])
        if type == "proxy", let inner = TableName(name) {
            self.type = inner.type
            self.name = inner.name
        } else {
            self.type = type
            self.name = name
        }
    }

    /// The members of `unionmap:{a,b}`, `pipemap:{a,b}` and `randmap:{…}`.
    package var members: [String] {
        guard name.first == "{", name.last == "}" else { return [] }
        let inner = Array(name.utf8.dropFirst().dropLast())
        return tokenRanges(in: inner, separators: isListSeparator).map { inner[$0].strippingBraces.text }
    }

    /// The entries of `inline:{ a=b, { c = d } }`.
    package var inlineEntries: [TableEntry] {
        members.compactMap { member in
            let bytes = member.bytes
            guard case .success(let parts) = splitNameValue(bytes, in: 0..<bytes.count) else { return nil }
            let (name, value) = (bytes[parts.name].text, bytes[parts.value].text)
            return TableEntry(
                key: name.folded, value: value, line: nil, hasCapitals: name != name.folded)
        }
    }

    /// The value that `static:value` or `static:{ value }` always answers.
    package var staticValue: String {
        name.bytes[...].strippingBraces.text
    }

    /// Whether the table needs no file or server to be read.
    package var isSelfContained: Bool {
        ["static", "inline", "fail", "environ", "debug"].contains(type) || isInlinePatterns
    }

    /// Whether the rules stand in the name itself: `cidr:{{192.0.2.0/24 OK}, …}` (Postfix 3.7 and later).
    package var isInlinePatterns: Bool { Self.patternTypes.contains(type) && name.first == "{" }

    /// Types whose source is a text file of `key value` lines that postmap(1) compiles, or reads as it is.
    package static let postmapTypes: Set<String> = [
        "hash", "btree", "dbm", "sdbm", "cdb", "lmdb", "texthash", "default",
    ]

    /// Types whose text file Postfix reads by itself.
    package static let patternTypes: Set<String> = ["cidr", "regexp", "pcre"]

    /// Types that ask a server or another program.
    package static let remoteTypes: Set<String> = [
        "mysql", "pgsql", "ldap", "sqlite", "mongodb", "memcache", "tcp", "socketmap", "nis", "nisplus",
        "netinfo", "unix",
    ]
}
