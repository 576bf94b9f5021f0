extension ReferableDefaults {
    /// The same, of values that one or two have.
    static let single = """
        address_verify_default_transport = $default_transport
        address_verify_local_transport = $local_transport
        address_verify_map = btree:$data_directory/verify_cache
        address_verify_negative_expire_time = 3d
        address_verify_negative_refresh_time = 3h
        address_verify_pending_request_limit = 5000
        address_verify_poll_count = ${stress?{1}:{3}}
        address_verify_poll_delay = 3s
        address_verify_positive_expire_time = 31d
        address_verify_relay_transport = $relay_transport
        address_verify_relayhost = $relayhost
        address_verify_sender = $double_bounce_sender
        address_verify_sender_dependent_default_transport_maps = \
        $sender_dependent_default_transport_maps
        address_verify_sender_dependent_relayhost_maps = $sender_dependent_relayhost_maps
        address_verify_service_name = verify
        address_verify_transport_maps = $transport_maps
        address_verify_virtual_transport = $virtual_transport
        alias_database = hash:/etc/aliases
        allow_mail_to_commands allow_mail_to_files = alias, forward
        berkeley_db_create_buffer_size lmdb_map_size = 16777216
        berkeley_db_read_buffer_size = 131072
        body_checks_size_limit = 51200
        bounce_queue_lifetime maximal_queue_lifetime = 5d
        bounce_service_name = bounce
        bounce_size_limit = 50000
        command_directory = /usr/sbin
        connection_cache_service_name = scache
        connection_cache_ttl_limit smtp_connection_cache_time_limit = 2s
        daemon_directory = /usr/lib/postfix/sbin
        daemon_timeout = 18000s
        default_delivery_slot_loan default_minimum_delivery_slots = 3
        default_privs = nobody
        default_verp_delimiters = +=
        defer_service_name = defer
        delay_warning_time = 0h
        dnsblog_service_name = dnsblog
        dnssec_probe = ns:.
        double_bounce_sender = double-bounce
        empty_address_recipient = MAILER-DAEMON
        error_service_name = error
        export_environment = TZ MAIL_CONFIG LANG
        fast_flush_domains = $relay_domains
        flush_service_name = flush
        hash_queue_names = deferred, defer
        header_address_token_limit = 10240
        header_from_format = standard
        header_size_limit = 102400
        html_directory = /usr/share/doc/postfix/html
        import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C \
        POSTLOG_SERVICE POSTLOG_HOSTNAME
        info_log_address_format = external
        invalid_hostname_reject_code = 501
        known_tcp_ports = lmtp=24, smtp=25, smtps=submissions=465, submission=587
        line_length_limit mime_boundary_length_limit = 2048
        lmtp_per_request_deadline = ${lmtp_per_record_deadline?{$lmtp_per_record_deadline}:{no}}
        lmtp_sasl_tls_security_options = $lmtp_sasl_security_options
        lmtp_sasl_tls_verified_security_options = $lmtp_sasl_tls_security_options
        lmtp_tcp_port = 24
        lmtp_tls_dkey_file = $lmtp_tls_dcert_file
        lmtp_tls_eckey_file = $lmtp_tls_eccert_file
        lmtp_tls_key_file = $lmtp_tls_cert_file
        lmtp_tls_secure_cert_match = nexthop
        local_header_rewrite_clients = permit_inet_interfaces
        local_login_sender_maps = static:*
        mail_owner = postfix
        mail_release_date = 20240304
        mail_spool_directory = /var/mail
        mailbox_delivery_lock virtual_mailbox_lock = fcntl, dotlock
        mailbox_size_limit virtual_mailbox_limit = 51200000
        maillog_file_compressor = gzip
        maillog_file_prefixes = /var, /dev/stdout
        maillog_file_rotate_suffix = %Y%m%d-%H%M%S
        mailq_path = /usr/bin/mailq
        manpage_directory = /usr/share/man
        maps_rbl_reject_code = 554
        masquerade_classes = envelope_sender, header_sender, header_recipient
        maximal_backoff_time = 4000s
        message_drop_headers = bcc, content-length, resent-bcc, return-path
        meta_directory sample_directory = /etc/postfix
        milter_connect_macros = j {daemon_name} {daemon_addr} v _
        milter_helo_macros = {tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}
        milter_macro_v = $mail_name $mail_version
        milter_mail_macros = i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} \
        {mail_mailer}
        milter_protocol = 6
        milter_rcpt_macros = i {rcpt_addr} {rcpt_host} {rcpt_mailer}
        mime_header_checks nested_header_checks = $header_checks
        newaliases_path = /usr/bin/newaliases
        non_fqdn_reject_code = 504
        notify_classes = resource, software
        openssl_path = openssl
        pickup_service_name = pickup
        pipe_delivery_status_filter = $default_delivery_status_filter
        postlog_service_name = postlog
        postmulti_control_commands = reload flush
        postmulti_start_commands = start
        postmulti_stop_commands = stop abort drain quick-stop
        postscreen_client_connection_count_limit = $smtpd_client_connection_count_limit
        postscreen_disable_vrfy_command = $disable_vrfy_command
        postscreen_discard_ehlo_keyword_address_maps = $smtpd_discard_ehlo_keyword_address_maps
        postscreen_discard_ehlo_keywords = $smtpd_discard_ehlo_keywords
        postscreen_dnsbl_allowlist_threshold = \
        ${postscreen_dnsbl_whitelist_threshold?{$postscreen_dnsbl_whitelist_threshold}:{0}}
        postscreen_dnsbl_max_ttl = ${postscreen_dnsbl_ttl?{$postscreen_dnsbl_ttl}:{1}}h
        postscreen_enforce_tls tlsproxy_enforce_tls = $smtpd_enforce_tls
        postscreen_forbidden_commands = $smtpd_forbidden_commands
        postscreen_greet_banner = $smtpd_banner
        postscreen_greet_ttl = 1d
        postscreen_greet_wait = ${stress?{2}:{6}}s
        postscreen_helo_required = $smtpd_helo_required
        postscreen_post_queue_limit postscreen_pre_queue_limit = $default_process_limit
        postscreen_reject_footer_maps = $smtpd_reject_footer_maps
        postscreen_tls_security_level tlsproxy_tls_security_level = $smtpd_tls_security_level
        postscreen_use_tls tlsproxy_use_tls = $smtpd_use_tls
        prepend_delivered_header = command, file, forward
        process_id_directory = pid
        propagate_unmatched_extensions = canonical, virtual
        proxy_read_maps = $local_recipient_maps $mydestination $virtual_alias_maps \
        $virtual_alias_domains $virtual_mailbox_maps $virtual_mailbox_domains $relay_recipient_maps \
        $relay_domains $canonical_maps $sender_canonical_maps $recipient_canonical_maps $relocated_maps \
        $transport_maps $mynetworks $smtpd_sender_login_maps $sender_bcc_maps $recipient_bcc_maps \
        $smtp_generic_maps $lmtp_generic_maps $alias_maps $smtpd_client_restrictions \
        $smtpd_helo_restrictions $smtpd_sender_restrictions $smtpd_relay_restrictions \
        $smtpd_recipient_restrictions $address_verify_sender_dependent_default_transport_maps \
        $address_verify_sender_dependent_relayhost_maps $address_verify_transport_maps \
        $fallback_transport_maps $lmtp_discard_lhlo_keyword_address_maps $lmtp_pix_workaround_maps \
        $lmtp_sasl_password_maps $lmtp_tls_policy_maps $mailbox_command_maps $mailbox_transport_maps \
        $postscreen_discard_ehlo_keyword_address_maps $rbl_reply_maps \
        $sender_dependent_default_transport_maps $sender_dependent_relayhost_maps \
        $smtp_discard_ehlo_keyword_address_maps $smtp_pix_workaround_maps $smtp_sasl_password_maps \
        $smtp_tls_policy_maps $smtpd_discard_ehlo_keyword_address_maps $smtpd_milter_maps \
        $virtual_gid_maps $virtual_uid_maps $local_login_sender_maps $postscreen_reject_footer_maps \
        $smtpd_reject_footer_maps $tls_server_sni_maps $tlsproxy_client_policy_maps \
        $default_delivery_status_filter $lmtp_delivery_status_filter $lmtp_dns_reply_filter \
        $lmtp_reply_filter $local_delivery_status_filter $pipe_delivery_status_filter \
        $postscreen_command_filter $smtp_delivery_status_filter $smtp_dns_reply_filter \
        $smtp_reply_filter $smtpd_command_filter $smtpd_dns_reply_filter $virtual_delivery_status_filter\
         $body_checks $header_checks $lmtp_body_checks $lmtp_header_checks $lmtp_mime_header_checks \
        $lmtp_nested_header_checks $milter_header_checks $mime_header_checks $nested_header_checks \
        $smtp_body_checks $smtp_header_checks $smtp_mime_header_checks $smtp_nested_header_checks
        proxy_write_maps = $smtp_sasl_auth_cache_name $lmtp_sasl_auth_cache_name $address_verify_map \
        $postscreen_cache_map
        proxymap_service_name = proxymap
        proxywrite_service_name = proxywrite
        qmgr_message_recipient_minimum smtpd_soft_error_limit = 10
        queue_service_name = qmgr
        readme_directory = /usr/share/doc/postfix
        reject_tempfail_action = defer_if_permit
        respectful_logging = ${{$compatibility_level} <level {3.6} ? {no} : {yes}}
        sender_canonical_classes = envelope_sender, header_sender
        sendmail_fix_line_endings = always
        sendmail_path = /usr/sbin/sendmail
        setgid_group = postdrop
        shlib_directory = /usr/lib/postfix
        showq_service_name = showq
        smtp_address_preference = any
        smtp_address_verify_target = rcpt
        smtp_data_init_timeout = 120s
        smtp_data_xfer_timeout = 180s
        smtp_fallback_relay = $fallback_relay
        smtp_host_lookup = dns
        smtp_line_length_limit = 998
        smtp_min_data_rate smtpd_min_data_rate = 500
        smtp_per_request_deadline = ${smtp_per_record_deadline?{$smtp_per_record_deadline}:{no}}
        smtp_pix_workaround_threshold_time stale_lock_time = 500s
        smtp_pix_workarounds = disable_esmtp,delay_dotcrlf
        smtp_rset_timeout = 20s
        smtp_sasl_auth_cache_time = 90d
        smtp_sasl_security_options = noplaintext, noanonymous
        smtp_sasl_tls_security_options = $smtp_sasl_security_options
        smtp_sasl_tls_verified_security_options = $smtp_sasl_tls_security_options
        smtp_sasl_type = cyrus
        smtp_tcp_port smtpd_sasl_service = smtp
        smtp_tls_dane_insecure_mx_policy = ${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}
        smtp_tls_dkey_file tlsproxy_client_dcert_file = $smtp_tls_dcert_file
        smtp_tls_eckey_file tlsproxy_client_eccert_file = $smtp_tls_eccert_file
        smtp_tls_fingerprint_digest = ${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}
        smtp_tls_key_file tlsproxy_client_cert_file = $smtp_tls_cert_file
        smtp_tls_scert_verifydepth smtpd_tls_ccert_verifydepth = 9
        smtp_tls_secure_cert_match = nexthop, dot-nexthop
        smtp_tls_verify_cert_match = hostname
        smtpd_authorized_verp_clients = $authorized_verp_clients
        smtpd_banner = $myhostname ESMTP $mail_name
        smtpd_client_event_limit_exceptions = ${smtpd_client_connection_limit_exceptions:$mynetworks}
        smtpd_forbid_bare_newline_exclusions = $mynetworks
        smtpd_forbidden_commands = CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}
        smtpd_hard_error_limit = ${stress?{1}:{20}}
        smtpd_junk_command_limit = ${stress?{1}:{100}}
        smtpd_per_request_deadline = \
        ${smtpd_per_record_deadline?{$smtpd_per_record_deadline}:{${stress?{yes}:{no}}}}
        smtpd_sasl_mechanism_filter = !external, static:rest
        smtpd_sasl_response_limit = 12288
        smtpd_sasl_tls_security_options = $smtpd_sasl_security_options
        smtpd_tls_dkey_file tlsproxy_tls_dcert_file = $smtpd_tls_dcert_file
        smtpd_tls_eckey_file tlsproxy_tls_eccert_file = $smtpd_tls_eccert_file
        smtpd_tls_eecdh_grade = auto
        smtputf8_autodetect_classes = sendmail, verify
        syslog_facility = mail
        syslog_name = ${multi_instance_name?{$multi_instance_name}:{postfix}}
        tls_config_file = default
        tls_daemon_random_bytes tls_random_bytes = 32
        tls_dane_digests = sha512 sha256
        tls_eecdh_auto_curves = X25519 X448 prime256v1 secp521r1 secp384r1
        tls_eecdh_strong_curve = prime256v1
        tls_eecdh_ultra_curve = secp384r1
        tls_export_cipherlist = aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH
        tls_high_cipherlist = aNULL:-aNULL:HIGH:@STRENGTH
        tls_low_cipherlist = aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH
        tls_medium_cipherlist = aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH
        tls_null_cipherlist = eNULL:!aNULL
        tls_random_exchange_name = ${data_directory}/prng_exch
        tls_random_source = dev:/dev/urandom
        tls_session_ticket_cipher = aes-256-cbc
        tlsmgr_service_name = tlsmgr
        tlsproxy_client_CAfile = $smtp_tls_CAfile
        tlsproxy_client_CApath = $smtp_tls_CApath
        tlsproxy_client_chain_files = $smtp_tls_chain_files
        tlsproxy_client_dkey_file = $smtp_tls_dkey_file
        tlsproxy_client_eckey_file = $smtp_tls_eckey_file
        tlsproxy_client_enforce_tls = $smtp_enforce_tls
        tlsproxy_client_fingerprint_digest = $smtp_tls_fingerprint_digest
        tlsproxy_client_key_file = $smtp_tls_key_file
        tlsproxy_client_loglevel = $smtp_tls_loglevel
        tlsproxy_client_loglevel_parameter = smtp_tls_loglevel
        tlsproxy_client_per_site = $smtp_tls_per_site
        tlsproxy_client_policy_maps = ${tlsproxy_client_policy:$smtp_tls_policy_maps}
        tlsproxy_client_scert_verifydepth = $smtp_tls_scert_verifydepth
        tlsproxy_client_security_level = ${tlsproxy_client_level:$smtp_tls_security_level}
        tlsproxy_client_use_tls = $smtp_use_tls
        tlsproxy_service_name = tlsproxy
        tlsproxy_tls_CAfile = $smtpd_tls_CAfile
        tlsproxy_tls_CApath = $smtpd_tls_CApath
        tlsproxy_tls_always_issue_session_ids = $smtpd_tls_always_issue_session_ids
        tlsproxy_tls_ask_ccert = $smtpd_tls_ask_ccert
        tlsproxy_tls_ccert_verifydepth = $smtpd_tls_ccert_verifydepth
        tlsproxy_tls_cert_file = $smtpd_tls_cert_file
        tlsproxy_tls_chain_files = $smtpd_tls_chain_files
        tlsproxy_tls_ciphers = $smtpd_tls_ciphers
        tlsproxy_tls_dh1024_param_file = $smtpd_tls_dh1024_param_file
        tlsproxy_tls_dh512_param_file = $smtpd_tls_dh512_param_file
        tlsproxy_tls_dkey_file = $smtpd_tls_dkey_file
        tlsproxy_tls_eckey_file = $smtpd_tls_eckey_file
        tlsproxy_tls_eecdh_grade = $smtpd_tls_eecdh_grade
        tlsproxy_tls_exclude_ciphers = $smtpd_tls_exclude_ciphers
        tlsproxy_tls_fingerprint_digest = $smtpd_tls_fingerprint_digest
        tlsproxy_tls_key_file = $smtpd_tls_key_file
        tlsproxy_tls_loglevel = $smtpd_tls_loglevel
        tlsproxy_tls_mandatory_ciphers = $smtpd_tls_mandatory_ciphers
        tlsproxy_tls_mandatory_exclude_ciphers = $smtpd_tls_mandatory_exclude_ciphers
        tlsproxy_tls_mandatory_protocols = $smtpd_tls_mandatory_protocols
        tlsproxy_tls_protocols = $smtpd_tls_protocols
        tlsproxy_tls_req_ccert = $smtpd_tls_req_ccert
        trace_service_name = trace
        verp_delimiter_filter = -=+
        """
}
