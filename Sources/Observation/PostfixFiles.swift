import HostIO
import MailModel
import Postfix

/// Reads everything that a Postfix configuration consists of.
struct PostfixFiles: Sendable {
    var place: ConfigurationPlace
    /// Where the files belong on the host: `/etc/postfix`.
    var directory: String
    var files: HostFiles
    /// `nil` for a copy: compiled tables are then out of reach.
    var programs: Instruments?

    /// A file by the path that the configuration gives it.
    func read(_ path: String) -> Result<FileContent, Unreadable> {
        switch place.locate(path, in: files) {
        case .nowhere(let reason): return .failure(Unreadable(reason))
        case .at(let location):
            switch files.read(location) {
            case .bytes(let bytes):
                return .success(FileContent(path: files.resolved(location) ?? location, bytes: bytes))
            case .absent: return .failure(Unreadable("\(location) is not there"))
            case .unreadable(let reason): return .failure(Unreadable(reason))
            }
        }
    }

    struct Unreadable: Error, Equatable {
        /// A sentence without a full stop.
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// The configuration with every file and table that it names; what cannot be read is in it as such.
    func configuration(
        mainCF: FileContent, masterCF: FileContent, version: String?, hostName: String?
    ) async -> PostfixConfiguration {
        var configuration = PostfixConfiguration(
            version: version, directory: directory, mainCF: mainCF, masterCF: masterCF, otherFiles: [:],
            tables: [:], interfaces: nil, hostName: hostName)
        // A file may name further files and tables; a circle ends because each is read once.
        while true {
            let named = references(
                of: mainCF.bytes, masterCF: masterCF.bytes, version: version, hostName: hostName,
                otherFiles: configuration.otherFiles)
            let newFiles = named.files.filter { configuration.otherFiles[$0] == nil }
            let newTables = named.tables.filter { configuration.tables[$0] == nil }
            guard !newFiles.isEmpty || !newTables.isEmpty else { return configuration }
            for path in newFiles { configuration.otherFiles[path] = .some(try? read(path).get()) }
            configuration.tables.merge(await tables(newTables)) { first, _ in first }
        }
    }

    private func tables(_ names: [String]) async -> [String: TableContent] {
        await withTaskGroup(of: (String, TableContent).self) { group in
            for name in Set(names) { group.addTask { (name, await table(name)) } }
            var tables: [String: TableContent] = [:]
            for await (name, content) in group { tables[name] = content }
            return tables
        }
    }
}
