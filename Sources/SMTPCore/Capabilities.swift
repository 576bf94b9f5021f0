/// What a server announced in its answer to EHLO (RFC 5321 section 4.1.1.1).
package struct Capabilities: Hashable, Sendable {
    /// The name by which the server calls itself, if it is one that may stand in an address.
    package var serverName: String?
    /// Keyword in upper case to its parameters, as announced.
    package var keywords: [String: [String]]

    package init(serverName: String?, keywords: [String: [String]]) {
        self.serverName = serverName
        self.keywords = keywords
    }

    package init(_ reply: Reply) {
        serverName = reply.lines.first.flatMap { hostName(in: $0) }
        keywords = [:]
        for line in reply.lines.dropFirst() {
            // "AUTH=LOGIN" is how servers of the 1990s spelt it, and some still do beside the real one.
            let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "=") }
                .map { String(decoding: $0, as: UTF8.self) }
            guard let keyword = words.first else { continue }
            keywords[keyword.uppercased(), default: []] += words.dropFirst()
        }
    }

    package var offersStartTLS: Bool { keywords["STARTTLS"] != nil }
    package var offersLogin: Bool { keywords["AUTH"] != nil }
    package var offersXCLIENT: Bool { keywords["XCLIENT"] != nil }
    package var offersXFORWARD: Bool { keywords["XFORWARD"] != nil }

    /// The mechanisms of AUTH, in upper case.
    package var loginMechanisms: [String] { (keywords["AUTH"] ?? []).map { $0.uppercased() } }
}

/// The first word of a greeting, if it is a host name that may be put into an address: what a hostile
/// server says never reaches a command otherwise.
func hostName(in text: [UInt8]) -> String? {
    let word = text.prefix { $0 != UInt8(ascii: " ") }
    let isName = word.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
    guard isName, (1...253).contains(word.count), word.first != UInt8(ascii: "."),
        word.last != UInt8(ascii: "."),
        word.first != UInt8(ascii: "-")
    else { return nil }
    return String(decoding: word, as: UTF8.self)
}
