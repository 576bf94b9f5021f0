import MailModel
import Postfix

/// A file of the configuration.
enum ConfigurationFile: Hashable {
    case main, master
    /// A file that a list includes, by the path as written.
    case included(String)
    /// The source of a lookup table.
    case table(String)
    /// No file: a built-in default of Postfix.
    case builtIn
}

/// Where something stands.
struct Place: Hashable {
    var file: ConfigurationFile
    /// From 1; `nil` for a default or an entry of a compiled table.
    var line: Int?
    /// The bytes of the file, where they are known and in one place.
    var range: Range<Int>?
    /// What to look for in the line.
    var token: String
}

/// The kinds of cause: stable words that scripts read.
enum CauseKind: String {
    case mynetworks
    case mynetworksStyle = "mynetworks-style"
    case clientAccess = "client-access"
    case heloAccess = "helo-access"
    case senderAccess = "sender-access"
    case recipientAccess = "recipient-access"
    case certificateAccess = "certificate-access"
    case clientCertificates = "client-certificates"
    case permit
    case warnIfReject = "warn-if-reject"
    case noReject = "no-reject"
    case nakedAddress = "naked-ip-address"
    case backupMX = "mx-backup"
    case relayDomains = "relay-domains"
    case destinations = "destinations"
    case untrustedRouting = "untrusted-routing"
    case addressRewriting = "address-rewriting"
    case xclient
    case proxyProtocol = "proxy-protocol"
    case qmqp
    case policyDefault = "policy-default"
    case policyService = "policy-service"
    case unreadableTable = "unreadable-table"
    case broken
    case syntax
}

extension CauseKind {
    /// Whether it is a row of an access(5) table, of which the result counts.
    var isAccess: Bool {
        switch self {
        case .clientAccess, .heloAccess, .senderAccess, .recipientAccess, .certificateAccess: true
        default: false
        }
    }
}

/// What lets a stranger through, and how it may be closed.
struct Blame: Hashable {
    var kind: CauseKind
    /// The parameter that holds the culprit.
    var parameter: String
    var place: Place
    /// The restriction that consults it, with its list; `nil` where none does.
    var restriction: Restriction?
    /// The item of a list value that is to blame, where there is one.
    var item: ListItem?
    /// The entry of a table that is to blame, with the table.
    var entry: BlamedEntry?

    /// Tells culprits apart; two findings with one identity have one remedy.
    var identity: BlameIdentity {
        BlameIdentity(kind: kind, parameter: parameter, place: place, entry: entry?.index)
    }
}

extension Blame {
    /// The network that is to blame, as written, where it is not every address there is.
    var partOfAll: String? {
        guard kind == .mynetworks || kind == .clientAccess || kind == .xclient || kind == .qmqp else {
            return nil
        }
        if let entry {
            let network = IPNetwork(octets: entry.key) ?? CIDRText(entry.key).network
            return network.flatMap { $0.prefix > 0 ? entry.key : nil }
        }
        guard case .network(let network)? = ClientList.address(place.token.folded) else { return nil }
        return network.prefix > 0 ? place.token : nil
    }
}

struct BlamedEntry: Hashable {
    var table: String
    var index: Int
    var key: String
    var value: String
}

struct BlameIdentity: Hashable {
    var kind: CauseKind
    var parameter: String
    var place: Place
    var entry: Int?
}
