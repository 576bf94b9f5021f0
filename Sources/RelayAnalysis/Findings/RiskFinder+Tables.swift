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

    /// Texts that somebody changed and did not compile; those of aliases(5) are not compared.
    var staleTables: [RelayRisk] {
        let aliases = Set(values.value(of: "alias_maps").items.map(\.text))
        return host.configuration.staleTables.filter { !aliases.contains($0.key) }.map { _, table in
            RelayRisk(
                kind: "stale-table", file: host.quoting.name(of: .table(table.name)),
                why:
                    "Postfix reads \(host.quoting.name(of: .table(table.path))), which says something else: run postmap "
                    + "\(table.type):\(table.name) if the text is right.")
        }.sorted { $0.why < $1.why }
    }

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

    /// Tables and included files whose content is out of reach here, where the verdict does not name them already, by the
    /// parameters that name them. The users of the system are no part of the question.
    var unread: [RelayRisk] {
        let named =
            explanation.verdict == .unknown
            ? explanation.judgements.flatMap { $0.findings.flatMap { $0.traits.compactMap(\.trusted) } } : []
        var found: [Unread] = []
        func add(_ name: String, _ why: String, isAsked: Bool = false) {
            guard !named.contains(name), TableName(name)?.type != "unix",
                let definition = definition(naming: name)
            else { return }
            let index = found.firstIndex { unread in
                unread.definition == definition && unread.why == why && unread.isAsked == isAsked
            }
            if let index {
                found[index].names.append(name)
            } else {
                found.append(Unread(names: [name], definition: definition, why: why, isAsked: isAsked))
            }
        }
        for (name, content) in host.configuration.tables {
            switch content {
            case .unreadable(let why): add(name, why)
            case .asked(_, let why): add(name, why, isAsked: true)
            case .entries, .failing: continue
            }
        }
        for (path, why) in host.configuration.unreadableFiles { add(path, why) }
        return found.map { unread in
            let definition = unread.definition
            return RelayRisk(
                kind: "unread-table", parameter: definition.parameter, file: definition.file,
                line: definition.line,
                why: "\(unread.names.sorted().joined(separator: ", ")) \(unread.words)")
        }.sorted { ($0.line ?? 0, $0.why) < ($1.line ?? 0, $1.why) }
    }

    private struct Definition: Equatable {
        var parameter: String?
        var file: String?
        var line: Int?
    }

    private struct Unread {
        var names: [String]
        var definition: Definition
        var why: String
        var isAsked: Bool

        var words: String {
            let it = names.count == 1 ? "it answers" : "they answer"
            return isAsked
                ? "can only be asked (\(why)): what else \(it) is not judged."
                : "cannot be read here (\(why)): what \(it) is not judged."
        }
    }

    /// Where a table or a file is named.
    /// - Returns: `nil` where nobody but a default does.
    private func definition(naming name: String) -> Definition? {
        let written = name.bytes
        let member = [UInt8(ascii: "{")] + written
        let services = [nil] + host.master.services.indices.map(Optional.some)
        var isDefault = false
        for service in services where service.map({ !host.master.services[$0].overrides.isEmpty }) ?? true {
            let values = host.values(ofService: service)
            let parameters = PostfixReferences.parameters(values).filter { parameter in
                values.value(of: parameter).items.contains { item in
                    let bytes = item.bytes
                    return bytes.drop { $0 == UInt8(ascii: "!") }.elementsEqual(written)
                        || bytes.holds(member)
                }
            }
            let definitions = parameters.compactMap { parameter -> (definition: Definition, text: String)? in
                let place = host.quoting.definition(of: parameter, in: values)
                guard place.file != .builtIn else { return nil }
                let file = host.quoting.name(of: place.file)
                return (Definition(parameter: parameter, file: file, line: place.line), place.token)
            }
            // Another may have it from there, by the name of the parameter.
            if let found = definitions.first(where: { $0.text.bytes.holds(written) }) ?? definitions.first {
                return found.definition
            }
            isDefault = isDefault || !parameters.isEmpty
        }
        // A file that a list includes names it, or a table of tables.
        return isDefault ? nil : Definition()
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
