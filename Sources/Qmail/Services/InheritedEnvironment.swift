package import MailModel

/// RELAYCLIENT as a server has it from what starts it: xinetd, inetd and supervisors hand their own environment on.
extension QmailConfiguration {
    /// The variable and where it comes from: the file of systemd, or the one that a start script reads, that gives it to
    /// what starts the server; else the process that has it. What a file says counts before the next start as well.
    /// - Parameter starter: `xinetd`, `inetd`, or a supervised directory.
    func inherited(from starter: String) -> [MailService.Setting] {
        let process = starters.first { $0.name == starter }
        let units = (process?.unit).map { [$0] } ?? Self.units[starter] ?? []
        if var written = units.compactMap(written(inUnit:)).first {
            written.isInherited = true
            return [written]
        }
        guard let process else { return [] }
        return [
            MailService.Setting(
                name: Self.variable, value: process.value,
                place: .init(
                    file: "\(Self.processes)\(process.processID)/environ", line: nil,
                    text: "\(Self.variable)=\(process.value)", culprit: Self.variable), isInherited: true)
        ]
    }

    /// The same for a program that systemd itself starts.
    func inherited(fromUnit name: String) -> [MailService.Setting] {
        guard var written = written(inUnit: name) else { return [] }
        written.isInherited = true
        return [written]
    }

    /// Whether a program between what serves the port and the server takes the variable away, whatever set it before:
    /// envdir(8) for an empty file, `env -u`.
    func takesRelayClientAway(_ chain: ServerChain) -> Bool {
        let removals = chain.removals
        guard !chain.settings.contains(where: { $0.text.hasPrefix("\(Self.variable)=") }) else {
            return false
        }
        return removals.isAll || removals.names.contains(Self.variable)
            || chain.environmentDirectories.contains { name in
                let directory = Self.place(of: name, home: chain.home ?? "/")
                return files["\(directory)/\(Self.variable)"]?.bytes?.isEmpty == true
            }
    }

    static let variable = "RELAYCLIENT"

    private static let units: [String: [String]] = [
        "xinetd": ["xinetd"], "inetd": ["openbsd-inetd", "inetutils-inetd", "inetd"],
    ]

    // MARK: - Files

    /// systemd's directories, the first that has a file counts (systemd.unit(5)).
    package static let unitDirectories = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/lib/systemd/system",
        "/usr/lib/systemd/system",
    ]

    /// Where what starts superservers, and the units that are named, may be given an environment: files, and
    /// directories of drop-ins.
    package static func starterFiles(
        besides units: [String]
    ) -> (files: [String], directories: [String]) {
        let names = Set(Self.units.values.flatMap(\.self) + units).sorted()
        return (
            names.flatMap { name in
                unitDirectories.map { "\($0)/\(name).service" } + scripts(of: name)
            },
            (names.map { "\($0).service" } + ["service"]).flatMap { name in
                unitDirectories.map { "\($0)/\(name).d" }
            }
        )
    }

    private static func scripts(of name: String) -> [String] {
        ["/etc/init.d/\(name)", "/etc/rc.d/init.d/\(name)", "/etc/default/\(name)", "/etc/sysconfig/\(name)"]
    }

    /// The files that units read variables from (`EnvironmentFile=`).
    package var namedEnvironmentFiles: Set<String> {
        Set(
            files.filter { $0.key.contains("/systemd/system/") }.compactMap(\.value.bytes)
                .flatMap { UnitText($0).lines("EnvironmentFile") }
                .map { $0.value.hasPrefix("-") ? String($0.value.dropFirst()) : $0.value })
    }

    /// What the files give a unit's program, the last word on it.
    private func written(inUnit name: String) -> MailService.Setting? {
        let unit = Self.unitDirectories.map { "\($0)/\(name).service" }.first { files[$0] != nil }
        let texts = ([unit].compactMap(\.self) + dropIns(of: name)).compactMap { path in
            files[path]?.bytes.map { (path: path, text: UnitText($0)) }
        }
        var variable: MailService.Setting?
        var named: [String] = []
        var isUnset = false
        for (path, text) in texts {
            for line in text.lines {
                switch line.name {
                case "Environment" where line.value.isEmpty: variable = nil
                case "Environment":
                    for word in line.words {
                        variable = setting(word, file: path, line: line.number) ?? variable
                    }
                case "EnvironmentFile" where line.value.isEmpty: named = []
                case "EnvironmentFile":
                    named.append(line.value.hasPrefix("-") ? String(line.value.dropFirst()) : line.value)
                case "UnsetEnvironment": isUnset = line.words.contains { $0.hasPrefix(Self.variable) }
                default: break
                }
            }
        }
        // Variables of files come after those of the unit, and what is unset after both (systemd.exec(5)).
        for path in named { variable = assignment(in: path) ?? variable }
        if isUnset { variable = nil }
        return variable ?? (unit == nil ? exported(byScriptOf: name) : nil)
    }

    private func dropIns(of name: String) -> [String] {
        let directories = Self.unitDirectories.flatMap { ["\($0)/service.d/", "\($0)/\(name).service.d/"] }
        let found = files.keys.filter { path in
            path.hasSuffix(".conf") && directories.contains(where: path.hasPrefix)
        }
        // By their own names, whatever directory they are in.
        return found.sorted { ($0.baseName, $0) < ($1.baseName, $1) }
    }

    /// `NAME=value` lines, without a shell's words.
    private func assignment(in path: String) -> MailService.Setting? {
        guard let bytes = files[path]?.bytes else { return nil }
        let lines = Lines(bytes)
        return lines.lines.indices.compactMap { index in
            setting(lines.text(index + 1).trimmingBlanks, file: path, line: index + 1)
        }.last
    }

    /// Where no unit is, a start script runs the program and reads a file that may export something. Red Hat's file
    /// belongs to a unit, of which a copy may know nothing.
    private func exported(byScriptOf name: String) -> MailService.Setting? {
        for path in Self.scripts(of: name) {
            guard let bytes = files[path]?.bytes else { continue }
            let line = ServiceScript(bytes).environment.last { $0.name == Self.variable }?.line
            if let line {
                return setting("\(Self.variable)=", file: path, line: line)
            }
            if path.hasPrefix("/etc/sysconfig"), let found = assignment(in: path) { return found }
        }
        return nil
    }

    private func setting(_ text: String, file: String, line: Int) -> MailService.Setting? {
        guard text.hasPrefix("\(Self.variable)="), let bytes = files[file]?.bytes else { return nil }
        let value = text.dropFirst(Self.variable.utf8.count + 1).filter { $0 != "\"" && $0 != "'" }
        return MailService.Setting(
            name: Self.variable, value: value,
            place: .init(file: file, line: line, text: Lines(bytes).text(line), culprit: Self.variable))
    }
}

/// A section of a unit of systemd (systemd.syntax(7)).
package struct UnitText: Sendable {
    package struct Line: Hashable, Sendable {
        package var name: String
        package var value: String
        /// From 1.
        package var number: Int

        /// Parted at blanks, without the quotes about a word.
        package var words: [String] {
            var words: [String] = []
            var word = ""
            var quote: Character?
            for character in value {
                if character == quote {
                    quote = nil
                } else if quote == nil, character == "\"" || character == "'" {
                    quote = character
                } else if quote == nil, character == " " || character == "\t" {
                    if !word.isEmpty { words.append(word) }
                    word = ""
                } else {
                    word.append(character)
                }
            }
            return word.isEmpty ? words : words + [word]
        }
    }

    package private(set) var lines: [Line] = []

    package init(_ bytes: [UInt8], section wanted: String = "[Service]") {
        var section = ""
        var open: Line?
        let text = Lines(bytes)
        for index in text.lines.indices {
            let line = text.text(index + 1).trimmingBlanks
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if open == nil, line.hasPrefix("[") { section = line }
            guard section == wanted else { continue }
            if open == nil, let equals = line.firstIndex(of: "=") {
                open = Line(
                    name: String(line[..<equals]).trimmingBlanks,
                    value: String(line[line.index(after: equals)...]).trimmingBlanks, number: index + 1)
            } else {
                open?.value += line
            }
            guard var done = open else { continue }
            if done.value.hasSuffix("\\") {
                done.value.removeLast()
                done.value += " "
                open = done
            } else {
                lines.append(done)
                open = nil
            }
        }
    }

    package func lines(_ name: String) -> [Line] { lines.filter { $0.name == name } }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
