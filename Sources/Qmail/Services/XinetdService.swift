/// A service of xinetd that is switched on, whatever program it runs.
package struct XinetdService: Hashable, Sendable {
    package var name: String
    /// `nil` for a name that only /etc/services knows.
    package var port: Int?
    /// `nil` for all addresses.
    package var address: String?
    /// The program and its arguments.
    package var programs: [String]
    /// `host:port`, where xinetd itself hands connections on to.
    package var redirect: String?
}

/// The services of one of xinetd's files that are switched on.
package func xinetdServices(_ bytes: [UInt8]) -> [XinetdService] {
    XinetdText(bytes).entries.compactMap { entry in
        guard let name = entry.service, entry.value("disable")?.text.folded != "yes" else { return nil }
        let redirect = entry.values("redirect").map(\.text)
        return XinetdService(
            name: name, port: entry.value("port").flatMap { Int($0.text) } ?? MailService.port(named: name),
            address: (entry.value("bind") ?? entry.value("interface"))?.text,
            programs: (entry.value("server").map { [$0.text] } ?? [])
                + entry.values("server_args").map(\.text),
            redirect: redirect.count == 2 ? redirect.joined(separator: ":") : nil)
    }
}

/// The file with a service switched off: `disable = yes`, and nothing else changed.
/// - Returns: `nil` when the file has no such service that is switched on.
package func xinetdDisabling(_ service: String, at port: Int, in bytes: [UInt8]) -> [UInt8]? {
    let entry = XinetdText(bytes).entries.first { entry in
        let own = entry.value("port").flatMap { Int($0.text) } ?? MailService.port(named: entry.service ?? "")
        return entry.service == service && own == port && entry.value("disable")?.text.folded != "yes"
    }
    guard let entry else { return nil }
    var lines = Lines(bytes)
    lines.disable(entryAt: entry.line)
    return lines.bytes
}

/// The file of inetd with a line put out of use by a `#`.
package func inetdDisabling(line number: Int, in bytes: [UInt8]) -> [UInt8]? {
    var lines = Lines(bytes)
    guard lines.lines.indices.contains(number - 1) else { return nil }
    lines.lines[number - 1].insert(UInt8(ascii: "#"), at: 0)
    return lines.bytes
}

/// The port of a mail service by its number or its name in /etc/services.
package func mailPort(named name: String) -> Int? { MailService.port(named: name) }
