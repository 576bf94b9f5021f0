import Postfix

extension Explanation {
    /// What would close it, as an instruction.
    func remedy(for finding: Finding) -> String {
        let blame = finding.blame
        let token = blame.place.token
        let list = blame.item.flatMap { item in item.text == token ? nil : item.text } ?? token
        if finding.isUncertain, blame.kind != .policyService {
            return "Read \(token) where the host runs, or take it out of \(blame.parameter)."
        }
        switch blame.kind {
        case .mynetworks:
            return "Remove \(list) from \(blame.parameter); list only networks whose owners you know."
        case .mynetworksStyle: return "Set mynetworks_style = host, or list the networks in mynetworks."
        case .clientAccess, .heloAccess, .senderAccess, .recipientAccess, .certificateAccess:
            return "Put reject_unauth_destination before \(blame.restriction?.name ?? "the lookup") in "
                + "\(blame.parameter), or take the lookup out; what a client says of itself is no proof."
        case .clientCertificates:
            return
                "Remove \(list) from \(blame.parameter); list the fingerprints of known clients in relay_clientcerts."
        case .permit: return "Replace permit by reject_unauth_destination in \(blame.parameter)."
        case .warnIfReject:
            return "Remove warn_if_reject before \(blame.restriction?.name ?? "the rejection")."
        case .noReject: return "Append reject_unauth_destination to \(blame.parameter)."
        case .nakedAddress: return "Remove permit_naked_ip_address from \(blame.parameter)."
        case .backupMX: return "Remove permit_mx_backup and list the domains in relay_domains."
        case .relayDomains:
            return "Remove \(list) from \(blame.parameter), or anchor it: name the domains themselves."
        case .destinations: return "Remove \(list) from \(blame.parameter); name the domains themselves."
        case .untrustedRouting: return "Set allow_untrusted_routing = no."
        case .addressRewriting:
            return "Remove \(list) from \(blame.parameter), or do not take the domain from the address."
        case .xclient: return "Remove \(list) from \(blame.parameter)."
        case .proxyProtocol:
            return "Remove \(blame.parameter), or let only the proxy connect to the port."
        case .qmqp: return "Remove \(list) from \(blame.parameter): QMQP has no other check."
        case .policyDefault:
            return "Set \(blame.parameter) to DUNNO, or put the lookup behind reject_unauth_destination."
        case .policyService: return "Put check_policy_service behind reject_unauth_destination."
        case .unreadableTable, .broken, .syntax: return "Correct \(token)."
        }
    }
}
