import Postfix

/// One element of a restriction list with its arguments (smtpd_check.c, `generic_checks`).
struct Restriction: Hashable {
    /// What a `check_…_access` looks up.
    indirect enum Subject: Hashable, Sendable {
        case client, reverseClient, helo, sender, recipient, certificate, login
        /// The name servers or mail exchangers of somebody's domain: an OK from them is refused with 451.
        case servers(of: Subject)
        /// The domain of somebody, then its addresses: an OK is refused in the same way.
        case domain(of: Subject)

        /// Whether an OK is one: what strangers choose themselves may only refuse (smtpd_check.c, `forbid_whitelist`).
        var mayPermit: Bool {
            switch self {
            case .reverseClient, .servers, .domain: false
            default: true
            }
        }
    }

    enum Kind: Hashable {
        case permit
        case reject
        case deferIfPermit
        case deferIfReject
        case warnIfReject
        case permitMynetworks
        case permitOwnAddresses
        case permitLogin
        case permitDestination
        case permitBackupMX
        case permitCertificate(verified: Bool)
        case permitNakedAddress
        case rejectDestination
        /// `reject_unauth_destination` for all but clients whose name is in `relay_domains`.
        case checkRelayDomains
        case access(Subject, table: String)
        case policyService(String, defaultAction: String?)
        case rejectPlaintext
        case rejectUnknownClient
        case rejectUnknownReverse
        case rejectHELO(HELODemand)
        case rejectUnqualified(Subject)
        case rejectUnlistedRecipient
        case rejectUnlistedSender
        case rejectSenderMismatch
        /// Looks at what a careful stranger has in order: blocklists, DNS, pipelining.
        case harmless
        case restrictionClass(String)
        /// A table without a `check_…_access` before it.
        case bareTable(String)
        /// Postfix's own words; answered with 451 4.3.5.
        case malformed(String)
        case unknown(String)
    }

    enum HELODemand: Hashable { case wellFormed, qualified }

    let kind: Kind
    /// The name and its arguments.
    let items: [ListItem]
    /// Where each of the items stands.
    let places: [Place]
    /// The parameter whose value holds the name.
    let parameter: String

    var name: String { items.first?.text ?? "" }

    /// Whether it looks at the recipient, and says nothing where there is none.
    var isAboutRecipient: Bool {
        switch kind {
        case .permitDestination, .rejectDestination, .checkRelayDomains, .permitBackupMX,
            .rejectUnlistedRecipient,
            .rejectUnqualified(.recipient), .access(.recipient, _),
            .access(.domain(of: .recipient), _), .access(.servers(of: .recipient), _):
            true
        default: false
        }
    }

    /// Whether it looks at the sender, and says nothing where there is none.
    var isAboutSender: Bool {
        switch kind {
        case .access(.sender, _), .access(.domain(of: .sender), _), .access(.servers(of: .sender), _),
            .rejectUnqualified(.sender),
            .rejectUnlistedSender, .rejectSenderMismatch:
            true
        default: false
        }
    }
}

extension Restriction.Kind {
    /// Whether it refuses foreign recipients.
    var isGate: Bool { [.rejectDestination, .checkRelayDomains, .reject].contains(self) }
}

/// The table or the server of an argument, which may be `{ type:table { search_order = … } }`.
func withoutOptions(_ argument: String) -> String {
    guard argument.hasPrefix("{") else { return argument }
    let inner = argument.bytes[...].strippingBraces
    return tokenRanges(in: inner, separators: isListSeparator).first.map { inner[$0].text } ?? argument
}

/// The options behind it, `name=value` or `{ name = value }`.
func options(of argument: String) -> [(name: String, value: String?)] {
    guard argument.hasPrefix("{") else { return [] }
    let inner = argument.bytes[...].strippingBraces
    return tokenRanges(in: inner, separators: isListSeparator).dropFirst().map { range in
        let option = inner[range].strippingBraces
        guard let sign = option.firstIndex(of: UInt8(ascii: "=")) else { return (option.trimmedText, nil) }
        return (Array(option[..<sign]).trimmedText, Array(option[(sign + 1)...]).trimmedText)
    }
}

extension Array<UInt8> {
    var trimmedText: String {
        var rest = self[...]
        while let first = rest.first, first.isSpace { rest = rest.dropFirst() }
        while let last = rest.last, last.isSpace { rest = rest.dropLast() }
        return rest.text
    }
}

extension Substring {
    var bytes: [UInt8] { Array(utf8) }
}
