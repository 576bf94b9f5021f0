extension ParameterSyntax {
    /// `reader … form unit least most = name …`: what the daemons of Postfix 3.7.11 said of values that are none, each started with
    /// one of them at a time. What is read after that, such as the words of a list, is in ``ParameterSyntax/known``.
    static let measured = """
        everybody number = dont_remove fault_injection_code tcp_windowsize
        everybody number 1 = berkeley_db_create_buffer_size berkeley_db_read_buffer_size debug_peer_level \
        default_process_limit deliver_lock_attempts fork_attempts hash_queue_depth \
        header_address_token_limit header_size_limit max_use mime_boundary_length_limit mime_nesting_limit
        everybody number 512 = line_length_limit
        everybody size = message_size_limit
        everybody size 1 = lmdb_map_size
        everybody text = alias_database compatibility_level debug_peer_list default_verp_delimiters \
        dnssec_probe export_environment fast_flush_domains import_environment inet_interfaces \
        inet_protocols internal_mail_filter_classes known_tcp_ports maillog_file message_drop_headers \
        multi_instance_directories multi_instance_group multi_instance_name multi_instance_wrapper \
        mydestination mydomain myhostname mynetworks myorigin parent_domain_matches_subdomains \
        proxy_interfaces recipient_delimiter relay_domains relayhost
        everybody time = in_flow_delay
        everybody time 1 = application_event_drain_time daemon_timeout deliver_lock_delay fork_delay \
        ipc_idle ipc_timeout ipc_ttl max_idle stale_lock_time trigger_timeout
        everybody word = address_verify_service_name bounce_service_name cleanup_service_name \
        command_directory daemon_directory data_directory default_database_type default_privs \
        defer_service_name double_bounce_sender error_service_name flush_service_name hash_queue_names \
        mail_name mail_owner maillog_file_compressor maillog_file_prefixes \
        maillog_file_rotate_suffix meta_directory mynetworks_style pickup_service_name \
        postlog_service_name process_id_directory proxymap_service_name proxywrite_service_name \
        queue_directory queue_service_name rewrite_service_name setgid_group shlib_directory \
        showq_service_name smtputf8_autodetect_classes syslog_facility syslog_name trace_service_name \
        verp_delimiter_filter
        everybody yesOrNo = address_verify_negative_cache backwards_bounce_logfile_compatibility \
        daemon_table_open_error_is_fatal disable_dns_lookups disable_mime_input_processing \
        disable_mime_output_conversion dns_ncache_ttl_fix_enable enable_idna2003_compatibility \
        enable_long_queue_ids enable_original_recipient helpful_warnings multi_instance_enable \
        owner_request_special respectful_logging send_cyrus_sasl_authzid smtputf8_enable soft_bounce \
        strict_7bit_headers strict_8bitmime strict_8bitmime_body strict_mime_encoding_domain \
        strict_smtputf8
        everybody number -2147483648 6 = delay_logging_resolution_limit
        smtpd number = access_map_defer_code access_map_reject_code defer_code \
        invalid_hostname_reject_code maps_rbl_reject_code multi_recipient_bounce_reject_code \
        non_fqdn_reject_code plaintext_reject_code reject_code relay_domains_reject_code \
        smtpd_client_auth_rate_limit smtpd_client_connection_count_limit \
        smtpd_client_connection_rate_limit smtpd_client_message_rate_limit \
        smtpd_client_new_tls_session_rate_limit smtpd_client_recipient_rate_limit \
        smtpd_policy_service_request_limit smtpd_tls_ccert_verifydepth unknown_address_reject_code \
        unknown_client_reject_code unknown_hostname_reject_code unknown_local_recipient_reject_code \
        unknown_relay_recipient_reject_code unknown_virtual_alias_reject_code \
        unknown_virtual_mailbox_reject_code
        smtpd number 1 = address_verify_poll_count smtpd_hard_error_limit smtpd_history_flush_threshold \
        smtpd_junk_command_limit smtpd_min_data_rate smtpd_policy_service_try_limit smtpd_recipient_limit \
        smtpd_recipient_overshoot_limit smtpd_soft_error_limit
        smtpd number 12288 = smtpd_sasl_response_limit
        smtpd number 200 499 = unverified_recipient_defer_code unverified_sender_defer_code
        smtpd number 200 599 = unverified_recipient_reject_code unverified_sender_reject_code
        smtpd number 500 599 = smtpd_forbid_bare_newline_reject_code
        smtpd size = queue_minfree
        smtpd text = address_verify_sender content_filter local_header_rewrite_clients maps_rbl_domains \
        permit_mx_backup_networks relay_clientcerts smtpd_authorized_verp_clients \
        smtpd_authorized_xclient_hosts smtpd_authorized_xforward_hosts smtpd_client_event_limit_exceptions \
        smtpd_client_restrictions smtpd_command_filter smtpd_data_restrictions \
        smtpd_discard_ehlo_keyword_address_maps smtpd_discard_ehlo_keywords smtpd_dns_reply_filter \
        smtpd_end_of_data_restrictions smtpd_etrn_restrictions smtpd_forbid_bare_newline_exclusions \
        smtpd_forbidden_commands smtpd_helo_restrictions smtpd_log_access_permit_actions smtpd_milters \
        smtpd_noop_commands smtpd_null_access_lookup_key smtpd_policy_service_policy_context \
        smtpd_proxy_ehlo smtpd_proxy_filter smtpd_proxy_options smtpd_recipient_restrictions \
        smtpd_reject_footer_maps smtpd_relay_restrictions smtpd_restriction_classes \
        smtpd_sasl_exceptions_networks smtpd_sasl_local_domain smtpd_sasl_mechanism_filter \
        smtpd_sasl_security_options smtpd_sasl_tls_security_options smtpd_sender_restrictions \
        smtpd_tls_CAfile smtpd_tls_CApath smtpd_tls_cert_file smtpd_tls_chain_files smtpd_tls_dcert_file \
        smtpd_tls_dh1024_param_file smtpd_tls_dh512_param_file smtpd_tls_dkey_file smtpd_tls_eccert_file \
        smtpd_tls_eckey_file smtpd_tls_exclude_ciphers smtpd_tls_key_file smtpd_tls_loglevel \
        smtpd_tls_mandatory_exclude_ciphers smtpd_tls_mandatory_protocols smtpd_tls_protocols \
        smtpd_tls_security_level smtpd_upstream_proxy_protocol stress unverified_recipient_reject_reason \
        unverified_sender_reject_reason
        smtpd time = address_verify_sender_ttl smtpd_error_sleep_time
        smtpd time 1 = address_verify_poll_delay smtpd_policy_service_max_idle \
        smtpd_policy_service_max_ttl smtpd_policy_service_retry_delay smtpd_policy_service_timeout \
        smtpd_proxy_timeout smtpd_starttls_timeout smtpd_timeout smtpd_upstream_proxy_timeout
        smtpd word = bounce_notice_recipient reject_tempfail_action smtpd_banner smtpd_forbid_bare_newline \
        smtpd_policy_service_default_action smtpd_sasl_path smtpd_sasl_service smtpd_sasl_type \
        smtpd_tls_ciphers smtpd_tls_eecdh_grade smtpd_tls_fingerprint_digest smtpd_tls_mandatory_ciphers \
        unknown_address_tempfail_action unknown_helo_hostname_tempfail_action \
        unverified_recipient_tempfail_action unverified_sender_tempfail_action
        smtpd yesOrNo = allow_untrusted_routing broken_sasl_auth_clients disable_vrfy_command \
        smtpd_client_port_logging smtpd_delay_open_until_valid_rcpt smtpd_delay_reject smtpd_enforce_tls \
        smtpd_forbid_unauth_pipelining smtpd_helo_required smtpd_peername_lookup \
        smtpd_per_request_deadline smtpd_reject_unlisted_recipient smtpd_reject_unlisted_sender \
        smtpd_relay_before_recipient_restrictions smtpd_sasl_auth_enable smtpd_sasl_authenticated_header \
        smtpd_tls_always_issue_session_ids smtpd_tls_ask_ccert smtpd_tls_auth_only \
        smtpd_tls_received_header smtpd_tls_req_ccert smtpd_tls_wrappermode smtpd_use_tls \
        strict_rfc821_envelopes
        smtpd rewrite yesOrNo = show_user_unknown_table_name
        smtpd cleanup text = milter_connect_macros milter_data_macros milter_end_of_data_macros \
        milter_end_of_header_macros milter_helo_macros milter_macro_defaults milter_mail_macros \
        milter_rcpt_macros milter_unknown_command_macros recipient_canonical_maps sender_canonical_maps
        smtpd cleanup time 1 = milter_command_timeout milter_connect_timeout milter_content_timeout
        smtpd cleanup word = milter_default_action milter_macro_daemon_name milter_macro_v milter_protocol
        smtpd cleanup smtp lmtp word = header_from_format
        smtpd smtp lmtp text = cyrus_sasl_config_path
        smtpd smtp lmtp word = error_notice_recipient
        rewrite text = address_verify_relayhost address_verify_sender_dependent_default_transport_maps \
        address_verify_sender_dependent_relayhost_maps address_verify_transport_maps \
        sender_dependent_default_transport_maps virtual_alias_domains virtual_mailbox_domains
        rewrite word = address_verify_default_transport address_verify_local_transport \
        address_verify_relay_transport address_verify_virtual_transport default_transport \
        empty_address_default_transport_maps_lookup_key empty_address_relayhost_maps_lookup_key \
        local_transport relay_transport virtual_transport
        rewrite yesOrNo = allow_min_user allow_percent_hack append_at_myorigin append_dot_mydomain \
        resolve_dequoted_address resolve_null_domain resolve_numeric_domain swap_bangpath
        rewrite cleanup text = remote_header_rewrite_domain
        rewrite cleanup word = empty_address_recipient
        cleanup number = body_checks_size_limit
        cleanup number 1 = hopcount_limit queue_file_attribute_count_limit \
        virtual_alias_address_length_limit virtual_alias_expansion_limit virtual_alias_recursion_limit
        cleanup text = always_bcc body_checks masquerade_domains masquerade_exceptions \
        message_reject_characters message_strip_characters mime_header_checks \
        nested_header_checks non_smtpd_milters sender_bcc_maps undisclosed_recipients_header
        cleanup time h = delay_warning_time
        cleanup yesOrNo = always_add_missing_headers cleanup_replace_stray_cr_lf \
        detect_8bit_encoding_header
        cleanup qmgr yesOrNo = disable_verp_bounces
        cleanup smtp lmtp local text = propagate_unmatched_extensions
        cleanup local number = duplicate_filter_limit
        qmgr number -2147483648 100 = default_delivery_slot_discount
        qmgr number = default_delivery_slot_cost default_delivery_slot_loan \
        default_destination_concurrency_failed_cohort_limit default_destination_concurrency_limit \
        default_destination_recipient_limit default_extra_recipient_limit default_minimum_delivery_slots \
        default_recipient_limit local_destination_concurrency_limit local_destination_recipient_limit
        qmgr number 1 = address_verify_pending_request_limit default_recipient_refill_limit \
        initial_destination_concurrency qmgr_message_active_limit qmgr_message_recipient_limit \
        qmgr_message_recipient_minimum
        qmgr text = default_filter_nexthop defer_transports
        qmgr time d 0 8640000 = bounce_queue_lifetime maximal_queue_lifetime
        qmgr time = default_destination_rate_delay default_transport_rate_delay \
        qmgr_clog_warn_time
        qmgr time 1 = default_recipient_refill_delay maximal_backoff_time qmgr_daemon_timeout \
        qmgr_ipc_timeout transport_retry_time
        qmgr word = default_destination_concurrency_negative_feedback \
        default_destination_concurrency_positive_feedback
        qmgr yesOrNo = confirm_delay_cleared destination_concurrency_feedback_debug
        qmgr smtp lmtp time 1 = minimal_backoff_time queue_run_delay
        smtp number = smtp_connection_reuse_count_limit smtp_line_length_limit smtp_mx_address_limit \
        smtp_mx_session_limit smtp_tls_scert_verifydepth
        smtp number 1 = smtp_min_data_rate
        smtp tables = smtp_body_checks smtp_delivery_status_filter smtp_discard_ehlo_keyword_address_maps \
        smtp_dns_reply_filter smtp_generic_maps smtp_header_checks smtp_mime_header_checks \
        smtp_nested_header_checks smtp_pix_workaround_maps smtp_reply_filter smtp_tls_policy_maps
        smtp text = smtp_bind_address smtp_bind_address6 smtp_connection_cache_destinations \
        smtp_discard_ehlo_keywords smtp_dns_resolver_options smtp_dns_support_level smtp_fallback_relay \
        smtp_pix_workarounds smtp_sasl_auth_cache_name smtp_sasl_mechanism_filter smtp_sasl_password_maps \
        smtp_sasl_path smtp_sasl_security_options smtp_sasl_tls_security_options \
        smtp_sasl_tls_verified_security_options smtp_tcp_port smtp_tls_CAfile smtp_tls_CApath \
        smtp_tls_cert_file smtp_tls_chain_files smtp_tls_dane_insecure_mx_policy smtp_tls_dcert_file \
        smtp_tls_dkey_file smtp_tls_eccert_file smtp_tls_eckey_file smtp_tls_exclude_ciphers \
        smtp_tls_fingerprint_cert_match smtp_tls_key_file smtp_tls_loglevel \
        smtp_tls_mandatory_exclude_ciphers smtp_tls_mandatory_protocols smtp_tls_per_site \
        smtp_tls_protocols smtp_tls_security_level smtp_tls_servername smtp_tls_trust_anchor_file
        smtp time = smtp_connect_timeout smtp_pix_workaround_threshold_time
        smtp time d = smtp_sasl_auth_cache_time
        smtp time 1 = smtp_connection_cache_time_limit smtp_connection_reuse_time_limit \
        smtp_data_done_timeout smtp_data_init_timeout smtp_data_xfer_timeout smtp_helo_timeout \
        smtp_mail_timeout smtp_pix_workaround_delay_time smtp_quit_timeout smtp_rcpt_timeout \
        smtp_rset_timeout smtp_starttls_timeout smtp_xforward_timeout
        smtp word = smtp_address_preference smtp_address_verify_target smtp_helo_name smtp_host_lookup \
        smtp_sasl_type smtp_tls_ciphers smtp_tls_fingerprint_digest smtp_tls_mandatory_ciphers \
        smtp_tls_secure_cert_match smtp_tls_verify_cert_match
        smtp yesOrNo = ignore_mx_lookup_error smtp_always_send_ehlo smtp_balance_inet_protocols \
        smtp_bind_address_enforce smtp_cname_overrides_servername smtp_connection_cache_on_demand \
        smtp_defer_if_no_mx_address_found smtp_enforce_tls smtp_never_send_ehlo smtp_per_request_deadline \
        smtp_quote_rfc821_envelope smtp_randomize_addresses smtp_sasl_auth_enable \
        smtp_sasl_auth_soft_bounce smtp_send_dummy_mail_auth smtp_send_xforward_command \
        smtp_sender_dependent_authentication smtp_skip_5xx_greeting smtp_skip_quit_response \
        smtp_tls_block_early_mail_reply smtp_tls_connection_reuse smtp_tls_enforce_peername \
        smtp_tls_force_insecure_host_tlsa_lookup smtp_tls_note_starttls_offer smtp_tls_wrappermode \
        smtp_use_tls
        smtp lmtp text = best_mx_transport
        smtp lmtp time 1 = connection_cache_protocol_timeout
        smtp lmtp word = connection_cache_service_name tlsproxy_service_name
        smtp lmtp yesOrNo = lmtp_assume_final
        lmtp text = lmtp_discard_lhlo_keyword_address_maps lmtp_discard_lhlo_keywords
        lmtp time 1 = lmtp_lhlo_timeout
        lmtp word = lmtp_lhlo_name
        local size = mailbox_size_limit
        local tables = local_delivery_status_filter
        local text = allow_mail_to_commands allow_mail_to_files fallback_transport fallback_transport_maps \
        home_mailbox local_command_shell mailbox_command_maps mailbox_transport mailbox_transport_maps \
        prepend_delivered_header
        local word = command_expansion_filter execution_directory_expansion_filter \
        forward_expansion_filter mailbox_delivery_lock
        local yesOrNo = biff expand_owner_alias frozen_delivered_to require_home_directory \
        reset_owner_alias sun_mailtool_compatibility
        local virtual text = mail_spool_directory
        local virtual yesOrNo = strict_mailbox_ownership
        local pipe time 1 = command_time_limit
        virtual number 1 = virtual_minimum_uid
        virtual size = virtual_mailbox_limit
        virtual tables = virtual_delivery_status_filter
        virtual text = address_verify_cache_cleanup_interval virtual_gid_maps virtual_uid_maps
        virtual word = virtual_mailbox_base virtual_mailbox_lock
        pipe tables = pipe_delivery_status_filter
        smtp lmtp local virtual pipe tables = default_delivery_status_filter
        smtpd number 0 = tls_random_bytes
        smtpd yesOrNo = tls_append_default_CA
        smtpd tables = local_recipient_maps rbl_reply_maps relay_recipient_maps smtpd_milter_maps \
        smtpd_sender_login_maps
        smtpd rewrite cleanup tables = virtual_alias_maps
        smtpd rewrite virtual tables = virtual_mailbox_maps
        smtpd cleanup tables = canonical_maps
        smtpd local tables = alias_maps
        rewrite tables = relocated_maps sender_dependent_relayhost_maps transport_maps
        cleanup tables = header_checks milter_header_checks recipient_bcc_maps
        """
}
