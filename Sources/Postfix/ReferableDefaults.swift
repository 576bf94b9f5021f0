/// What Postfix has for parameters that decide nothing here, and that the values of others may refer to.
///
/// From `postconf -d` of Postfix 3.7.11, as Debian builds it, without what depends on the host and what is not expanded.
enum ReferableDefaults {
    /// - Returns: `nil` for a name that Postfix does not know; `lmtp_…` has the value of `smtp_…` unless it is named.
    static func value(of name: String) -> String? {
        if let value = values[name] { return value }
        guard name.hasPrefix("lmtp_") else { return nil }
        return values["smtp_" + name.dropFirst("lmtp_".count)]
    }

    static var names: [String] { Array(values.keys) }

    private static let values: [String: String] = {
        var values: [String: String] = [:]
        values.reserveCapacity(1 << 10)
        for table in [shared, single] {
            forEachLine(of: table) { line in
                guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return }
                let value = String(decoding: line[equals...].dropFirst(2), as: UTF8.self)
                forEachPiece(of: UnsafeBufferPointer(rebasing: line[..<equals]), between: " ") { name in
                    values[String(decoding: name, as: UTF8.self)] = value
                }
            }
        }
        return values
    }()

    /// `name name … = value`, of values that several have.
    private static let shared = """
        alternate_config_directories always_bcc best_mx_transport bounce_template_file \
        command_execution_directory cyrus_sasl_config_path debug_peer_list debugger_command \
        default_delivery_status_filter default_filter_nexthop home_mailbox internal_mail_filter_classes \
        lmtp_discard_lhlo_keyword_address_maps lmtp_discard_lhlo_keywords lmtp_fallback_relay \
        local_command_shell mailbox_command mailbox_command_maps maillog_file maps_rbl_domains \
        masquerade_exceptions message_reject_characters message_strip_characters milter_header_checks \
        milter_macro_defaults milter_unknown_command_macros multi_instance_directories \
        multi_instance_group multi_instance_name multi_instance_wrapper non_smtpd_milters \
        postscreen_command_filter postscreen_dnsbl_reply_map postscreen_dnsbl_sites rbl_reply_maps \
        remote_header_rewrite_domain smtp_bind_address smtp_bind_address6 smtp_body_checks \
        smtp_connection_cache_destinations smtp_discard_ehlo_keyword_address_maps \
        smtp_discard_ehlo_keywords smtp_dns_reply_filter smtp_dns_resolver_options \
        smtp_dns_support_level smtp_generic_maps smtp_header_checks smtp_mime_header_checks \
        smtp_nested_header_checks smtp_pix_workaround_maps smtp_reply_filter smtp_sasl_auth_cache_name \
        smtp_sasl_mechanism_filter smtp_sasl_password_maps smtp_sasl_path smtp_tls_CAfile \
        smtp_tls_CApath smtp_tls_cert_file smtp_tls_chain_files smtp_tls_dcert_file smtp_tls_eccert_file\
         smtp_tls_exclude_ciphers smtp_tls_fingerprint_cert_match smtp_tls_mandatory_exclude_ciphers \
        smtp_tls_per_site smtp_tls_policy_maps smtp_tls_security_level smtp_tls_servername \
        smtp_tls_session_cache_database smtp_tls_trust_anchor_file \
        smtpd_discard_ehlo_keyword_address_maps smtpd_discard_ehlo_keywords smtpd_dns_reply_filter \
        smtpd_log_access_permit_actions smtpd_milter_maps smtpd_noop_commands \
        smtpd_policy_service_policy_context smtpd_proxy_options smtpd_reject_footer \
        smtpd_reject_footer_maps smtpd_sasl_exceptions_networks smtpd_sasl_local_domain \
        smtpd_tls_dh1024_param_file smtpd_tls_dh512_param_file smtpd_tls_exclude_ciphers \
        smtpd_tls_mandatory_exclude_ciphers smtpd_tls_session_cache_database tls_config_name \
        tls_disable_workarounds tls_server_sni_maps tls_ssl_options undisclosed_recipients_header \
        unverified_recipient_reject_reason unverified_sender_reject_reason virtual_gid_maps \
        virtual_mailbox_base virtual_uid_maps = 
        allow_min_user always_add_missing_headers broken_sasl_auth_clients confirm_delay_cleared \
        destination_concurrency_feedback_debug disable_dns_lookups disable_mime_input_processing \
        disable_mime_output_conversion disable_verp_bounces dns_ncache_ttl_fix_enable \
        enable_idna2003_compatibility enable_long_queue_ids enable_threaded_bounces expand_owner_alias \
        ignore_mx_lookup_error lmtp_assume_final lmtp_skip_quit_response multi_instance_enable \
        qmqpd_client_port_logging require_home_directory reset_owner_alias send_cyrus_sasl_authzid \
        smtp_bind_address_enforce smtp_cname_overrides_servername smtp_defer_if_no_mx_address_found \
        smtp_enforce_tls smtp_never_send_ehlo smtp_sasl_auth_enable smtp_send_dummy_mail_auth \
        smtp_send_xforward_command smtp_sender_dependent_authentication smtp_tls_block_early_mail_reply \
        smtp_tls_connection_reuse smtp_tls_force_insecure_host_tlsa_lookup smtp_tls_note_starttls_offer \
        smtp_tls_wrappermode smtp_use_tls smtpd_client_port_logging smtpd_sasl_authenticated_header \
        smtpd_tls_received_header strict_7bit_headers strict_8bitmime strict_8bitmime_body \
        strict_mime_encoding_domain strict_smtputf8 sun_mailtool_compatibility \
        tls_legacy_public_key_fingerprints tls_preempt_cipherlist = no
        address_verify_negative_cache backwards_bounce_logfile_compatibility biff \
        cleanup_replace_stray_cr_lf detect_8bit_encoding_header enable_original_recipient \
        frozen_delivered_to helpful_warnings owner_request_special show_user_unknown_table_name \
        smtp_always_send_ehlo smtp_balance_inet_protocols smtp_connection_cache_on_demand \
        smtp_quote_rfc821_envelope smtp_randomize_addresses smtp_sasl_auth_soft_bounce \
        smtp_skip_5xx_greeting smtp_skip_quit_response smtp_tls_enforce_peername \
        smtpd_delay_open_until_valid_rcpt smtpd_tls_always_issue_session_ids strict_mailbox_ownership \
        tls_fast_shutdown_enable tls_wildcard_matches_multiple_labels = yes
        lmtp_lhlo_timeout milter_content_timeout minimal_backoff_time qmgr_clog_warn_time qmqpd_timeout \
        queue_run_delay smtp_connection_reuse_time_limit smtp_helo_timeout smtp_mail_timeout \
        smtp_quit_timeout smtp_rcpt_timeout smtp_starttls_timeout smtp_xforward_timeout \
        smtpd_policy_service_max_idle = 300s
        dont_remove fault_injection_code queue_minfree smtp_connection_reuse_count_limit \
        smtp_tls_loglevel smtpd_client_auth_rate_limit smtpd_client_connection_rate_limit \
        smtpd_client_message_rate_limit smtpd_client_new_tls_session_rate_limit \
        smtpd_client_recipient_rate_limit smtpd_policy_service_request_limit smtpd_tls_loglevel \
        tcp_windowsize = 0
        default_process_limit default_recipient_refill_limit max_use mime_nesting_limit \
        qmgr_fudge_factor queue_file_attribute_count_limit smtpd_history_flush_threshold \
        virtual_minimum_uid = 100
        default_extra_recipient_limit duplicate_filter_limit smtpd_recipient_limit \
        smtpd_recipient_overshoot_limit virtual_alias_address_length_limit virtual_alias_expansion_limit\
         virtual_alias_recursion_limit = 1000
        plaintext_reject_code unknown_address_reject_code unknown_hostname_reject_code \
        unverified_recipient_defer_code unverified_recipient_reject_code unverified_sender_defer_code \
        unverified_sender_reject_code = 450
        default_destination_concurrency_failed_cohort_limit \
        default_destination_concurrency_negative_feedback \
        default_destination_concurrency_positive_feedback hash_queue_depth \
        local_destination_recipient_limit postscreen_dnsbl_threshold = 1
        deliver_lock_delay fork_delay in_flow_delay qmqpd_error_delay smtpd_error_sleep_time \
        smtpd_policy_service_retry_delay = 1s
        postlogd_watchdog_timeout postscreen_dnsbl_timeout postscreen_watchdog_timeout \
        smtp_pix_workaround_delay_time tlsproxy_watchdog_timeout trigger_timeout = 10s
        address_verify_sender_ttl default_destination_rate_delay default_transport_rate_delay \
        dnsblog_reply_delay lmtp_connect_timeout = 0s
        anvil_rate_time_unit postscreen_dnsbl_min_ttl qmgr_ipc_timeout service_throttle_time \
        transport_retry_time = 60s
        connection_cache_protocol_timeout default_recipient_refill_delay ipc_idle \
        postscreen_upstream_proxy_timeout smtpd_upstream_proxy_timeout = 5s
        debug_peer_level delay_logging_resolution_limit local_destination_concurrency_limit \
        smtp_mx_session_limit smtpd_policy_service_try_limit = 2
        ipc_timeout smtp_tls_session_cache_timeout smtpd_tls_session_cache_timeout \
        tls_random_prng_update_period tls_random_reseed_period = 3600s
        multi_recipient_bounce_reject_code smtpd_forbid_bare_newline_reject_code \
        unknown_relay_recipient_reject_code unknown_virtual_alias_reject_code \
        unknown_virtual_mailbox_reject_code = 550
        2bounce_notice_recipient bounce_notice_recipient delay_notice_recipient error_notice_recipient =\
         postmaster
        application_event_drain_time max_idle smtpd_policy_service_timeout smtpd_proxy_timeout = 100s
        command_time_limit ipc_ttl qmgr_daemon_timeout smtpd_policy_service_max_ttl = 1000s
        default_delivery_slot_cost fork_attempts initial_destination_concurrency smtp_mx_address_limit =\
         5
        default_delivery_slot_discount default_destination_recipient_limit hopcount_limit \
        smtpd_client_connection_count_limit = 50
        lmtp_lhlo_name milter_macro_daemon_name smtp_helo_name smtpd_proxy_ehlo = $myhostname
        smtp_tls_ciphers smtp_tls_mandatory_ciphers smtpd_tls_ciphers smtpd_tls_mandatory_ciphers = \
        medium
        smtp_tls_mandatory_protocols smtp_tls_protocols smtpd_tls_mandatory_protocols \
        smtpd_tls_protocols = >=TLSv1
        unknown_address_tempfail_action unknown_helo_hostname_tempfail_action \
        unverified_recipient_tempfail_action unverified_sender_tempfail_action = $reject_tempfail_action
        address_verify_cache_cleanup_interval fast_flush_refresh_time postscreen_cache_cleanup_interval \
        = 12h
        address_verify_positive_refresh_time fast_flush_purge_time postscreen_cache_retention_time = 7d
        anvil_status_update_time connection_cache_status_update_time smtp_data_done_timeout = 600s
        authorized_flush_users authorized_mailq_users authorized_submit_users = static:anyone
        default_destination_concurrency_limit deliver_lock_attempts postscreen_command_count_limit = 20
        default_recipient_limit qmgr_message_active_limit qmgr_message_recipient_limit = 20000
        empty_address_default_transport_maps_lookup_key empty_address_local_login_sender_maps_lookup_key\
         empty_address_relayhost_maps_lookup_key = <>
        milter_command_timeout milter_connect_timeout smtp_connect_timeout = 30s
        milter_data_macros milter_end_of_data_macros milter_end_of_header_macros = i
        postscreen_bare_newline_ttl postscreen_non_smtp_command_ttl postscreen_pipelining_ttl = 30d
        postscreen_command_time_limit smtpd_starttls_timeout smtpd_timeout = ${stress?{10}:{300}}s
        """
}
