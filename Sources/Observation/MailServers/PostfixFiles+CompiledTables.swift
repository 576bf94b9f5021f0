import HostIO
import MailModel
import Postfix
import Qmail

extension PostfixFiles {
    /// The most that a listing of a table may come to, in bytes.
    private static let listingLimit = 64 << 20

    /// What the lookup tables of the host can answer, each as Postfix itself would read it.
    func tables(_ names: [String], _ instruments: Instruments) async -> [String: TableContent] {
        await withTaskGroup(of: (String, TableContent).self) { group in
            for name in Set(names) { group.addTask { (name, await table(name, instruments)) } }
            var tables: [String: TableContent] = [:]
            for await (name, content) in group { tables[name] = content }
            return tables
        }
    }

    /// The tables in which nothing can be looked up because postmap(1) was not run on their texts.
    func uncompiledTables(of configuration: PostfixConfiguration) -> [String: CompiledTable] {
        let failing = configuration.tables.filter { if case .failing = $0.value { true } else { false } }
        return failing.keys.reduce(into: [:]) { found, name in
            guard case .compiled(let table, let suffix) = tableSource(name), files.exists(table.name),
                files.problem(table.name + suffix).map(isAbsent) == true
            else { return }
            found[name] = CompiledTable(type: table.type, name: table.name, path: table.name + suffix)
        }
    }

    /// The tables that say something else than the texts which they were once made of.
    func staleTables(of configuration: PostfixConfiguration) -> [String: CompiledTable] {
        configuration.tables.reduce(into: [:]) { found, table in
            guard case .entries(_, let source) = table.value,
                case .compiled(let name, let suffix) = tableSource(table.key), source.hasSuffix(suffix),
                case .success(let text) = read(name.name), text.path != source
            else { return }
            found[table.key] = CompiledTable(type: name.type, name: name.name, path: source)
        }
    }

    /// A table of a copy by what postmap(1) made of it, as on the host, and by its text where that is not in the copy
    /// or cannot be read here.
    func copiedTable(_ name: String, _ instruments: Instruments) async -> TableContent {
        switch tableSource(name) {
        case .text(let table): return textTable(table)
        case .unlisted(let reason): return .unreadable(reason)
        case .remote:
            return .unreadable("its answers come from a server or another program, which is not asked")
        case .compiled(let table, let suffix):
            let compiled: FileContent
            switch read(table.name + suffix) {
            case .success(let content): compiled = content
            case .failure(let problem):
                let text = textTable(table)
                guard case .failing = text, !problem.isAbsent else { return text }
                return .unreadable(problem.reason)
            }
            if let listed = await list(compiled, of: table, suffix: suffix, instruments) {
                return content(of: table, listed, compiled: compiled.path)
            }
            let text = textTable(table)
            guard case .unreadable = text else { return text }
            return .unreadable(
                "\(table.name) is in the copy only as \(table.name)\(suffix), in compiled form that is not read here"
            )
        }
    }

    /// - Parameter compiled: what postmap(1) made, in a copy that nobody writes to.
    private func list(
        _ compiled: FileContent, of table: TableName, suffix: String, _ instruments: Instruments
    ) async -> [TableEntry]? {
        switch table.type {
        case "cdb": return try? entries(ConstantDatabase.records(compiled.bytes))
        case "hash":
            if let records = try? HashDatabase.records(compiled.bytes) { return entries(records) }
        default: break
        }
        let postmap = Self.postmap
        guard compiled.path.hasSuffix(suffix), instruments.files.isExecutable(postmap) else { return nil }
        return try? await list("\(table.type):\(compiled.path.dropLast(suffix.count))", instruments)
    }

    static let postmap = "/usr/sbin/postmap"

    private func table(_ name: String, _ instruments: Instruments) async -> TableContent {
        switch tableSource(name) {
        case .text(let table): return textTable(table)
        case .unlisted(let reason): return .unreadable(reason)
        case .compiled(let table, let suffix):
            return await compiledTable(table, suffix: suffix, instruments)
        case .remote(let table): return await ask(table, instruments)
        }
    }

    private func compiledTable(
        _ table: TableName, suffix: String, _ instruments: Instruments
    ) async -> TableContent {
        let path = table.name
        guard path.hasPrefix("/") else {
            return .unreadable("\(path) is no absolute path, and where Postfix looks for it is not known")
        }
        if let code = files.problem(path + suffix) {
            guard isAbsent(code) else { return .unreadable("\(path)\(suffix): \(errorText(code))") }
            return .failing(
                "\(path)\(suffix) is not there, so Postfix cannot use the table"
                    + (files.exists(path) ? ": postmap was not run on \(path)" : ""))
        }
        let listed: [TableEntry]
        do {
            listed = try await list(table, instruments)
        } catch {
            return .unreadable(error.summary)
        }
        return content(of: table, listed, compiled: path + suffix)
    }

    /// The text beside a compiled table is only good for line numbers, and only while it says the same.
    private func content(of table: TableName, _ listed: [TableEntry], compiled: String) -> TableContent {
        if case .success(let text) = read(table.name) {
            let written = parseTable(type: table.type, bytes: text.bytes)
            if saysTheSame(written, listed) { return .entries(written, source: text.path) }
        }
        // The order in a hash says nothing, and may differ after each postmap.
        return .entries(listed.sorted { ($0.key, $0.value) < ($1.key, $1.value) }, source: compiled)
    }

    private func list(_ table: TableName, _ instruments: Instruments) async throws(Failure) -> [TableEntry] {
        // postmap(1) lists every type but this one, which any program can read.
        if table.type == "cdb" { return try listConstantDatabase(table.name + ".cdb") }
        // A program for each table would cost more than all the rest.
        if table.type == "hash", let entries = listHash(table.name + ".db", instruments) { return entries }
        return try await list("\(table.type):\(table.name)", instruments)
    }

    /// By postmap(1), which reads every type but `cdb`.
    private func list(_ name: String, _ instruments: Instruments) async throws(Failure) -> [TableEntry] {
        let call = ProgramCall(
            executable: Self.postmap, arguments: ["-s", name],
            deadline: instruments.deadlines.table, outputLimit: Self.listingLimit)
        let result = try await instruments.run(call)
        guard result.succeeded else {
            throw Failure(.failed, "\(name) cannot be listed: \(firstLine(of: result))")
        }
        return entries(listing: result)
    }

    /// The lines that postmap(1) prints: a key, a tabulator, its value.
    func entries(listing result: ProgramResult) -> [TableEntry] {
        result.output.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(
                separator: UInt8(ascii: "\t"), maxSplits: 1, omittingEmptySubsequences: false
            )
            .map { String(decoding: $0, as: UTF8.self) }
            return TableEntry(key: parts[0], value: parts.count == 2 ? parts[1] : "", line: nil)
        }
    }

    /// - Returns: `nil` where postmap(1) is to be asked: what was changed just now may still be written, which it waits
    ///   for, and it can read more.
    private func listHash(_ path: String, _ instruments: Instruments) -> [TableEntry]? {
        let settled = Timestamp(microseconds: instruments.now().microseconds - Self.settlingTime)
        guard let changed = files.changed(path), changed < settled, case .success(let file) = read(path),
            files.changed(path) == changed, let records = try? HashDatabase.records(file.bytes)
        else { return nil }
        return entries(records)
    }

    /// In microseconds.
    private static let settlingTime: Int64 = 10_000_000

    private func listConstantDatabase(_ path: String) throws(Failure) -> [TableEntry] {
        switch read(path) {
        case .failure(let problem): throw Failure(.failed, problem.reason)
        case .success(let file):
            do {
                return entries(try ConstantDatabase.records(file.bytes))
            } catch {
                throw Failure(.failed, "\(path) is no constant database: \(error.reason)")
            }
        }
    }

    private func entries(_ records: [ConstantDatabase.Record]) -> [TableEntry] {
        entries(records.map { (key: $0.key, data: $0.data) })
    }

    private func entries(_ records: [(key: [UInt8], data: [UInt8])]) -> [TableEntry] {
        records.map { TableEntry(key: text($0.key), value: text($0.data), line: nil) }
    }

    /// Keys and values may end in a null byte (dict_cdb.c, dict_db.c).
    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == 0 ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}

/// Whether the text gives exactly the compiled entries. postmap(1) folds keys to lower case and keeps the
/// first of two equal ones.
private func saysTheSame(_ written: [TableEntry], _ listed: [TableEntry]) -> Bool {
    var positions: [String: Int] = [:]
    positions.reserveCapacity(listed.count)
    for (position, entry) in listed.enumerated() where positions[entry.key.folded] == nil {
        positions[entry.key.folded] = position
    }
    var isMatched = [Bool](repeating: false, count: listed.count)
    var matched = 0
    for entry in written {
        guard let position = positions[entry.key.folded] else { return false }
        guard !isMatched[position] else { continue }
        let value = listed[position].value
        guard value == entry.value || value.trimmed == entry.value.trimmed else { return false }
        isMatched[position] = true
        matched += 1
    }
    return matched == positions.count
}
