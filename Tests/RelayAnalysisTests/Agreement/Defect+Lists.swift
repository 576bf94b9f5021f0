/// Restriction lists that let through what they should not, and some that only look so.
extension Defect {
    private static let relay = "smtpd_relay_restrictions"
    private static let recipient = "smtpd_recipient_restrictions"

    static let lists: [Defect] =
        [
            "permit", "", "permit_mynetworks, permit, reject_unauth_destination", "permit_mynetworks",
            "permit_mynetworks, reject_unauth_destinations",
            "permit_mynetworks, reject_unauth_destination, permit",
            "permit_mynetworks, bogus, reject_unauth_destination",
            "permit_mynetworks, defer_unauth_destination",
            "permit_mynetworks, permit_auth_destination, reject",
            "permit_mynetworks, permit_auth_destination, defer",
            "permit_mynetworks, warn_if_reject reject_unauth_destination",
            "permit_mynetworks, warn_if_reject reject_unauth_destination, reject",
            "permit_mynetworks, warn_if_reject, reject_unauth_destination, check_client_access static:OK, reject",
            "permit_mynetworks, permit_mx_backup, reject_unauth_destination",
            "permit_mynetworks, permit_naked_ip_address, reject_unauth_destination",
            "permit_inet_interfaces, permit_sasl_authenticated, reject_unauth_destination",
            "permit_mynetworks, check_relay_domains", "permit_mynetworks, defer_if_permit",
            "permit_mynetworks, defer_if_reject, reject_unauth_destination",
            "permit_mynetworks, static:OK, reject_unauth_destination",
            "permit_mynetworks, check_client_access static:OK, reject_unauth_destination",
            "permit_mynetworks, check_sender_access static:RELAY, reject",
            "permit_mynetworks, check_recipient_access static:OK, reject_unauth_destination",
            "permit_mynetworks, check_helo_access static:OK, reject_unauth_destination",
            "check_client_access static:DUNNO, permit_mynetworks, reject_unauth_destination",
            "permit_mynetworks, check_client_access static:250, reject_unauth_destination",
            "permit_mynetworks, check_client_access static:permit_auth_destination, reject",
            "permit_mynetworks, check_client_access static:reject_unauth_destination, permit",
            "permit_mynetworks, check_client_access static:permit, reject_unauth_destination",
            "permit_mynetworks check_client_access static:{ok}, reject_unauth_destination",
            "permit_mynetworks, check_client_access {static:ok}, reject_unauth_destination",
            "permit_mynetworks, check_client_access { static:ok }, reject_unauth_destination",
            "permit_mynetworks, check_client_access static, reject_unauth_destination",
            "permit_mynetworks, reject_unauth_destination, check_client_access static:OK",
            "permit_mynetworks, check_client_access inline:{198.51.100.7=OK}, reject_unauth_destination",
            "permit_mynetworks, check_client_access inline:{{198.51.100=OK}}, reject_unauth_destination",
            "permit_mynetworks, check_sender_access inline:{alice@example.net=OK}, reject_unauth_destination",
            "permit_mynetworks, check_client_access unionmap:{static:OK}, reject_unauth_destination",
            "permit_mynetworks, check_client_access unionmap:{static:OK,static:OK}, reject_unauth_destination",
            "permit_mynetworks, check_client_access pipemap:{static:x,static:OK}, reject_unauth_destination",
            "permit_mynetworks, check_client_access randmap:{OK}, reject_unauth_destination",
            "permit_mynetworks, check_client_access fail:1, reject_unauth_destination",
            "permit_mynetworks, check_client_access bogus:/none, reject_unauth_destination",
            "permit_mynetworks, permit_sasl_authenticated, # reject_unauth_destination",
            "permit_mynetworks, permit_sasl_authenticated, #reject_unauth_destination\n  reject_unauth_destination",
            "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination # check_client_access static:OK",
            "permit_mynetworks, reject_rbl_client bl.test, permit_dnswl_client wl.test, reject_unauth_destination",
            "permit_mynetworks, permit_rhswl_client wl.test, reject_unauth_destination",
            "permit_mynetworks, check_sasl_access static:OK, reject_unauth_destination",
            "permit_mynetworks, check_ccert_access static:OK, reject_unauth_destination",
            "permit_mynetworks, check_etrn_access static:OK, reject_unauth_destination",
            "permit_mynetworks, check_reverse_client_hostname_access static:OK, reject_unauth_destination",
            "PERMIT_MYNETWORKS, Check_Client_Access static:OK, REJECT_UNAUTH_DESTINATION",
            "permit_mynetworks\n  # reject_unauth_destination\n  permit_sasl_authenticated\n  reject_unauth_destination",
            "permit_mynetworks, reject_non_fqdn_sender, reject_unknown_sender_domain, reject_unauth_destination",
            "permit_mynetworks, reject_plaintext_session, permit_tls_clientcerts, reject_unauth_destination",
            "permit_mynetworks, sleep 0, reject_unauth_destination", "reject", "defer",
            "permit_mynetworks, reject_unlisted_recipient, reject_unauth_destination",
            "permit_mynetworks, reject_sender_login_mismatch, reject_unauth_destination",
            "permit_mynetworks, check_policy_service inet:127.0.0.1:10031, reject_unauth_destination",
            "permit_mynetworks; reject_unauth_destination", "permit_mynetworks reject_unauth_destination",
            "permit_mynetworks,permit_sasl_authenticated,reject_unauth_destination,",
            "{permit_mynetworks}, reject_unauth_destination",
            "\"permit_mynetworks\", reject_unauth_destination",
        ].map { .setting(relay, $0) } + [
            Defect("the recipient list alone guards") { $0.guardByRecipientListAlone() },
            Defect("the recipient list alone guards, with a permit before its rejection") {
                $0.set(relay, "")
                $0.set(recipient, "permit_mynetworks, permit, reject_unauth_destination")
            },
            Defect("the recipient list permits all") { $0.set(recipient, "permit") },
            Defect("the relay list permits all, the recipient list guards") {
                $0.set(relay, "permit")
                $0.set(recipient, "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination")
            },
            Defect("both lists permit all") {
                $0.set(relay, "permit")
                $0.set(recipient, "permit")
            },
            Defect("the relay list only rejects after a permit, the recipient list has a rejection too late")
            {
                $0.set(relay, "permit_mynetworks, permit")
                $0.set(recipient, "permit_mynetworks, check_sender_access static:OK, reject")
            },
            Defect("neither list is set, at compatibility level 0") {
                $0.unset(relay)
                $0.unset(recipient)
                $0.unset("compatibility_level")
            },
            Defect("neither list is set") {
                $0.unset(relay)
                $0.unset(recipient)
            },
            Defect("the relay list is not set, at compatibility level 0, and the recipient list guards") {
                $0.unset(relay)
                $0.set(recipient, "permit_mynetworks, reject_unauth_destination")
                $0.set("compatibility_level", "0")
            },
            Defect("the name of the relay list is misspelt") {
                $0.unset(relay)
                $0.set("smptd_relay_restrictions", "permit")
            },
            Defect("the recipient list is asked first") {
                $0.set("smtpd_relay_before_recipient_restrictions", "no")
                $0.set(recipient, "permit")
            },
            Defect("client list permits") { $0.set("smtpd_client_restrictions", "permit") },
            Defect("client list permits at once") {
                $0.set("smtpd_client_restrictions", "permit")
                $0.set("smtpd_delay_reject", "no")
            },
            Defect("client list lets nobody in") {
                $0.set("smtpd_client_restrictions", "permit_mynetworks,reject")
            },
            Defect("sender list says OK to all") {
                $0.set("smtpd_sender_restrictions", "check_sender_access static:OK")
            },
            Defect("a class says OK") {
                $0.set("smtpd_restriction_classes", "friends")
                $0.set("friends", "check_client_access static:OK")
                $0.insert("friends")
            },
            Defect("a class permits only what is ours") {
                $0.set("smtpd_restriction_classes", "friends")
                $0.set("friends", "permit_auth_destination")
                $0.insert("friends")
            },
            Defect("a class is empty") {
                $0.set("smtpd_restriction_classes", "friends")
                $0.insert("friends")
            },
            Defect("a class refers to itself") {
                $0.set("smtpd_restriction_classes", "friends")
                $0.set("friends", "friends")
                $0.insert("friends")
            },
            Defect("a table names a class that permits") {
                $0.set("smtpd_restriction_classes", "friends")
                $0.set("friends", "permit_mynetworks, permit")
                let table = $0.table("class.hash", "198.51.100.7 friends\n")
                $0.insert("check_client_access \(table)")
            },
            Defect("a table names restrictions") {
                let table = $0.table(
                    "inner.hash", "attacker.test permit_mynetworks, reject\nisp.test permit\n")
                $0.insert("check_client_access \(table)")
            },
            Defect("the rejection is in a class") {
                $0.set("smtpd_restriction_classes", "gate")
                $0.set("gate", "permit_mynetworks, reject_unauth_destination")
                $0.set(relay, "gate, permit")
            },
            Defect("rejection after a warning in a class") {
                $0.set("smtpd_restriction_classes", "gate")
                $0.set("gate", "reject_unauth_destination")
                $0.set(relay, "warn_if_reject gate, check_client_access static:OK, reject")
            },
            Defect("certificates of the authority") {
                $0.set("smtpd_tls_CAfile", "/etc/postfix/pki/ca.pem")
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.insert("permit_tls_all_clientcerts")
            },
            Defect("certificates of the authority, which are not asked for") {
                $0.set("smtpd_tls_CAfile", "/etc/postfix/pki/ca.pem")
                $0.insert("permit_tls_all_clientcerts")
            },
            Defect("certificates of no authority") {
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.insert("permit_tls_all_clientcerts")
            },
            Defect("every certificate is a known one") {
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.set("relay_clientcerts", "static:all")
                $0.set("smtpd_tls_fingerprint_digest", "sha256")
                $0.insert("permit_tls_clientcerts")
            },
            Defect("known certificates") {
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.set("relay_clientcerts", $0.table("certs.hash", "AB:CD:EF laptop\n"))
                $0.set("smtpd_tls_fingerprint_digest", "sha256")
                $0.insert("permit_tls_clientcerts")
            },
            Defect("every certificate is granted access") {
                $0.set("smtpd_tls_ask_ccert", "yes")
                $0.set("smtpd_tls_fingerprint_digest", "sha256")
                $0.insert("check_ccert_access static:OK")
            },
            Defect("a backup of whoever names it, from chosen networks") {
                $0.set("permit_mx_backup_networks", "192.0.2.0/24")
                $0.insert("permit_mx_backup")
            },
            Defect("a policy service that is down, and then all is well") {
                $0.set("smtpd_policy_service_default_action", "OK")
                $0.set("smtpd_policy_service_try_limit", "1")
                $0.insert("check_policy_service inet:127.0.0.1:10031")
            },
            Defect("a policy service that is down, and then it says nothing") {
                $0.set("smtpd_policy_service_default_action", "DUNNO")
                $0.set("smtpd_policy_service_try_limit", "1")
                $0.insert("check_policy_service inet:127.0.0.1:10031")
            },
            Defect("a policy service of its own default") {
                $0.set("smtpd_policy_service_try_limit", "1")
                $0.insert("check_policy_service { inet:127.0.0.1:10031, default_action=OK }")
            },
            Defect("everybody, but nobody who says HELO") {
                $0.set("mynetworks", "0.0.0.0/0")
                $0.set("smtpd_helo_restrictions", "reject")
            },
            Defect("everybody, but not from the network of the first stranger") {
                $0.set("mynetworks", "0.0.0.0/0")
                $0.set(
                    "smtpd_client_restrictions",
                    "check_client_access \($0.table("blocked.hash", "185 REJECT\n93 DISCARD\n"))")
            },
            Defect("everybody, but no names of dynamic addresses") {
                $0.set("mynetworks", "0.0.0.0/0")
                let table = $0.table("dynamic.pcre", "/^(host|dsl|pool)[^.]*[0-9]/ REJECT\n")
                $0.set("smtpd_client_restrictions", "check_client_access \(table)")
            },
            Defect("everybody, but foreign recipients are refused when the client connects") {
                $0.set("mynetworks", "0.0.0.0/0")
                $0.set("smtpd_delay_reject", "no")
                $0.set("smtpd_client_restrictions", "reject_unauth_destination")
            },
            Defect("names in mynetworks, and no names are looked up") {
                $0.set("mynetworks", "127.0.0.0/8 attacker.test isp.test")
                $0.set("smtpd_peername_lookup", "no")
            },
            Defect("clients without a name are welcome, and no names are looked up") {
                $0.set("smtpd_peername_lookup", "no")
                $0.insert("check_client_access \($0.table("unknown.hash", "unknown OK\n"))")
            },
            Defect("senders of logins are refused, all others are welcome") {
                $0.set("smtpd_sender_login_maps", "static:nobody")
                $0.insert(
                    "permit_auth_destination, reject_sender_login_mismatch, check_sender_access static:OK")
            },
            Defect("foreign senders are refused, all others are welcome") {
                let table = $0.table("foreign.pcre", "!/@example\\.net$/ REJECT\n")
                $0.insert(
                    "permit_auth_destination, check_sender_access \(table), check_client_access static:OK")
            },
            Defect("whoever has a sender is refused, all others are welcome") {
                let table = $0.table("any.pcre", "/@/ REJECT\n")
                $0.insert(
                    "permit_auth_destination, check_sender_access \(table), check_client_access static:OK")
            },
            Defect("certificates are required, and TLS is not") {
                $0.set("smtpd_tls_CAfile", "/etc/postfix/pki/ca.pem")
                $0.set("smtpd_tls_req_ccert", "yes")
                $0.insert("permit_tls_all_clientcerts")
            },
            Defect("anonymous logins") {
                $0.set("smtpd_sasl_security_options", "")
            },
            Defect("data is refused") { $0.set("smtpd_data_restrictions", "reject") },
            Defect("helo restrictions that permit") {
                $0.set("smtpd_helo_required", "yes")
                $0.set("smtpd_helo_restrictions", "permit_mynetworks, permit")
            },
            Defect("no login, no sasl") { $0.set("smtpd_sasl_auth_enable", "no") },
            Defect("a boolean that is none") { $0.set("smtpd_delay_reject", "maybe") },
            Defect("soft bounces") { $0.set("soft_bounce", "yes") },
            Defect("a line that is no setting") { $0.main += "relay_domains\n" },
        ]
}
