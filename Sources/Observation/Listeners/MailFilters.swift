import MailModel

/// Programs that speak SMTP with clients themselves and hand what passes on to an MTA: by themselves they deliver
/// nothing, and with them gone mail would pass unfiltered.
private let filters: Set<String> = [
    "assp", "amavisd", "amavisd-new", "clamsmtpd", "haraka", "pmg-smtp-filter", "proxsmtpd", "qpsmtpd",
    "qpsmtpd-async", "qpsmtpd-forkserver", "qpsmtpd-prefork", "smtp-gated", "smtpprox", "spampd",
]

/// What a filter is, and where it hands mail on to, by its arguments and by ASSP's own file.
/// - Parameter served: Who listens: a target of mail is where an MTA answers.
/// - Returns: `nil` for a program that is no filter; the script where an interpreter runs one; ``ownConfiguration`` for a
///   target that was not found.
func mailFilter(
    _ listener: Listener, _ command: [String], served: [Listener], in files: HostFiles
) -> (script: String?, target: String)? {
    let scripted = scriptPlace(of: listener, command)
    let programs = [listener.executable ?? "", command.first ?? ""] + [scripted.map { command[$0] } ?? ""]
    guard let name = programs.map(programName).first(where: filters.contains) else { return nil }
    let ports = Set(served.filter { $0.mta != nil }.map { String($0.port) })
    var candidates = command.map { word in word.split(separator: "=").last.map(String.init) ?? word }
    if name == "assp" {
        candidates += destinationsOfASSP(listener, command, scripted, in: files)
    }
    let targets = Set(candidates.compactMap { loopbackTarget($0) })
        .filter { ports.contains(String($0.split(separator: ":").last ?? "")) }
    let target = targets.count == 1 ? targets.first : nil
    return (scripted.map { command[$0] }, target ?? ownConfiguration)
}

/// `/usr/share/assp/assp.pl` and `amavisd (master)`, as a program calls itself, are these programs.
private func programName(_ word: String) -> String {
    let name = baseName(word.split(separator: " ").first.map(String.init) ?? word).lowercased()
    return [".pl", ".js", ".py"].first(where: name.hasSuffix).map { String(name.dropLast($0.count)) } ?? name
}

/// The place of the script among the words of an interpreter.
private func scriptPlace(of listener: Listener, _ command: [String]) -> Int? {
    let interpreters = ["perl", "node", "nodejs", "python", "python3", "ruby"]
    let program = baseName(listener.executable ?? command.first ?? "")
    guard interpreters.contains(where: program.hasPrefix) else { return nil }
    return command.indices.dropFirst().first { !command[$0].hasPrefix("-") }
}

/// `smtpDestination` of ASSP's own file, which stands beside its script or in the directory that it is told.
private func destinationsOfASSP(
    _ listener: Listener, _ command: [String], _ script: Int?, in files: HostFiles
) -> [String] {
    let home = listener.processID.flatMap { files.link("/proc/\($0)/cwd") } ?? "/"
    let words = script.map { Array(command[$0...].prefix(2)) } ?? []
    var directories = words.enumerated().map { index, word in
        let path = word.hasPrefix("/") ? word : "\(home)/\(word)"
        return index == 0 ? path.split(separator: "/").dropLast().map { "/\($0)" }.joined() : path
    }
    directories += [home, "/usr/share/assp", "/opt/assp", "/etc/assp"]
    let text = directories.lazy.compactMap { files.text("\($0)/assp.cfg") }.first ?? ""
    let key = "smtpDestination:="
    return text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(key) }
        .flatMap { $0.dropFirst(key.count).split(separator: "|").map { String($0).trimmed } }
}

/// `host:port` on the loopback, with the address in the form that others have.
func loopbackTarget(_ word: String) -> String? {
    guard let colon = word.lastIndex(of: ":") else { return nil }
    let host = word[..<colon].filter { !"[]".contains($0) }
    let address = host == "localhost" ? "127.0.0.1" : host
    guard IPAddress(address)?.isLoopback == true, Int(word[word.index(after: colon)...]) != nil else {
        return nil
    }
    return (address.contains(":") ? "[\(address)]" : address) + word[colon...]
}
