package import MailModel

/// Servers of Qmail that systemd itself starts for a client (systemd.socket(5)).
extension QmailConfiguration {
    func socketServices() -> [MailService] {
        socketUnits.flatMap { path, text -> [MailService] in
            guard let name = Self.unit(startedBy: path, text),
                let file = Self.unitDirectories.map({ "\($0)/\(name)" }).first(where: { files[$0] != nil }),
                let bytes = files[file]?.bytes,
                let line = UnitText(bytes).lines("ExecStart").last,
                let chain = ServerChain(line.words.map { Word(text: $0, line: line.number) })
            else { return [] }
            return text.lines("ListenStream").compactMap { stream in
                let parts = stream.value.split(separator: ":")
                guard let port = parts.last.flatMap({ Int($0) }) else { return nil }
                let address = stream.value.dropLast(parts.last.map { $0.utf8.count + 1 } ?? 0)
                    .filter { $0 != "[" && $0 != "]" }
                return MailService(
                    name: path.baseName, server: chain.server, address: address.isEmpty ? "::" : address,
                    port: port, chain: chain,
                    place: .init(
                        file: file, line: line.number, text: Lines(bytes).text(line.number), culprit: nil),
                    environment: inherited(fromUnit: String(name.dropLast(".service".utf8.count)))
                        + chain.settings.compactMap { word in
                            setting(word.text, file: file, line: word.line, lines: Lines(bytes))
                        } + directorySettings(chain.environmentDirectories, home: "/"),
                    clients: [], onlyFrom: nil)
            }
        }
    }

    /// The units that sockets start, whose files are to be read as well.
    package var socketStarted: [String] { socketUnits.compactMap { Self.unit(startedBy: $0.path, $0.text) } }

    /// Of several files of one name, the first directory's counts.
    private var socketUnits: [(path: String, text: UnitText)] {
        var seen: Set<String> = []
        return Self.unitDirectories.flatMap { directory in
            files.keys.filter { $0.hasPrefix(directory + "/") && $0.hasSuffix(".socket") }.sorted()
        }
        .filter { seen.insert($0.baseName).inserted }
        .compactMap { path in files[path]?.bytes.map { (path, UnitText($0, section: "[Socket]")) } }
    }

    /// With `Accept=yes` each client has an instance of a template.
    private static func unit(startedBy path: String, _ text: UnitText) -> String? {
        let base = path.baseName.dropLast(".socket".utf8.count)
        let isTemplate = ["yes", "true", "on", "1"].contains(text.lines("Accept").last?.value.folded)
        return isTemplate ? "\(base)@.service" : text.lines("Service").last?.value ?? "\(base).service"
    }
}
