import MailModel
import Postfix

extension Explanation {
    /// What would close it, as an instruction.
    func remedy(for finding: Finding) -> String {
        let blame = finding.blame
        let token = blame.place.token
        let list = blame.item.flatMap { item in item.text == token ? nil : item.text } ?? token
        // Of a table, and of a file that is read into the list, one row is meant.
        let what =
            blame.entry.map { "\($0.key) from \($0.table)" }
            ?? (blame.place.file.isIncluded ? "\(token) from \(list)" : "\(list) from \(blame.parameter)")
        if finding.isUnread, blame.kind != .policyService {
            let table = finding.traits.compactMap(\.trusted).first ?? token
            let isRemote = TableName(table).map { TableName.remoteTypes.contains($0.type) } ?? false
            return isRemote
                ? "Ask \(table) whom it lists (postmap -q), or put a file in its place."
                : "Read \(table) where the host runs, or take it out."
        }
        return staleText(of: blame) + remedy(for: blame, what, token)
    }

    /// What to look at first, where Postfix does not go by the text that somebody sees.
    private func staleText(of blame: Blame) -> String {
        guard let table = blame.entry.flatMap({ host.configuration.staleTables[$0.table] }) else { return "" }
        return
            "\(table.name) says something else than \(host.quoting.name(of: .table(table.path))), which Postfix reads: "
            + "run postmap \(table.type):\(table.name) if it is right. Else: "
    }

    private func remedy(for blame: Blame, _ what: String, _ token: String) -> String {
        switch blame.kind {
        case .mynetworks:
            return "Remove \(what); list only networks whose owners you know."
        case .mynetworksStyle: return "Set mynetworks_style = host, or list the networks in mynetworks."
        case .clientAccess, .heloAccess, .senderAccess, .recipientAccess, .certificateAccess:
            let lookup = blame.restriction?.name ?? "the lookup"
            return
                "In \(blame.parameter), put reject_unauth_destination before \(lookup)\(Self.behindPermits), or "
                + "take \(blame.entry.map(removal) ?? "the lookup out")"
                + ([.heloAccess, .senderAccess].contains(blame.kind)
                    ? "; what a client says of itself is no proof." : ".")
        case .clientCertificates:
            return
                "Remove \(what); list the fingerprints of known clients in relay_clientcerts."
        case .permit:
            return "Replace \(token) in \(blame.parameter) by reject_unauth_destination\(Self.behindPermits)."
        case .warnIfReject:
            return "Remove warn_if_reject before \(blame.restriction?.name ?? "the rejection")."
        case .noReject:
            return "End \(blame.parameter) with reject_unauth_destination\(Self.behindPermits)."
        case .nakedAddress: return "Remove permit_naked_ip_address from \(blame.parameter)."
        case .backupMX: return "Remove permit_mx_backup and list the domains in relay_domains."
        case .relayDomains where isDefault(blame):
            return
                "Set relay_domains to the domains that this host relays for, or to nothing: without the line Postfix "
                + "relays for mydestination and all below it."
        case .relayDomains:
            let isPattern =
                TableName(blame.entry?.table ?? token).map { TableName.patternTypes.contains($0.type) }
                ?? false
            return "Remove \(what)\(isPattern ? ", or anchor it" : ""): name the domains themselves."
        case .destinations: return "Remove \(what); name the domains themselves."
        case .untrustedRouting: return "Set allow_untrusted_routing = no."
        case .addressRewriting:
            return "Remove \(what), or do not take the domain from the address."
        case .xclient: return "Remove \(what)."
        case .proxyProtocol:
            return "Remove \(blame.parameter), or let only the proxy connect to the port."
        case .qmqp: return "Remove \(what): QMQP has no other check."
        case .policyDefault: return remedy(forPolicyDefault: blame)
        case .policyService: return "Put check_policy_service behind reject_unauth_destination."
        case .unreadableTable, .broken, .syntax: return "Correct \(token)."
        }
    }

    /// Whether no line sets the parameter: there is nothing that could be taken out of it.
    private func isDefault(_ blame: Blame) -> Bool {
        host.main.definition(of: blame.parameter) == nil && [.main, .builtIn].contains(blame.place.file)
            && blame.entry == nil
    }

    /// What to do about a line that Postfix stops at.
    func remedy(forBroken why: String, _ place: Place?) -> String {
        if why.hasPrefix("specify at least one working instance") {
            let stage: Stage = host.version.includes(.relayRestrictions) ? .relay : .recipient
            if let place, let list = parameter(at: place),
                host.values(ofService: nil).value(of: list).items.contains(where: {
                    $0.text.folded == "permit"
                })
            {
                return
                    "Take permit out of \(list), or put reject_unauth_destination before it\(Self.behindPermits): behind "
                    + "it no rejection counts, and without one smtpd does not run."
            }
            return
                "Put reject_unauth_destination into \(stage.rawValue)\(Self.behindPermits): without a "
                + "rejection smtpd does not run."
        }
        if why.contains("does nothing"), let place {
            return "Take \(place.token) out of smtpd_noop_commands."
        }
        if let place, IPNetwork.isPrefix(place.token) {
            return "Write the network without a blank before \(place.token): else it is taken for a file."
        }
        if why.contains("requires a process limit of 1") {
            return "Write 1 in the column maxproc of the service."
        }
        if why.hasPrefix("there is no service") {
            return "Put the service into master.cf again, as Postfix has it."
        }
        if why.contains("milter service name") { return "Write inet:HOST:PORT or unix:PATH, or take it out." }
        if why.hasPrefix("open file ") {
            return "Put the file in its place again, or take it out of the list."
        }
        if why.hasPrefix("No server certs available") {
            return
                "Set smtpd_tls_cert_file (and smtpd_tls_key_file), or do not ask for TLS here: Postfix says \"\(why)\"."
        }
        if why.hasSuffix("is not there") { return "Put it where it belongs, or take it out of the list." }
        if why.contains("is no absolute path") { return "Write the whole path." }
        if why.hasSuffix("for want of space") { return "Set it to 0 or more." }
        return (place?.line == nil ? "" : "Correct the line: ") + "Postfix says \"\(why)\"."
    }

    /// Of a table that postmap(1) compiles, the text alone changes nothing.
    private func removal(of entry: BlamedEntry) -> String {
        let text = "\(entry.key) out of \(entry.table)"
        guard let table = TableName(entry.table), table.type != "texthash",
            TableName.postmapTypes.contains(table.type)
        else { return text }
        let source = host.tables.table(entry.table).source
        return source != nil && source != table.name
            ? text + " (postmap -d \(entry.key) \(table.type):\(table.name))"
            : text + " and run postmap \(table.type):\(table.name)"
    }

    /// What helps where a line is right and what it names is not there.
    func remedyForMissing(at place: Place) -> String? {
        let configuration = host.configuration
        if let table = configuration.uncompiledTables[place.token] {
            let isOfAliases = parameter(at: place).map(Self.aliasTables.contains) ?? false
            return
                "Run \(isOfAliases ? "postalias" : "postmap") \(table.type):\(table.name), or correct the line."
        }
        let isMissing = [configuration.missing, configuration.missingOutside, configuration.missingInJail]
            .contains {
                $0[place.token] != nil
            }
        guard isMissing else { return nil }
        let isFile = place.token.hasPrefix("/")
        return
            "\(isFile ? "Put \(place.token) where it belongs" : "Start what is to answer there"), or correct the line."
    }

    /// Those whose text is one of aliases(5), which postmap(1) would not read.
    private static let aliasTables: Set = ["alias_maps", "alias_database", "local_recipient_maps"]

    /// Before the restrictions that let networks and logins relay, a rejection would shut those out.
    private static let behindPermits = " (behind permit_mynetworks and permit_sasl_authenticated)"

    private func remedy(forPolicyDefault blame: Blame) -> String {
        let isGeneral = blame.parameter == "smtpd_policy_service_default_action"
        return
            "\(isGeneral ? "Set \(blame.parameter) = DUNNO" : "Give the service default_action=DUNNO"), so that "
            + "the rest of the list decides while the service does not answer, or put check_policy_service behind "
            + "reject_unauth_destination."
    }
}
