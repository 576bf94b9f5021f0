import MailModel
import Postfix

/// Reads what a Postfix configuration consists of, on its host or from a copy.
struct PostfixFiles: Sendable {
    var place: ConfigurationPlace
    /// Where the files belong on the host: `/etc/postfix`.
    var directory: String
    var files: HostFiles

    struct Unreadable: Error, Equatable {
        /// A sentence without a full stop.
        var reason: String
        /// There is no such file where it would be.
        var isAbsent: Bool

        init(_ reason: String, isAbsent: Bool = false) {
            self.reason = reason
            self.isAbsent = isAbsent
        }
    }

    /// A file by the path that the configuration gives it.
    func read(_ path: String) -> Result<FileContent, Unreadable> {
        switch place.locate(path, in: files) {
        case .nowhere(let reason): return .failure(Unreadable(reason))
        case .at(let location):
            switch files.read(location) {
            case .bytes(let bytes):
                return .success(FileContent(path: files.resolved(location) ?? location, bytes: bytes))
            case .absent: return .failure(Unreadable("\(location) is not there", isAbsent: true))
            case .unreadable(let reason): return .failure(Unreadable(reason))
            }
        }
    }

    /// The configuration with its two own files, to be filled by ``readNewlyNamed(_:)``.
    func configuration(
        version: String?, hostName: String?, interfaces: [IPNetwork]?
    ) -> Result<PostfixConfiguration, Unreadable> {
        read("\(directory)/main.cf").flatMap { mainCF in
            read("\(directory)/master.cf").map { masterCF in
                PostfixConfiguration(
                    version: version, directory: directory, mainCF: mainCF, masterCF: masterCF,
                    otherFiles: [:], tables: [:], interfaces: interfaces, hostName: hostName)
            }
        }
    }

    /// Reads the files that are named and not read yet. They may name more: call it until none was read; a circle ends
    /// because each file is read once.
    /// - Returns: the tables that are newly named, and whether files were read.
    func readNewlyNamed(_ configuration: inout PostfixConfiguration) -> (tables: [String], mayBeMore: Bool) {
        let named = references(
            of: configuration.mainCF.bytes, masterCF: configuration.masterCF.bytes,
            version: configuration.version, hostName: configuration.hostName,
            otherFiles: configuration.otherFiles)
        let files = named.files.filter {
            configuration.otherFiles[$0] == nil && configuration.unreadableFiles[$0] == nil
        }
        let tables = named.tables.filter { configuration.tables[$0] == nil }
        for path in files {
            switch read(path) {
            case .success(let content): configuration.otherFiles[path] = content
            case .failure(let problem) where problem.isAbsent: configuration.otherFiles[path] = .some(nil)
            case .failure(let problem): configuration.unreadableFiles[path] = problem.reason
            }
        }
        return (tables, !files.isEmpty)
    }

    /// Adds the text of tables that can be edited, for those of the names whose content came from it.
    func readTexts(_ names: [String], into configuration: inout PostfixConfiguration) {
        for name in names {
            guard let table = TableName(name), !table.isSelfContained,
                case .entries(_, let source)? = configuration.tables[name],
                let text = try? read(table.name).get(), text.path == source
            else { continue }
            if case .compiled(_, let suffix) = tableSource(name) {
                // What is made of one text in two ways would have to be compiled twice.
                guard configuration.tableTexts[source] == nil,
                    case .at(let location) = place.locate(table.name + suffix, in: files),
                    let path = files.resolved(location)
                else { continue }
                configuration.compiledTables[source] = CompiledTable(
                    type: table.type, name: table.name, path: path)
            } else if configuration.compiledTables[source] != nil {
                continue
            }
            configuration.tableTexts[source] = text
        }
    }
}
