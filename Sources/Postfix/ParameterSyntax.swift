/// What the value of a parameter has to look like, so that the programs that read it start (mail_conf_int.c,
/// mail_conf_time.c, mail_conf_bool.c, name_mask.c; measured on 3.7.11).
package struct ParameterSyntax: Sendable {
    /// Who reads the parameter when it starts. Without any of them no mail is taken.
    package enum Reader: Sendable { case everybody, smtpd, rewrite, cleanup }

    private enum Form: Sendable {
        case text, number, time, yesOrNo
        case words(Set<String>)
    }

    package let reader: Reader
    private let form: Form

    /// - Returns: `nil` for a parameter that none of them reads.
    package static func of(_ name: String) -> ParameterSyntax? { known[name] }

    /// Why a program that reads the value stops.
    package func fault(of value: EffectiveValue, named name: String) -> String? {
        if let fault = value.fault { return fault }
        let text = value.text.text
        switch form {
        case .text: return nil
        case .number:
            let isNumber = Int(text).map { $0 >= 0 } ?? false
            return isNumber ? nil : "bad numerical configuration: \(name) = \(text)"
        case .time:
            let number = "wdhms".contains(text.folded.last ?? " ") ? text.dropLast() : text[...]
            let isTime = !number.isEmpty && number.utf8.allSatisfy(\.isDigit)
            return isTime ? nil : "parameter \(name): bad time value or unit: \(text)"
        case .yesOrNo:
            let isEither = ["yes", "no"].contains(text.folded)
            return isEither ? nil : "bad boolean configuration: \(name) = \(text)"
        case .words(let words):
            let bad = value.items.first { !words.contains($0.text.folded) }
            return bad.map { "unknown \(name) value \"\($0.text)\" in \"\(text)\"" }
        }
    }

    private static let addressClasses: Set = [
        "envelope_sender", "envelope_recipient", "header_sender", "header_recipient",
    ]

    private static let known: [String: ParameterSyntax] = {
        var known: [String: ParameterSyntax] = [:]
        func add(_ reader: Reader, _ form: Form, _ names: String) {
            for name in names.split(whereSeparator: \.isWhitespace) {
                known[String(name)] = ParameterSyntax(reader: reader, form: form)
            }
        }
        add(
            .everybody, .text,
            """
            compatibility_level debug_peer_list fast_flush_domains inet_interfaces inet_protocols mail_name
            mydestination mydomain myhostname mynetworks mynetworks_style myorigin parent_domain_matches_subdomains
            proxy_interfaces recipient_delimiter relayhost
            """)
        add(
            .everybody, .number,
            "debug_peer_level header_size_limit line_length_limit max_use message_size_limit default_process_limit"
        )
        add(.everybody, .time, "in_flow_delay ipc_idle ipc_timeout max_idle trigger_timeout")
        add(
            .everybody, .yesOrNo,
            "enable_long_queue_ids enable_original_recipient helpful_warnings smtputf8_enable strict_8bitmime"
        )
        add(
            .smtpd, .text,
            """
            alias_maps body_checks canonical_maps content_filter header_checks local_recipient_maps
            mime_header_checks permit_mx_backup_networks rbl_reply_maps recipient_bcc_maps
            recipient_canonical_maps relay_clientcerts relay_domains relay_recipient_maps relocated_maps
            sender_bcc_maps sender_canonical_maps sender_dependent_relayhost_maps
            smtpd_authorized_xclient_hosts smtpd_banner smtpd_client_event_limit_exceptions
            smtpd_client_restrictions smtpd_command_filter smtpd_data_restrictions
            smtpd_discard_ehlo_keyword_address_maps smtpd_end_of_data_restrictions smtpd_etrn_restrictions
            smtpd_helo_restrictions smtpd_milter_maps smtpd_milters smtpd_recipient_restrictions
            smtpd_relay_restrictions smtpd_restriction_classes smtpd_sasl_path smtpd_sender_login_maps
            smtpd_sender_restrictions smtpd_tls_key_file transport_maps virtual_alias_domains virtual_alias_maps
            virtual_mailbox_domains virtual_mailbox_maps
            """)
        add(
            .smtpd, .number,
            """
            access_map_defer_code access_map_reject_code address_verify_poll_count defer_code
            invalid_hostname_reject_code maps_rbl_reject_code multi_recipient_bounce_reject_code
            non_fqdn_reject_code plaintext_reject_code queue_minfree reject_code relay_domains_reject_code
            smtpd_client_auth_rate_limit smtpd_client_connection_count_limit smtpd_client_connection_rate_limit
            smtpd_client_message_rate_limit smtpd_client_new_tls_session_rate_limit
            smtpd_client_recipient_rate_limit smtpd_hard_error_limit smtpd_history_flush_threshold
            smtpd_junk_command_limit smtpd_policy_service_try_limit smtpd_recipient_limit
            smtpd_recipient_overshoot_limit smtpd_soft_error_limit smtpd_tls_ccert_verifydepth tls_random_bytes
            unknown_address_reject_code unknown_client_reject_code unknown_hostname_reject_code
            unknown_relay_recipient_reject_code unknown_virtual_alias_reject_code
            unknown_virtual_mailbox_reject_code unverified_recipient_reject_code unverified_sender_reject_code
            """)
        add(
            .smtpd, .time,
            """
            milter_command_timeout milter_connect_timeout smtpd_error_sleep_time smtpd_policy_service_retry_delay
            smtpd_policy_service_timeout smtpd_proxy_timeout smtpd_starttls_timeout smtpd_timeout
            """)
        add(
            .smtpd, .yesOrNo,
            """
            allow_untrusted_routing broken_sasl_auth_clients disable_vrfy_command show_user_unknown_table_name
            smtpd_client_port_logging smtpd_delay_reject smtpd_enforce_tls smtpd_helo_required
            smtpd_peername_lookup smtpd_reject_unlisted_recipient smtpd_reject_unlisted_sender
            smtpd_relay_before_recipient_restrictions smtpd_sasl_auth_enable smtpd_sasl_authenticated_header
            smtpd_tls_ask_ccert smtpd_tls_auth_only smtpd_tls_received_header smtpd_tls_req_ccert
            smtpd_tls_wrappermode smtpd_use_tls soft_bounce strict_rfc821_envelopes tls_append_default_CA
            """)
        add(
            .smtpd,
            .words([
                "no_unknown_recipient_checks", "no_address_mappings", "no_header_body_checks", "no_milters",
            ]), "receive_override_options")
        add(
            .smtpd,
            .words(["bounce", "2bounce", "data", "delay", "policy", "protocol", "resource", "software"]),
            "notify_classes")
        add(.rewrite, .text, "default_transport local_transport relay_transport virtual_transport")
        add(
            .rewrite, .yesOrNo,
            """
            allow_percent_hack append_at_myorigin append_dot_mydomain resolve_dequoted_address resolve_null_domain
            swap_bangpath
            """)
        add(.cleanup, .text, "always_bcc masquerade_domains")
        add(
            .cleanup, .number,
            "duplicate_filter_limit hopcount_limit virtual_alias_expansion_limit virtual_alias_recursion_limit"
        )
        add(.cleanup, .words(addressClasses), "canonical_classes masquerade_classes")
        return known
    }()
}
