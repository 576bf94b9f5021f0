package import MailModel

/// Counts who handed mail in, by the lines of the mail log, in memory that does not grow with their number.
///
/// Of Postfix: `smtpd[…]: ID: client=NAME[ADDRESS], … sasl_username=LOGIN` and `pickup[…]: ID: uid=NUMBER`. Of Plesk's
/// Qmail: `smtp_auth: SMTP user LOGIN : … logged in` (Plesk article 766) and `info msg …: … uid NUMBER` (qmail-log(5)).
package struct MailLogCensus: Sendable {
    private let rules: OriginRules
    private var logins = Tally()
    private var networks = Tally()
    private var users = Tally()
    private var first: String?
    private var last: [UInt8] = []

    package init(rules: OriginRules) { self.rules = rules }

    /// - Parameter line: Without its end.
    package mutating func add(_ line: ArraySlice<UInt8>) {
        guard let entry = LogEntry(line) else { return }
        if first == nil { first = text(entry.time) }
        last = Array(entry.time)
        switch entry.program {
        case .smtpd: addClient(entry.message)
        case .pickup: if let user = value("uid=", in: entry.message) { addUser(user) }
        case .smtpAuth:
            guard contains("logged in", entry.message), let login = value("user ", in: entry.message) else {
                return
            }
            logins.add(text(login))
        case .qmail:
            guard contains("info msg", entry.message), let user = value(" uid ", in: entry.message) else {
                return
            }
            addUser(user)
        }
    }

    private mutating func addClient(_ message: ArraySlice<UInt8>) {
        guard let client = value("client=", in: message) else { return }
        if let login = value("sasl_username=", in: message) {
            logins.add(text(login))
            return
        }
        guard let open = client.lastIndex(of: UInt8(ascii: "[")),
            let address = IPAddress(text(client[(open + 1)...].prefix { $0 != UInt8(ascii: "]") })),
            !rules.trusted.contains(where: { $0.contains(address) })
        else { return }
        let prefix = address.unmapped.width == 32 ? 24 : 64
        networks.add("\(address.unmapped.masked(to: prefix))/\(prefix)")
    }

    private mutating func addUser(_ number: ArraySlice<UInt8>) {
        let number = text(number)
        users.add(Int(number).flatMap { rules.userNames[$0] } ?? number)
    }

    /// What was counted.
    /// - Parameter isWhole: Whether the log was read to its end.
    package func report(path: String, rotated: String? = nil, bytes: Int, isWhole: Bool) -> MailLogReport {
        MailLogReport(
            path: path, rotated: rotated, bytes: bytes, first: first, last: last.isEmpty ? nil : text(last),
            tops: [logins.top(10, of: .login), networks.top(10, of: .network), users.top(10, of: .user)],
            isWhole: isWhole)
    }
}

/// One line of a mail log whose program hands mail in.
private struct LogEntry {
    enum Program { case smtpd, pickup, smtpAuth, qmail }

    var time: ArraySlice<UInt8>
    var program: Program
    var message: ArraySlice<UInt8>

    /// Reads `Nov 24 09:32:05 host program[1]: …` (RFC 3164) and `2026-11-24T09:32:05+00:00 host program[1]: …`.
    init?(_ line: ArraySlice<UInt8>) {
        guard let head = line.first else { return nil }
        // The day of the month stands in two columns, so that there may be two spaces before it.
        var rest = line
        for _ in 0..<((0x30...0x39).contains(head) ? 1 : 3) { rest = Self.afterWord(rest) }
        time = line[..<rest.startIndex]
        let afterHost: ArraySlice<UInt8> = Self.afterWord(rest).drop { $0 == 0x20 }
        let tag = afterHost.prefix { $0 != 0x20 }
        guard tag.last == UInt8(ascii: ":") else { return nil }
        let name = tag.dropLast().prefix { $0 != UInt8(ascii: "[") }
        switch name.last {
        case UInt8(ascii: "d") where ends(name, "smtpd"): program = .smtpd
        case UInt8(ascii: "p") where ends(name, "pickup"): program = .pickup
        case UInt8(ascii: "h") where ends(name, "smtp_auth"): program = .smtpAuth
        case UInt8(ascii: "l") where ends(name, "qmail"): program = .qmail
        default: return nil
        }
        message = afterHost[tag.endIndex...]
    }

    private static func afterWord(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let word: ArraySlice<UInt8> = line.drop { $0 == 0x20 }
        return word.drop { $0 != 0x20 }
    }
}

private func ends(_ name: ArraySlice<UInt8>, _ end: StaticString) -> Bool {
    end.withUTF8Buffer { name.suffix($0.count).elementsEqual($0) }
}

/// Where a text begins in a line; `nil` when it does not stand there.
private func find(_ text: StaticString, _ line: ArraySlice<UInt8>) -> Int? {
    text.withUTF8Buffer { wanted in
        var index = line.startIndex
        while index + wanted.count <= line.endIndex {
            guard let start = line[index...].firstIndex(of: wanted[0]) else { return nil }
            if line[start...].starts(with: wanted) { return start }
            index = start + 1
        }
        return nil
    }
}

private func contains(_ text: StaticString, _ line: ArraySlice<UInt8>) -> Bool { find(text, line) != nil }

/// What follows a name, up to a comma, a space or the end.
private func value(_ name: StaticString, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let start = find(name, line) else { return nil }
    let value = line[(start + name.utf8CodeUnitCount)...].prefix { $0 != 0x2c && $0 != 0x20 }
    return value.isEmpty ? nil : value
}
