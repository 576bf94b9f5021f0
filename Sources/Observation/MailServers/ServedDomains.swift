package import MailModel
import Qmail

/// The domains whose mail this host delivers or passes on, by Plesk and by the configuration of its MTA.
/// - Parameter distrusted: Parameters that do not count, for instance because they are what opens the relay.
package func servedDomains(_ state: HostState, without distrusted: Set<String> = []) -> Set<String> {
    var domains = Set(state.hosted.value?.domains ?? [])
    if state.managedMTA.value?.mta == .qmail {
        return domains.union(state.qmail.value.map(servedDomains(of:)) ?? [])
    }
    guard let configuration = state.postfix.value else { return domains }
    domains.insert(configuration.hostName ?? state.name)
    let parameters = [
        "mydestination", "virtual_mailbox_domains", "virtual_alias_domains", "relay_domains",
    ]
    for parameter in parameters where !distrusted.contains(parameter) {
        for member in listMembers(parameter, of: configuration) {
            guard member.contains(":") else {
                if !member.hasPrefix("/") { domains.insert(member) }
                continue
            }
            guard case .entries(let entries, _) = configuration.tables[member] else { continue }
            // Of a table of addresses, such as the default of virtual_alias_domains, the domains.
            domains.formUnion(entries.map(\.key).filter { !$0.contains("@") })
        }
    }
    return domains
}
