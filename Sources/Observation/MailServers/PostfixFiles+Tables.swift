import MailModel
import Postfix

extension PostfixFiles {
    /// Where the content of a lookup table comes from.
    enum TableSource: Equatable {
        /// The table is a text file that Postfix itself reads, or cannot be read at all.
        /// Postfix reads the text itself.
        case text(TableName)
        /// It says nothing here, for this reason.
        case unlisted(String)
        /// Postfix looks into `path` with `suffix` alone, which postmap(1) made of `path`.
        case compiled(TableName, suffix: String)
        /// A server or another program answers, and gives no list.
        case remote(TableName)
    }

    /// - Parameter name: `type:path`, as the configuration names it.
    func tableSource(_ name: String) -> TableSource {
        guard let table = TableName(name) else { return .unlisted("\(name) is no lookup table") }
        switch table.type {
        case let type where TableName.patternTypes.contains(type): return .text(table)
        case "texthash": return .text(table)
        case "hash", "btree": return .compiled(table, suffix: ".db")
        case "lmdb": return .compiled(table, suffix: ".lmdb")
        case "cdb": return .compiled(table, suffix: ".cdb")
        case "dbm", "sdbm": return .compiled(table, suffix: ".pag")
        case let type where TableName.remoteTypes.contains(type):
            return .remote(table)
        default: return .unlisted("\(name) is of a type that cannot be listed")
        }
    }

    func textTable(_ table: TableName) -> TableContent {
        switch read(table.name) {
        case .success(let content):
            return .entries(parseTable(type: table.type, bytes: content.bytes), source: content.path)
        case .failure(let problem):
            return isMissing(table.name, problem) ? .failing(problem.reason) : .unreadable(problem.reason)
        }
    }

    /// Whether a table is not there on the host either. Of a copy that holds the directory of the table, and it is not
    /// the one of `main.cf` alone, all that is in it was copied.
    private func isMissing(_ path: String, _ problem: Unreadable) -> Bool {
        guard problem.isAbsent else { return false }
        guard case .copy(_, let original) = place else { return true }
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        guard directory != original, case .at(let found) = place.locate(directory, in: files) else {
            return false
        }
        return files.exists(found)
    }
}
