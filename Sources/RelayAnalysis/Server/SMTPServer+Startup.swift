import Postfix

extension SMTPServer {
    /// Why this smtpd would stop before its greeting.
    var startupFault: Host.Fault? {
        if let fault = host.commandFault(ofService: service) { return fault }
        if let why = compatibilityFault {
            return (why, host.quoting.definition(of: "compatibility_level", in: values))
        }
        let (rewrite, cleanup) = (
            values.text(of: "rewrite_service_name"), values.text(of: "cleanup_service_name")
        )
        if let fault = syntaxFault ?? host.fault(ofRewriting: rewrite, cleaning: cleanup) { return fault }
        return listFault
    }

    /// What no program of Postfix goes on with (mail_params.c, compat_level.c).
    private var compatibilityFault: String? {
        guard host.version.includes(.compatibilityLevel) else { return nil }
        let value = values.value(of: "compatibility_level")
        if let fault = value.fault { return fault }
        let level = value.text.text
        guard host.version.includes(.orderedLevels) else {
            return Int(level) == nil ? "bad numerical configuration: compatibility_level = \(level)" : nil
        }
        return compatibilityLevel(level) == nil ? "malformed compatibility level syntax: \"\(level)\"" : nil
    }

    /// A value that smtpd does not start with, or what it cannot do without: the programs that rewrite addresses and
    /// that take the message.
    private var syntaxFault: Host.Fault? {
        let read: [(ParameterValues, ParameterSyntax.Readers)] = [
            (values, [.everybody, .smtpd]), (routing, [.everybody, .rewrite]),
            (rewriting, [.everybody, .cleanup]),
        ]
        for (values, readers) in read {
            if let fault = host.syntaxFault(in: values, readBy: readers) { return fault }
        }
        for name in classes.keys.sorted() {
            if let why = values.value(of: name).fault {
                return (why, host.quoting.definition(of: name, in: values))
            }
        }
        return nil
    }

    private var listFault: Host.Fault? {
        if let item = openedTables.first(where: { TableName($0.text)?.name.isEmpty == true }) {
            return (TableStore.noName(item.text), host.quoting.place(of: item))
        }
        if let why = mynetworks?.parsed.fault {
            return (why, host.quoting.definition(of: "mynetworks", in: values))
        }
        if mynetworks == nil,
            !["class", "subnet", "host"].contains(values.text(of: "mynetworks_style"))
        {
            return ("bad mynetworks_style", host.quoting.definition(of: "mynetworks_style", in: values))
        }
        for name in values.value(of: "smtpd_restriction_classes").items.map(\.text)
        where values.value(of: name).text.isEmpty {
            let place = host.quoting.definition(of: "smtpd_restriction_classes", in: values)
            return ("restriction class `\(name)' needs a definition", place)
        }
        if let why = levelFault {
            return (why, host.quoting.definition(of: "smtpd_tls_security_level", in: values))
        }
        let logins = values.text(of: "smtpd_sasl_type")
        if offersLogin, !["cyrus", "dovecot"].contains(logins) {
            return (
                "unsupported SASL server implementation: \(logins)",
                host.quoting.definition(of: "smtpd_sasl_type", in: values)
            )
        }
        return policyFault ?? restrictionFault ?? milterFault ?? spaceFault
    }

    /// What no disk has space for (smtpd_check.c, `smtpd_check_queue`).
    private var spaceFault: Host.Fault? {
        let name = ["queue_minfree", "message_size_limit"].first { (Int(values.text(of: $0)) ?? 0) < 0 }
        return name.map {
            ("\($0) is negative, so that all mail is refused for want of space", place(of: $0, in: $0))
        }
    }

    /// A milter that smtpd stops at, or for want of which it refuses everybody.
    private var milterFault: Host.Fault? {
        let milters = MilterService.all(values)
        let macros = "milter_macro_defaults"
        let bad = values.value(of: macros).items.first {
            !$0.bytes[...].strippingBraces.contains(UInt8(ascii: "="))
        }
        if !milters.isEmpty, let bad {
            let why = "malformed default macro entry: missing '=' after attribute name in \"\(bad.text)\""
            return (why, host.quoting.definition(of: macros, in: values))
        }
        return milters.lazy.compactMap { milter -> Host.Fault? in
            let place = self.place(of: milter.endpoint, in: "smtpd_milters")
            switch milter.fault {
            case .fatal(let why): return (why, place)
            case .unusable(let why):
                return milter.refusal(self.values).map { ("\(why), so that \($0)", place) }
            case nil: return nil
            }
        }.first
    }

    /// An option of a policy service that is none (attr_override.c).
    private var policyFault: Host.Fault? {
        let checks = stages.flatMap { lists[$0] ?? [] } + classes.keys.sorted().flatMap { classes[$0] ?? [] }
        return checks.lazy.compactMap { check -> Host.Fault? in
            guard case .policyService(let argument, _) = check.kind, let item = check.items.last,
                let why = options(of: argument).lazy.compactMap({ self.fault(of: $0) }).first
            else { return nil }
            return (why, self.host.quoting.place(of: item))
        }.first
    }

    private func fault(of option: (name: String, value: String?)) -> String? {
        let (name, value) = option
        guard let value else { return "malformed option: missing '=' after attribute name: \"\(name)\"" }
        switch name {
        case "default_action", "policy_context": return nil
        case "max_idle", "max_ttl", "retry_delay", "timeout":
            return ParameterSyntax.seconds(value) == nil ? "\(name): bad time value or unit: \(value)" : nil
        case "request_limit", "try_limit":
            return Int32(value) == nil ? "bad numerical configuration: \(name) = \(value)" : nil
        default: return "unknown option: \"\(name) = \(value)\""
        }
    }

    /// The tables that smtpd opens when it starts.
    var openedTables: [ListItem] {
        let checks = stages.flatMap { lists[$0] ?? [] } + classes.keys.sorted().flatMap { classes[$0] ?? [] }
        let asked = checks.filter { check in
            switch check.kind {
            case .access, .bareTable: true
            default: false
            }
        }.compactMap(\.items.last)
        let matched = ["mynetworks", "mydestination", "relay_domains"].flatMap { values.value(of: $0).items }
        return asked + matched.filter { !$0.text.hasPrefix("[") }
    }

    /// The presence test that smtpd makes: some list must name a restriction that rejects.
    private var restrictionFault: Host.Fault? {
        let candidates = stages.filter { $0 == .relay || $0 == .recipient }
        // smtpd follows its classes here without end, and dies of it.
        if let circular = classes.keys.sorted().first(where: { isCircular($0, seen: []) }),
            candidates.contains(where: {
                (lists[$0] ?? []).contains { $0.kind == .restrictionClass(circular) }
            })
        {
            let place = host.quoting.definition(of: circular, in: values)
            return ("restriction class `\(circular)' refers to itself", place)
        }
        if candidates.contains(where: { hasRequired(lists[$0] ?? [], depth: 0) }) { return nil }
        let written = candidates.first { !(lists[$0] ?? []).isEmpty }
        let guilty = written ?? (candidates.contains(.relay) ? .relay : .recipient)
        // The releases list what they know.
        var names = ["reject_unauth_destination", "reject", "defer", "defer_if_permit"]
        if host.version.includes(.relayRestrictions) { names.insert("defer_unauth_destination", at: 1) }
        if !host.version.includes(.removedRestrictions) { names.append("check_relay_domains") }
        let list = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
        return (
            "specify at least one working instance of: \(list)",
            host.quoting.definition(of: guilty.rawValue, in: values)
        )
    }

    private func isCircular(_ name: String, seen: Set<String>) -> Bool {
        guard !seen.contains(name) else { return true }
        return (classes[name] ?? []).contains { restriction in
            guard case .restrictionClass(let inner) = restriction.kind else { return false }
            return isCircular(inner, seen: seen.union([name]))
        }
    }

    /// Looks at every word, and so takes the argument of one restriction for another (smtpd_check.c, `has_required`).
    private func hasRequired(_ restrictions: [Restriction], depth: Int) -> Bool {
        guard depth < 20 else { return false }
        let words = restrictions.flatMap(\.items).map(\.text)
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            switch parser.parse(word: word) {
            case .warnIfReject: index += 1
            case .permit: return false
            case .rejectDestination, .checkRelayDomains, .reject, .deferIfPermit: return true
            case .restrictionClass(let name):
                if hasRequired(classes[name] ?? [], depth: depth + 1) { return true }
            default: continue
            }
        }
        return false
    }
}
