internal import Content
package import MailModel

/// The words that let a client ask: one a line of a file, of which only digests are kept.
package struct BearerTokens: Sendable {
    /// In bytes: shorter ones can be guessed.
    private static let shortest = 16
    private let digests: [[UInt8]]

    /// - Parameter text: one token a line; empty lines and lines that begin with `#` count for nothing.
    /// - Throws: ``ExitStatus/usage`` when there is none, or one that is too short or no visible ASCII.
    package init(parsing text: String) throws(Failure) {
        let tokens = text.split(whereSeparator: \.isNewline).map { line in
            line.drop { $0 == " " || $0 == "\t" }
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        for token in tokens {
            guard token.utf8.count >= Self.shortest, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
            else {
                throw Failure(
                    .usage, "the file of tokens has a line that is no token",
                    detail: "A token has 16 visible characters at least, and no space.",
                    remedy: "Make one with `openssl rand -hex 32`.")
            }
        }
        guard !tokens.isEmpty else {
            throw Failure(
                .usage, "the file of tokens has none", remedy: "Make one with `openssl rand -hex 32`.")
        }
        digests = tokens.map { Array(sha256($0.utf8).utf8) }
    }

    /// Takes as long for every word of the same length, whichever of the tokens it begins like.
    /// - Parameter header: the value of `Authorization` (RFC 6750 section 2.1).
    func accept(_ header: String?) -> Bool {
        guard let header, header.utf8.count < 1024, header.prefix(7).lowercased() == "bearer " else {
            return false
        }
        let offered = Array(sha256(header.dropFirst(7).utf8).utf8)
        // Every token is compared to its end.
        return digests.reduce(0) { found, digest in
            let difference = zip(digest, offered).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            return found | (difference == 0 ? 1 : 0)
        } == 1
    }
}
