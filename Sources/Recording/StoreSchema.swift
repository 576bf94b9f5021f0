import GRDB

/// `agnt` as the four bytes of SQLite's application id: file(1) and a reader can tell what the file is.
let storeApplicationID = 0x61_67_6e_74

/// The migrations by which every store becomes one of this version. They are only ever added to.
let storeMigrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 journal and content") { db in
        try db.execute(
            sql: """
                CREATE TABLE content (
                    digest TEXT NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
                    size INTEGER NOT NULL CHECK (size >= 0),
                    bytes BLOB NOT NULL
                ) STRICT;
                CREATE TABLE change_set (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    kind TEXT NOT NULL,
                    host TEXT NOT NULL,
                    agent_version TEXT NOT NULL,
                    policy_path TEXT NOT NULL,
                    policy_sha256 TEXT NOT NULL,
                    plan_digest TEXT NOT NULL REFERENCES content (digest),
                    relay_before TEXT,
                    reverts INTEGER REFERENCES change_set (id),
                    created INTEGER NOT NULL, -- microseconds since 1970, UTC
                    finished INTEGER,
                    outcome TEXT,
                    message TEXT NOT NULL DEFAULT '',
                    probe_digest TEXT REFERENCES content (digest)
                ) STRICT;
                CREATE INDEX change_set_open ON change_set (finished) WHERE finished IS NULL;
                CREATE TABLE step (
                    change_set INTEGER NOT NULL REFERENCES change_set (id),
                    number INTEGER NOT NULL,
                    kind TEXT NOT NULL,
                    state TEXT NOT NULL,
                    summary TEXT NOT NULL,
                    action TEXT NOT NULL,
                    is_compensation INTEGER NOT NULL,
                    path TEXT,
                    before_digest TEXT REFERENCES content (digest),
                    after_digest TEXT REFERENCES content (digest),
                    metadata TEXT,
                    started INTEGER,
                    finished INTEGER,
                    note TEXT,
                    PRIMARY KEY (change_set, number)
                ) STRICT, WITHOUT ROWID;
                PRAGMA application_id = \(storeApplicationID);
                """)
    }
    migrator.registerMigration("2 phases") { db in
        try db.execute(
            sql: """
                ALTER TABLE change_set ADD COLUMN phase TEXT NOT NULL DEFAULT 'changing';
                ALTER TABLE change_set ADD COLUMN decided TEXT;
                ALTER TABLE change_set ADD COLUMN probe_before_digest TEXT REFERENCES content (digest);
                """)
    }
    migrator.registerMigration("3 confirm window") { db in
        try db.execute(
            sql: """
                ALTER TABLE change_set ADD COLUMN window_seconds INTEGER;
                ALTER TABLE change_set ADD COLUMN window_deadline INTEGER; -- microseconds since 1970, UTC
                ALTER TABLE change_set ADD COLUMN window_deadline_since_boot INTEGER; -- microseconds
                ALTER TABLE change_set ADD COLUMN window_boot TEXT;
                """)
    }
    migrator.registerMigration("4 marks") { db in
        try db.execute(sql: "ALTER TABLE change_set ADD COLUMN marks TEXT NOT NULL DEFAULT ''")
    }
    // Nothing is laid out anew: an older version must not take the new words for damage.
    migrator.registerMigration("5 queue steps") { _ in }
    // One row: a later probe says what an older one did, and more.
    migrator.registerMigration("6 probe outside of changes") { db in
        try db.execute(
            sql: """
                CREATE TABLE probe (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    finished INTEGER NOT NULL, -- microseconds since 1970, UTC
                    report BLOB NOT NULL
                ) STRICT
                """)
    }
    // Without them, each row that is forgotten has every row searched for references to it.
    migrator.registerMigration("7 indexes of references") { db in
        try db.execute(
            sql: """
                CREATE INDEX change_set_reverts ON change_set (reverts);
                CREATE INDEX change_set_plan ON change_set (plan_digest);
                CREATE INDEX change_set_probe ON change_set (probe_digest);
                CREATE INDEX change_set_probe_before ON change_set (probe_before_digest);
                CREATE INDEX step_before ON step (before_digest);
                CREATE INDEX step_after ON step (after_digest);
                """)
    }
    migrator.registerMigration("8 seals") { db in
        try db.execute(sql: "ALTER TABLE change_set ADD COLUMN seal TEXT")
    }
    // An older version would write to an open change set and leave its seal as it is.
    migrator.registerMigration("9 seals of open change sets") { _ in }
    // One row: how many change sets are to be there. One that is gone with all its steps leaves nothing else behind.
    migrator.registerMigration("10 tally of change sets") { db in
        try db.execute(
            sql: """
                CREATE TABLE tally (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    change_sets INTEGER NOT NULL
                ) STRICT;
                INSERT INTO tally SELECT 1, count(*) FROM change_set;
                """)
    }
    return migrator
}()
