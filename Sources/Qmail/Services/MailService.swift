/// A port where a server of Qmail answers, with everything that its clients meet on the way.
struct MailService: Hashable, Sendable {
    /// A variable that the server is started with, and the line that sets it.
    struct Setting: Hashable, Sendable {
        var name: String
        var value: String
        var place: Place
        /// Whether what starts the server has it, and hands it on.
        var isInherited = false
    }

    /// A line of a file; the file by its path on the host, control files by their name.
    struct Place: Hashable, Sendable {
        var file: String
        var line: Int?
        var text: String
        var culprit: String?
    }

    /// Clients that meet the same rule, and what the rule adds.
    struct Clients: Hashable, Sendable {
        var client: RuleClient
        var isDenied: Bool
        var environment: [Setting]
    }

    /// As xinetd, inetd or the supervisor names it.
    var name: String
    var server: ServerChain.Server
    var address: String
    var port: Int
    /// `nil` where nothing was found that starts the server.
    var chain: ServerChain?
    /// Where the programs are named.
    var place: Place
    var environment: [Setting]
    /// In the order of the rules; whom none of them names is not in it.
    var clients: [Clients]
    /// Whom xinetd serves at all (`only_from`); `nil` for everybody, and nobody where it is empty.
    var onlyFrom: [String]?
    /// Whom xinetd turns away whatever `only_from` says, even where that names the client more closely (`no_access`;
    /// xinetd.conf(5) has it otherwise, xinetd 2.3.15 was measured).
    var noAccess: [String] = []
    /// What starts the server and cannot be understood, as a sentence without a full stop.
    var doubt: String?

    static func port(named name: String) -> Int? {
        Int(name)
            ?? [
                "smtp": 25, "mail": 25, "smtps": 465, "ssmtp": 465, "urd": 465, "submissions": 465,
                "submission": 587, "msp": 587, "qmtp": 209, "qmqp": 628,
            ][name]
    }
}
