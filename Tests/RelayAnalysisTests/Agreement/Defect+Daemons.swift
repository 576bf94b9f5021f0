/// What keeps the programs of Postfix from starting: all of them, or those behind smtpd alone. Nothing waits for a
/// qmgr that is not there to catch up.
extension Defect {
    static let daemons: [Defect] =
        [
            ("minimal_backoff_time", "1x"), ("qmgr_message_active_limit", "0"),
            ("smtp_destination_concurrency_limit", "abc"), ("smtp_tls_security_level", "bogus"),
            ("smtp_helo_timeout", "x"), ("smtp_randomize_addresses", "on"), ("lmtp_helo_timeout", "x"),
            ("mailbox_size_limit", "10M"), ("mail_owner", "root"), ("setgid_group", "root"),
            ("default_privs", "$mail_owner"), ("default_privs", "daemon"), ("syslog_facility", "MAIL"),
            ("maillog_file", "/tmp/mail.log"), ("import_environment", "=x"), ("max_idle", "0"),
            ("smtpd_client_connection_rate_limit", "-1"), ("queue_minfree", "-1"), ("max_idle", "5minutes"),
            ("smtpd_milters", "nonsense"), ("smtpd_milters", "inet:localhost"),
            ("delay_logging_resolution_limit", "7"), ("unverified_sender_defer_code", "500"),
            ("unverified_sender_reject_code", "599"), ("maximal_queue_lifetime", "25000"),
            ("bounce_queue_lifetime", "101"), ("smtp_host_lookup", "DNS"),
            ("default_delivery_slot_discount", "101"), ("info_log_address_format", "foo"),
        ].map { name, value in
            Defect("everybody, and \(name) = \(value)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("in_flow_delay", "0")
                $0.set(name, value)
            }
        }
        + [
            Defect("everybody, and milters with a macro without a value") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("smtpd_milters", "inet:127.0.0.1:9")
                $0.set("milter_default_action", "accept")
                $0.set("milter_macro_defaults", "{a=b}, foo")
            },
            Defect("everybody, and logins by what smtp(8) does not know") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("smtp_sasl_auth_enable", "yes")
                $0.set("smtp_sasl_password_maps", "static:user:password")
                $0.set("smtp_sasl_type", "Cyrus")
            },
        ]
        + [
            ("smtp      inet  n - n - - smtpd\n", "smtp inet n - n - - smtpd -D\n"),
            ("qmgr      unix  n - n 300 1 qmgr\n", "qmgr unix n - n 300 - qmgr\n"),
            ("qmgr      unix  n - n 300 1 qmgr\n", "qmgr unix n - n 300 1 qmgr -o queue_run_delay=0\n"),
            ("smtp      unix  - - n - - smtp\n", "smtp unix n - n - - smtp\n"),
            ("relay     unix  - - n - - smtp\n", "relay unix - - n - - smtp -o smtp_helo_timeout=x\n"),
        ].map { line, other in
            Defect("everybody, and \(other)") {
                $0.set("mynetworks", "0.0.0.0/0 [::]/0")
                $0.set("in_flow_delay", "0")
                $0.replaceInMaster(line, other)
            }
        }
}
