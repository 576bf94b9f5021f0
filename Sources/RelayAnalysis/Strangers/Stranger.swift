import MailModel
import Postfix

/// One thing about a session that a stranger can have or choose, taken from the configuration itself.
struct Trait: Hashable {
    enum Dimension: Hashable {
        case client, name, reverseName, helo, sender, recipient, certificate, claim, trust
    }

    enum Change: Hashable {
        case client(Client)
        /// A verified name, with whatever address the stranger has.
        case name(String)
        case reverseName(String)
        case helo(String?)
        case sender(String)
        case recipient(String)
        /// A recipient whom a table, which cannot be asked, is taken to lead wherever a stranger wants.
        case ledOut(String, by: String)
        case backedUpRecipient
        /// Somebody here who surely exists gets a message whose sender, greeting or text names the one who is meant.
        case copied(to: String, sender: String? = nil, helo: String? = nil, text: String? = nil)
        case certificate(Session.Certificate)
        /// What XCLIENT or PROXY makes smtpd believe.
        case claim(Client, isLoggedIn: Bool, by: CauseKind)
        case trusting(String)
        /// What pipe(8) hands to a program goes on.
        case sentOn(SMTPServer.PipedProgram)
        case policyServicesDown
    }

    var change: Change
    /// Who has it: `clients in 198.51.100.0/24`.
    var who: String
    /// What lets a stranger have it, where that is itself the culprit.
    var blame: Blame?
    /// It rests on something that cannot be read.
    var isUncertain = false
    /// Every client can have it, whatever it is and whomever it writes to.
    var isEverybodys = false
    /// It only gets past a rule that refuses, and gives way to what another rule asks for.
    var isEvasion = false

    var dimension: Dimension {
        switch change {
        case .client: .client
        case .name: .name
        case .reverseName: .reverseName
        case .helo: .helo
        case .sender: .sender
        case .recipient, .ledOut, .backedUpRecipient, .copied: .recipient
        case .certificate: .certificate
        case .claim: .claim
        case .trusting, .sentOn, .policyServicesDown: .trust
        }
    }

    /// Whether it is a client's, and the client has an address of the family.
    func isOf(_ family: ServiceListener.Family) -> Bool {
        guard case .client(let client) = change else { return false }
        return (client.address.width == 32) == (family == .v4)
    }

    /// Whether it takes the word of a table or a service that cannot be asked.
    var isTrust: Bool { trusted != nil }

    /// The table or the service whose word it takes.
    var trusted: String? {
        switch change {
        case .trusting(let name), .ledOut(_, by: let name): name
        default: nil
        }
    }

    /// Whether it takes a program for one that sends on what it gets.
    var isSentOn: Bool { if case .sentOn = change { true } else { false } }

    func applied(to session: Session) -> Session {
        var session = session
        switch change {
        case .client(let client):
            // Whoever has an address may have a name as well.
            let name = client.name == Stranger.name ? session.client.name : client.name
            session.client = client
            session.client.name = name
        case .name(let name): session.client.name = name
        case .reverseName(let name): session.reverseName = name
        case .helo(let name): session.helo = name
        case .sender(let address): session.sender = address
        case .recipient(let address): session.recipient = address
        case .ledOut(let address, by: let table):
            session.recipient = address
            session.trusting.insert(SMTPServer.trust(leadingOutBy: table))
        case .backedUpRecipient: session.isBackedUpHere = true
        case .copied(to: let recipient, let sender, let helo, let text):
            session.recipient = recipient
            session.sender = sender ?? session.sender
            session.helo = helo ?? session.helo
            session.text = text
            session.hasKnownRecipient = true
        case .certificate(let certificate): session.certificate = certificate
        case .claim(let client, let isLoggedIn, let kind):
            // The connection itself stays what it is (smtpd.c, `xclient_cmd`).
            if kind == .xclient { session.peer = session.client.address }
            session.client = client
            session.isLoggedIn = isLoggedIn
        case .trusting(let name): session.trusting.insert(name)
        case .sentOn(let program): session.trusting.insert(program.trust)
        case .policyServicesDown: session.policyServicesAreDown = true
        }
        return session
    }
}

/// A stranger of whom the configuration says nothing in particular.
enum Stranger {
    /// A domain that no configuration lists, with an ordinary shape.
    ///
    /// Its top-level domain is one that hardly any list names, so that a row for `.org` is not taken for all.
    static let domain = "relay-check-x7q.coop"
    static let name = "host-x7q.\(domain)"
    static let sender = "x7q-sender@\(domain)"
    static let recipient = "x7q-recipient@\(domain)"
    /// Somebody else, with another top-level domain and without a digit or a hyphen, where a rule refuses the first.
    static let otherName = "mail.relaycheck.net"
    static let otherMailbox = "info@relaycheck.net"

    /// Public addresses in no order, to find one that no network of a list holds.
    static let addresses: [IPAddress] = [
        "185.77.12.201", "93.184.77.19", "45.201.9.133", "203.91.40.7", "81.14.201.66", "151.77.3.9",
        "24.199.7.71", "212.5.66.140", "62.201.99.3", "5.77.190.44", "77.3.201.9", "109.44.77.12",
        "190.6.77.201", "37.9.77.140", "89.201.6.99", "13.77.140.3", "217.9.3.77", "176.44.9.201",
        "41.77.99.6", "125.9.201.44", "2a0b:77:140::9", "2607:9077:44::201", "2406:7740:9:3::66",
        "2001:9077:201::3", "2803:77:6::44",
    ].compactMap { IPAddress($0) }

    static func session(from address: IPAddress, usingTLS: Bool) -> Session {
        Session(
            client: Client(address: address, name: name), reverseName: name, helo: name, sender: sender,
            recipient: recipient, usesTLS: usingTLS)
    }
}

/// What smtpd looks up of a stranger of whom a configuration says nothing in particular (access(5)), for tables that
/// can only be asked.
package let strangersKeys: [String] = {
    let names = [Stranger.name, Stranger.otherName, Stranger.domain].flatMap(nameAndParents)
    let mailboxes = [Stranger.sender, Stranger.recipient, Stranger.otherMailbox].flatMap {
        address -> [String] in
        let parts = address.split(separator: "@").map(String.init)
        return [address, parts[0] + "@", "@" + parts[1]]
    }
    var seen: Set<String> = []
    return (Stranger.addresses.flatMap(\.lookupKeys) + names + mailboxes + ["<>", "unknown"]).filter {
        seen.insert($0).inserted
    }
}()

/// With and without the dot by which a parent is looked up (`parent_domain_matches_subdomains`).
private func nameAndParents(_ name: String) -> [String] {
    let labels = name.split(separator: ".")
    return labels.indices.flatMap { index -> [String] in
        let rest = String(name[labels[index].startIndex...])
        return index == 0 ? [rest] : [rest, "." + rest]
    }
}

extension IPAddress {
    /// The address, then what is left when its last parts are taken off (access(5)).
    var lookupKeys: [String] {
        let separator: Character = width == 32 ? "." : ":"
        var keys = [description]
        var rest = description[...]
        while let last = rest.lastIndex(of: separator) {
            rest = rest[..<last]
            if !rest.isEmpty { keys.append(String(rest)) }
        }
        return keys
    }
}

/// The traits that a list asks for; those of large tables are made a part at a time.
struct TraitSupply {
    var traits: [Trait] = []
    /// What gets past refusals, for the end of ``traits``.
    var evasions: [Trait] = []
    var large: [(table: LookupTable, subject: Restriction.Subject)] = []

    /// How many entries of a table are looked at together.
    static let chunk = 2000

    /// How many of those who come by one way try every trait: all where there are few, some where there are many.
    var explorers: Int { large.isEmpty ? max(4, 600 / max(traits.count, 1)) : 1 }
}
