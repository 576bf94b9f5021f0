import HostIO
package import MailModel

/// Reads Postfix's configuration: main.cf, master.cf, and every file and table that decides about relaying.
///
/// Compiled tables are listed by `postmap -s`; nothing else is run but `postconf`, for the version.
/// - Parameter directory: Of a further instance (MULTI_INSTANCE_README).
package func observePostfix(
    _ instruments: Instruments, directory: String = "/etc/postfix"
) async -> Observed<PostfixConfiguration> {
    let reader = PostfixFiles(place: .host, directory: directory, files: instruments.files)
    let base = reader.configuration(
        version: await mailVersion(instruments), hostName: hostName(instruments.files),
        interfaces: instruments.interfaces())
    switch base {
    case .failure(let problem):
        return .unseen("the configuration of Postfix cannot be read: \(problem.reason)")
    case .success(var configuration):
        while let tables = reader.readNewlyNamed(&configuration) {
            configuration.tables.merge(await reader.tables(tables, instruments)) { first, _ in first }
            reader.readTexts(tables, into: &configuration)
        }
        configuration.uncompiledTables = reader.uncompiledTables(of: configuration)
        configuration.staleTables = reader.staleTables(of: configuration)
        findMissingNeeds(of: &configuration, instruments.files)
        return .seen(configuration)
    }
}

func hostPostfixFiles(_ instruments: Instruments) -> PostfixFiles {
    PostfixFiles(place: .host, directory: postfixDirectory, files: instruments.files)
}

/// Where Debian's, Red Hat's and Plesk's packages have it.
let postfixDirectory = "/etc/postfix"

/// The name that the kernel has, the default of `myhostname`.
func hostName(_ files: HostFiles) -> String? {
    files.text("/proc/sys/kernel/hostname")?.trimmed
}

/// The release that is installed: the built-in value, as main.cf may set the parameter to anything.
private func mailVersion(_ instruments: Instruments) async -> String? {
    let postconf = "/usr/sbin/postconf"
    guard instruments.files.isExecutable(postconf) else { return nil }
    let call = ProgramCall(
        executable: postconf, arguments: ["-d", "-h", "mail_version"],
        deadline: instruments.deadlines.system, outputLimit: 1 << 16)
    guard let result = try? await instruments.run(call), result.succeeded else { return nil }
    let version = result.outputText.trimmed
    return version.isEmpty ? nil : version
}
