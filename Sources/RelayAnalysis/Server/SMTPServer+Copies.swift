import MailModel
import Postfix

/// Mail for this host that goes to another one as well, or instead, where the sender says to which.
extension SMTPServer {
    /// The row by which cleanup(8) takes the address of a copy from the recipient's own, from the sender's, or from the
    /// text of the message.
    func copyBlame(_ session: Session) -> Blame? {
        let destination = resolver.resolve(session.recipient, assuming: given)
        guard destination.isFinal else { return nil }
        return copyBlame(asking: destination.address, "recipient_bcc_maps")
            ?? copyBlame(asking: session.sender, "sender_bcc_maps")
            ?? session.text.flatMap { text in
                copyBlame(asking: text, "header_checks") ?? copyBlame(asking: text, "body_checks")
            }
    }

    private func copyBlame(asking key: String, _ parameter: String) -> Blame? {
        let isCheck = parameter.hasSuffix("_checks")
        let options = values.value(of: "receive_override_options").items.map { $0.text.folded }
        if options.contains(isCheck ? "no_header_body_checks" : "no_address_mappings") { return nil }
        return rewriting.value(of: parameter).items.lazy.compactMap { item -> Blame? in
            let table = self.host.tables.table(item.text)
            guard case .found(let value, let entry) = table.ask(key), !isCheck || Self.givesCopies(value)
            else { return nil }
            return self.copyBlame(value, entry, of: table, item, parameter)
        }.first
    }

    /// REDIRECT and BCC, in access(5) and header_checks(5).
    static func givesCopies(_ value: String) -> Bool {
        // Asked of every row: most begin with another letter.
        guard let first = value.utf8.first, "RrBb".utf8.contains(first) else { return false }
        return ["REDIRECT", "BCC"].contains(value.prefix { $0 != " " }.uppercased())
    }

    /// A row of an access(5) table that does the same by REDIRECT or BCC.
    func copyBlame(
        _ value: String, _ entry: Int?, of table: LookupTable, _ restriction: Restriction
    ) -> Blame? {
        guard Self.givesCopies(value), let item = restriction.items.last else { return nil }
        var blame = copyBlame(value, entry, of: table, item, parameter(of: item) ?? "")
        blame?.restriction = restriction
        return blame
    }

    private func copyBlame(
        _ value: String, _ entry: Int?, of table: LookupTable, _ item: ListItem, _ parameter: String
    ) -> Blame? {
        let row = entry.map { table.entries[$0].value } ?? ""
        // A chain of tables has no row of its own: who wrote down the domain of a stranger that there is not?
        let isTaken =
            entry == nil
            ? rewritingTargets(value).contains { $0.folded.hasSuffix("@\(Stranger.domain)") }
            : row.contains("$") && isChosen(value, by: row)
        guard isTaken else { return nil }
        var blame = Blame(
            kind: .addressRewriting, parameter: parameter, place: host.quoting.place(of: item), item: item)
        if let entry { blame.accuse(entry, of: table) }
        return closed.contains(blame.identity) ? nil : blame
    }

    /// Whether smtpd takes a recipient of this host: whoever has a mailbox here has one with an extension as well.
    func exists(_ session: Session) -> Bool {
        if session.hasKnownRecipient || knows(session) { return true }
        let destination = resolver.resolve(session.recipient, assuming: given)
        let local = destination.address.prefix { $0 != "@" }
        return destination.isFinal && withoutExtension(String(local)) != nil
    }

    /// The tables that may name the address of a copy.
    var copyMaps: [String] {
        let checks = (Array(lists.values) + Array(classes.values)).joined().compactMap {
            restriction -> String? in
            guard case .access(.recipient, let table) = restriction.kind else { return nil }
            return table
        }
        return Set(checks).sorted() + rewriting.value(of: "recipient_bcc_maps").items.map(\.text)
    }
}
