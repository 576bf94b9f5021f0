import MailModel
import Postfix

extension Mender {
    /// Takes the guilty row out of a table that keeps rows which somebody vouched for.
    ///
    /// Where no such row is left the list need not ask the table, and where there are very many guilty ones the
    /// table is not what its author thinks.
    /// - Returns: whether the row goes.
    mutating func removeRow(_ blame: Blame, _ server: SMTPServer) -> Bool {
        guard let entry = blame.entry, let row = row(of: entry), hasVouchedRow(host.tables.table(entry.table))
        else { return false }
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
            let line = logicalLines(of: text.bytes).first(where: {
                $0.firstLine == table.entries[entry.index].line
            })
        else { return nil }
        return (line, text, .table(source))
    }

    private func hasVouchedRow(_ table: LookupTable) -> Bool {
        table.entries.count <= 1000
            && table.entries.contains { entry in
                guard case .network(let network) = CIDRText(entry.key) else { return false }
                return host.isTrusted(network)
            }
    }
}
