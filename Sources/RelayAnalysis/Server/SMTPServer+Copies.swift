import MailModel
import Postfix

/// Mail for this host that goes to another one as well, or instead, where the sender says to which.
extension SMTPServer {
    /// The row of `recipient_bcc_maps` that takes the address of a copy from the recipient's own (cleanup(8)).
    func copyBlame(_ session: Session) -> Blame? {
        let items = rewriting.value(of: "recipient_bcc_maps").items
        guard !items.isEmpty else { return nil }
        let destination = resolver.resolve(session.recipient, assuming: given)
        guard destination.isFinal else { return nil }
        return items.lazy.compactMap { item -> Blame? in
            let table = self.host.tables.table(item.text)
            guard case .found(let value, let entry) = table.ask(destination.address) else { return nil }
            return self.copyBlame(value, entry, of: table, item, "recipient_bcc_maps")
        }.first
    }

    /// A row of an access(5) table that does the same by REDIRECT or BCC.
    func copyBlame(
        _ value: String, _ entry: Int?, of table: LookupTable, _ restriction: Restriction
    ) -> Blame? {
        let word = value.prefix { $0 != " " }.uppercased()
        guard ["REDIRECT", "BCC"].contains(word), let item = restriction.items.last else { return nil }
        var blame = copyBlame(value, entry, of: table, item, parameter(of: item) ?? "")
        blame?.restriction = restriction
        return blame
    }

    private func copyBlame(
        _ value: String, _ entry: Int?, of table: LookupTable, _ item: ListItem, _ parameter: String
    ) -> Blame? {
        guard let entry, table.entries[entry].value.contains("$"),
            rewritingTargets(value).contains(where: { $0.folded.hasSuffix("@\(Stranger.domain)") })
        else { return nil }
        var blame = Blame(
            kind: .addressRewriting, parameter: parameter, place: host.quoting.place(of: item), item: item)
        blame.accuse(entry, of: table)
        return closed.contains(blame.identity) ? nil : blame
    }

    /// Whether smtpd takes a recipient of this host: whoever has a mailbox here has one with an extension as well.
    func exists(_ session: Session) -> Bool {
        if knows(session) { return true }
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
