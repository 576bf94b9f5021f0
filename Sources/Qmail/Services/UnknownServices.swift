import MailModel

/// What starts a server of mail, and cannot be followed to what it does.
extension QmailConfiguration {
    /// What xinetd includes and is not there to be read: in a copy, or where this user may not.
    func unreadInclusions() -> [MailService] {
        xinetdInclusions.compactMap { inclusion in
            let isRead =
                inclusion.isDirectory
                ? files.keys.contains { $0.hasPrefix(inclusion.path + "/") }
                : files[inclusion.path]?.bytes != nil
            let isUnreadable = if case .unreadable? = files[inclusion.path] { true } else { false }
            guard !isRead, isCopy || isUnreadable, let bytes = files[inclusion.file]?.bytes else {
                return nil
            }
            return MailService(
                name: "xinetd", server: .smtp, address: "0.0.0.0", port: 25, chain: nil,
                place: .init(
                    file: inclusion.file, line: inclusion.line, text: Lines(bytes).text(inclusion.line),
                    culprit: inclusion.path),
                environment: [], clients: [], onlyFrom: nil,
                doubt: "\(inclusion.path), which xinetd reads as well, is not "
                    + (isCopy ? "in the copy" : "readable"))
        }
    }

    /// Why a copy does not tell what a directory of variables sets.
    func missingDirectory(among named: [String], home: String) -> String? {
        guard isCopy else { return nil }
        let missing = named.map { Self.place(of: $0, home: home) }.first { directory in
            !files.keys.contains { $0.hasPrefix(directory + "/") }
        }
        return missing.map { "no variable of \($0) is in the copy" }
    }

    /// A script that starts a server of Qmail in a way that is not understood.
    func unknownService(_ path: String, _ bytes: [UInt8]) -> MailService? {
        let servers = ["qmail-smtpd", "qmail-qmtpd", "qmail-qmqpd"]
        let lines = Lines(bytes)
        let line = lines.lines.indices.first { index in
            let text = lines.text(index + 1)
            return !text.hasPrefix("#") && servers.contains(where: text.contains)
        }
        guard let line else { return nil }
        return MailService(
            name: String(path.dropLast(4)), server: .smtp, address: "0.0.0.0", port: 25, chain: nil,
            place: .init(file: path, line: line + 1, text: lines.text(line + 1), culprit: nil),
            environment: [], clients: [], onlyFrom: nil,
            doubt: "how the script starts its server, and with which environment, is not understood")
    }

    /// A server of mail in a copy that is none of Qmail's. On a host itself, who listens is looked at.
    func foreignService(_ path: String, _ bytes: [UInt8], _ words: [Word]) -> MailService? {
        guard isCopy, let endpoint = ServerChain.endpoint(of: words[...]),
            endpoint.upperBound + 1 < words.count
        else { return nil }
        let program = words[endpoint.upperBound + 1]
        return foreignService(
            named: String(path.dropLast(4)), port: MailService.port(named: words[endpoint.upperBound].text),
            program, in: path, Lines(bytes))
    }

    func foreignService(
        named name: String, port: Int?, _ program: Word, in path: String, _ lines: Lines
    ) -> MailService? {
        guard let port, [25, 465, 587].contains(port) else { return nil }
        return MailService(
            name: name, server: .smtp, address: "0.0.0.0", port: port, chain: nil,
            place: .init(
                file: path, line: program.line, text: lines.text(program.line), culprit: program.text),
            environment: [], clients: [], onlyFrom: nil,
            doubt: "\(program.text) is no program of Qmail, and what it does is not known here")
    }
}
