import MailModel

/// Servers of Qmail that tcpserver starts for a client: by supervised scripts, and as they are seen to run.
extension QmailConfiguration {
    func supervisedServices() -> [MailService] {
        files.compactMap { path, file -> MailService? in
            guard path.hasSuffix("/run"), !idle.contains(path), let bytes = file.bytes else { return nil }
            let script = ServiceScript(bytes)
            let home = Self.home(of: script, at: path)
            guard let chain = ServerChain(script.server, home: home), let endpoint = chain.endpoint,
                let port = MailService.port(named: endpoint.port)
            else { return unknownService(path, bytes) ?? foreignService(path, bytes, script.server) }
            let lines = Lines(bytes)
            let exported = script.environment.map { setting in
                MailService.Setting(
                    name: setting.name, value: setting.value,
                    place: .init(
                        file: path, line: setting.line, text: lines.text(setting.line),
                        culprit: "\(setting.name)=\(setting.value)"))
            }
            let given =
                inherited(from: String(path.dropLast(4))).filter { !script.takesAway($0.name) } + exported
            // An empty file takes the variable away (envdir(8)).
            let isTakenAway =
                !script.isSetByEnv
                && script.environmentDirectories.contains { name in
                    files["\(Self.place(of: name, home: home))/\(Self.variable)"]?.bytes?.isEmpty == true
                }
            let serverLine = chain.serverWord.line
            return MailService(
                name: String(path.dropLast(4)), server: chain.server,
                address: Self.isAnywhere(endpoint.address) ? "0.0.0.0" : endpoint.address, port: port,
                chain: chain,
                place: .init(file: path, line: serverLine, text: lines.text(serverLine), culprit: nil),
                environment: given.filter { $0.name != Self.variable || !isTakenAway }
                    + directorySettings(script.environmentDirectories, home: home),
                clients: clients(of: chain), onlyFrom: nil,
                doubt: script.unknown.map { word in
                    "what `\(word.text)` in line \(word.line) of the script sets is not known here"
                } ?? missingDirectory(among: script.environmentDirectories, home: home))
        }
    }

    // MARK: - Running

    /// A tcpserver that is seen to run, whatever has started it.
    func runningServices() -> [MailService] {
        // Its copy for a client is the same until it becomes the server.
        var seen: Set<[String]> = []
        return running.compactMap { process in
            guard seen.insert(process.command + [process.environment[Self.variable] ?? "-"]).inserted,
                let chain = ServerChain(
                    process.command.map { Word(text: $0, line: 1) }, home: process.directory),
                let endpoint = chain.endpoint, let port = MailService.port(named: endpoint.port)
            else { return nil }
            let home = "\(Self.processes)\(process.processID)"
            let text = process.command.joined(separator: " ")
            return MailService(
                name: "process \(process.processID)", server: chain.server,
                address: Self.isAnywhere(endpoint.address) ? "0.0.0.0" : endpoint.address, port: port,
                chain: chain, place: .init(file: "\(home)/cmdline", line: nil, text: text, culprit: nil),
                environment: process.environment.sorted { $0.key < $1.key }.map { name, value in
                    MailService.Setting(
                        name: name, value: value,
                        place: .init(
                            file: "\(home)/environ", line: nil, text: "\(name)=\(value)", culprit: name),
                        isInherited: process.supervised != nil)
                },
                clients: clients(of: chain), onlyFrom: nil)
        }
    }

    /// Where a process is in place of a file: nothing there can be edited.
    static let processes = "/proc/"

    private static func isAnywhere(_ address: String) -> Bool { ["0", "*", ""].contains(address) }

    /// A file a variable, its first line the value; an empty file takes the variable away (envdir(8)).
    func directorySettings(_ named: [String], home: String) -> [MailService.Setting] {
        named.flatMap { name -> [MailService.Setting] in
            let directory = Self.place(of: name, home: home)
            return files(below: directory + "/").filter { !$0.bytes.isEmpty }.map { file in
                let value = file.bytes.prefix { $0 != 0x0a }.text
                return MailService.Setting(
                    name: file.path.baseName, value: value,
                    place: .init(file: file.path, line: 1, text: value, culprit: nil))
            }
        }
    }
}
