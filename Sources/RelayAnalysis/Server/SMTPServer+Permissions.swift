import MailModel
import Postfix

/// A fingerprint that no administrator ever listed.
private let strangersFingerprint = "A7:3E:90:1C:5B:D2:48:F6:07:9A:63:EE:B1:24:8D:70:C5:1F:32:AB"

extension SMTPServer {
    /// `permit_mynetworks`.
    func permitMynetworks(_ restriction: Restriction, _ session: Session) -> Ruling {
        guard let mynetworks else { return permitByStyle(restriction, session) }
        let given = given(trusting: session.trusting)
        switch mynetworks.match(session.client, assuming: given) {
        case .noMatch: return .dunno
        case .failure(let why): return .reject(.configuration(why: why, failingPlace(why)))
        case .match(let index, let entry):
            let pattern = mynetworks.patterns[index]
            var blame = Blame(
                kind: .mynetworks, parameter: parameter(of: pattern.item) ?? "mynetworks",
                place: pattern.place,
                restriction: restriction, item: pattern.item)
            if let entry, case .table(let table) = pattern.content { blame.accuse(entry, of: table) }
            return .permit(blame)
        }
    }

    /// The pattern of `mynetworks` whose lookup fails.
    private func failingPlace(_ why: String) -> Place? {
        mynetworks?.patterns.first { pattern in
            switch pattern.content {
            case .literal(let text):
                if case .malformed(let words)? = ClientList.address(text) { words == why } else { false }
            case .failing: true
            case .table(let table): if case .failing = table.content { true } else { false }
            case .unreadable: false
            }
        }?.place
    }

    private func permitByStyle(_ restriction: Restriction, _ session: Session) -> Ruling {
        if host.isOwn(session.client.address) { return .permit(nil) }
        guard values.text(of: "mynetworks_style") != "host", session.client.isNeighbour else {
            return .dunno
        }
        let place = host.quoting.definition(of: "mynetworks_style", in: values)
        let blame = Blame(
            kind: .mynetworksStyle, parameter: "mynetworks_style", place: place, restriction: restriction)
        return closed.contains(blame.identity) ? .dunno : .permit(blame)
    }

    /// `permit_auth_destination` and `reject_unauth_destination`.
    func destinationRuling(
        _ restriction: Restriction, _ session: Session, _ evaluation: inout Evaluation
    ) -> Ruling {
        let given = given(trusting: session.trusting)
        let destination = resolver.resolve(session.recipient, assuming: given)
        if let failure = destination.failure {
            return .reject(.configuration(why: failure.why, failure.place))
        }
        let isRoutingAllowed = allowsUntrustedRouting && !closed.contains(routingBlame.identity)
        let isTrusted = isRoutingAllowed || !destination.isRouted
        guard isTrusted, destination.addressClass != .elsewhere else {
            return restriction.kind == .permitDestination ? .dunno : .reject(.destination)
        }
        let blame = destination.isRouted ? routingBlame : destination.blame
        evaluation.grantedDestination = evaluation.grantedDestination ?? blame
        return restriction.kind == .permitDestination ? .permit(blame) : .dunno
    }

    /// `check_relay_domains`, which Postfix 3.9 took away.
    func checkRelayDomains(
        _ restriction: Restriction, _ session: Session, _ evaluation: inout Evaluation
    ) -> Ruling {
        let clients = relayClients
        switch clients.match(session.client.name, assuming: given(trusting: session.trusting)) {
        case .match:
            let ruling = permit(restriction, .permit)
            guard case .dunno = ruling else { return ruling }
        case .failure(let why): return .reject(.configuration(why: why, nil))
        case .noMatch: break
        }
        let ruling = destinationRuling(restriction, session, &evaluation)
        guard case .dunno = ruling else { return ruling }
        return .permit(evaluation.grantedDestination)
    }

    private var routingBlame: Blame {
        let place = host.quoting.definition(of: "allow_untrusted_routing", in: values)
        return Blame(kind: .untrustedRouting, parameter: "allow_untrusted_routing", place: place)
    }

    /// `permit_mx_backup`.
    func permitBackupMX(_ restriction: Restriction, _ session: Session) -> Ruling {
        let destination = resolver.resolve(session.recipient, assuming: given)
        guard allowsUntrustedRouting || !destination.isRouted else { return .dunno }
        if destination.addressClass != .elsewhere { return .permit(destination.blame) }
        guard session.isBackedUpHere, !isBackupLimited, let item = restriction.items.first else {
            return .dunno
        }
        let blame = Blame(
            kind: .backupMX, parameter: parameter(of: item) ?? "", place: host.quoting.place(of: item),
            restriction: restriction, item: item)
        return closed.contains(blame.identity) ? .dunno : .permit(blame)
    }

    /// Whether not everybody can have a host in the network: mail for a private one leads nobody out.
    private func isChoice(_ network: IPNetwork) -> Bool {
        network.prefix >= (network.address.width == 32 ? 16 : 32)
            || Self.privateNetworks.contains { $0.contains(network) }
    }

    /// RFC 1918, RFC 4193.
    private static let privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "fc00::/7"].compactMap {
        IPNetwork($0)
    }

    /// Whether the primary exchangers must be in networks that somebody chose.
    private var isBackupLimited: Bool {
        let networks = host.listParser.parse(values.value(of: "permit_mx_backup_networks")).patterns
        guard !networks.isEmpty else { return false }
        return networks.allSatisfy { pattern in
            guard !pattern.isNegated else { return true }
            switch pattern.content {
            case .literal(let text):
                if case .network(let network)? = ClientList.address(text) { return isChoice(network) }
                return true
            case .table(let table):
                if case .constant = table.content { return false }
                return table.entries.allSatisfy { entry in
                    if case .network(let network) = CIDRText(entry.key) { isChoice(network) } else { true }
                }
            case .failing, .unreadable: return true
            }
        }
    }

    /// `permit_tls_all_clientcerts` and `permit_tls_clientcerts`.
    func permitCertificate(_ restriction: Restriction, _ session: Session, _ isVerified: Bool) -> Ruling {
        guard session.usesTLS, asksForCertificate, session.certificate != .none else { return .dunno }
        if isVerified, session.certificate == .verified {
            return permit(certificate: restriction, item: nil, entry: nil)
        }
        for (index, table) in clientCertificates.enumerated() {
            let item = values.value(of: "relay_clientcerts").items[index]
            switch table.ask(strangersFingerprint) {
            case .found(_, let entry):
                return permit(certificate: restriction, item: item, entry: entry.map { (table, $0) })
            case .unreadable where session.trusting.contains(table.name):
                return permit(certificate: restriction, item: item, entry: nil)
            case .missing, .unreadable: continue
            case .failure(let why): return .reject(.configuration(why: why, host.quoting.place(of: item)))
            }
        }
        return .dunno
    }

    private func permit(
        certificate restriction: Restriction, item: ListItem?, entry: (LookupTable, Int)?
    ) -> Ruling {
        guard let item = item ?? restriction.items.first else { return .permit(nil) }
        var blame = Blame(
            kind: .clientCertificates, parameter: parameter(of: item) ?? "",
            place: host.quoting.place(of: item),
            restriction: restriction, item: item)
        if let entry { blame.accuse(entry.1, of: entry.0) }
        return closed.contains(blame.identity) ? .dunno : .permit(blame)
    }

    /// `check_policy_service`.
    func policyRuling(
        _ restriction: Restriction, _ service: String, _ action: String?, _ session: Session,
        _ evaluation: inout Evaluation
    ) -> Ruling {
        guard let item = restriction.items.first else { return .dunno }
        var blame = Blame(
            kind: .policyService, parameter: parameter(of: item) ?? "",
            place: host.quoting.place(of: restriction.items.last ?? item), restriction: restriction,
            item: item)
        if session.trusting.contains(service) {
            return closed.contains(blame.identity) ? .dunno : .permit(blame)
        }
        guard session.policyServicesAreDown else { return .dunno }
        let name = "smtpd_policy_service_default_action"
        let isPermission: Bool
        switch self.action(of: action ?? values.text(of: name)) {
        case .dunno: return .dunno
        case .permit: isPermission = true
        case .restrictions(let inner):
            isPermission = rule(inner, session, &evaluation, subject: nil).code == 1
        default: isPermission = false
        }
        guard isPermission else { return .reject(.policy) }
        blame.kind = .policyDefault
        if action == nil {
            blame.parameter = name
            blame.place = host.quoting.definition(of: name, in: values)
        }
        return closed.contains(blame.identity) ? .dunno : .permit(blame)
    }
}
