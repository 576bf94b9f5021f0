import MailModel
import Postfix

/// What does not relay but weakens the host.
struct RiskFinder {
    let explanation: Explanation
    let host: Host
    let values: ParameterValues
    private let servers = Servers()

    /// Each looks at the same ones, with nothing in front of them.
    private final class Servers {
        var known: [Int: SMTPServer] = [:]
    }

    init(_ explanation: Explanation) {
        self.explanation = explanation
        host = explanation.host
        values = explanation.host.values(ofService: nil)
    }

    var risks: [RelayRisk] {
        guard explanation.fatal == nil else { return [] }
        return ignored + waitingMail + unsetNetworks + backscatter + catchAlls + sinks + catchAllForwards
            + forwards + subdomains + smuggling + logins + listeners + services + returns + milters
            + permissions
            + skippedRules + staleTables + failingTables + unread
    }

    func server(ofService service: Int) -> SMTPServer {
        if let known = servers.known[service] { return known }
        let server = SMTPServer(host, service: service)
        servers.known[service] = server
        return server
    }

    func risk(_ kind: String, _ parameter: String, _ values: ParameterValues, why: String)
        -> RelayRisk
    {
        let place = host.quoting.definition(of: parameter, in: values)
        guard place.file != .builtIn else { return RelayRisk(kind: kind, parameter: parameter, why: why) }
        return RelayRisk(
            kind: kind, parameter: parameter, file: host.quoting.name(of: place.file), line: place.line,
            text: host.quoting.text(of: place), why: why)
    }

    /// Protection that this release does not read.
    private var ignored: [RelayRisk] {
        let name = "smtpd_relay_restrictions"
        let change = ReleaseChange.relayRestrictions
        guard !host.version.includes(change), host.main.definition(of: name) != nil else { return [] }
        let place = host.quoting.definition(of: name, in: values)
        let release = "Postfix \(host.version.major).\(host.version.minor)"
        return [
            RelayRisk(
                kind: "ignored-parameter", parameter: name, file: host.quoting.name(of: place.file),
                line: place.line, text: host.quoting.text(of: place),
                why: "\(release) does not read it: it came with \(change.since.major).\(change.since.minor) "
                    + "(\(change.releaseNote)).")
        ]
    }

    private var unsetNetworks: [RelayRisk] {
        guard !values.value(of: "mynetworks").isDefined, values.text(of: "mynetworks_style") != "host"
        else {
            return []
        }
        return [
            risk(
                "mynetworks-unset", "mynetworks_style", values,
                why: "mynetworks is not set, so every network that an interface is in is trusted.")
        ]
    }

    /// Unknown recipients that are taken, so that somebody who may never have written gets a bounce.
    private var backscatter: [RelayRisk] {
        let resolver = SMTPServer.resolver(of: host, values)
        let classes: [(lists: String, maps: String, who: String)] = [
            ("mydestination", "local_recipient_maps", "local users"),
            ("virtual_mailbox_domains", "virtual_mailbox_maps", "mailboxes of virtual_mailbox_domains"),
            ("relay_domains", "relay_recipient_maps", "recipients in relay_domains"),
        ]
        let unknown = classes.filter { lists, maps, _ in
            resolver.lists.contains {
                $0.list.parameter == lists && takesMail($0.list, $0.addressClass, resolver)
            }
                && (values.text(of: maps).isEmpty || listsEverybody(maps))
        }.map { _, maps, who in
            risk(
                "backscatter", maps, values,
                why: "Mail to unknown \(who) is taken, and bounced to senders who may be forged.")
        }
        let name = "smtpd_reject_unlisted_recipient"
        let asks = [Stage.relay, .recipient].contains { stage in
            values.value(of: stage.rawValue).items.contains {
                ["reject_unlisted_recipient", "check_recipient_maps"].contains($0.text.folded)
            }
        }
        guard !values.isOn(name), !asks else { return unknown }
        return unknown + [
            risk(
                "backscatter", name, values,
                why: "Mail to every unknown recipient is taken, and bounced to senders who may be forged.")
        ]
    }

    /// Whether a map has even a user whom nobody made.
    private func listsEverybody(_ maps: String) -> Bool {
        values.value(of: maps).items.contains { item in
            if case .found = host.tables.table(item.text).ask("x7q-nobody@x7q.example") {
                true
            } else {
                false
            }
        }
    }

    /// Whether a list has a domain that is not in one before it.
    private func takesMail(_ list: DomainList, _ addressClass: Destination.Class, _ resolver: Resolver)
        -> Bool
    {
        list.patterns.contains { pattern in
            switch pattern.content {
            case .literal(let name):
                !pattern.isNegated
                    && resolver.resolve("x7q@\(name)", assuming: .none).addressClass == addressClass
            case .table(let table): table.canAnswer
            case .failing, .unreadable: false
            }
        }
    }

    /// Ports that take strangers' mail for any domain and let none of it out.
    private var sinks: [RelayRisk] {
        let isWaiting =
            !host.holds.isEmpty || !host.misdirections.isEmpty || !host.deliveryFaults.isEmpty
            || !host.values(ofDaemon: "qmgr").text(of: "defer_transports").isEmpty
        return explanation.judgements.filter { judgement in
            judgement.swallowsForeignMail && judgement.verdict != .unknown && !isWaiting
        }.map { judgement in
            RelayRisk(
                kind: "accept-all",
                why:
                    "Port \(judgement.listener.port) takes mail from strangers to any domain and passes none of it "
                    + "on; who tests it by its replies alone calls it an open relay.")
        }
    }

    private var catchAlls: [RelayRisk] {
        ["mydestination", "virtual_alias_domains", "virtual_mailbox_domains"].flatMap { name in
            values.value(of: name).items.filter { item in
                guard item.text.contains(":"), !item.text.hasPrefix("[") else { return false }
                return host.tables.table(item.text).leaves.contains(where: takesEverything)
            }.map { _ in
                risk(
                    "accept-all", name, values,
                    why: "Mail to any domain is taken as if it were for this host.")
            }
        }
    }

    private func takesEverything(_ table: LookupTable) -> Bool {
        if case .constant = table.content { return true }
        if case .found = table.ask(Stranger.domain) { return true }
        return false
    }

    private var smuggling: [RelayRisk] {
        let name = "smtpd_forbid_bare_newline"
        let value = values.text(of: name).folded
        // To note it is to take it.
        guard ["", "no", "note"].contains(value) else { return [] }
        return [
            risk(
                "smuggling", name, values,
                why:
                    "Lines that end in a bare line feed are taken, so a message can carry a second one (CVE-2023-51764)."
            )
        ]
    }

    private var logins: [RelayRisk] {
        explanation.judgements.filter { $0.listener.program == .smtpd && $0.verdict != .broken }.flatMap {
            judgement -> [RelayRisk] in
            let values = host.values(ofService: judgement.listener.service)
            guard values.isOn("smtpd_sasl_auth_enable") else { return [] }
            let options = values.value(of: "smtpd_sasl_security_options").items.map(\.text.folded)
            let isEncrypted =
                values.isOn("smtpd_tls_auth_only") || SMTPServer.requiresTLS(values)
                || options.contains("noplaintext")
            var risks: [RelayRisk] = []
            if !isEncrypted {
                risks.append(
                    risk(
                        "plaintext-login", "smtpd_tls_auth_only", values,
                        why: "Port \(judgement.listener.port) takes passwords before TLS."))
            }
            if !options.contains("noanonymous") {
                risks.append(
                    risk(
                        "anonymous-login", "smtpd_sasl_security_options", values,
                        why:
                            "Port \(judgement.listener.port) offers anonymous logins; Postfix gives them no rights."
                    ))
            }
            return risks
        }
    }

    private var listeners: [RelayRisk] {
        let isBroken = explanation.verdict == .broken
        return explanation.judgements.flatMap { judgement -> [RelayRisk] in
            let place = judgement.fault?.place
            if let fault = judgement.fault, !isBroken {
                return [
                    RelayRisk(
                        kind: "listener-broken", parameter: nil,
                        file: place.map { host.quoting.name(of: $0.file) },
                        line: place?.line, text: place.map(host.quoting.text),
                        why: "Port \(judgement.listener.port) serves nobody: \(fault.why).")
                ]
            }
            guard judgement.listener.port == 25, !judgement.takesHostedMail, judgement.fault == nil,
                areDestinationsRead
            else { return [] }
            return [
                RelayRisk(
                    kind: "inbound-refused",
                    why: "Port 25 refuses mail from outside for this host's own recipients.")
            ]
        }
    }

    /// Milters of which it was not seen whether they answer: those of a copy, and those of other hosts.
    private var milters: [RelayRisk] {
        var said: Set<String> = []
        return explanation.judgements.filter { $0.listener.program == .smtpd && $0.starts }.flatMap {
            judgement -> [RelayRisk] in
            let values = host.values(ofService: judgement.listener.service)
            return ServerNeeds(values).partners.compactMap { milter in
                guard milter.parameter == "smtpd_milters", let consequence = milter.consequence,
                    host.configuration.interfaces == nil || milter.isElsewhere,
                    said.insert(milter.endpoint).inserted
                else { return nil }
                return risk(
                    "milter", milter.parameter, values,
                    why:
                        "While \(milter.endpoint) does not answer port \(judgement.listener.port), \(consequence); "
                        + "whether it does was not seen.")
            }
        }
    }

    /// Permissions that rest on what cannot be read here, but only beside others.
    private var permissions: [RelayRisk] {
        explanation.judgements.filter { $0.listener.program == .smtpd && $0.verdict != .broken }.flatMap {
            judgement -> [RelayRisk] in
            let server = server(ofService: judgement.listener.service)
            var risks: [RelayRisk] = []
            for stage in [Stage.relay, .recipient] where server.stages.contains(stage) {
                // What one list lets through, the other may still refuse.
                let other: Stage = stage == .relay ? .recipient : .relay
                let others = server.stages.contains(other) ? server.lists[other] ?? [] : []
                if others.contains(where: \.kind.isGate) { continue }
                let list = server.lists[stage] ?? []
                for restriction in list {
                    if restriction.kind.isGate { break }
                    guard case .policyService(let service, _) = restriction.kind else { continue }
                    risks.append(
                        risk(
                            "policy-service", stage.rawValue, server.values,
                            why:
                                "Port \(judgement.listener.port) asks \(service) before it refuses foreign recipients: "
                                + "its OK would relay."))
                }
            }
            if !server.values.text(of: "smtpd_authorized_xforward_hosts").isEmpty {
                let list = ClientList(
                    host.listParser.parse(server.values.value(of: "smtpd_authorized_xforward_hosts")),
                    matchesParents: false)
                let strangers = server.strangers(in: list, .v4, .xclient, "smtpd_authorized_xforward_hosts")
                if strangers.contains(where: { trait, _ in trait?.isTrust != true }) {
                    risks.append(
                        risk(
                            "xforward", "smtpd_authorized_xforward_hosts", server.values,
                            why:
                                "Strangers can forge the client's address in the log of port \(judgement.listener.port)."
                        ))
                }
            }
            return risks
        }
    }
}
