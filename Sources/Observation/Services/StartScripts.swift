import MailModel

/// What starts a program where systemd does not run.
enum StartScripts {
    case none
    case one(ServiceManager)
    /// More than one could have started it: their names.
    case several([String])
}

/// The start script or the job of upstart that starts a listener's program.
///
/// Comments do not count, and a job counts by what it executes. Of several scripts it is the one whose pid file names
/// the process, or one above it.
func startScripts(of listener: Listener, in files: HostFiles) -> StartScripts {
    guard let executable = listener.executable else { return .none }
    var jobs: [String] = []
    _ = files.forEachEntry(of: "/etc/init") { entry in
        guard entry.name.hasSuffix(".conf"), !entry.isDirectory,
            let text = files.text("/etc/init/\(entry.name)"), executes(executable, job: text)
        else { return }
        jobs.append(String(entry.name.dropLast(5)))
    }
    var scripts: [(path: String, text: String)] = []
    // One of them may be a link to the other.
    var seen: Set<String> = []
    for directory in ["/etc/rc.d/init.d", "/etc/init.d"] {
        guard let real = files.resolved(directory), seen.insert(real).inserted else { continue }
        _ = files.forEachEntry(of: directory) { entry in
            let path = "\(directory)/\(entry.name)"
            guard !entry.isDirectory, files.isExecutable(path), let text = files.text(path),
                names(executable, in: text)
            else { return }
            scripts.append((path, text))
        }
    }
    let candidates =
        jobs.sorted().map { (manager: ServiceManager.upstart(job: $0), isSure: false) }
        + scripts.sorted { $0.path < $1.path }.map { script in
            (
                manager: .script(path: script.path, isEnabled: isRunAtBoot(script.path, in: files)),
                isSure: hasPIDFile(of: listener, script.text, in: files)
            )
        }
    let sure = candidates.filter(\.isSure)
    if let only = sure.count == 1 ? sure.first : candidates.count == 1 ? candidates.first : nil {
        return .one(only.manager)
    }
    return candidates.isEmpty ? .none : .several(candidates.map(\.manager.name))
}

/// The words of a line of a shell script; none of a comment.
private func code(_ line: Substring) -> [Substring] {
    let words = line.split(whereSeparator: \.isWhitespace)
    return words.first?.hasPrefix("#") == true ? [] : words
}

/// Whether a line of a script has the program as a word, or as the value of a variable.
private func names(_ executable: String, in text: String) -> Bool {
    text.split(separator: "\n").flatMap(code).contains { word in
        word.split { "=\"';:()".contains($0) }.contains { $0 == executable }
    }
}

/// Whether a job's `exec` stanza, or a command of its script, is the program (init(5)).
private func executes(_ executable: String, job text: String) -> Bool {
    text.split(separator: "\n").map(code).contains { words in
        let command = words.drop {
            ["exec", "script"].contains($0) || $0.contains("=") && !$0.hasPrefix("/")
        }
        return command.first.map { $0.filter { $0 != "\"" && $0 != "'" } } == executable
    }
}

/// Whether a pid file that the script names, in its header or below, has the process or one above it.
private func hasPIDFile(of listener: Listener, _ text: String, in files: HostFiles) -> Bool {
    guard let process = listener.processID else { return false }
    let own = Set([process, parent(of: process, in: files)].compactMap(\.self).map(String.init))
    return text.split { $0.isWhitespace || "=\"';()".contains($0) }
        .filter { $0.hasSuffix(".pid") && $0.hasPrefix("/") }
        .contains { path in files.text(String(path)).map { own.contains($0.trimmed) } == true }
}

/// A link that begins with S in the directory of a runlevel of several users.
func isRunAtBoot(_ script: String, in files: HostFiles) -> Bool {
    let name = script.split(separator: "/").last ?? ""
    let base = script.hasPrefix("/etc/rc.d/") ? "/etc/rc.d" : "/etc"
    var isEnabled = false
    for level in 2...5 {
        _ = files.forEachEntry(of: "\(base)/rc\(level).d") { entry in
            let rest = entry.name.drop { $0 == "S" }.drop { $0.isNumber }
            if entry.name.hasPrefix("S"), rest == name { isEnabled = true }
        }
    }
    return isEnabled
}
