import HostIO
import MailModel
import Postfix

extension PostfixFiles {
    /// The most that a listing of a table may come to, in bytes.
    private static let listingLimit = 64 << 20

    /// What a lookup table can answer.
    /// - Parameter name: `type:path`, as the configuration names it.
    func table(_ name: String) async -> TableContent {
        guard let table = TableName(name) else { return .unreadable("\(name) is no lookup table") }
        switch table.type {
        case let type where TableName.patternTypes.contains(type): return textTable(table)
        case "texthash": return textTable(table)
        case "hash", "btree": return await compiledTable(table, suffix: ".db")
        case "lmdb": return await compiledTable(table, suffix: ".lmdb")
        case "cdb": return await compiledTable(table, suffix: ".cdb")
        case "dbm", "sdbm": return await compiledTable(table, suffix: ".pag")
        case let type where TableName.remoteTypes.contains(type):
            return .unreadable("\(name) is answered by a server or another program, which is not asked")
        default: return .unreadable("\(name) is of a type that cannot be listed")
        }
    }

    private func textTable(_ table: TableName) -> TableContent {
        switch read(table.name) {
        case .success(let content):
            return .entries(parseTable(type: table.type, bytes: content.bytes), source: content.path)
        case .failure(let problem): return .unreadable(problem.reason)
        }
    }

    /// Postfix looks into the compiled file alone. The text beside it is only good for line numbers, and only
    /// while it says the same.
    private func compiledTable(_ table: TableName, suffix: String) async -> TableContent {
        guard let programs else { return copiedTable(table, suffix: suffix) }
        let path = table.name
        guard path.hasPrefix("/") else {
            return .unreadable("\(path) is no absolute path, and where Postfix looks for it is not known")
        }
        guard files.exists(path + suffix) else {
            return .unreadable(
                files.exists(path)
                    ? "\(path)\(suffix) is not there, so Postfix cannot use \(path): postmap was not run"
                    : "\(path)\(suffix) is not there")
        }
        let listed: [TableEntry]
        do {
            listed = try await list(table, programs)
        } catch {
            return .unreadable(error.summary)
        }
        guard case .success(let text) = read(path) else { return .entries(listed, source: path + suffix) }
        let written = parseTable(type: table.type, bytes: text.bytes)
        return saysTheSame(written, listed)
            ? .entries(written, source: text.path) : .entries(listed, source: path + suffix)
    }

    private func copiedTable(_ table: TableName, suffix: String) -> TableContent {
        let content = textTable(table)
        guard case .unreadable = content, case .success = read(table.name + suffix) else { return content }
        return .unreadable("\(table.name) is in the copy only as \(table.name)\(suffix), in compiled form")
    }

    private func list(
        _ table: TableName, _ programs: Instruments
    ) async throws(Failure) -> [TableEntry] {
        let name = "\(table.type):\(table.name)"
        let call = ProgramCall(
            executable: "/usr/sbin/postmap", arguments: ["-s", name],
            deadline: programs.deadlines.table, outputLimit: Self.listingLimit)
        let result = try await programs.run(call)
        guard result.succeeded else {
            throw Failure(.failed, "\(name) cannot be listed: \(firstLine(of: result))")
        }
        return result.output.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(
                separator: UInt8(ascii: "\t"), maxSplits: 1, omittingEmptySubsequences: false
            )
            .map { String(decoding: $0, as: UTF8.self) }
            return TableEntry(key: parts[0], value: parts.count == 2 ? parts[1] : "", line: nil)
        }
        // The order in a hash says nothing, and differs after each postmap.
        .sorted { ($0.key, $0.value) < ($1.key, $1.value) }
    }
}

/// Whether the text gives exactly the compiled entries. postmap(1) folds keys to lower case and keeps the
/// first of two equal ones.
private func saysTheSame(_ written: [TableEntry], _ listed: [TableEntry]) -> Bool {
    let folded = { (entries: [TableEntry]) in
        Dictionary(
            entries.map { ($0.key.folded, $0.value.trimmed) }, uniquingKeysWith: { first, _ in first })
    }
    return folded(written) == folded(listed)
}
