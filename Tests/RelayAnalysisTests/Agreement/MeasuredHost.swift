import Foundation
import MailModel
import Postfix

@testable import RelayAnalysis

/// The host of the measured world (`Tests/Lab/measure.py`), closed until a defect is put in.
///
/// It is mx.example.net, 192.0.2.10 and 2001:db8:0:1::10, with the user alice, who can log in.
struct MeasuredHost: Sendable {
    var main = """
        compatibility_level = 3.6
        myhostname = mx.example.net
        mydomain = example.net
        myorigin = $mydomain
        mydestination = $myhostname, localhost.$mydomain, localhost, $mydomain
        mynetworks = 127.0.0.0/8 [::1]/128
        relay_domains =
        smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
        smtpd_recipient_restrictions =
        smtpd_tls_security_level = may
        smtpd_tls_cert_file = /etc/postfix/pki/srv.pem
        smtpd_tls_key_file = /etc/postfix/pki/srv.key
        smtpd_sasl_auth_enable = yes
        smtpd_sasl_local_domain = example.net
        cyrus_sasl_config_path = /etc/postfix/sasl
        alias_maps =
        maillog_file = /var/log/postfix.log
        smtpd_error_sleep_time = 0
        smtpd_hard_error_limit = 1000
        smtpd_policy_service_try_limit = 1
        smtpd_client_connection_count_limit = 0

        """
    var master = """
        smtp      inet  n - n - - smtpd
        submission inet n - n - - smtpd
          -o smtpd_tls_security_level=encrypt
          -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
        submissions inet n - n - - smtpd
          -o smtpd_tls_wrappermode=yes
          -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
        pickup    unix  n - n 60 1 pickup
        cleanup   unix  n - n - 0 cleanup
        qmgr      unix  n - n 300 1 qmgr
        tlsmgr    unix  - - n 1000? 1 tlsmgr
        rewrite   unix  - - n - - trivial-rewrite
        bounce    unix  - - n - 0 bounce
        defer     unix  - - n - 0 bounce
        trace     unix  - - n - 0 bounce
        verify    unix  - - n - 1 verify
        proxymap  unix  - - n - - proxymap
        smtp      unix  - - n - - smtp
        relay     unix  - - n - - smtp
        error     unix  - - n - - error
        retry     unix  - - n - - error
        discard   unix  - - n - - discard
        local     unix  - n n - - local
        virtual   unix  - n n - - virtual
        anvil     unix  - - n - 1 anvil
        scache    unix  - - n - 1 scache
        postlog   unix-dgram n - n - 1 postlogd

        """
    /// By path, such as `/etc/postfix/maps/clients.hash`: a table's type is the end of its name.
    var files: [String: String] = [:]

    init() {}

    /// A copy of a configuration directory that was written for the same world.
    init(copy: URL) throws {
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: copy.appending(path: name)), as: UTF8.self)
        }
        main = try text("main.cf")
        master = try text("master.cf")
        for name in try FileManager.default.subpathsOfDirectory(atPath: copy.path())
        where name.hasPrefix("maps/") {
            files["\(Self.directory)/\(name)"] = try text(name)
        }
        // The aliases of the host are not in the copy.
        set("alias_maps", "")
    }

    static let directory = "/etc/postfix"
    static let trusted = ["127.0.0.0/8", "::1/128"].compactMap { IPNetwork($0) }

    func value(_ name: String) -> String {
        MainCF(Array(main.utf8)).definition(of: name)?.value.text ?? ""
    }

    /// Gives a parameter of `main.cf` a value.
    mutating func set(_ name: String, _ value: String) {
        let parsed = MainCF(Array(main.utf8))
        main = applying(parsed.setting(name, to: value), to: parsed.bytes).text
    }

    /// Takes a parameter out of `main.cf`.
    mutating func unset(_ name: String) {
        let parsed = MainCF(Array(main.utf8))
        guard let definition = parsed.definition(of: name) else { return }
        let edits = definition.line.pieces.map { TextEdit($0.range, "") }
        main = applying(edits, to: parsed.bytes).text
    }

    mutating func append(_ name: String, _ item: String) {
        let old = value(name)
        set(name, old.isEmpty ? item : "\(old), \(item)")
    }

    /// Puts text before the rejection of a restriction list, or at the end of a list without one.
    mutating func insert(_ text: String, into list: String = "smtpd_relay_restrictions") {
        let old = value(list)
        let gate = ["reject_unauth_destination", "defer_unauth_destination", "reject"].first {
            old.hasSuffix($0)
        }
        guard let gate else { return append(list, text) }
        set(list, String(old.dropLast(gate.count)) + text + ", " + gate)
    }

    /// Moves the rejection from the relay list to the recipient list, as before Postfix 2.10.
    mutating func guardByRecipientListAlone() {
        set("smtpd_recipient_restrictions", value("smtpd_relay_restrictions"))
        set("smtpd_relay_restrictions", "")
    }

    /// Writes a table.
    /// - Returns: `hash:/etc/postfix/maps/NAME.hash`.
    mutating func table(_ name: String, _ text: String) -> String {
        let path = "\(Self.directory)/maps/\(name)"
        files[path] = text
        return "\(name.split(separator: ".").last ?? "hash"):\(path)"
    }

    /// Adds a service, or lines to one.
    mutating func service(_ text: String) { master += text + "\n" }

    mutating func replaceInMaster(_ old: String, _ new: String) { master = master.replacing(old, with: new) }

    var configuration: PostfixConfiguration {
        var configuration = PostfixConfiguration(
            version: nil, directory: Self.directory,
            mainCF: FileContent(path: "\(Self.directory)/main.cf", bytes: Array(main.utf8)),
            masterCF: FileContent(path: "\(Self.directory)/master.cf", bytes: Array(master.utf8)),
            otherFiles: [:], tables: [:], interfaces: nil, hostName: nil)
        for _ in 0..<3 {
            let needed = references(
                of: configuration.mainCF.bytes, masterCF: configuration.masterCF.bytes, version: nil,
                otherFiles: configuration.otherFiles)
            for path in needed.files {
                configuration.otherFiles[path] = .some(
                    files[path].map { FileContent(path: path, bytes: Array($0.utf8)) })
            }
            for name in needed.tables {
                guard let table = TableName(name) else { continue }
                configuration.tables[name] =
                    files[table.name].map {
                        .entries(parseTable(type: table.type, bytes: Array($0.utf8)), source: table.name)
                    }
                    ?? (TableName.remoteTypes.contains(table.type)
                        ? .unreadable("\(name) is not asked") : .failing("\(table.name) is not there"))
            }
        }
        return configuration
    }

    var explanation: Explanation { Explanation(Host(configuration, trusted: Self.trusted)) }

    var repair: RelayRepair { repairRelay(configuration, trusted: Self.trusted) }

    func repaired(_ repair: RelayRepair) -> MeasuredHost {
        var host = self
        for edit in repair.edits {
            switch edit.path {
            case "\(Self.directory)/main.cf": host.main = edit.after.text
            case "\(Self.directory)/master.cf": host.master = edit.after.text
            default: host.files[edit.path] = edit.after.text
            }
        }
        return host
    }
}
