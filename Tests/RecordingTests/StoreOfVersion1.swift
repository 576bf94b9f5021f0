/// What `sqlite3 agent.sqlite .dump` printed of the store of the first version, with one change set in it;
/// the application id, which a dump leaves out, is added at the end.
let storeOfVersion1 = #"""
    PRAGMA foreign_keys=OFF;
    BEGIN TRANSACTION;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES('1 journal and content');
    CREATE TABLE content (
        digest TEXT NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
        size INTEGER NOT NULL CHECK (size >= 0),
        bytes BLOB NOT NULL
    ) STRICT;
    INSERT INTO content VALUES('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',2,X'7b7d');
    INSERT INTO content VALUES('4931ce99775b11d88e6d45e9c4c123f2826b0463429c3b828322c32c9ee4d220',
        32,X'6d796e6574776f726b73203d20302e302e302e302f300d0a2320636166c3a9e9');
    INSERT INTO content VALUES('e33d3ef2124bc07733732824c98627cb3474db824742f0f6c8b2804c47a05d36',
        25,X'6d796e6574776f726b73203d203132372e302e302e302f380a');
    INSERT INTO content VALUES('1aa3fcaa140a9ff20462c086d284d4afcadc4d1ddaf901da62ca02b414fd842f',
        11,X'7b2270726f6265223a317d');
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
    INSERT INTO change_set VALUES(1,'apply','mail.example','1.0.0','built in','ab',
        '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','open',NULL,1767960000000000,
        1767960004000000,'confirmed','kept',
        '1aa3fcaa140a9ff20462c086d284d4afcadc4d1ddaf901da62ca02b414fd842f');
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
    INSERT INTO step VALUES(1,1,'edit','done','Edit /etc/postfix/main.cf','{"edit":{}}',0,
        '/etc/postfix/main.cf','4931ce99775b11d88e6d45e9c4c123f2826b0463429c3b828322c32c9ee4d220',
        'e33d3ef2124bc07733732824c98627cb3474db824742f0f6c8b2804c47a05d36','{"attributes":{"user.note":[107,
        101,112,
        116]},"group":23456,"mode":416,"modified":{"nanoseconds":123456789,"seconds":1600000000},"owner":12345}',1767960001000000,1767960002000000,NULL);
    INSERT INTO step VALUES(1,2,'plesk','done','Set relaying',
        '{"plesk":{"undoCommand":["plesk","bin","undo"]}}',0,NULL,NULL,NULL,NULL,NULL,1767960003000000,NULL);
    DELETE FROM sqlite_sequence;
    INSERT INTO sqlite_sequence VALUES('change_set',1);
    CREATE INDEX change_set_open ON change_set (finished) WHERE finished IS NULL;
    COMMIT;
    PRAGMA application_id = 1634168436;
    """#
