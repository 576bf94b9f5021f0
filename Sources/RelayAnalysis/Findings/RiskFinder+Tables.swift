import MailModel
import Postfix

extension RiskFinder {
    /// Rules that somebody wrote and that Postfix does not follow: what they were to refuse is not refused.
    var skippedRules: [RelayRisk] {
        host.tables.made.flatMap { table -> [RelayRisk] in
            guard case .patterns(let rules) = table.content else { return [] }
            return rules.filter { $0.fault != nil }.prefix(Self.ruleLimit).map { rule in
                let entry = table.entries[rule.entry]
                return RelayRisk(
                    kind: "skipped-rule", file: table.source.map { host.quoting.name(of: .table($0)) },
                    line: entry.line, text: "\(entry.key) \(entry.value)",
                    why: "Postfix skips the rule with a warning: \(rule.fault ?? "").")
            }
        }
    }

    /// How many skipped rules of one table are named.
    private static let ruleLimit = 20

    /// Tables in which Postfix cannot look anything up, where that does not keep it from its work.
    var failingTables: [RelayRisk] {
        guard explanation.verdict != .broken else { return [] }
        return Self.mapsOfMail.flatMap { name in
            values.value(of: name).items.compactMap { item -> RelayRisk? in
                guard item.text.contains(":"), !item.text.hasPrefix("["), !item.text.hasPrefix("!"),
                    case .failing(let why) = host.tables.table(item.text).content
                else { return nil }
                return risk(
                    "failing-table", name, values,
                    why: "\(why): mail that needs its answer is put off with 451.")
            }
        }
    }

    private static let mapsOfMail = [
        "mydestination", "relay_domains", "virtual_alias_domains", "virtual_mailbox_domains",
        "transport_maps",
        "canonical_maps", "recipient_canonical_maps", "virtual_alias_maps", "virtual_mailbox_maps",
        "alias_maps",
        "recipient_bcc_maps", "relay_recipient_maps", "sender_dependent_relayhost_maps",
        "sender_dependent_default_transport_maps", "smtpd_sender_login_maps",
    ]
}
