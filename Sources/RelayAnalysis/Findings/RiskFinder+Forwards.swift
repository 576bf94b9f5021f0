import MailModel
import Postfix

/// Mail of strangers that is sent on to where the administrator said: no relay, since nobody else can say where to.
extension RiskFinder {
    /// Catch-alls that send whatever comes for made-up addresses of a domain on to another host.
    var catchAllForwards: [RelayRisk] {
        guard let judged = explanation.judgements.first(where: { $0.listener.program == .smtpd }) else {
            return []
        }
        let resolver = server(ofService: judged.listener.service).resolver
        return values.value(of: "virtual_alias_maps").items.flatMap { item -> [RelayRisk] in
            guard case .entries(let entries, let source)? = host.configuration.tables[item.text] else {
                return []
            }
            return entries.filter { entry in
                entry.key.hasPrefix("@")
                    && entry.value.split(whereSeparator: { ", \t".contains($0) }).contains { target in
                        // `@other` renames a domain, and keeps the names before it.
                        guard target.contains("@"), !target.hasPrefix("@") else { return false }
                        return resolver.resolve(String(target), assuming: .none).addressClass == .elsewhere
                    }
            }.map { entry in
                RelayRisk(
                    kind: "catch-all", parameter: "virtual_alias_maps", file: source, line: entry.line,
                    text: "\(entry.key) \(entry.value)",
                    why:
                        "Mail for every address of \(entry.key.dropFirst()) that does not exist, spam first of all, "
                        + "is sent on from this host.")
            }
        }
    }

    /// Rows and settings that name the other domain, and leave it to the stranger who gets the mail there.
    var forwards: [RelayRisk] {
        guard let judged = explanation.judgements.first(where: { $0.listener.program == .smtpd }) else {
            return []
        }
        let server = server(ofService: judged.listener.service)
        let maps = SMTPServer.recipientMaps + ["recipient_bcc_maps", "sender_bcc_maps"]
        let checks = ["header_checks", "body_checks"]
        let mapped = maps.flatMap { name in
            server.rewriting.value(of: name).items.flatMap { forwards($0.text, name, server) { _ in true } }
        }
        let checked = checks.flatMap { name in
            server.rewriting.value(of: name).items.flatMap {
                forwards($0.text, name, server, where: SMTPServer.givesCopies)
            }
        }
        return mapped + checked + accessForwards(server) + strayForwards(server) + handedOn(server)
    }

    /// Names below an own domain that nobody declared. Their exchangers are the administrator's to name, so no stranger
    /// gets anywhere by them, but old hosts relay for all of them.
    var subdomains: [RelayRisk] {
        let serving = explanation.judgements.first { $0.listener.port == 25 && $0.verdict == .closed }
        guard let serving, serving.takesHostedMail, let family = serving.listener.reachableFamilies.first
        else {
            return []
        }
        let server = server(ofService: serving.listener.service)
        guard server.hostedDomain.contains("."), let address = server.ordinaryAddress(family) else {
            return []
        }
        var session = server.hostedSession(from: address)
        session.recipient = "postmaster@x7q.\(server.hostedDomain)"
        let destination = server.resolver.resolve(session.recipient, assuming: server.given)
        guard !destination.isFinal, case .relays(let blame) = server.judge(session) else { return [] }
        return [
            risk(
                "subdomains", blame?.parameter ?? "relay_domains", server.values,
                why:
                    "Mail of everybody for whatever name below \(server.hostedDomain) is passed on, whether or not there is "
                    + "such a host: a domain in it counts for all below it (parent_domain_matches_subdomains)."
            )
        ]
    }

    private static let forwardLimit = 20

    private static let forwardReason =
        "Strangers choose to whom the mail is sent on from this host, though not in which domain."

    private func accessForwards(_ server: SMTPServer) -> [RelayRisk] {
        var asked: Set<String> = []
        return Stage.allCases.flatMap { stage in
            (server.lists[stage] ?? []).flatMap { restriction -> [RelayRisk] in
                guard case .access(_, let table) = restriction.kind, asked.insert(table).inserted else {
                    return []
                }
                return forwards(table, stage.rawValue, server, where: SMTPServer.givesCopies)
            }
        }
    }

    private func forwards(
        _ table: String, _ parameter: String, _ server: SMTPServer, where isUseful: (String) -> Bool
    ) -> [RelayRisk] {
        host.tables.table(table).leaves.flatMap { table -> [RelayRisk] in
            let entries = table.entries.filter { entry in
                isUseful(entry.value) && self.sendsOn(entry, of: table, server)
            }
            return entries.prefix(Self.forwardLimit).map { entry in
                RelayRisk(
                    kind: "forwards", parameter: parameter,
                    file: table.source.map { host.quoting.name(of: .table($0)) }, line: entry.line,
                    text: "\(entry.key) \(entry.value)", why: Self.forwardReason)
            }
        }
    }

    private func sendsOn(_ entry: TableEntry, of table: LookupTable, _ server: SMTPServer) -> Bool {
        let isFree: (String) -> Bool
        switch table.content {
        case .patterns: isFree = { $0.contains("$") || $0.hasPrefix("@") }
        // `@other` keeps the names before it.
        case .fixed where entry.key.hasPrefix("@") && !server.isForeign("x7q\(entry.key)"):
            isFree = { $0.hasPrefix("@") }
        default: return false
        }
        return rewritingTargets(entry.value).filter(isFree).contains { target in
            guard let result = try? RuleResult(target) else { return false }
            let address = result.text(Array(repeating: "x7q".bytes, count: result.highestGroup))
            return server.leadsElsewhere(address) && !server.isChosen(address, by: entry.value)
        }
    }

    private func handedOn(_ server: SMTPServer) -> [RelayRisk] {
        server.handedOn.map { row in
            let entry = row.table.entries[row.entry]
            return RelayRisk(
                kind: "forwards", parameter: "smtp_generic_maps",
                file: row.table.source.map { host.quoting.name(of: .table($0)) }, line: entry.line,
                text: "\(entry.key) \(entry.value)",
                why:
                    "The next host gets mail for this one as mail for a domain that the recipient's address names, "
                    + "and relays it if it trusts this host.")
        }
    }

    private func strayForwards(_ server: SMTPServer) -> [RelayRisk] {
        let relay = server.mailboxes.rawValue(of: "luser_relay")?.text ?? ""
        guard let at = relay.lastIndex(of: "@"), relay[..<at].contains("$"), !relay[at...].contains("$"),
            server.leadsElsewhere("x7q\(relay[at...])")
        else { return [] }
        return [risk("forwards", "luser_relay", server.mailboxes, why: Self.forwardReason)]
    }
}
