package import MailModel

extension QueuedMessage {
    /// Reads what qmail-queue keeps of one message (INTERNALS and qmail-queue.c in qmail's source; received.c for what
    /// qmail-smtpd writes).
    /// - Parameters:
    ///   - head: The first bytes of its file in `mess`.
    ///   - envelope: Its file in `todo`; once qmail-send has preprocessed it, those in `info`, `local` and `remote`, one
    ///     after the other.
    ///   - arrived: Microseconds since 1970.
    ///   - keptRecipients: How many recipients are kept; all that are not done are counted.
    package init(qmailHead head: [UInt8], envelope: [UInt8], arrived: Int64, keptRecipients: Int = 100) {
        self.init(arrived: arrived)
        for record in envelope.split(separator: 0) {
            let value = record.dropFirst()
            switch record[record.startIndex] {
            case UInt8(ascii: "F"): sender = Array(value)
            case UInt8(ascii: "T"):
                recipientCount += 1
                if recipients.count < keptRecipients { recipients.append(.init(address: Array(value))) }
            default: break
            }
        }
        isWhole = sender != nil && recipientCount > 0
        for (name, value) in headerFields(of: head) {
            switch name {
            case "received": if received.count < 3 { received.append(value) }
            case "subject": subject = subject ?? value
            case "delivered-to": wasDeliveredHere = true
            case "x-php-originating-script": phpScript = phpScript ?? value
            default: break
            }
        }
        readInvocation()
    }

    /// Who invoked qmail-queue, by the line that it wrote itself, and the client, by the line of qmail-smtpd below it.
    /// What stands further down was written by whoever handed the message in.
    private mutating func readInvocation() {
        guard let invocation = received.first.map({ String(decoding: $0, as: UTF8.self) }) else { return }
        let server = received.dropFirst().first.flatMap { ServerLine(String(decoding: $0, as: UTF8.self)) }
        let user = invocation.firstRange(of: " invoked by uid ").flatMap { mark in
            Int(invocation[mark.upperBound...].prefix { $0.isNumber })
        }
        if invocation.contains(" invoked by alias)") {
            wasDeliveredHere = true
        } else if let user, user != 0 || server == nil {
            userID = user
        } else if invocation.contains(" invoked from network)") || user == 0 {
            // Plesk's xinetd runs qmail-smtpd as root.
            clientAddress = server.map { Array($0.address.utf8) }
            loggedClientAddress = clientAddress
            login = server?.login.map { Array($0.utf8) }
        }
    }
}

/// `from NAME (HELO NAME) (LOGIN@ADDRESS) by NAME with ESMTPA; DATE`, which qmail-smtpd writes.
///
/// Every name in it was made harmless: nothing but the server itself puts a parenthesis there (safeput in received.c).
/// Before `@` stands what the client's own ident service said, unless the protocol says that there was a login.
private struct ServerLine {
    var address: String
    var login: String?

    init?(_ line: String) {
        guard line.hasPrefix("from "), let by = line.firstRange(of: "  by "),
            let mark = line[by.upperBound...].firstRange(of: " with ")
        else { return nil }
        let head = line[..<by.lowerBound].drop { $0 != "(" }
        guard let open = head.lastIndex(of: "("), let close = head[open...].firstIndex(of: ")") else {
            return nil
        }
        let origin = head[head.index(after: open)..<close]
        let at = origin.lastIndex(of: "@")
        address = String(at.map { origin[origin.index(after: $0)...] } ?? origin)
        guard IPAddress(address) != nil else { return nil }
        let words = line[mark.upperBound...].prefix { $0 != ";" }.split(separator: " ")
        // RFC 3848.
        if let at, let last = words.last, last == "ESMTPA" || last == "ESMTPSA" {
            login = String(origin[..<at])
        }
    }
}

/// The header fields of a message, names in lower case, unfolded (RFC 5322); bytes beyond what was read are not known.
private func headerFields(of head: [UInt8]) -> [(name: String, value: [UInt8])] {
    var fields: [(name: String, value: [UInt8])] = []
    for line in head.split(separator: 0x0a, omittingEmptySubsequences: false) {
        guard let first = line.first else { break }
        if first == 0x20 || first == 0x09 {
            guard !fields.isEmpty else { break }
            fields[fields.count - 1].value += line
        } else if let colon = line.prefix(64).firstIndex(of: UInt8(ascii: ":")) {
            let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            fields.append((String(decoding: line[..<colon], as: UTF8.self).lowercased(), Array(value)))
        }
    }
    return fields
}
