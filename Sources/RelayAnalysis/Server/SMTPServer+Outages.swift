import MailModel
import Postfix

/// What keeps a server that starts from taking anybody's mail.
extension SMTPServer {
    var outage: (why: String, place: Place)? { missingPartner ?? failingTable ?? failingRecipientList }

    /// What smtpd has to ask and does not reach.
    private var missingPartner: (why: String, place: Place)? {
        needs.partners.lazy.compactMap { partner in
            guard let consequence = partner.consequence, let why = self.whyMissing(partner.endpoint) else {
                return nil
            }
            return ("\(why), so that \(consequence)", self.place(of: partner.endpoint, in: partner.parameter))
        }.first
    }

    /// Why a file is not there, or a program not to be reached from where this service runs.
    func whyMissing(_ need: String) -> String? {
        host.configuration.missing[need]
            ?? (isInJail ? host.configuration.missingInJail : host.configuration.missingOutside)[need]
    }

    private var isInJail: Bool { host.master.services[service].isInJail(host.version, values) }

    /// The definition of a parameter, with what is to blame in it.
    func place(of token: String, in parameter: String) -> Place {
        var place = host.quoting.definition(of: parameter, in: values)
        place.token = token
        return place
    }

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
