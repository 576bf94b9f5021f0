import Fixtures
import MailModel
import Postfix

@testable import RelayAnalysis

/// Breaks the sample host in one to three ways.
enum FaultMaker {
    private static let faults: [@Sendable (inout SampleHost) -> Void] = [
        { $0 = $0.setting("mynetworks", "0.0.0.0/0") },
        { $0 = $0.setting("mynetworks", "127.0.0.0/8 203.0.113.0/24 provider.example") },
        {
            $0 = $0.setting("mynetworks", "127.0.0.0/8 $office").setting("office", "10.0.0.0/8,\n  0.0.0.0/0")
        },
        { $0 = $0.setting("relay_domains", "static:all") },
        { $0 = $0.setting("relay_domains", "$mydestination com") },
        { $0 = $0.setting("allow_untrusted_routing", "yes").setting("relay_domains", "partner.example") },
        {
            $0 = $0.setting(
                "smtpd_relay_restrictions",
                "permit_mynetworks, check_client_access cidr:/c, reject_unauth_destination"
            ).table("cidr:/c", "192.0.2.0/24 REJECT\n203.0.113.0/24 OK\n")
        },
        {
            $0 = $0.setting("smtpd_relay_restrictions", "").setting(
                "smtpd_recipient_restrictions",
                "permit_mynetworks,\n  check_sender_access hash:/s,\n  reject_unauth_destination"
            ).table("hash:/s", "hosted.example OK\n")
        },
        {
            $0 = $0.setting(
                "smtpd_relay_restrictions", "permit_mynetworks, warn_if_reject reject_unauth_destination"
            ).setting("smtpd_recipient_restrictions", "check_helo_access static:OK, reject")
        },
        {
            $0 = $0.setting("smtpd_relay_restrictions", "permit_mynetworks, friends, reject").setting(
                "smtpd_restriction_classes", "friends"
            ).setting("friends", "check_sender_access static:OK")
        },
        {
            $0.master +=
                "2525 inet n - y - - smtpd\n  -o smtpd_relay_restrictions=permit_mynetworks,static:OK,reject\n"
        },
        { $0.master += "2526 inet n - y - - smtpd -o mynetworks=0.0.0.0/0 -o smtpd_client_restrictions=\n" },
        { $0 = $0.setting("smtpd_authorized_xclient_hosts", "static:all") },
        { $0 = $0.setting("smtpd_upstream_proxy_protocol", "haproxy") },
        { $0.master += "628 inet n - n - - qmqpd -o qmqpd_authorized_clients=static:all\n" },
        {
            $0 = $0.setting("recipient_canonical_maps", "pcre:/ca").table(
                "pcre:/ca", "/^(.*)=(.*)@hosted\\.example$/ $1@$2\n")
        },
        {
            $0 = $0.setting(
                "smtpd_relay_restrictions",
                "permit_mynetworks, permit_sasl_authenticated, # reject_unauth_destination")
        },
        {
            $0 = $0.setting("smtpd_tls_ask_ccert", "yes").setting("relay_clientcerts", "static:all").setting(
                "smtpd_relay_restrictions",
                "permit_tls_clientcerts, permit_sasl_authenticated, reject_unauth_destination")
        },
        {
            $0 = $0.setting("smtpd_policy_service_default_action", "OK").setting(
                "smtpd_relay_restrictions",
                "permit_mynetworks, check_policy_service unix:p, reject_unauth_destination")
        },
        { $0.main = $0.main.replacing("\n", with: "\r\n").replacing("\r\r\n", with: "\r\n") },
    ]

    static func host(_ random: inout SeededGenerator) -> SampleHost {
        var host = SampleHost()
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            faults[Int.random(in: 0..<faults.count, using: &random)](&host)
        }
        return host
    }
}
