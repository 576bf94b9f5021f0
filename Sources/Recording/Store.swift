import GRDB
import Glibc
package import MailModel

/// Journal and backups: one SQLite file, where the old bytes are before the first new byte is on the host.
///
/// Every write is one transaction in the rollback-journal mode with `synchronous = EXTRA`: that is FULL,
/// and the directory is made durable as well once the rollback journal is gone from it. So what a method
/// has returned from survives a power loss (sqlite.org, "PRAGMA synchronous").
package struct Store: Sendable {
    private(set) var queue: DatabaseQueue
    /// For messages.
    package let path: String

    package enum Access: Sendable {
        /// The file must be there.
        case readOnly
        /// The file is made when it is not there; its directory must be.
        case readWrite
    }

    /// Opens a store. One of an older version is brought up to this one when it may be written; else that
    /// is done to a copy of it in memory, and the file stays as it is.
    ///
    /// A new file gets mode 0600, and one that others may read loses that; SQLite gives its rollback
    /// journal the mode of the store.
    /// - Throws: ``ExitStatus/storeUnusable`` for a damaged store, one of another user, one of a newer version, another program's
    ///   database, or what is no file; ``ExitStatus/failed`` when it cannot be made or written;
    ///   ``ExitStatus/locked`` when another program keeps it locked for five seconds.
    package init(path: String, access: Access) throws(Failure) {
        try requireFile(path, access)
        do {
            var configuration = Self.configuration()
            configuration.readonly = access == .readOnly
            self.queue = try DatabaseQueue(path: path, configuration: configuration)
            self.path = path
        } catch {
            throw storeFailure(error, path: path)
        }
        let version = try version()
        try refuse(version, access)
        if version == .ours { return }
        if access == .readOnly { try readCopy() }
        try migrate()
    }

    /// A store that lives as long as the value, for tests.
    package init() throws(Failure) {
        do {
            self.queue = try DatabaseQueue(configuration: Self.configuration())
            self.path = ":memory:"
        } catch {
            throw storeFailure(error, path: ":memory:")
        }
        try migrate()
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = EXTRA")
        }
        return configuration
    }

    private func migrate() throws(Failure) {
        do {
            try storeMigrator.migrate(queue)
        } catch {
            throw storeFailure(error, path: path)
        }
    }

    private mutating func readCopy() throws(Failure) {
        do {
            let copy = try DatabaseQueue(configuration: Self.configuration())
            try queue.backup(to: copy)
            queue = copy
        } catch {
            throw storeFailure(error, path: path)
        }
    }

    private func version() throws(Failure) -> Version {
        try read { db in
            let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            // The table of migrations alone is there when the first run was cut off while it made the store.
            let tables = try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM sqlite_master
                    WHERE type = 'table' AND (name <> 'grdb_migrations' OR ? <> 0)
                    """, arguments: [id])
            guard id == storeApplicationID || tables == 0 else { return Version.anotherProgram }
            if try storeMigrator.hasBeenSuperseded(db) { return .newer }
            if tables == 0 { return .empty }
            return try storeMigrator.hasCompletedMigrations(db) ? .ours : .older
        }
    }

    private func refuse(_ version: Version, _ access: Access) throws(Failure) {
        switch version {
        case .ours, .older: return
        case .empty where access == .readWrite: return
        case .empty:
            throw Failure(
                .storeUnusable, "the store \(path) is empty",
                remedy: "Name the file that `agent apply` wrote; it makes one where there is none.")
        case .newer:
            throw Failure(
                .storeUnusable, "the store \(path) was written by a newer version of agent",
                remedy: "Use that version, or a later one.")
        case .anotherProgram:
            throw Failure(
                .storeUnusable, "\(path) is a database of another program",
                remedy: "Name a file of agent's own with --store.")
        }
    }

    private enum Version { case ours, older, empty, newer, anotherProgram }

    func read<Value>(_ body: (Database) throws -> Value) throws(Failure) -> Value {
        do {
            return try queue.read(body)
        } catch {
            throw storeFailure(error, path: path)
        }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws(Failure) -> Value {
        do {
            return try queue.write(body)
        } catch {
            throw storeFailure(error, path: path)
        }
    }
}

/// SQLite would make the file readable by everybody, so it is made here.
private func requireFile(_ path: String, _ access: Store.Access) throws(Failure) {
    var status = stat()
    guard stat(path, &status) == 0 else {
        guard access == .readWrite, errno == ENOENT else { throw cannotOpen(path, errno) }
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw cannotOpen(path, errno) }
        close(file)
        return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw Failure(
            .storeUnusable, "the store \(path) is not a file",
            remedy: "Name a file with --store; it is made when it is not there.")
    }
    guard status.st_uid == 0 || status.st_uid == geteuid() else {
        throw Failure(
            .storeUnusable, "the store \(path) belongs to another user, who could read it and write to it",
            remedy:
                "Name another one with --store, or take it over if you trust what is in it: chown root: \(path)"
        )
    }
    // By name: closing a descriptor of the file would end the locks of every other connection here.
    if access == .readWrite, status.st_mode & 0o077 != 0, status.st_uid == geteuid() {
        chmod(path, 0o600)
    }
}

private func cannotOpen(_ path: String, _ number: Int32) -> Failure {
    Failure(
        number == ENOENT || number == ENOTDIR || number == EISDIR ? .storeUnusable : .failed,
        "the store \(path) cannot be opened", detail: "\(String(cString: strerror(number))).",
        remedy: [EACCES, EPERM, EROFS].contains(number)
            ? whatForbidsWriting(path) ?? "Run as root, or name another one with --store."
            : "Check that it is a file in a directory that exists and has room: `df \(path)`.")
}
