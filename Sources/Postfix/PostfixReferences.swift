package import MailModel

/// What a configuration names and an observer must read before the configuration can be judged.
package struct PostfixReferences: Hashable, Sendable {
    /// Files that lists include (`mynetworks = /etc/postfix/nets`), by the path as written after expansion.
    package var files: [String]
    /// Lookup tables that need a file or a server, as written after expansion.
    package var tables: [String]

    /// The parameters that may name what has to be read, those that hold restrictions last.
    /// - Parameter values: may define restriction classes.
    package static func parameters(_ values: ParameterValues) -> [String] {
        lists + restrictions(values)
    }

    fileprivate static func restrictions(_ values: ParameterValues) -> [String] {
        restrictionLists + values.value(of: "smtpd_restriction_classes").items.map(\.text)
    }

    /// Those that are lists of hosts, names and tables, and maps.
    fileprivate static let lists = [
        "mynetworks", "mydestination", "relay_domains", "virtual_alias_domains", "virtual_mailbox_domains",
        "permit_mx_backup_networks", "smtpd_authorized_xclient_hosts", "smtpd_authorized_xforward_hosts",
        "qmqpd_authorized_clients", "relay_clientcerts", "smtpd_sender_login_maps", "transport_maps",
        "virtual_alias_maps", "canonical_maps", "recipient_canonical_maps", "relay_recipient_maps",
        "sender_dependent_default_transport_maps", "sender_dependent_relayhost_maps", "header_checks",
        "body_checks", "sender_bcc_maps", "recipient_bcc_maps", "smtpd_command_filter",
        "mailbox_transport_maps", "fallback_transport_maps", "relocated_maps", "sender_canonical_maps",
        "alias_maps", "local_recipient_maps", "virtual_mailbox_maps", "smtpd_sasl_exceptions_networks",
        "smtpd_discard_ehlo_keyword_address_maps", "postscreen_access_list",
        "postscreen_allowlist_interfaces", "postscreen_whitelist_interfaces", "smtpd_noop_commands",
    ]

    /// The parameters that hold restrictions, in the order in which smtpd comes to them.
    static let restrictionLists = [
        "smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions",
        "smtpd_relay_restrictions", "smtpd_recipient_restrictions", "smtpd_data_restrictions",
        "smtpd_end_of_data_restrictions",
    ]
}

/// Finds every file and table that decides relaying.
///
/// An included file may name more: read what is asked for, hand it back in `otherFiles`, and ask again
/// until nothing new comes.
/// - Parameters:
///   - mainCF: the bytes of `main.cf`.
///   - masterCF: the bytes of `master.cf`.
///   - version: `mail_version`; the measured release when `nil`.
///   - hostName: the kernel's host name.
///   - otherFiles: what was read so far, by path.
/// - Returns: without repetition, in the order in which they are met.
package func references(
    of mainCF: [UInt8], masterCF: [UInt8], version: String?, hostName: String? = nil,
    otherFiles: [String: FileContent?] = [:]
) -> PostfixReferences {
    let main = MainCF(mainCF)
    let master = MasterCF(masterCF)
    let release = version.flatMap(PostfixVersion.init) ?? .measured
    var finder = ReferenceFinder(otherFiles: otherFiles)
    // Overrides, also of the daemons that route and rewrite, may name tables of their own.
    let services = master.services.indices.filter {
        !master.services[$0].overrides.isEmpty
            && ["smtpd", "qmqpd", "postscreen", "trivial-rewrite", "cleanup", "local"].contains(
                master.services[$0].command)
    }
    let loads = ParameterValues.mayDependOnLoad(mainCF, masterCF) ? [false, true] : [false]
    for service in [nil] + services.map(Optional.some) {
        for isUnderLoad in loads {
            let values = ParameterValues(
                main: main, master: master, service: service, version: release, hostName: hostName,
                isUnderLoad: isUnderLoad)
            finder.visit(values)
        }
    }
    return PostfixReferences(files: finder.files, tables: finder.tables)
}

private struct ReferenceFinder {
    let otherFiles: [String: FileContent?]
    var files: [String] = []
    var tables: [String] = []
    private var seen: Set<String> = []
    private var seenLists: [[UInt8]] = []

    init(otherFiles: [String: FileContent?]) { self.otherFiles = otherFiles }

    mutating func visit(_ values: ParameterValues) {
        for name in PostfixReferences.lists {
            let value = values.value(of: name)
            // Most services have the same lists, which may be long.
            guard !value.text.isEmpty, !seenLists.contains(value.text.bytes) else { continue }
            seenLists.append(value.text.bytes)
            visit(items: value.items.map(\.text))
        }
        for name in PostfixReferences.restrictions(values) {
            var previous = ""
            for item in values.value(of: name).items.map(\.text) {
                if previous.folded != "check_policy_service" { visit(table: item) }
                previous = item
            }
        }
    }

    private mutating func visit(items: [String]) {
        for item in items {
            if item.hasPrefix("#") { break }
            let pattern = String(item.drop { $0 == "!" })
            if pattern.hasPrefix("/") {
                visit(file: pattern)
            } else if !pattern.hasPrefix("[") {
                visit(table: pattern)
            }
        }
    }

    private mutating func visit(file: String) {
        guard seen.insert(file).inserted else { return }
        files.append(file)
        guard let content = otherFiles[file] ?? nil else { return }
        visit(items: includedItems(content.bytes).map(\.text))
    }

    private mutating func visit(table text: String) {
        guard text.utf8.contains(UInt8(ascii: ":")) else { return }
        let inner = text.hasPrefix("{") ? text.bytes[...].strippingBraces.text : text
        let isWhole = inner.utf8.contains(UInt8(ascii: "{"))
        let first = isWhole ? inner : String(inner.prefix { !$0.isWhitespace && $0 != "," })
        guard let name = TableName(first), seen.insert(name.text).inserted else { return }
        if !name.members.isEmpty, ["unionmap", "pipemap", "randmap"].contains(name.type) {
            for member in name.members { visit(table: member) }
        } else if !name.isSelfContained, name.type != "inet" {
            tables.append(name.text)
        }
    }
}

/// One item of a file that a list includes, with the physical line that holds it.
package struct IncludedItem: Hashable, Sendable {
    package let bytes: [UInt8]
    package let line: Int
    /// In the file.
    package let range: Range<Int>

    package var text: String { bytes.text }
}

/// The items of a file that a list includes: split as the list is, lines that begin with `#` left out.
package func includedItems(_ bytes: [UInt8]) -> [IncludedItem] {
    var items: [IncludedItem] = []
    var start = 0
    var number = 0
    while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
        number += 1
        if bytes[start] != UInt8(ascii: "#") {
            let line = Array(bytes[start..<end])
            for range in tokenRanges(in: line, separators: isListSeparator) {
                if line[range.lowerBound] == UInt8(ascii: "#") { break }
                items.append(
                    IncludedItem(
                        bytes: Array(line[range]), line: number,
                        range: range.lowerBound + start..<range.upperBound + start))
            }
        }
        start = end + 1
    }
    return items
}
