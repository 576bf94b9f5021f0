import MailModel
import Postfix

extension Mender {
    /// Takes the guilty row out of a table that keeps rows which somebody vouched for.
    ///
    /// Where no such row is left the list need not ask the table, and where there are very many guilty ones the
    /// table is not what its author thinks. A row of a table that also refuses stays, with a result that lets in mail
    /// for this host alone: what stands behind it may refuse whom its author wanted to hear from.
    /// - Returns: whether the row is no longer guilty.
    mutating func removeRow(_ blame: Blame, _ server: SMTPServer) -> Bool {
        guard let entry = blame.entry, let row = row(of: entry), hasVouchedRow(host.tables.table(entry.table))
        else { return false }
        if blame.kind.isAccess, refuses(entry.table, server), let range = range(of: entry.value, in: row.line)
        {
            add(TextEdit(range, "permit_auth_destination"), row.file, touches: entry.key)
            return true
        }
        return deleteRow(blame)
    }

    /// Takes the guilty row out of a text that Postfix reads as it stands.
    /// - Returns: `false` where there is none to be edited.
    mutating func deleteRow(_ blame: Blame) -> Bool {
        guard let entry = blame.entry, let row = row(of: entry) else { return false }
        for piece in row.line.pieces {
            let end = min(piece.range.upperBound + 1, row.text.bytes.count)
            add(TextEdit(piece.range.lowerBound..<end, ""), row.file, touches: entry.key)
        }
        return true
    }

    /// The row in the table's text, where Postfix reads that text itself and it still says the same.
    private func row(
        of entry: BlamedEntry
    ) -> (line: LogicalLine, text: FileContent, file: ConfigurationFile)? {
        let table = host.tables.table(entry.table)
        guard let source = table.source, let text = host.configuration.tableTexts[source],
            let type = TableName(entry.table)?.type,
            parseTable(type: type, bytes: text.bytes) == table.entries,
            let line = LogicalLines(text.bytes).first(where: {
                $0.firstLine == table.entries[entry.index].line
            })
        else { return nil }
        return (line, text, .table(source))
    }

    private func refuses(_ table: String, _ server: SMTPServer) -> Bool {
        host.tables.table(table).entries.contains { server.isRefusal($0.value) }
    }

    /// The bytes of a result at the end of its row, where they are in one place.
    private func range(of value: String, in line: LogicalLine) -> Range<Int>? {
        let end = line.bytes.count - line.bytes.reversed().prefix(while: \.isSpace).count
        let start = end - value.utf8.count
        guard !value.isEmpty, start > 0, line.bytes[start..<end].elementsEqual(value.utf8) else { return nil }
        let places = line.places(of: start..<end)
        return places.count == 1 ? places[0].range : nil
    }

    private func hasVouchedRow(_ table: LookupTable) -> Bool { !vouchedRows(table).isEmpty }

    /// The rows that let in a network which somebody vouched for.
    func vouchedRows(_ table: LookupTable) -> [(entry: TableEntry, network: IPNetwork)] {
        guard table.entries.count <= 1000 else { return [] }
        return table.entries.compactMap { entry in
            guard let network = network(of: entry, in: table), host.isTrusted(network) else { return nil }
            return (entry, network)
        }
    }

    private func network(of entry: TableEntry, in table: LookupTable) -> IPNetwork? {
        if case .fixed = table.content {
            return IPNetwork(octets: entry.key)
                ?? IPAddress(entry.key).flatMap { IPNetwork($0, prefix: $0.width) }
        }
        guard case .network(let network) = CIDRText(entry.key) else { return nil }
        return network
    }

    /// A lookup of nothing but the vouched rows, for a table that cannot be edited row by row.
    /// - Returns: `nil` where there is no such row, or Postfix has no tables in place (before 3.0).
    func vouchedLookup(_ restriction: Restriction, _ server: SMTPServer) -> String? {
        guard case .access(.client, let name) = restriction.kind, host.version.includes(.tablesInPlace) else {
            return nil
        }
        let table = host.tables.table(name)
        // A part of a network cannot be the key of such a table; those of the other types can be edited.
        guard case .fixed = table.content else { return nil }
        let rows = vouchedRows(table).filter { row in
            if case .permit = server.action(of: row.entry.value) { true } else { false }
        }
        guard !rows.isEmpty else { return nil }
        return "check_client_access inline:{\(rows.map { "\($0.entry.key)=OK" }.joined(separator: ", "))}"
    }
}

extension IPNetwork {
    /// The first octets of an IPv4 address, as a table of fixed keys has them (access(5)): `192.0.2` is
    /// 192.0.2.0/24.
    init?(octets key: String) {
        guard let (bits, count) = IPAddress.octets(key[...]) else { return nil }
        self.init(.v4(bits << UInt32((4 - count) * 8)), prefix: count * 8)
    }
}
