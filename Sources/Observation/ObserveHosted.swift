import MailModel
import Postfix

/// What Plesk's database says of the domains and of one mailbox of theirs.
/// - Returns: without a recipient only where the database was asked for one and has none.
func hostedMail(_ answer: DatabaseAnswer) -> Observed<HostedMail> {
    answer.rows(.domains).flatMap { domains in
        answer.rows(.mailbox).map { mailboxes in
            HostedMail(domains: domains.compactMap(\.first), recipient: mailboxes.first?.first)
        }
    }
}

/// What Postfix's own configuration says, for a host whose Plesk does not tell: the table of mailboxes, else the
/// domains that are delivered here, with postmaster (RFC 5321 section 4.5.1) or root.
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
    if let hosted = hostedMail(mailboxes: mailboxes) { return .seen(hosted) }
    let domains = listMembers("mydestination", of: configuration)
        .filter { $0.contains(".") && !$0.contains(":") && !$0.contains("/") && !$0.hasPrefix("localhost") }
    guard let domain = domains.first else {
        return .unseen("neither Plesk nor Postfix names a domain whose mail stays on this host")
    }
    let user = hasPostmaster(configuration, instruments.files) ? "postmaster" : "root"
    return .seen(HostedMail(domains: domains.sorted(), recipient: "\(user)@\(domain)"))
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

/// A mailbox of postmaster before all others, then the first by its name.
private func hostedMail(mailboxes: [String]) -> HostedMail? {
    let recipient = mailboxes.min { left, right in
        let rank = { (address: String) in (address.hasPrefix("postmaster@") ? 0 : 1, address) }
        return rank(left) < rank(right)
    }
    guard let recipient else { return nil }
    let domains = Set(mailboxes.compactMap { $0.split(separator: "@").last.map(String.init) })
    return HostedMail(domains: domains.sorted(), recipient: recipient)
}
