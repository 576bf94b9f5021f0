package import MailModel

/// Reads a copy of a Postfix configuration directory, as an ordinary user also without Postfix.
///
/// Files that the configuration names below `hostDirectory` are read from the copy; others are not part of it and are
/// unreadable. So are tables that the copy has only in a compiled form other than `hash` and `cdb`, unless there is a
/// postmap(1) on this machine, the only program that is run. A link that leads out of the copy is not followed.
/// - Parameters:
///   - directory: the copy; holds `main.cf` and `master.cf`.
///   - version: the release of Postfix that reads it; `nil` where that is not known.
///   - hostDirectory: where the files were on their own host.
///   - instruments: those of this machine.
/// - Throws: when `main.cf` or `master.cf` cannot be read (``ExitStatus/failed``).
package func observeCopy(
    directory: String, version: String? = nil, hostDirectory: String = "/etc/postfix",
    _ instruments: Instruments
) async throws(Failure) -> PostfixConfiguration {
    let files = instruments.files
    let real = try directoryOfCopy(
        directory, files, remedy: "Name a directory that holds main.cf and master.cf.")
    let reader = PostfixFiles(
        place: .copy(directory: real, original: hostDirectory), directory: hostDirectory, files: files)
    switch reader.configuration(version: version, hostName: nil, interfaces: nil) {
    case .failure(let problem):
        throw Failure(
            .failed, "the copy of the configuration cannot be read", detail: "\(problem.reason).",
            remedy: "Name a directory that holds main.cf and master.cf, both readable for this user.")
    case .success(var configuration):
        var mayBeMore = true
        while mayBeMore {
            let named = reader.readNewlyNamed(&configuration)
            for name in named.tables {
                configuration.tables[name] = await reader.copiedTable(name, instruments)
            }
            reader.readTexts(named.tables, into: &configuration)
            mayBeMore = named.mayBeMore
        }
        configuration.staleTables = reader.staleTables(of: configuration)
        return configuration
    }
}

/// Where the directory of a copy is, links followed.
/// - Parameter path: as the user gives it; empty where a shell had nothing to put there.
/// - Throws: where there is none, or it is something else.
func directoryOfCopy(_ path: String, _ files: HostFiles, remedy: String) throws(Failure) -> String {
    guard !path.isEmpty, let real = files.resolved(path) else {
        throw Failure(
            .failed, "\(path.isEmpty ? "an empty path" : path) cannot be read",
            detail: "There is no such directory.", remedy: remedy)
    }
    guard files.isDirectory(real) else {
        throw Failure(.failed, "\(path) cannot be read", detail: "It is no directory.", remedy: remedy)
    }
    return real
}
