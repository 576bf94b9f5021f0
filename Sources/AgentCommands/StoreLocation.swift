import Foundation
import HostIO
import MailModel
import Recording

private let installedStore = "/var/lib/agent/agent.sqlite"

/// Where journal and backups are kept: the file named, else `Backups` of the checkout that the program was
/// built in, else `/var/lib/agent`.
func storePath(_ named: String?) -> String {
    if let named { return named }
    guard let executable = executablePath() else { return installedStore }
    var directory = URL(filePath: executable).deletingLastPathComponent()
    while directory.path.count > 1 {
        let isCheckout = ["Package.swift", "Backups/README.md"].allSatisfy {
            FileManager.default.fileExists(atPath: directory.appending(path: $0).path)
        }
        if isCheckout { return directory.appending(path: "Backups/agent.sqlite").path }
        directory.deleteLastPathComponent()
    }
    return installedStore
}

/// Opens the store for writing; its directory is made when it is not there.
func openStore(_ path: String) throws(Failure) -> Store {
    let directory = URL(filePath: path).deletingLastPathComponent().path
    let isOurs = path == installedStore || directory.hasSuffix("/Backups")
    try makePrivateDirectory(directory, existing: isOurs ? .becomesPrivate : .keepsItsMode)
    return try Store(path: path, access: .readWrite)
}
