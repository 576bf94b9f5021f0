import MailModel
import Postfix

/// The TCP ports that the smtpd services of a master.cf are bound to.
/// - Parameter services: the text of /etc/services, read only where a port has a name that is not known here.
func smtpdPorts(_ masterCF: [UInt8], services: () -> String?) -> Set<Int> {
    let names = MasterCF(masterCF).services
        .filter { $0.type == "inet" && ["smtpd", "postscreen", "qmqpd"].contains($0.command) }
        .map { service in service.name.split(separator: ":").last.map(String.init) ?? service.name }
    var ports: Set<Int> = []
    for name in Set(names) {
        if let port = Int(name) ?? knownServices[name] ?? services().flatMap({ port(of: name, in: $0) }),
            (1...65_535).contains(port)
        {
            ports.insert(port)
        }
    }
    return ports
}

private let knownServices = ["smtp": 25, "smtps": 465, "submissions": 465, "submission": 587, "qmqp": 628]

/// Reads lines of `name port/tcp aliases…` (services(5)).
private func port(of name: String, in services: String) -> Int? {
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
func queueDirectory(_ files: HostFiles) -> String {
    let builtIn = "/var/spool/postfix"
    guard case .bytes(let bytes) = files.read("\(postfixDirectory)/main.cf"),
        let value = MainCF(bytes).definition(of: "queue_directory")?.value.text, value.hasPrefix("/")
    else { return builtIn }
    return value
}

/// The members of a list parameter of main.cf, with the `$name`s in it replaced; empty where it is not set.
func listMembers(_ name: String, of configuration: PostfixConfiguration) -> [String] {
    let main = MainCF(configuration.mainCF.bytes)
    return members(name, main, configuration.hostName, depth: 0)
}

private func members(_ name: String, _ main: MainCF, _ hostName: String?, depth: Int) -> [String] {
    guard depth < 8 else { return [] }
    guard let value = main.definition(of: name)?.value else {
        return name == "myhostname" ? [hostName].compactMap(\.self) : []
    }
    return tokenRanges(in: value, separators: isListSeparator).flatMap { range -> [String] in
        let word = value[range].text
        guard word.hasPrefix("$") else { return [word] }
        return members(word.dropFirst().filter { !"(){}".contains($0) }, main, hostName, depth: depth + 1)
    }
}
