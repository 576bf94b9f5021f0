import MailModel
import Postfix

/// The TCP ports that the mail services of a master.cf are bound to.
/// - Parameter services: the text of /etc/services, read only where a port has a name that is not known.
func mailPorts(_ masterCF: [UInt8], services: () -> String?) -> Set<Int> {
    let names = MasterCF(masterCF).services
        .filter { $0.type == "inet" && ["smtpd", "postscreen", "qmqpd"].contains($0.command) }
        .map(\.name)
    let ports = Set(names).compactMap { name in
        ServiceEndpoint(serviceName: name).port
            ?? services().flatMap { port(of: name.split(separator: ":").last ?? name[...], in: $0) }
    }
    return Set(ports).filter { (1...65_535).contains($0) }
}

/// Reads lines of `name port/tcp aliases…` (services(5)).
private func port(of name: Substring, in services: String) -> Int? {
    for line in services.split(whereSeparator: \.isNewline) {
        let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, words[1].hasSuffix("/tcp"),
            words[0] == name || words[2...].contains(where: { $0 == name })
        else { continue }
        return Int(words[1].dropLast(4))
    }
    return nil
}

/// Where Postfix keeps its queue.
func queueDirectory(_ files: HostFiles) -> String { queueLayout(files).directory }

/// Where Postfix keeps the files of its queue, by main.cf.
func queueLayout(_ files: HostFiles) -> QueueLayout {
    var layout = QueueLayout(directory: builtInQueueDirectory)
    guard case .bytes(let bytes) = files.read("\(postfixDirectory)/main.cf") else { return layout }
    let values = ParameterValues(
        main: MainCF(bytes), master: MasterCF([]), version: .measured, hostName: hostName(files))
    let directory = values.text(of: "queue_directory")
    if directory.hasPrefix("/") { layout.directory = directory }
    let hashed = values.value(of: "hash_queue_names")
    if hashed.isDefined { layout.hashedQueues = Set(hashed.items.map(\.text)) }
    if let depth = Int(values.text(of: "hash_queue_depth")) { layout.depth = depth }
    return layout
}

private let builtInQueueDirectory = "/var/spool/postfix"

/// The members of a list parameter of main.cf after expansion.
func listMembers(_ name: String, of configuration: PostfixConfiguration) -> [String] {
    let values = ParameterValues(
        main: MainCF(configuration.mainCF.bytes), master: MasterCF(configuration.masterCF.bytes),
        version: configuration.version.flatMap(PostfixVersion.init) ?? .measured,
        hostName: configuration.hostName)
    return values.value(of: name).items.map(\.text)
}
