/// What servers say when they refuse a client for what it is, not for what it asks.
///
/// Another client may be treated otherwise, so that none of it says anything about relaying. In lower case.
enum RefusalWords {
    /// Whether relaying is named in the server's own words: a host or an address may be called so, and block lists are of
    /// open relays.
    static func nameRelaying(_ text: String) -> Bool {
        guard !text.contains("open relay") else { return false }
        return text.split(separator: " ").contains { word in
            let bare = word.drop { !$0.isLetter }.reversed().drop { !$0.isLetter }.reversed()
            return ["relay", "relays", "relayed", "relaying"].contains(String(bare))
        }
    }

    static func speakOfBlockList(_ text: String) -> Bool { blockLists.contains { text.contains($0) } }

    static func speakOfName(_ text: String) -> Bool { names.contains { text.contains($0) } }

    static func speakOfVantage(_ text: String) -> Bool { vantage.contains { text.contains($0) } }

    /// As Postfix (`maps_rbl_reject_code`), Exim's and Sendmail's documents, and large receivers say it.
    private static let blockLists = [
        "blocked using", "blocklist", "blacklist", "black list", "block list", "blocked list", "denylist",
        "spamhaus", "spamcop", "barracudacentral", "sorbs", "dnsbl", "rbl ", " rbl", "listed in ",
        "listed at ", "listed by ", "is listed on", "ip blocked", "address blocked", "host blocked", "banned",
        "bad reputation", "poor reputation", "low reputation", "reputation of ", "ip reputation",
    ]

    /// In Postfix's words, among others.
    private static let names = ["cannot find your", "helo command rejected", "reverse dns"]

    private static let vantage = [
        // The name that belongs to the address.
        "reverse lookup", "reverse hostname", "rdns", "ptr record",
        "no ptr",
        "missing ptr", "without ptr", "dynamic ip", "dynamic address", "dynamically assigned", "dial-up",
        "dialup",
        "generic hostname",
        // How it introduces itself.
        "helo rejected", "invalid helo", "bad helo", "ehlo rejected",
        // How much it asks.
        "rate limit", "ratelimit", "too many connections", "too many recipients", "too many messages",
        "too much mail", "limit exceeded", "exceeded the", "throttl", "too fast",
        // What a policy holds of it.
        "your ip", "your host", "your network", "client ip", "ip address rejected", "country", "geoip",
        "client host rejected: improper",
    ]
}

extension EnhancedStatus {
    /// RFC 7372 section 3.3 (25: no matching reverse name), RFC 8601's registry (28: mail flood), and Exchange Online's
    /// numbers for banned clients.
    var isAboutClient: Bool {
        subject == 7 && (detail == 25 || detail == 28 || (500...799).contains(detail))
    }
}
