import MailModel

/// What an smtpd needs on its host beside its configuration.
package struct ServerNeeds: Hashable, Sendable {
    /// A parameter with a path that it names.
    package struct File: Hashable, Sendable {
        package let parameter: String
        package let path: String
    }

    /// A program that smtpd has to ask: a milter, the server that knows the logins, a filter before the queue.
    package struct Partner: Hashable, Sendable {
        package let parameter: String
        /// As written: `inet:localhost:8891`, `private/auth`.
        package let endpoint: String
        /// With its kind: `inet:localhost:8891`, `unix:private/auth`.
        package let address: String
        /// What smtpd does while it cannot be reached, where that is more than to do without.
        package let consequence: String?

        /// Whether it is another host's, as far as its name says.
        package var isElsewhere: Bool {
            let parts = address.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0] == "inet" else { return false }
            let name = parts[1].prefix(upTo: parts[1].lastIndex(of: ":") ?? parts[1].endIndex)
            return name != "localhost" && IPAddress(name.filter { !"[]".contains($0) })?.isLoopback != true
        }
    }

    /// Without one of them smtpd goes on without TLS (tls_server.c).
    package let filesOfTLS: [File]
    /// `smtpd_tls_CApath`, where certificates are looked up by their hash; empty where it is not set.
    package let authorities: String
    package let partners: [Partner]
    /// The servers that `check_policy_service` asks, wherever in the lists.
    package let policyServices: [String]

    package init(_ values: ParameterValues) {
        authorities = values.text(of: "smtpd_tls_CApath")
        let chains = values.value(of: "smtpd_tls_chain_files").items.map {
            File(parameter: "smtpd_tls_chain_files", path: $0.text)
        }
        let pairs = [("cert", "key"), ("eccert", "eckey")].flatMap { certificate, key -> [File] in
            let names = [certificate, key].map { "smtpd_tls_\($0)_file" }
            let paths = names.map { values.text(of: $0) }
            guard !paths[0].isEmpty, paths[0].folded != "none" else { return [] }
            return [
                File(parameter: names[0], path: paths[0]),
                File(parameter: names[1], path: paths[1].isEmpty ? paths[0] : paths[1]),
            ]
        }
        let bundle = File(parameter: "smtpd_tls_CAfile", path: values.text(of: "smtpd_tls_CAfile"))
        filesOfTLS = ((chains.isEmpty ? pairs : chains) + [bundle]).filter { $0.path.hasPrefix("/") }
        partners = Self.milters(values) + Self.servers(values)
        let classes = values.value(of: "smtpd_restriction_classes").items.map(\.text)
        policyServices = (PostfixReferences.restrictionLists + classes).flatMap { name -> [String] in
            let items = values.value(of: name).items
            return zip(items, items.dropFirst()).compactMap { name, argument in
                guard name.text.folded == "check_policy_service" else { return nil }
                let inner = argument.bytes[...].strippingBraces
                return tokenRanges(in: inner, separators: isListSeparator).first.map { inner[$0].text }
            }
        }
    }

    private static func milters(_ values: ParameterValues) -> [Partner] {
        MilterService.all(values).filter { !$0.endpoint.isEmpty }.map { milter in
            Partner(
                parameter: "smtpd_milters", endpoint: milter.endpoint, address: milter.endpoint,
                consequence: milter.refusal(values))
        }
    }

    private static func servers(_ values: ParameterValues) -> [Partner] {
        var servers: [Partner] = []
        let logins = values.text(of: "smtpd_sasl_path")
        if values.isOn("smtpd_sasl_auth_enable"), values.text(of: "smtpd_sasl_type").folded == "dovecot" {
            // smtpd asks for the mechanisms when it may offer them (smtpd_sasl_glue.c).
            let level = values.text(of: "smtpd_tls_security_level").folded
            let needsTLS = values.isOn("smtpd_tls_wrappermode") || !["", "none", "may"].contains(level)
            let isAlways = !values.isOn("smtpd_tls_auth_only") || needsTLS
            servers.append(
                Partner(
                    parameter: "smtpd_sasl_path", endpoint: logins,
                    address: ["inet:", "unix:"].contains(where: logins.hasPrefix) ? logins : "unix:\(logins)",
                    consequence: isAlways ? "smtpd stops at every client" : nil))
        }
        let filter = values.text(of: "smtpd_proxy_filter")
        if !filter.isEmpty {
            servers.append(
                Partner(
                    parameter: "smtpd_proxy_filter", endpoint: filter,
                    address: ["inet:", "unix:"].contains(where: filter.hasPrefix) ? filter : "inet:\(filter)",
                    consequence: "all mail is refused"))
        }
        return servers
    }
}
