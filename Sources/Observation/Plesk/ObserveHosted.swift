import MailModel
import Postfix

/// What Plesk's database says of the domains and of their mailboxes.
/// - Returns: without a recipient only where the database was asked for some and has none.
func hostedMail(_ answer: DatabaseAnswer) -> Observed<HostedMail> {
    answer.rows(.domains).flatMap { domains in
        answer.rows(.mailbox).map { mailboxes in
            // An old Plesk has no aliases of domains.
            let names = domains + (answer.rows(.domainAliases).value ?? [])
            return HostedMail(domains: names.compactMap(\.first), recipients: mailboxes.compactMap(\.first))
        }
    }
}

/// What Postfix's own configuration says, for a host whose Plesk does not tell: the table of mailboxes, else the
/// domains that are delivered here.
func hostedMail(
    _ postfix: Observed<PostfixConfiguration>, _ instruments: Instruments
) async -> Observed<HostedMail> {
    guard case .seen(let configuration) = postfix else {
        return .unseen(postfix.reason ?? "the configuration of Postfix was not seen")
    }
    let reader = hostPostfixFiles(instruments)
    let maps = listMembers("virtual_mailbox_maps", of: configuration).filter { $0.contains(":") }
    let others = await reader.tables(maps.filter { configuration.tables[$0] == nil }, instruments)
    var mailboxes: [String] = []
    for case .entries(let entries, _) in maps.compactMap({ configuration.tables[$0] ?? others[$0] }) {
        mailboxes += entries.map(\.key).filter { !$0.hasPrefix("@") && $0.split(separator: "@").count == 2 }
    }
    guard mailboxes.isEmpty else { return .seen(hostedMail(mailboxes: mailboxes)) }
    let recipients = localRecipients(configuration, instruments.files)
    guard !recipients.isEmpty else {
        return .unseen("neither Plesk nor Postfix names a domain whose mail stays on this host")
    }
    let domains = recipients.compactMap { $0.split(separator: "@").last.map(String.init) }
    // The host's own name is mostly among them, and few have an address at it.
    let ownNames = listMembers("myhostname", of: configuration)
    let domain = domains.first { !ownNames.contains($0) } ?? domains[0]
    return .seen(
        HostedMail(
            domains: domains.sorted(), recipients: recipients,
            sender: firstUser(instruments.files).map { "\($0)@\(domain)" }))
}

/// Postmaster (RFC 5321 section 4.5.1), or root, at each domain that is delivered here by name.
func localRecipients(_ configuration: PostfixConfiguration, _ files: HostFiles) -> [String] {
    let user = hasPostmaster(configuration, files) ? "postmaster" : "root"
    return listMembers("mydestination", of: configuration)
        .filter { $0.contains(".") && !$0.contains(":") && !$0.contains("/") && !$0.hasPrefix("localhost") }
        .map { "\(user)@\($0)" }
}

/// A domain that the host relays for, of those that are named one by one.
func relayDomain(_ configuration: PostfixConfiguration) -> String? {
    let local = listMembers("mydestination", of: configuration)
    return listMembers("relay_domains", of: configuration).first {
        $0.contains(".") && !$0.contains(":") && !$0.contains("/") && !$0.hasPrefix(".")
            && !local.contains($0)
    }
}

/// The first person with a login (passwd(5)): system users have numbers below 1000, `nobody` one above 60000.
private func firstUser(_ files: HostFiles) -> String? {
    for line in (files.text("/etc/passwd") ?? "").split(whereSeparator: \.isNewline) {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 7, let number = Int(fields[2]), (1000..<60000).contains(number) else {
            continue
        }
        return String(fields[0])
    }
    return nil
}

/// Whether an alias table of the host has postmaster, by its text (aliases(5)). Every host has root.
private func hasPostmaster(_ configuration: PostfixConfiguration, _ files: HostFiles) -> Bool {
    listMembers("alias_maps", of: configuration).contains { name in
        guard let path = TableName(name)?.name, path.hasPrefix("/"), let text = files.text(path) else {
            return false
        }
        return text.split(whereSeparator: \.isNewline).contains { line in
            line.split(separator: ":").first?.trimmed.lowercased() == "postmaster"
        }
    }
}

/// Mailboxes of postmaster before all others, then the first by their names.
private func hostedMail(mailboxes: [String]) -> HostedMail {
    let recipients = mailboxes.sorted { left, right in
        let rank = { (address: String) in (address.hasPrefix("postmaster@") ? 0 : 1, address) }
        return rank(left) < rank(right)
    }
    let domains = Set(mailboxes.compactMap { $0.split(separator: "@").last.map(String.init) })
    return HostedMail(domains: domains.sorted(), recipients: Array(recipients.prefix(100)))
}
