@testable import Observation

/// What a real `mariadb -B -N` prints for ``DatabaseQuestion/text``, put together section by section.
enum DatabaseFixture {
    /// The answer of a database of the current layout with the vendor's defaults and a white list.
    static let obsidian = [
        rows(
            "node-settings",
            ["disable_pop_auth\t1", "disable_smtp_auth\t0", "poplock_time\t20", "relay\tauth"]),
        rows("misc-settings", []),
        rows("white-list", ["127.0.0.1\t8\t1", "::1\t128\t1", "198.51.100.9\t32\t0", "203.0.113.0\t24\t1"]),
        rows("black-list", ["spammer.example"]),
        rows("domains", ["hosted.example", "second.example"]),
        rows("mailbox", ["postmaster@hosted.example"]),
        rows("domain-aliases", ["alias.example"]),
    ].joined()

    /// Plesk 8 to 10: settings in `misc`, no service nodes.
    static let misc = [
        absent("node-settings"),
        rows(
            "misc-settings",
            ["disable_pop_auth\t0", "disable_smtp_auth\t0", "poplock_time\t20", "relay\topen"]),
        rows("white-list", ["127.0.0.1\t8\t1"]), rows("black-list", []),
        rows("domains", ["hosted.example"]), rows("mailbox", []), absent("domain-aliases"),
    ].joined()

    static func rows(_ section: String, _ rows: [String]) -> String {
        rows.map { "\(section)\t\($0)\n" }.joined() + "end\t\(section)\n"
    }

    static func absent(_ section: String) -> String { "absent\t\(section)\nend\t\(section)\n" }
}

/// Help pages in the shapes that the vendor's documents let expect; the layouts are assumed.
enum HelpFixture {
    static let obsidian = """
        Usage: mailserver command [options]

        Available commands:
            --set-relay <open|auth|closed>          Sets the relaying mode of the mail server
            --add-to-black-list <domain>            Adds a domain to the server-wide black list
            --add-to-white-list <ip>[/<prefix>]     Adds an address or a network to the server-wide white list
            --remove-from-white-list <ip>[/<prefix>]
                                                    Removes an address or a network from the white list
            --info [white-list|black-list]          Shows the settings of the mail server

        Available options:
            -auth-type <pop3|smtp|both>             The ways of authorization in the mode auth
            -lock-time <minutes>                    How long a POP3 login opens the relay for its address

        """

    static let withoutWhiteList = """
        Usage: mailserver.sh command [options]

        Available commands:
            --set-relay or -sr <open | close | auth>  changes relaying; open lets everybody in
            --set-max-letter-size <size>              maximum message size
            --help or -h                              this page
        Options:
            -auth-type <pop3 | smtp | both>

        """
}
