/// Where this host's Plesk is and how its programs are started; found from files alone.
struct PleskInstallation: Equatable, Sendable {
    /// `PRODUCT_ROOT_D`.
    var root: String
    /// The first word of the file `version`.
    var version: String
    /// The program and the first arguments of the `mailserver` utility; empty when there is none.
    var mailserver: [String]
    /// The program and the first arguments that take SQL after `-e`.
    var database: [String]
    /// What stands after the SQL: the name of the database for a plain client.
    var databaseSuffix: [String]
    /// The password for a plain client, handed over in the environment and never as an argument.
    var databasePassword: String?
    /// `nil` before the wrapper, when the installer had no question for its state.
    var installer: [String]?
    /// What lists the components of Plesk, the mail server among them; it may take seconds, as it asks the vendor.
    var components: [String]?
    /// The `mailmng` that tells which MTA is managed; `nil` when there is none.
    var mailmng: String?

    /// Looks for Plesk (wrapper, `/etc/psa/psa.conf`, `/usr/local/psa`, `/opt/psa`).
    /// - Returns: why there is none, as a sentence without a full stop, when there is none.
    static func find(in files: HostFiles) -> Result<PleskInstallation, NotInstalled> {
        let configuration = files.text("/etc/psa/psa.conf").map(settings) ?? [:]
        let roots = [configuration["PRODUCT_ROOT_D"], "/usr/local/psa", "/opt/psa"].compactMap(\.self)
        let found = roots.lazy.compactMap { root in version(in: files, root: root).map { (root, $0) } }.first
        guard let (root, version) = found else {
            return .failure(
                NotInstalled(reason: "Plesk is not installed: there is no file version in \(list(roots))"))
        }
        let wrapper = files.isExecutable(wrapperPath) ? wrapperPath : nil
        return .success(
            PleskInstallation(
                root: root, version: version,
                mailserver: mailserver(in: files, root: root, wrapper: wrapper),
                database: wrapper.map { [$0, "db", "-B", "-N"] }
                    ?? client(in: files, directory: configuration["MYSQL_BIN_D"]),
                databaseSuffix: wrapper == nil ? ["psa"] : [],
                databasePassword: wrapper == nil ? password(in: files) : nil,
                installer: wrapper.map { [$0, "installer", "--query-status", "--enable-xml-output"] },
                components: (wrapper.map { [$0, "installer"] } ?? autoinstaller(in: files, root: root))
                    .map { $0 + ["--select-release-current", "--show-components"] },
                mailmng: ["mailmng-server", "mailmng"].map { "\(root)/admin/sbin/\($0)" }
                    .first(where: files.isExecutable)))
    }

    struct NotInstalled: Error, Equatable {
        var reason: String
    }

    private static let wrapperPath = "/usr/sbin/plesk"

    /// Lines of `KEY value` (the format of psa.conf).
    private static func settings(_ text: String) -> [String: String] {
        var settings: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let words = line.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count == 2 else { continue }
            let value = words[1].split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
            settings[String(words[0])] = value
        }
        return settings
    }

    private static func version(in files: HostFiles, root: String) -> String? {
        guard root.hasPrefix("/"), let text = files.text("\(root)/version") else { return nil }
        return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    private static func mailserver(in files: HostFiles, root: String, wrapper: String?) -> [String] {
        if let wrapper { return [wrapper, "bin", "mailserver"] }
        // Plesk 8 and 9 had no wrapper, and their utilities ended in .sh.
        let candidates = ["\(root)/bin/mailserver", "\(root)/bin/mailserver.sh"]
        return candidates.first(where: files.isExecutable).map { [$0] } ?? []
    }

    private static func autoinstaller(in files: HostFiles, root: String) -> [String]? {
        let program = "\(root)/admin/sbin/autoinstaller"
        return files.isExecutable(program) ? [program] : nil
    }

    private static func client(in files: HostFiles, directory: String?) -> [String] {
        let directories = [directory, "/usr/bin", "/usr/local/mysql/bin"].compactMap(\.self)
        let candidates = directories.flatMap { ["\($0)/mysql", "\($0)/mariadb"] }
        return candidates.first(where: files.isExecutable).map { [$0, "-uadmin", "-B", "-N"] } ?? []
    }

    private static func password(in files: HostFiles) -> String? {
        files.text("/etc/psa/.psa.shadow").map { String($0.prefix { !$0.isNewline }) }
    }

    private static func list(_ roots: [String]) -> String {
        var seen: [String] = []
        for root in roots where !seen.contains(root) { seen.append(root) }
        return seen.joined(separator: " or ")
    }
}
