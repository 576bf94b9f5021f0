package import MailModel

/// One kept file of `agent backups list`.
package struct BackupLine: Sendable, Equatable {
    package var changeSet: Int
    package var path: String
    package var sizeInBytes: Int
    package var digest: String
    package var kept: Timestamp

    package init(changeSet: Int, path: String, sizeInBytes: Int, digest: String, kept: Timestamp) {
        self.changeSet = changeSet
        self.path = path
        self.sizeInBytes = sizeInBytes
        self.digest = digest
        self.kept = kept
    }
}

/// The kept files, newest first.
package func renderBackups(_ backups: [BackupLine], style: TerminalStyle) -> String {
    guard !backups.isEmpty else { return "Nothing is kept yet.\n" }
    return style.bold("change  kept                  size       sha256        path") + "\n"
        + backups.map { backup in
            String(backup.changeSet).padded(to: 8) + backup.kept.rfc3339.padded(to: 22)
                + String(backup.sizeInBytes).padded(to: 11) + backup.digest.prefix(12) + "  " + backup.path
                + "\n"
        }.joined()
}

/// `agent.backups-list/1`.
package func backupsDocument(_ backups: [BackupLine]) -> JSONValue {
    .object([
        .init("format", .string("agent.backups-list/1")),
        .init(
            "backups",
            .array(
                backups.map { backup in
                    .object([
                        .init("change", .string(String(backup.changeSet))),
                        .init("kept", .string(backup.kept.rfc3339)),
                        .init("path", .string(backup.path)), .init("size", .int(backup.sizeInBytes)),
                        .init("sha256", .string(backup.digest)),
                    ])
                })),
    ])
}
