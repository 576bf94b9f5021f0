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

    /// Tables whose answers are out of reach here, where the verdict does not name them already. The users of the
    /// system are no part of the question.
    var unreadTables: [RelayRisk] {
        let named = Set(
            explanation.verdict == .unknown
                ? explanation.judgements.flatMap(\.findings).flatMap(\.traits).compactMap(\.trusted) : [])
        return host.configuration.tables.keys.sorted().compactMap { name in
            guard TableName(name)?.type != "unix", !named.contains(name) else { return nil }
            switch host.configuration.tables[name] {
            case .unreadable(let why):
                return unread(name, "\(name) cannot be read here (\(why)): what it answers is not judged.")
            case .asked(_, let why):
                return unread(name, "\(name) can only be asked (\(why)): what else it answers is not judged.")
            case .entries, .failing, nil: return nil
            }
        }
    }

    /// The same of files that lists include.
    var unreadFiles: [RelayRisk] {
        host.configuration.unreadableFiles.keys.sorted().compactMap { path in
            host.configuration.unreadableFiles[path].flatMap { why in
                unread(path, "\(path) cannot be read here (\(why)): what stands in it is not judged.")
            }
        }
    }

    /// - Returns: `nil` where nobody but a default names it.
    private func unread(_ name: String, _ consequence: String) -> RelayRisk? {
        let kind = "unread-table"
        let services = [nil] + host.master.services.indices.map(Optional.some)
        var isDefault = false
        for service in services where service.map({ !host.master.services[$0].overrides.isEmpty }) ?? true {
            let values = host.values(ofService: service)
            let parameters = PostfixReferences.parameters(values).filter {
                values.text(of: $0).contains(name)
            }
            let written = parameters.first {
                if case .builtIn? = values.value(of: $0).origin { false } else { true }
            }
            if let written { return risk(kind, written, values, why: consequence) }
            isDefault = isDefault || !parameters.isEmpty
        }
        // A file that a list includes names it.
        return isDefault ? nil : RelayRisk(kind: kind, why: consequence)
    }

    /// Whether it is known which domains are this host's.
    var areDestinationsRead: Bool {
        SMTPServer.resolver(of: host, values).lists.flatMap(\.list.patterns).allSatisfy { pattern in
            switch pattern.content {
            case .unreadable: false
            case .table(let table):
                table.leaves.allSatisfy { if case .unreadable = $0.content { false } else { true } }
            case .literal, .failing: true
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
