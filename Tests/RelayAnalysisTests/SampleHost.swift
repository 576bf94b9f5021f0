import MailModel
import Postfix
import RelayAnalysis

/// A small host, made for these tests: each test changes what it is about.
struct SampleHost {
    var main = """
        compatibility_level = 3.6
        myhostname = mail.hosted.example
        smtpd_tls_cert_file = /etc/ssl/mail.pem
        mydestination = $myhostname, localhost, $mydomain
        mynetworks = 127.0.0.0/8 [::1]/128
        relay_domains =
        smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
        smtpd_recipient_restrictions =
        smtpd_sasl_auth_enable = yes
        smtpd_tls_security_level = may

        """
    var master = """
        smtp inet n - y - - smtpd
        submission inet n - y - - smtpd
          -o smtpd_tls_security_level=encrypt
          -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
        cleanup unix n - y - 0 cleanup
        qmgr unix n - y 300 1 qmgr
        rewrite unix - - y - - trivial-rewrite
        smtp unix - - y - - smtp
        relay unix - - y - - smtp
        lmtp unix - - y - - lmtp
        local unix - n n - - local
        virtual unix - n n - - virtual
        error unix - - y - - error
        discard unix - - y - - discard

        """
    /// What an smtpd needs, and what passes on what it has taken, for a `master.cf` with little else.
    static let delivery = """
        cleanup unix n - y - 0 cleanup
        qmgr unix n - y 300 1 qmgr
        rewrite unix - - y - - trivial-rewrite
        smtp unix - - y - - smtp

        """

    /// By `type:name`, as text.
    var tables: [String: String] = [:]
    var files: [String: String] = [:]
    var version: String?
    var interfaces: [IPNetwork]?

    static let trusted = ["127.0.0.0/8", "::1/128"].compactMap { IPNetwork($0) }

    /// Gives a parameter of `main.cf` another value.
    func setting(_ name: String, _ value: String) -> SampleHost {
        var host = self
        let parsed = MainCF(Array(main.utf8))
        host.main = applying(parsed.setting(name, to: value), to: parsed.bytes).text
        return host
    }

    func table(_ name: String, _ text: String) -> SampleHost {
        var host = self
        host.tables[name] = text
        return host
    }

    var configuration: PostfixConfiguration {
        let parsed = tables.map { name, text -> (String, TableContent) in
            let table = TableName(name)
            let entries = parseTable(type: table?.type ?? "", bytes: Array(text.utf8))
            return (name, .entries(entries, source: table?.name ?? name))
        }
        var configuration = PostfixConfiguration(
            version: version, directory: "/etc/postfix",
            mainCF: FileContent(path: "/etc/postfix/main.cf", bytes: Array(main.utf8)),
            masterCF: FileContent(path: "/etc/postfix/master.cf", bytes: Array(master.utf8)),
            otherFiles: Dictionary(
                uniqueKeysWithValues: files.map { ($0, FileContent(path: $0, bytes: Array($1.utf8))) }),
            tables: Dictionary(uniqueKeysWithValues: parsed), interfaces: interfaces,
            hostName: "mail.hosted.example")
        for (name, text) in tables {
            guard let table = TableName(name), TableName.patternTypes.contains(table.type) else { continue }
            configuration.tableTexts[table.name] = FileContent(path: table.name, bytes: Array(text.utf8))
        }
        return configuration
    }

    var report: RelayReport { explainRelay(configuration, trusted: Self.trusted) }

    var repair: RelayRepair { repairRelay(configuration, trusted: Self.trusted) }

    /// The host after a repair.
    func repaired(_ repair: RelayRepair) -> SampleHost {
        var host = self
        for edit in repair.edits {
            let text = edit.after.text
            switch edit.path {
            case "/etc/postfix/main.cf": host.main = text
            case "/etc/postfix/master.cf": host.master = text
            default:
                let table = host.tables.keys.first { TableName($0)?.name == edit.path }
                if let table { host.tables[table] = text } else { host.files[edit.path] = text }
            }
        }
        return host
    }
}
