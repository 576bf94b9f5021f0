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
/// domains that are delivered here and the address that every one of them must have (RFC 5321 section 4.5.1).
func hostedMail(
    _ postfix: Observed<PostfixConfiguration>, _ instruments: Instruments
) async -> Observed<HostedMail> {
    guard case .seen(let configuration) = postfix else {
        return .unseen(postfix.reason ?? "the configuration of Postfix was not seen")
    }
    let reader = PostfixFiles(
        place: .host, directory: configuration.directory, files: instruments.files, programs: instruments)
    var mailboxes: [String] = []
    for name in listMembers("virtual_mailbox_maps", of: configuration) where name.contains(":") {
        var content = configuration.tables[name]
        if content == nil { content = await reader.table(name) }
        guard case .entries(let entries, _) = content else { continue }
        mailboxes += entries.map(\.key).filter { !$0.hasPrefix("@") && $0.split(separator: "@").count == 2 }
    }
    if let hosted = hostedMail(mailboxes: mailboxes) { return .seen(hosted) }
    let domains = listMembers("mydestination", of: configuration)
        .filter { $0.contains(".") && !$0.contains(":") && !$0.contains("/") && !$0.hasPrefix("localhost") }
    guard let domain = domains.first else {
        return .unseen("neither Plesk nor Postfix names a domain whose mail stays on this host")
    }
    return .seen(HostedMail(domains: domains.sorted(), recipient: "postmaster@\(domain)"))
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
