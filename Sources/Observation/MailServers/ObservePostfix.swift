import HostIO
package import MailModel
import Postfix

/// Reads Postfix's configuration: main.cf, master.cf, and every file and table that decides about relaying.
///
/// Compiled tables are listed by `postmap -s`; nothing else is run but `postconf`, where its release is not read in it.
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
        var mayBeMore = true
        while mayBeMore {
            let named = reader.readNewlyNamed(&configuration)
            configuration.tables.merge(await reader.tables(named.tables, instruments)) { first, _ in first }
            reader.readTexts(named.tables, into: &configuration)
            mayBeMore = named.mayBeMore
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
    if let version = stampedVersion(postconf, instruments.files) { return version }
    let call = ProgramCall(
        executable: postconf, arguments: ["-d", "-h", "mail_version"],
        deadline: instruments.deadlines.system, outputLimit: 1 << 16)
    guard let result = try? await instruments.run(call), result.succeeded else { return nil }
    let version = result.outputText.trimmed
    return version.isEmpty ? nil : version
}

/// The release that a program of Postfix has in it, for whoever looks for it there with strings(1) (mail_version.h,
/// `MAIL_VERSION_STAMP_ALLOCATE`): to read it there takes less than to start the program.
/// - Returns: `nil` where there is none, or more than one.
func stampedVersion(_ path: String, _ files: HostFiles) -> String? {
    guard case .bytes(let bytes) = files.read(path) else { return nil }
    let stamp = Array("mail_version=".utf8)
    var found: [String] = []
    var rest = bytes[...]
    while let start = rest.position(of: stamp) {
        rest = rest[(start + stamp.count)...]
        let version = rest.prefix { $0 > 0x20 && $0 < 0x7f }
        guard rest.dropFirst(version.count).first == 0 else { continue }
        let text = String(decoding: version, as: UTF8.self)
        if PostfixVersion(text) != nil, !found.contains(text) { found.append(text) }
    }
    return found.count == 1 ? found[0] : nil
}
