import MailModel

/// One line a kept file, fields separated by tabs.
func indexTable(_ files: [ExportedFile]) -> String {
    let head = "change\tkept\towner\tmode\tsize\tsha256\tattributes\tfile\tpath\n"
    return head
        + files.map { file in
            let metadata = file.metadata
            let fields: [String] = [
                String(file.backup.changeSet), file.backup.kept.rfc3339, metadata?.ownerText ?? "-",
                metadata?.modeText ?? "-", String(file.backup.sizeInBytes), file.backup.digest,
                metadata?.attributesText ?? "-", printable(file.name), printable(file.backup.path),
            ]
            return fields.joined(separator: "\t") + "\n"
        }.joined()
}

/// As sha256sum(1) reads it; a name with a line feed or a backslash is escaped as it does.
func checksums(_ files: [ExportedFile]) -> String {
    files.map { file in
        let escaped = file.name.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
            .replacing("\r", with: "\\r")
        return (escaped == file.name ? "" : "\\") + "\(file.backup.digest)  \(escaped)\n"
    }.joined()
}

func exportReadme(_ files: [ExportedFile]) -> String {
    let lines = files.map { file in
        "| \(file.backup.changeSet) | \(file.metadata?.modeText ?? "-") "
            + "| \(file.metadata?.ownerText ?? "-") | `\(printable(file.name))` | `\(printable(file.backup.path))` |\n"
    }
    return """
        # Files that agent kept before it changed them

        Each file is here as it was on the host. To restore one, as root, in this directory:

            sha256sum -c SHA256SUMS
            cp -a change-7/before/etc/postfix/main.cf /etc/postfix/main.cf
            postfix reload

        with the change and the path from the table. `before` is the state before the whole change;
        `step-N` is what a later step found, after Plesk had rewritten the file. `steps.txt` says what each
        change did, with the commands that take Plesk's settings back.

        This directory may hold passwords, as the files do: keep it readable by root alone.

        | change | mode | owner | here | on the host |
        | --- | --- | --- | --- | --- |

        """ + lines.joined()
}
