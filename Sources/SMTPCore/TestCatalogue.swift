internal import MailModel

/// Every way in which a server is asked to relay.
///
/// Read a row as: who claims to send, to whom, where the form comes from, what a yes would mean. Tests name
/// nobody's real domain: `sender.example` is reserved (RFC 6761), `{third}` is `example.org` or, where the
/// server is known to serve it, another that is reserved, or the vantage itself; `{local}` and `{host}` are the
/// server's own. What the placeholders stand for is said at ``AddressForm``, what the weights mean at
/// ``RelayTest/Weight``.
package enum TestCatalogue {
    /// The questions that decide on an ordinary server; enough to see whether a repair took.
    package static let essential: [RelayTest] =
        plain + [
            RelayTest(
                "local-user", from: "<{user}@{local}>", to: "<{token}@{third}>", source: "B06 B30 D02",
                meaning: "whoever claims a local user's address may relay")
        ]

    /// All of them, in the order in which they are asked.
    package static let all: [RelayTest] =
        essential + senders + recipients + encodedRecipients + helo + networks + approaches + others

    private static let plain: [RelayTest] = [
        RelayTest(
            "plain", from: "<probe@sender.example>", to: "<{token}@{third}>", source: "Plesk article 1394",
            meaning: "anybody may relay to anybody"),
        RelayTest(
            "null-sender", from: "<>", to: "<{token}@{third}>", source: "nmap, MAPS RSS; B50",
            meaning: "bounces may be relayed to anybody"),
        RelayTest(
            "literal-sender", from: "<probe-{token}@[{vantage}]>", to: "<{token}@{third}>",
            source: "needs no DNS, unlike the plain test",
            meaning: "anybody may relay to anybody"),
        RelayTest(
            "literal-recipient", from: "<>", to: "<{token}@[{vantage}]>",
            source: "needs no DNS, unlike the plain test",
            meaning: "anybody may relay to an address literal"),
    ]

    private static let senders: [RelayTest] = [
        RelayTest(
            "same-domain", from: "<probe@{third}>", to: "<{token}@{third}>", source: "nmap, Nessus, MAPS RSS",
            meaning: "mail that stays within a foreign domain is relayed"),
        RelayTest(
            "server-sender", from: "<probe@{host}>", to: "<{token}@{third}>",
            source: "nmap, Nessus, MAPS RSS",
            meaning: "whoever claims an address at the server's name may relay"),
        RelayTest(
            "local-sender", from: "<probe-{token}@{local}>", to: "<{token}@{third}>", source: "B07 B31",
            meaning: "whoever claims any address in a local domain may relay"),
        RelayTest(
            "local-postmaster", from: "<postmaster@{local}>", to: "<{token}@{third}>",
            source: "Nessus, rlytest",
            meaning: "whoever claims to be the postmaster may relay"),
        RelayTest(
            "server-literal-sender", from: "<probe@[{address}]>", to: "<{token}@{third}>",
            source: "nmap, Nessus, MAPS RSS", meaning: "whoever claims the server's address may relay"),
        RelayTest(
            "localhost-sender", from: "<probe@localhost>", to: "<{token}@{third}>",
            source: "Nessus, MAPS RSS",
            meaning: "whoever claims to be localhost may relay"),
        RelayTest(
            "bare-sender", from: "<probe>", to: "<{token}@{third}>", source: "Nessus, MAPS RSS; B06",
            meaning: "a sender without a domain gets the server's own, and may relay"),
    ]

    private static let recipients: [RelayTest] = [
        RelayTest(
            "quoted", from: "<>", to: "<\"{token}@{third}\">", weight: .deliveryOnly,
            source: "nmap, MAPS RSS",
            meaning: "a quoted address is taken for local and then sent away"),
        RelayTest(
            "source-route-address", from: "<>", to: "<@[{address}]:{token}@{third}>", source: "nmap, Nessus",
            meaning: "a source route through the server's address is followed"),
        RelayTest(
            "source-route-host", from: "<>", to: "<@{host}:{token}@{third}>", source: "nmap, Nessus",
            meaning: "a source route through the server's name is followed"),
        RelayTest(
            "source-route-two", from: "<>", to: "<@{local},@{host}:{token}@{third}>",
            source: "RFC 5321 app. C",
            meaning: "a source route of two hops is followed"),
        RelayTest(
            "trailing-at", from: "<>", to: "<{token}@{third}@>", weight: .deliveryOnly,
            source: "OpenSMTPD issue 754",
            meaning: "an address with an empty last domain is taken for local and then sent away"),
        RelayTest(
            "trailing-dot", from: "<>", to: "<{token}@{third}.>", source: "RFC 5321 section 4.1.2",
            meaning: "a domain with a final dot escapes the rules"),
        RelayTest(
            "sub-domain", from: "<>", to: "<{token}@sub.{local}>",
            weight: .deliveryOnly, source: "C10; parent_domain_matches_subdomains",
            meaning: "mail for every name below a local domain is accepted"),
        RelayTest(
            "look-alike-before", from: "<>", to: "<{token}@{token}{local}>", source: "C07 B18",
            meaning: "a pattern without an anchor takes foreign domains that end like a local one"),
        RelayTest(
            "look-alike-after", from: "<>", to: "<{token}@{local}.{third}>", source: "C07 B18",
            meaning: "a pattern without an anchor takes foreign domains that begin like a local one"),
        RelayTest(
            "no-brackets", from: "probe-{token}@[{vantage}]", to: "{token}@{third}",
            source: "Postfix strict_rfc821_envelopes",
            meaning: "an address without angle brackets escapes the rules"),
        RelayTest(
            "backup-mx", from: "<>", to: "<{token}@{backup}>", source: "B34; Exim @mx_any",
            meaning: "whoever names this server as a second MX may relay through it (permit_mx_backup)"),
    ]

    /// Local parts with `%`, `!` or a second `@`: Qmail says yes to all of them and delivers none.
    private static let encodedRecipients: [RelayTest] = [
        encoded("percent-address", "<{token}%{third}@[{address}]>", "nmap, Metasploit"),
        encoded("percent-host", "<{token}%{third}@{host}>", "nmap; Q07"),
        encoded("percent-local", "<{token}%{third}@{local}>", "nmap; Q07; allow_untrusted_routing"),
        encoded("percent-bare", "<{token}%{third}>", "mailradar"),
        encoded("percent-localhost", "<{token}%{third}@localhost>", "measured on Postfix"),
        encoded("percent-quoted", "<\"{token}%{third}\">", "nmap"),
        encoded("two-at-address", "<{token}@{third}@[{address}]>", "nmap, Nessus"),
        encoded("two-at-host", "<{token}@{third}@{host}>", "nmap, Nessus"),
        encoded("two-at-local", "<{token}@{third}@{local}>", "C11"),
        encoded("quoted-at-address", "<\"{token}@{third}\"@[{address}]>", "nmap, Nessus"),
        encoded("quoted-at-host", "<\"{token}@{third}\"@{host}>", "nmap, Nessus"),
        encoded("quoted-at-local", "<\"{token}@{third}\"@{local}>", "allow_untrusted_routing"),
        encoded("bang", "<{third}!{token}>", "nmap"),
        encoded("bang-address", "<{third}!{token}@[{address}]>", "nmap, Nessus"),
        encoded("bang-host", "<{third}!{token}@{host}>", "nmap"),
        encoded("bang-local", "<{third}!{token}@{local}>", "swap_bangpath"),
        encoded("bang-two", "<{host}!{third}!{token}>", "abuse.net; Sendmail route_uucp"),
        encoded("equals", "<{token}={third}@{local}>", "C16 C22 Q14", proof: "<\"{token}={third}\"@{local}>"),
        encoded("bang-percent", "<{host}!{token}%{third}@{local}>", "measured on Postfix"),
        encoded("percent-relay", "<{token}%{third}@{relay}>", "C11: two hops"),
        encoded("two-at-relay", "<{token}@{third}@{relay}>", "C11: two hops"),
        encoded(
            "srs", "<SRS0=0000=00={third}={token}@{local}>", "C16 C22",
            proof: "<\"SRS0=0000=00={third}={token}\"@{local}>"),
    ]

    private static func encoded(
        _ id: String, _ rcptTo: AddressForm, _ source: String, proof: AddressForm? = nil
    ) -> RelayTest {
        RelayTest(
            id, from: "<>", to: rcptTo, proof: proof, weight: .deliveryOnly, source: source,
            meaning: "a foreign address hidden in a local part is taken out and followed")
    }

    private static let helo: [RelayTest] = [
        RelayTest(
            "helo-localhost", from: "<>", to: "<{token}@{third}>", helo: "localhost", source: "B14",
            meaning: "whoever says HELO localhost may relay"),
        RelayTest(
            "helo-server", from: "<>", to: "<{token}@{third}>", helo: "{host}", source: "B14",
            meaning: "whoever says HELO with the server's own name may relay"),
        RelayTest(
            "helo-local", from: "<>", to: "<{token}@{third}>", helo: "{local}", source: "B14",
            meaning: "whoever says HELO with a local domain may relay"),
        RelayTest(
            "helo-loopback", from: "<>", to: "<{token}@{third}>", helo: "[127.0.0.1]", source: "B14",
            meaning: "whoever says HELO [127.0.0.1] may relay"),
        RelayTest(
            "helo-bare-address", from: "<>", to: "<{token}@{third}>", helo: "127.0.0.1", source: "B39",
            meaning: "whoever says HELO with an address without brackets may relay"),
        RelayTest(
            "helo-known", from: "<>", to: "<{token}@{third}>", helo: "{helo}", source: "E11",
            meaning: "whoever says HELO with a name that is let through may relay"),
    ]

    /// From other networks than the vantage's own, where the vantage has an address in them.
    private static let networks: [RelayTest] = [
        network("from-neighbour", .neighbour, "A07 A09; mynetworks_style", "the server's own network"),
        network("from-private-range", .privateRange, "A05 A17; RFC 1918", "a private network"),
        network("from-other-half", .otherHalf, "A17; 0.0.0.0/1", "the other half of the internet"),
        network("from-other-block", .otherBlock, "A17; exceptions", "another network than the vantage's"),
    ]

    private static func network(
        _ id: String, _ network: SourceNetwork, _ source: String, _ place: String
    ) -> RelayTest {
        RelayTest(
            id, from: "<>", to: "<{token}@{third}>", approach: .source(network), source: source,
            meaning: "every client in \(place) may relay")
    }

    private static let approaches: [RelayTest] = [
        RelayTest(
            "xclient", from: "<>", to: "<{token}@{third}>",
            approach: .xclient("ADDR=127.0.0.1 NAME=localhost"), source: "D10",
            meaning: "strangers may claim any client address by XCLIENT, and so relay"),
        RelayTest(
            "xclient-login", from: "<>", to: "<{token}@{third}>", approach: .xclient("LOGIN=postmaster"),
            source: "D10", meaning: "strangers may claim any login by XCLIENT, and so relay"),
        RelayTest(
            "xforward", from: "<>", to: "<{token}@{third}>",
            approach: .xforward("ADDR=127.0.0.1 NAME=localhost"), source: "D11",
            meaning: "what a stranger claims for the log by XFORWARD lets him relay"),
        RelayTest(
            "certificate-self-signed", from: "<>", to: "<{token}@{third}>",
            approach: .certificate(.selfSigned), source: "B33; permit_tls_clientcerts",
            meaning: "whoever shows any certificate at all may relay"),
        RelayTest(
            "certificate-issued", from: "<>", to: "<{token}@{third}>", approach: .certificate(.issued),
            source: "B32; permit_tls_all_clientcerts",
            meaning: "whoever has a certificate from any CA may relay"),
        RelayTest(
            "qmqp", from: "<>", to: "<{token}@{third}>", approach: .handOver(.qmqp),
            weight: .deliveryOnly,
            source: "D13 Q13; Postfix qmqpd(8), qmail-qmqpd",
            meaning: "strangers may hand over any message by QMQP"),
        RelayTest(
            "qmtp", from: "<>", to: "<{token}@{third}>", approach: .handOver(.qmtp), weight: .deliveryOnly,
            source: "Q19; qmail-qmtpd with RELAYCLIENT or without rcpthosts",
            meaning: "strangers may hand over messages for anybody by QMTP"),
        RelayTest(
            "proxy-header", from: "<>", to: "<{token}@{third}>",
            approach: .proxyHeader("PROXY TCP4 127.0.0.1 127.0.0.1 40000 25"), source: "D12",
            meaning: "strangers may claim any client address by the PROXY protocol, and so relay"),
        RelayTest(
            "anonymous-login", from: "<>", to: "<{token}@{third}>",
            approach: .login(mechanism: "ANONYMOUS", initialResponse: "cHJvYmU="), source: "B36; RFC 4505",
            meaning: "an anonymous login may relay"),
        RelayTest(
            "bogus-login", from: "<>", to: "<{token}@{third}>",
            approach: .login(mechanism: "PLAIN", initialResponse: "AHJlbGF5LXRlc3QAbm8tcGFzc3dvcmQ="),
            source: "Q17; qmail-smtpd-auth without a host name; qpsmtpd authnull",
            meaning: "a login that does not exist is believed and may relay"),
        RelayTest(
            "bogus-login-asked", from: "<>", to: "<{token}@{third}>",
            approach: .login(
                mechanism: "LOGIN", initialResponse: "cmVsYXktdGVzdA==", continuation: "bm8tcGFzc3dvcmQ="),
            source: "Q17; servers that offer LOGIN without PLAIN",
            meaning: "a login that does not exist is believed and may relay"),
    ]

    private static let others: [RelayTest] = [
        RelayTest(
            "third-postmaster", from: "<>", to: "<postmaster@{third}>", source: "B16",
            meaning: "an exception for postmaster stands before the refusal, for every domain"),
        RelayTest(
            "third-abuse", from: "<>", to: "<abuse@{third}>", source: "B16",
            meaning: "an exception for abuse stands before the refusal, for every domain"),
        RelayTest(
            "unknown-recipient", from: "<probe-{token}@[{vantage}]>", to: "<no-such-{token}@{local}>",
            weight: .backscatter,
            source: "C19 C24 Q00", meaning: "unknown recipients are accepted and bounced later"),
    ]

    /// The control question. The null sender needs no DNS, and no sender rule names it.
    /// - Parameter form: the recipient in angle brackets.
    package static func hosted(_ recipient: String) -> RelayTest {
        RelayTest(
            "hosted", from: "<>", to: AddressForm(stringLiteral: "<\(recipient)>"), weight: .control,
            source: "Plesk article 1394, note", meaning: "mail for the host's own users is accepted")
    }
}

extension RelayTest {
    private static let ranks = Dictionary(
        TestCatalogue.all.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })

    /// Its place in the catalogue, for reports that list tests in one order.
    package var rank: Int { Self.ranks[id] ?? -1 }
}
