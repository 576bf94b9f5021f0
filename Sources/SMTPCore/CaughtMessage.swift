package import MailModel

/// What came to the vantage.
package struct CaughtMessage: Hashable, Sendable {
    package var mailFrom: String
    /// Live token to the recipient that contained it.
    package var tokens: [String: String] = [:]
    /// The beginning of the header, lines ended by a line feed.
    package var head: [UInt8] = []
    /// Of a report: `final-recipient` and `remote-mta`.
    package var report: [String: String] = [:]

    package init(mailFrom: String) { self.mailFrom = mailFrom }

    /// The client's address as the server that the vantage spoke to has written it into its own Received line; `nil` when
    /// that line is not there, or has none.
    ///
    /// A message leaves the vantage without such a line, and every hop puts its own on top. So it is the lowest that repeats
    /// what the vantage has said of itself; those above are of content filters and smarthosts, whose client is the server.
    /// - Parameter helo: the argument of the EHLO with which the message was handed over.
    package func believedClient(helo: String) -> IPAddress? {
        guard let name = bareWords(helo).first else { return nil }
        return Self.fields(head).compactMap(ReceivedClient.init).last { $0.words.contains(name) }?.address
    }

    /// The first field of this name, given in lower case, with its name.
    func field(_ name: String) -> String? {
        Self.fields(head).first { $0.lowercased().hasPrefix(name + ":") }
    }

    private static func fields(_ head: [UInt8]) -> [String] {
        var fields: [String] = []
        for line in head.split(separator: UInt8(ascii: "\n")).map({ String(decoding: $0, as: UTF8.self) }) {
            if line.hasPrefix(" ") || line.hasPrefix("\t"), !fields.isEmpty {
                fields[fields.count - 1] += " " + line
            } else {
                fields.append(line)
            }
        }
        return fields
    }
}

/// Who has handed a message over, in the words of a Received line (RFC 5321 section 4.4): what stands before `by`.
private struct ReceivedClient {
    /// Names and addresses, in order.
    let words: [String]

    /// - Returns: `nil` for another field, and for a line that names no client.
    init?(_ field: String) {
        let text = field.lowercased()
        guard text.hasPrefix("received:"), let from = text.firstRange(of: "from"),
            text[..<from.lowerBound].dropFirst("received:".count).allSatisfy(\.isWhitespace)
        else { return nil }
        let clause = text[from.upperBound...].split(whereSeparator: \.isWhitespace).prefix { $0 != "by" }
        words = bareWords(clause.joined(separator: " "))
    }

    /// The client's address as the server has seen it.
    ///
    /// Postfix and Sendmail write what the client said of itself first: `x (host [192.0.2.7])`. Exim and Qmail write it
    /// behind a word: `[192.0.2.7] (helo=x)`, `unknown (HELO x) (192.0.2.7)`.
    var address: IPAddress? {
        var seen = words
        if let claim = seen.firstIndex(where: { ["helo", "ehlo"].contains($0) }) {
            seen.removeSubrange(claim...min(claim + 1, seen.count - 1))
        } else {
            seen = Array(seen.dropFirst())
        }
        return seen.lazy.compactMap { IPAddress($0) }.first
    }
}

/// In lower case and without brackets; addresses are written in one way. Qmail puts `?` in place of brackets.
private func bareWords(_ text: some StringProtocol) -> [String] {
    text.lowercased().split { $0.isWhitespace || "[]()<>@,;=?".contains($0) }.map { word in
        let bare = word.hasPrefix("ipv6:") ? word.dropFirst(5) : word
        return IPAddress(bare)?.description ?? String(bare)
    }
}
