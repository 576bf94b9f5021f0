import Postfix

/// Reads restriction lists for one release of Postfix.
struct RestrictionParser {
    let version: PostfixVersion
    let classes: Set<String>
    let quoting: Quoting

    func parse(_ items: [ListItem]) -> [Restriction] {
        var restrictions: [Restriction] = []
        var index = 0
        while index < items.count {
            let next = index + 1 < items.count ? items[index + 1] : nil
            let (kind, count) = kind(of: items[index].text, argument: next?.text)
            let own = Array(items[index..<min(index + count, items.count)])
            restrictions.append(
                Restriction(
                    kind: kind, items: own, places: own.map(quoting.place),
                    parameter: own.first.flatMap(quoting.parameter) ?? ""))
            index += count
        }
        return restrictions
    }

    /// What a word is by itself, whatever stands around it.
    func parse(word: String) -> Restriction.Kind { kind(of: word, argument: nil).0 }

    private func kind(of text: String, argument: String?) -> (Restriction.Kind, Int) {
        let name = text.folded
        if name == "warn_if_reject" { return (.warnIfReject, 1) }
        if text.contains(":") { return (.bareTable(text), 1) }
        // A name that came later is one that this release does not know.
        if let change = Self.changes[name], !version.includes(change) { return (.unknown(text), 1) }
        if let kind = Self.plain[name] { return (kind, 1) }
        if !version.includes(.removedRestrictions), let kind = Self.removed[name] { return (kind, 1) }
        if let subject = Self.access[name] {
            guard let argument, argument.contains(":") else {
                return (
                    .malformed("restriction \(name): bad argument: need maptype:mapname"),
                    argument == nil ? 1 : 2
                )
            }
            return (
                subject == .certificate ? certificateAccess(argument) : .access(subject, table: argument), 2
            )
        }
        if name == "check_policy_service" {
            guard let argument, argument.contains(":") else {
                return (.malformed("check_policy_service must be followed by transport:server"), 1)
            }
            return (.policyService(argument, defaultAction: defaultAction(argument)), 2)
        }
        if Self.withDomain.contains(name) { return (.harmless, argument == nil ? 1 : 2) }
        if name == "sleep" {
            guard let argument, !argument.isEmpty, argument.utf8.allSatisfy(\.isDigit) else {
                return (.malformed("restriction sleep must be followed by number"), 1)
            }
            return (.harmless, 2)
        }
        if classes.contains(text) { return (.restrictionClass(text), 1) }
        return (.unknown(text), 1)
    }

    /// The table, and by which of its fingerprints a certificate is looked up in it (smtpd_check.c,
    /// `map_search_create`).
    private func certificateAccess(_ argument: String) -> Restriction.Kind {
        let table = withoutOptions(argument)
        guard argument.hasPrefix("{") else { return .access(.certificate, table: table) }
        guard argument.hasSuffix("}"), table.contains(":") else {
            return .malformed("malformed map specification: '\(argument)'")
        }
        var isAsked = true
        for (name, value) in options(of: argument) {
            guard let value else {
                return .malformed(
                    "malformed map attribute in '\(argument)': missing '=' after attribute name")
            }
            guard name.folded == "search_order" else {
                return .malformed("unknown map attribute in '\(argument)': '\(name)'")
            }
            let order = tokenRanges(in: value.bytes, separators: isListSeparator).map { value.bytes[$0].text }
            if let bad = order.first(where: {
                !["cert_fingerprint", "pubkey_fingerprint"].contains($0.folded)
            }) {
                return .malformed("unknown search type '\(bad)' in '\(argument)'")
            }
            isAsked = !order.isEmpty
        }
        return isAsked ? .access(.certificate, table: table) : .harmless
    }

    private func defaultAction(_ argument: String) -> String? {
        options(of: argument).last { $0.name == "default_action" }?.value
    }

    private static let plain: [String: Restriction.Kind] = [
        "permit": .permit, "reject": .reject, "defer": .reject, "defer_if_permit": .deferIfPermit,
        "defer_if_reject": .deferIfReject, "permit_mynetworks": .permitMynetworks,
        "permit_inet_interfaces": .permitOwnAddresses, "permit_sasl_authenticated": .permitLogin,
        "permit_auth_destination": .permitDestination, "permit_mx_backup": .permitBackupMX,
        "permit_tls_all_clientcerts": .permitCertificate(verified: true),
        "permit_tls_clientcerts": .permitCertificate(verified: false),
        "reject_unauth_destination": .rejectDestination, "defer_unauth_destination": .rejectDestination,
        "reject_plaintext_session": .rejectPlaintext,
        "reject_unknown_client_hostname": .rejectUnknownClient, "reject_unknown_client": .rejectUnknownClient,
        "reject_unknown_reverse_client_hostname": .rejectUnknownReverse,
        "reject_invalid_helo_hostname": .rejectHELO(.wellFormed),
        "reject_invalid_hostname": .rejectHELO(.wellFormed),
        "reject_unknown_helo_hostname": .rejectHELO(.qualified),
        "reject_unknown_hostname": .rejectHELO(.qualified),
        "reject_non_fqdn_helo_hostname": .rejectHELO(.qualified),
        "reject_non_fqdn_hostname": .rejectHELO(.qualified),
        "reject_non_fqdn_sender": .rejectUnqualified(.sender),
        "reject_non_fqdn_recipient": .rejectUnqualified(.recipient),
        "reject_unlisted_recipient": .rejectUnlistedRecipient,
        "check_recipient_maps": .rejectUnlistedRecipient,
        "reject_unlisted_sender": .rejectUnlistedSender,
        "reject_sender_login_mismatch": .rejectSenderMismatch,
        "reject_unauthenticated_sender_login_mismatch": .rejectSenderMismatch,
        "reject_known_sender_login_mismatch": .rejectSenderMismatch,
        "reject_authenticated_sender_login_mismatch": .harmless, "reject_unauth_pipelining": .harmless,
        "reject_unknown_sender_domain": .harmless, "reject_unknown_address": .harmless,
        "reject_unknown_recipient_domain": .harmless, "reject_unverified_sender": .harmless,
        "reject_unverified_recipient": .harmless, "reject_multi_recipient_bounce": .harmless,
    ]

    /// Until ``ReleaseChange/removedRestrictions``.
    private static let removed: [String: Restriction.Kind] = [
        "permit_naked_ip_address": .permitNakedAddress, "check_relay_domains": .checkRelayDomains,
        "reject_maps_rbl": .harmless,
    ]

    private static let access: [String: Restriction.Subject] = {
        var names: [String: Restriction.Subject] = [
            "check_client_access": .client, "check_reverse_client_hostname_access": .reverseClient,
            "check_helo_access": .helo, "check_sender_access": .sender, "check_recipient_access": .recipient,
            "check_ccert_access": .certificate, "check_sasl_access": .login, "check_etrn_access": .login,
        ]
        for subject in ["client", "reverse_client_hostname", "helo", "sender", "recipient"] {
            guard let owner = names["check_\(subject)_access"] else { continue }
            for server in ["ns", "mx"] { names["check_\(subject)_\(server)_access"] = .servers(of: owner) }
            names["check_\(subject)_a_access"] = .domain(of: owner)
        }
        return names
    }()

    private static let changes: [String: ReleaseChange] = {
        var changes: [String: ReleaseChange] = [
            "defer_unauth_destination": .relayRestrictions, "check_sasl_access": .loginAccess,
            "reject_known_sender_login_mismatch": .loginAccess,
            "check_reverse_client_hostname_access": .reverseNameAccess,
            "permit_dnswl_client": .allowListsByDNS, "permit_rhswl_client": .allowListsByDNS,
            "reject_rhsbl_reverse_client": .allowListsByDNS,
        ]
        for subject in ["client", "reverse_client_hostname"] {
            for server in ["ns", "mx"] {
                changes["check_\(subject)_\(server)_access"] = .serverAccessByClient
            }
        }
        for subject in ["client", "reverse_client_hostname", "helo", "sender", "recipient"] {
            changes["check_\(subject)_a_access"] = .addressAccess
        }
        return changes
    }()

    /// What brought a restriction, or took it away; `nil` for one that always was.
    static func change(of name: String) -> ReleaseChange? {
        changes[name] ?? (removed[name] == nil ? nil : .removedRestrictions)
    }

    private static let withDomain: Set<String> = [
        "reject_rbl_client", "reject_rbl", "permit_dnswl_client", "reject_rhsbl_client",
        "permit_rhswl_client",
        "reject_rhsbl_reverse_client", "reject_rhsbl_helo", "reject_rhsbl_sender", "reject_rhsbl_recipient",
    ]

    /// Every name that Postfix knows, to find what a misspelt one was meant to be.
    static let names: [String] =
        Array(plain.keys) + Array(removed.keys) + Array(access.keys) + Array(withDomain)
        + ["check_policy_service", "warn_if_reject"]
}
