import GRDB
package import MailModel

/// Journal and backups: one SQLite file, where the old bytes are before the first new byte is on the host.
///
/// Every write is one transaction with `synchronous = FULL` in the rollback-journal mode, so that what a
/// method has returned from survives a power loss.
package struct Store: Sendable {
    let queue: DatabaseQueue
    /// For messages.
    package let path: String

    package enum Access: Sendable {
        /// The file must be there.
        case readOnly
        /// The file is made when it is not there; its directory must be.
        case readWrite
    }

    /// Opens a store, and brings one of an older version up to this one when it may be written.
    /// - Throws: ``Failure`` with `.storeUnusable` for a damaged store or one of a newer version, and as
    ///   SQLite reports otherwise.
    package init(path: String, access: Access) throws(Failure) {
        do {
            var configuration = Self.configuration()
            configuration.readonly = access == .readOnly
            self.queue = try DatabaseQueue(path: path, configuration: configuration)
            self.path = path
        } catch {
            throw storeFailure(error, path: path)
        }
        try checkVersion()
        if access == .readWrite { try migrate() }
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
            try db.execute(sql: "PRAGMA synchronous = FULL")
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

    private func checkVersion() throws(Failure) {
        let (isOurs, isNewer) = try read { db in
            let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            return (id == storeApplicationID || tables == 0, try storeMigrator.hasBeenSuperseded(db))
        }
        guard isOurs else {
            throw Failure(
                .storeUnusable, "\(path) is a database of another program",
                remedy: "Name a file of agent's own with --store.")
        }
        guard !isNewer else {
            throw Failure(
                .storeUnusable, "the store \(path) was written by a newer version of agent",
                remedy: "Use that version, or a later one.")
        }
    }

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
