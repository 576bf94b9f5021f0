/// The built-in defaults of the parameters that decide relaying, and of those that they refer to.
///
/// From postconf(5) and mail_params.h of the releases 2.3 to 3.10 and, where it could be asked, `postconf -d`.
struct ParameterDefaults {
    let version: PostfixVersion
    /// The kernel's host name.
    let hostName: String?

    /// - Returns: the default as written in the source, before `$name` is expanded; `nil` for a name that
    ///   Postfix does not know (or not in this version).
    func value(of name: String) -> String? {
        if let constant = Self.constants[name] { return constant }
        return versioned(name)?.first
    }

    /// Defaults that changed; an empty array for a parameter that this version does not have.
    private func versioned(_ name: String) -> [String]? {
        switch name {
        case "myhostname": [fullHostName]
        case "mydomain": [domain]
        case "mail_version": ["\(version.major).\(version.minor).\(version.patch)"]
        case "compatibility_level": version.includes(.compatibilityLevel) ? ["0"] : []
        case "mynetworks_style": [byLevel("2", "subnet", "host")]
        case "relay_domains": [byLevel("2", "$mydestination", "")]
        case "append_dot_mydomain": [byLevel("1", "yes", "no")]
        case "smtputf8_enable":
            version.includes(.compatibilityLevel) ? [byLevel("1", "no", "yes")] : []
        case "inet_protocols": [version.includes(.everyProtocol) ? "all" : "ipv4"]
        case "smtpd_relay_restrictions": relayRestrictions
        case "smtpd_recipient_restrictions":
            [version.includes(.relayRestrictions) ? "" : "permit_mynetworks, reject_unauth_destination"]
        case "smtpd_relay_before_recipient_restrictions":
            version.includes(.relayBeforeRecipient) ? [byLevel("3.6", "no", "yes")] : []
        case "smtpd_tls_fingerprint_digest":
            [version.includes(.strongFingerprints) ? byLevel("3.6", "md5", "sha256") : "md5"]
        case "smtpd_forbid_bare_newline": forbidBareNewline
        case "smtpd_forbid_unauth_pipelining": forbidPipelining
        case "smtpd_policy_service_default_action":
            version.includes(.policyDefaultAction) ? ["451 4.3.5 Server configuration problem"] : []
        case "smtpd_upstream_proxy_protocol": version.includes(.proxyProtocol) ? [""] : []
        case "postscreen_denylist_action":
            version.includes(.allowAndDenyLists) ? [older("postscreen_blacklist_action", "ignore")] : []
        case "postscreen_allowlist_interfaces":
            version.includes(.allowAndDenyLists)
                ? [older("postscreen_whitelist_interfaces", "static:all")] : []
        case "postscreen_blacklist_action": version.includes(.allowAndDenyLists) ? nil : ["ignore"]
        case "postscreen_whitelist_interfaces":
            version.includes(.allowAndDenyLists) ? nil : ["static:all"]
        case "smtpd_tls_chain_files": version.includes(.certificateChainFiles) ? [""] : []
        default: ReferableDefaults.value(of: name).map { [$0] }
        }
    }

    /// What a parameter takes over from the one that had its place before.
    private func older(_ name: String, _ otherwise: String) -> String {
        "${\(name)?{$\(name)}:{\(otherwise)}}"
    }

    func byLevel(_ level: String, _ below: String, _ otherwise: String) -> String {
        guard version.includes(.compatibilityLevel) else { return below }
        let comparison = version.includes(.orderedLevels) ? "<level" : "<"
        return "${{$compatibility_level} \(comparison) {\(level)} ? {\(below)} : {\(otherwise)}}"
    }

    private var relayRestrictions: [String] {
        let safe = "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"
        if version.includes(.relayRestrictionsByLevel) { return [byLevel("1", "", safe)] }
        return version.includes(.relayRestrictions) ? [safe] : []
    }

    private var forbidBareNewline: [String] {
        if version.includes(.strictLineEnds) { return ["normalize"] }
        return isPatched([5: 23, 6: 13, 7: 9, 8: 4]) ? ["no"] : []
    }

    private var forbidPipelining: [String] {
        if version.includes(.strictLineEnds) { return ["yes"] }
        return isPatched([5: 22, 6: 12, 7: 8, 8: 3]) ? ["no"] : []
    }

    /// Whether the release has what was added to the maintained branches at these patch levels.
    private func isPatched(_ levels: [Int: Int]) -> Bool {
        guard version.major == 3, let level = levels[version.minor] else { return false }
        return version.patch >= level
    }

    private var fullHostName: String {
        let name = hostName ?? "localhost"
        return name.contains(".") ? name : "\(name).\(Self.localDomain)"
    }

    private var domain: String {
        // The domain follows `myhostname` where that is set; see ``ParameterValues``.
        guard let dot = fullHostName.firstIndex(of: ".") else { return Self.localDomain }
        return String(fullHostName[fullHostName.index(after: dot)...])
    }

    static let localDomain = "localdomain"

    private static let constants: [String: String] = [
        "access_map_defer_code": "450", "access_map_reject_code": "554",
        "alias_maps": "hash:/etc/aliases, nis:mail.aliases", "allow_percent_hack": "yes",
        "allow_untrusted_routing": "no", "append_at_myorigin": "yes",
        "canonical_classes":
            "envelope_sender, envelope_recipient, header_sender, header_recipient",
        "canonical_maps": "", "cleanup_service_name": "cleanup", "rewrite_service_name": "rewrite",
        "receive_override_options": "", "defer_transports": "", "config_directory": "/etc/postfix",
        "body_checks": "", "content_filter": "",
        "daemon_table_open_error_is_fatal": "no", "data_directory": "/var/lib/postfix",
        "default_database_type": "hash", "default_transport": "smtp", "defer_code": "450",
        "disable_vrfy_command": "no", "fallback_transport": "", "fallback_transport_maps": "",
        "header_checks": "", "recipient_bcc_maps": "", "sender_bcc_maps": "", "smtpd_command_filter": "",
        "inet_interfaces": "all",
        "local_recipient_maps": "proxy:unix:passwd.byname $alias_maps",
        "local_transport": "local:$myhostname", "luser_relay": "", "mail_name": "Postfix",
        "mailbox_transport": "", "mailbox_transport_maps": "", "masquerade_domains": "",
        "master_service_disable": "",
        "message_size_limit": "10240000",
        "milter_default_action": "tempfail",
        "mydestination": "$myhostname, localhost.$mydomain, localhost", "myorigin": "$myhostname",
        "parent_domain_matches_subdomains":
            "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,smtpd_access_maps",
        "permit_mx_backup_networks": "", "postscreen_access_list": "permit_mynetworks",
        "postscreen_bare_newline_action": "ignore", "postscreen_bare_newline_enable": "no",
        "postscreen_cache_map": "btree:$data_directory/postscreen_cache",
        "postscreen_dnsbl_action": "ignore", "postscreen_greet_action": "ignore",
        "postscreen_non_smtp_command_action": "drop", "postscreen_non_smtp_command_enable": "no",
        "postscreen_pipelining_action": "enforce", "postscreen_pipelining_enable": "no",
        "postscreen_upstream_proxy_protocol": "", "proxy_interfaces": "", "qmqpd_authorized_clients": "",
        "queue_directory": "/var/spool/postfix",
        "recipient_canonical_classes": "envelope_recipient, header_recipient",
        "recipient_canonical_maps": "", "recipient_delimiter": "", "reject_code": "554",
        "relay_clientcerts": "", "relay_domains_reject_code": "554", "relay_recipient_maps": "",
        "relay_transport": "relay", "relayhost": "", "relocated_maps": "", "resolve_dequoted_address": "yes",
        "resolve_null_domain": "no", "resolve_numeric_domain": "no", "sender_canonical_maps": "",
        "sender_dependent_default_transport_maps": "", "sender_dependent_relayhost_maps": "",
        "smtpd_authorized_xclient_hosts": "", "smtpd_authorized_xforward_hosts": "",
        "smtpd_client_restrictions": "", "smtpd_data_restrictions": "", "smtpd_delay_reject": "yes",
        "smtpd_end_of_data_restrictions": "", "smtpd_enforce_tls": "no", "smtpd_etrn_restrictions": "",
        "smtpd_helo_required": "no", "smtpd_helo_restrictions": "", "smtpd_milters": "",
        "smtpd_null_access_lookup_key": "<>", "smtpd_peername_lookup": "yes", "smtpd_proxy_filter": "",
        "smtpd_reject_unlisted_recipient": "yes", "smtpd_reject_unlisted_sender": "no",
        "smtpd_restriction_classes": "", "smtpd_sasl_auth_enable": "no", "smtpd_sasl_path": "smtpd",
        "smtpd_sasl_security_options": "noanonymous", "smtpd_sasl_type": "cyrus",
        "smtpd_sender_login_maps": "", "smtpd_sender_restrictions": "", "smtpd_service_name": "smtpd",
        "smtpd_tls_CAfile": "", "smtpd_tls_CApath": "", "smtpd_tls_ask_ccert": "no",
        "smtpd_tls_auth_only": "no", "smtpd_tls_cert_file": "", "smtpd_tls_dcert_file": "",
        "smtpd_tls_eccert_file": "", "smtpd_tls_key_file": "$smtpd_tls_cert_file",
        "smtpd_tls_req_ccert": "no", "smtpd_tls_security_level": "", "smtpd_tls_wrappermode": "no",
        "smtpd_use_tls": "no", "soft_bounce": "no", "stress": "", "strict_rfc821_envelopes": "no",
        "swap_bangpath": "yes", "tls_append_default_CA": "no", "transport_maps": "",
        "unknown_client_reject_code": "450", "unknown_local_recipient_reject_code": "550",
        "virtual_alias_domains": "$virtual_alias_maps", "virtual_alias_maps": "$virtual_maps",
        "virtual_mailbox_domains": "$virtual_mailbox_maps", "virtual_mailbox_maps": "",
        "virtual_maps": "", "virtual_transport": "virtual",
    ]

    /// Every name with a default that does not depend on the host, for tests against postconf(1).
    static let comparableNames: [String] =
        Array(constants.keys).sorted() + [
            "append_dot_mydomain", "compatibility_level", "inet_protocols", "mynetworks_style",
            "relay_domains",
            "smtpd_relay_restrictions", "smtpd_recipient_restrictions",
            "smtpd_relay_before_recipient_restrictions", "smtpd_tls_fingerprint_digest",
            "smtpd_policy_service_default_action", "postscreen_denylist_action",
            "postscreen_allowlist_interfaces",
        ]
}
