import Postfix

/// What Postfix wants of the system that it runs on, as far as the configuration says that it cannot have it
/// (mail_params.c, maillog_client.c; measured on 3.7.11).
extension Host {
    var systemFault: Fault? {
        accountFault ?? directoryFault ?? loggingFault ?? environmentFault ?? delimiterFault
    }

    /// Which users and groups there are is not in the configuration, but that root may be none of these is.
    private var accountFault: Fault? {
        let values = values(ofService: nil)
        for name in Self.accounts {
            let account = values.text(of: name)
            let kind = name == "setgid_group" ? "group" : "user"
            if account.contains(where: \.isWhitespace) {
                return fault("parameter \(name): unknown \(kind) name value: \(account)", name)
            }
            if account == "root" {
                return fault("parameter \(name): \(kind) root has privileged \(kind) ID", name)
            }
        }
        let owner = values.text(of: "mail_owner")
        guard values.text(of: "default_privs") == owner else { return nil }
        return fault(
            "parameters default_privs and mail_owner specify the same user \(owner)", "default_privs")
    }

    static let accounts = ["mail_owner", "setgid_group", "default_privs"]

    /// All programs start in `queue_directory`, and nothing of the others is in there.
    private var directoryFault: Fault? {
        let values = values(ofService: nil)
        let name = ["queue_directory", "daemon_directory", "data_directory"].first {
            !values.text(of: $0).hasPrefix("/")
        }
        return name.flatMap { fault("\($0) is no absolute path: \(values.text(of: $0))", $0) }
    }

    private var loggingFault: Fault? {
        let values = values(ofService: nil)
        let facility = values.text(of: "syslog_facility")
        guard Self.facilities.contains(facility) else {
            return fault("parameter syslog_facility: unrecognized value: \(facility)", "syslog_facility")
        }
        let file = values.text(of: "maillog_file")
        let prefixes = values.value(of: "maillog_file_prefixes").items.map(\.text)
        guard version.includes(.logFiles), !file.isEmpty, !prefixes.contains(where: file.hasPrefix) else {
            return nil
        }
        return fault(
            "maillog_file value '\(file)' does not match any prefix in maillog_file_prefixes", "maillog_file")
    }

    private static let facilities = Set(
        "auth authpriv cron daemon ftp kern lpr mail news syslog user uucp".split(separator: " ").map(
            String.init)
            + (0...7).map { "local\($0)" })

    /// Two characters, of those that programs which take mail may split an address at.
    private var delimiterFault: Fault? {
        let values = values(ofService: nil)
        let name = "default_verp_delimiters"
        let delimiters = values.text(of: name)
        let isTwo = delimiters.utf8.count == 2
        guard isTwo, delimiters.allSatisfy(values.text(of: "verp_delimiter_filter").contains) else {
            return fault("parameters \(name) and verp_delimiter_filter: bad VERP delimiter characters", name)
        }
        return nil
    }

    /// `NAME=value` without the name.
    private var environmentFault: Fault? {
        let items = values(ofService: nil).value(of: "import_environment").items
        let bad = items.first {
            $0.text.first { !"{ \t".contains($0) } == "="
        }
        return bad.flatMap { fault("import_environment: no name in \"\($0.text)\"", "import_environment") }
    }

    private func fault(_ why: String, _ name: String) -> Fault? {
        (why, quoting.definition(of: name, in: values(ofService: nil)))
    }
}
