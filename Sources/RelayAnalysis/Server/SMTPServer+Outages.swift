import MailModel
import Postfix

/// What keeps a server that starts from taking anybody's mail.
extension SMTPServer {
    var outage: (why: String, place: Place)? { missingPartner ?? failingTable }

    /// What smtpd has to ask and does not reach.
    private var missingPartner: (why: String, place: Place)? {
        needs.partners.lazy.compactMap { partner in
            guard let consequence = partner.consequence, let why = self.whyMissing(partner.endpoint) else {
                return nil
            }
            return ("\(why), so that \(consequence)", self.place(of: partner.endpoint, in: partner.parameter))
        }.first
    }

    func whyMissing(_ need: String) -> String? { host.configuration.missing[need] }

    /// The definition of a parameter, with what is to blame in it.
    func place(of token: String, in parameter: String) -> Place {
        var place = host.quoting.definition(of: parameter, in: values)
        place.token = token
        return place
    }

    /// A table that is asked about every message, in which Postfix cannot look anything up (measured on 3.7.11).
    private var failingTable: (why: String, place: Place)? {
        // trivial-rewrite looks for the domains of strangers in all of them.
        let routes = Self.routingMaps.flatMap { routing.value(of: $0).items }
        let commands = values.value(of: "smtpd_command_filter").items
        // Whatever a sender is called, or a message says, is looked for in all of these.
        let messages = Self.messageMaps.flatMap { rewriting.value(of: $0).items }
        // Of the others, the first may know the recipient.
        let rewriters = Self.recipientMaps.compactMap { rewriting.value(of: $0).items.first }
        for item in commands + routes + messages + rewriters {
            guard item.text.contains(":"), !item.text.hasPrefix("["), !item.text.hasPrefix("!"),
                case .failing(let why) = host.tables.table(item.text).content
            else { continue }
            return (why, host.quoting.place(of: item))
        }
        return nil
    }

    private static let routingMaps = [
        "mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains",
        "transport_maps", "relocated_maps", "sender_dependent_relayhost_maps",
        "sender_dependent_default_transport_maps",
    ]

    private static let messageMaps = [
        "sender_canonical_maps", "canonical_maps", "header_checks", "body_checks", "sender_bcc_maps",
        "recipient_bcc_maps",
    ]

    /// The policy service that does not answer, where that has mail for this host refused.
    func missingPolicyService(_ hosted: Session) -> (why: String, place: Place)? {
        let checks = stages.flatMap { lists[$0] ?? [] } + classes.keys.sorted().flatMap { classes[$0] ?? [] }
        for check in checks {
            guard case .policyService(let service, _) = check.kind, let item = check.items.last,
                let why = whyMissing(withoutOptions(service))
            else { continue }
            var session = hosted
            session.policyServicesAreDown = true
            guard case .refused(_, .policy) = judge(session) else { continue }
            return ("\(why), so that what is asked there is refused", host.quoting.place(of: item))
        }
        return nil
    }
}
