/// Everything that decides what a Postfix does with a client, as bytes and data: no daemon, no I/O.
package struct PostfixConfiguration: Sendable, Equatable {
    /// `mail_version`, such as `3.7.11`; `nil` when unknown (a copy read elsewhere), then the newest
    /// release whose behaviour was measured is assumed.
    package var version: String?
    /// Where the files belong on the host: `/etc/postfix`.
    package var directory: String
    package var mainCF: FileContent
    package var masterCF: FileContent
    /// Files that values name by path (`mynetworks = /etc/postfix/nets`), by the path as written after
    /// expansion. A file that is not there is `nil`.
    package var otherFiles: [String: FileContent?]
    /// Those of them that the host may well have, and why they could not be read here.
    package var unreadableFiles: [String: String] = [:]
    /// What else smtpd wants of the host and does not find, and why, as a sentence without a full stop: files of TLS and
    /// directories of authorities, by path. What cannot be seen is not here.
    package var missing: [String: String] = [:]
    /// The same of programs such as milters, by endpoint, for services that see the whole file system.
    package var missingOutside: [String: String] = [:]
    /// The same for services that chroot(2) has put into the queue directory.
    package var missingInJail: [String: String] = [:]
    /// Compiled tables that are not there although their text is, by `type:name` as in ``tables``.
    package var uncompiledTables: [String: CompiledTable] = [:]
    /// Compiled tables whose text says something else by now, in the same way.
    package var staleTables: [String: CompiledTable] = [:]
    /// Lookup tables by `type:name` as written after expansion.
    package var tables: [String: TableContent]
    /// The text of tables that can be edited row by row, by the source that ``tables`` gives for them: Postfix reads
    /// it as it stands (`cidr`, `regexp`, `pcre`, `texthash`), or it says the same as what was compiled from it.
    package var tableTexts: [String: FileContent] = [:]
    /// What is compiled from a text of ``tableTexts``, by the same source.
    package var compiledTables: [String: CompiledTable] = [:]
    /// The addresses of the host with the prefixes of their networks, for `mynetworks_style` and
    /// `inet_interfaces`; `nil` when unknown (a copy read elsewhere).
    package var interfaces: [IPNetwork]?
    /// The kernel's host name, the default of `myhostname`; `nil` when unknown.
    package var hostName: String?

    package init(
        version: String?, directory: String, mainCF: FileContent, masterCF: FileContent,
        otherFiles: [String: FileContent?], tables: [String: TableContent], interfaces: [IPNetwork]?,
        hostName: String?
    ) {
        self.version = version
        self.directory = directory
        self.mainCF = mainCF
        self.masterCF = masterCF
        self.otherFiles = otherFiles
        self.tables = tables
        self.interfaces = interfaces
        self.hostName = hostName
    }
}

/// A file as it was read.
package struct FileContent: Hashable, Sendable {
    /// Where it was read, after links: what an edit replaces and what messages name.
    package var path: String
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// A lookup table that postmap(1) makes of a text, and that counts in place of it.
package struct CompiledTable: Hashable, Sendable, Codable {
    /// `hash`, `btree`, `lmdb`, `cdb`.
    package var type: String
    /// The text, as the configuration names it.
    package var name: String
    /// The file that is made, after links.
    package var path: String

    package init(type: String, name: String, path: String) {
        self.type = type
        self.name = name
        self.path = path
    }

    /// The command that makes it anew.
    package var command: [String] { ["/usr/sbin/postmap", "\(type):\(name)"] }
}

/// What a lookup table can answer.
package enum TableContent: Hashable, Sendable {
    /// Every entry, in the order of the source: a text source (`hash:`, `cidr:`, `regexp:`, `pcre:`, …)
    /// or the enumeration of a compiled one.
    case entries([TableEntry], source: String)
    /// Why it cannot be read, as a sentence without a full stop.
    case unreadable(String)
    /// What one that can only be asked, and not listed, answered to the keys of ordinary strangers; and why no more is
    /// known of it, as a sentence without a full stop.
    case asked([String: String], why: String)
    /// Why Postfix itself cannot look anything up in it, as a sentence without a full stop.
    case failing(String)
}

/// One entry of a lookup table.
package struct TableEntry: Hashable, Sendable {
    package var key: String
    package var value: String
    /// The line in the text source, from 1; `nil` in a compiled table.
    package var line: Int?
    /// Whether the key, which is in lower case here, was written with capitals.
    package var hasCapitals: Bool

    package init(key: String, value: String, line: Int?, hasCapitals: Bool = false) {
        self.key = key
        self.value = value
        self.line = line
        self.hasCapitals = hasCapitals
    }
}
