import MailModel

/// Where a proxy hands connections on to, by the files that its package has it read.
///
/// They are looked through for addresses of the loopback, not read as the proxy reads them.
/// - Parameter served: Who listens: a target of mail is where an MTA answers.
/// - Returns: `nil` where they name none, or several.
func configuredTarget(_ program: String, served: [Listener], in files: HostFiles) -> String? {
    let ports = Set(served.filter { $0.mta != nil }.map { String($0.port) })
    let targets = proxyFiles(of: baseName(program), in: files).flatMap { path -> [String] in
        (files.text(path) ?? "").split(whereSeparator: \.isNewline).compactMap { line in
            target(in: line.prefix { $0 != "#" }, of: baseName(program))
        }
    }
    let found = Set(targets.filter { ports.contains(String($0.split(separator: ":").last ?? "")) })
    return found.count == 1 ? found.first : nil
}

private func proxyFiles(of program: String, in files: HostFiles) -> [String] {
    let directories: [String]
    switch program {
    case "haproxy": directories = ["/etc/haproxy"]
    case "nginx": directories = ["/etc/nginx", "/etc/nginx/conf.d", "/etc/nginx/stream.d"]
    case "stunnel", "stunnel4": directories = ["/etc/stunnel"]
    case "rinetd": return ["/etc/rinetd.conf"]
    default: return []
    }
    return directories.flatMap { directory in
        var paths: [String] = []
        _ = files.forEachEntry(of: directory) { entry in
            if [".cfg", ".conf"].contains(where: entry.name.hasSuffix) {
                paths.append("\(directory)/\(entry.name)")
            }
        }
        return paths
    }
}

private func target(in line: Substring, of program: String) -> String? {
    let words = line.split { $0.isWhitespace || $0 == ";" || $0 == "=" }.map(String.init)
    let word: String?
    switch (program, words.first) {
    case ("haproxy", "server"): word = words.dropFirst(2).first
    case ("nginx", "proxy_pass"), ("nginx", "server"): word = words.dropFirst().first
    case ("stunnel", "connect"), ("stunnel4", "connect"):
        word = words.dropFirst().first.map { $0.contains(":") ? $0 : "127.0.0.1:\($0)" }
    case ("rinetd", _) where words.count >= 4: word = "\(words[2]):\(words[3])"
    default: word = nil
    }
    return word.flatMap(loopbackTarget)
}
