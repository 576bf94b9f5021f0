import HostIO
import MailModel
import Postfix

extension PostfixFiles {
    /// The most that a listing of a table may come to, in bytes.
    private static let listingLimit = 64 << 20

    /// What a lookup table can answer.
    /// - Parameter name: `type:path`, as the configuration names it.
    func table(_ name: String) async -> TableContent {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 2 else { return .unreadable("\(name) is no lookup table: it has no type") }
        let (type, path) = (parts[0], parts[1])
        switch type {
        // proxymap(8) only opens the table on behalf of smtpd.
        case "proxy": return await table(path)
        case "cidr", "regexp", "pcre", "texthash": return textTable(type: type, path: path)
        case "hash", "btree": return await compiledTable(type: type, path: path, suffix: ".db")
        case "lmdb": return await compiledTable(type: type, path: path, suffix: ".lmdb")
        case "cdb": return await compiledTable(type: type, path: path, suffix: ".cdb")
        case "dbm", "sdbm": return await compiledTable(type: type, path: path, suffix: ".pag")
        case "mysql", "pgsql", "ldap", "memcache", "sqlite", "mongodb", "redis":
            return .unreadable("\(name) is answered by a database, which is not asked")
        case "tcp", "socketmap", "nis", "nisplus", "unix", "netinfo":
            return .unreadable("\(name) is answered by another program, which is not asked")
        default: return .unreadable("\(name) is of a type that cannot be listed")
        }
    }

    private func textTable(type: String, path: String) -> TableContent {
        switch read(path) {
        case .success(let content):
            return .entries(parseTable(type: type, bytes: content.bytes), source: content.path)
        case .failure(let problem): return .unreadable(problem.reason)
        }
    }

    /// Postfix looks into the compiled file alone. The text beside it is only good for line numbers, and only
    /// while it says the same.
    private func compiledTable(type: String, path: String, suffix: String) async -> TableContent {
        guard let programs else { return copiedTable(type: type, path: path, suffix: suffix) }
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
            listed = try await list(type: type, path: path, programs)
        } catch {
            return .unreadable(error.summary)
        }
        guard case .success(let text) = read(path) else { return .entries(listed, source: path + suffix) }
        let written = parseTable(type: type, bytes: text.bytes)
        return saysTheSame(written, listed)
            ? .entries(written, source: text.path) : .entries(listed, source: path + suffix)
    }

    private func copiedTable(type: String, path: String, suffix: String) -> TableContent {
        let content = textTable(type: type, path: path)
        guard case .unreadable = content, case .success = read(path + suffix) else { return content }
        return .unreadable(
            "\(path) is in the copy only in its compiled form, \(path)\(suffix), which is read on its own host"
        )
    }

    private func list(
        type: String, path: String, _ programs: Instruments
    ) async throws(Failure) -> [TableEntry] {
        let call = ProgramCall(
            executable: "/usr/sbin/postmap", arguments: ["-s", "\(type):\(path)"],
            deadline: programs.deadlines.table, outputLimit: Self.listingLimit)
        let result = try await programs.run(call)
        guard result.succeeded else {
            throw Failure(.failed, "\(type):\(path) cannot be listed: \(firstLine(of: result))")
        }
        return result.output.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(
                separator: UInt8(ascii: "\t"), maxSplits: 1, omittingEmptySubsequences: false
            )
            .map { String(decoding: $0, as: UTF8.self) }
            return TableEntry(key: parts[0], value: parts.count == 2 ? parts[1] : "", line: nil)
        }
    }
}

/// Whether the text gives exactly the compiled entries. postmap(1) folds keys to lower case and keeps the
/// first of two equal ones.
private func saysTheSame(_ written: [TableEntry], _ listed: [TableEntry]) -> Bool {
    let folded = { (entries: [TableEntry]) in
        Dictionary(
            entries.map { ($0.key.lowercased(), $0.value.trimmed) }, uniquingKeysWith: { first, _ in first })
    }
    return folded(written) == folded(listed)
}
