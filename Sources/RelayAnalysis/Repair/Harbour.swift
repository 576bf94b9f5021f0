package import MailModel
import Postfix

/// The smallest configuration known to be closed: loopback clients and logged-in ones, everybody else deferred.
///
/// For a host that went wrong and must not go back to what it was. Refusals become temporary
/// (`soft_bounce = yes`, `defer_unauth_destination`), so that senders keep and retry whatever is refused by
/// mistake. Overrides that would say otherwise leave `master.cf`, and what still relays after that is repaired.
/// - Parameter configuration: the files and tables as they are.
/// - Returns: one edit for each file that changes; none when the configuration is a harbour already.
package func harbour(_ configuration: PostfixConfiguration) -> [FileEdit] {
    var current = configuration
    // Lookups leave as a whole: nothing but these two files is changed.
    current.tableTexts = [:]
    for name in ["mynetworks"] + harbourSettings(configuration).map(\.name) {
        current.masterCF.bytes = withoutOverrides(of: name, in: current.masterCF.bytes)
    }
    for (name, value) in harbourSettings(configuration) {
        let main = MainCF(current.mainCF.bytes)
        guard main.definition(of: name)?.value != Array(value.utf8) else { continue }
        current.mainCF.bytes = applying(main.setting(name, to: value), to: current.mainCF.bytes)
    }
    let loopback = ["127.0.0.0/8", "::1/128"].compactMap { IPNetwork($0) }
    for edit in repairRelay(current, trusted: loopback).edits {
        if edit.path == current.mainCF.path { current.mainCF.bytes = edit.after }
        if edit.path == current.masterCF.path { current.masterCF.bytes = edit.after }
    }
    let touches = harbourSettings(configuration).map(\.name)
    return [(configuration.mainCF, current.mainCF), (configuration.masterCF, current.masterCF)].compactMap {
        pair in
        guard pair.0.bytes != pair.1.bytes else { return nil }
        return FileEdit(path: pair.0.path, before: pair.0.bytes, after: pair.1.bytes, touches: touches)
    }
}

private func harbourSettings(_ configuration: PostfixConfiguration) -> [(name: String, value: String)] {
    let version = configuration.version.flatMap(PostfixVersion.init) ?? .measured
    let list = "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"
    let gate =
        version.includes(.relayRestrictions) ? "smtpd_relay_restrictions" : "smtpd_recipient_restrictions"
    return [
        ("mynetworks", "127.0.0.0/8 [::1]/128"), (gate, list), ("soft_bounce", "yes"),
        ("relay_domains", ""), ("qmqpd_authorized_clients", ""), ("smtpd_authorized_xclient_hosts", ""),
        ("allow_untrusted_routing", "no"),
    ].filter { setting in
        // What is off by default needs no line that says so.
        let isOff = setting.1.isEmpty || setting.1 == "no"
        return !isOff || MainCF(configuration.mainCF.bytes).definition(of: setting.0) != nil
            || (setting.0 == "relay_domains" && isDefaultRelaying(configuration))
    }
}

/// Whether `relay_domains` would be more than empty by default.
private func isDefaultRelaying(_ configuration: PostfixConfiguration) -> Bool {
    !Host(configuration, trusted: []).values(ofService: nil).value(of: "relay_domains").text.isEmpty
}

private func withoutOverrides(of name: String, in bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<1000 {
        let master = MasterCF(bytes)
        let found = master.services.lazy.compactMap { service -> [TextEdit]? in
            guard ["smtpd", "qmqpd"].contains(service.command), let override = service.override(name) else {
                return nil
            }
            // A list that lets nobody but logged-in clients through is tighter than the harbour.
            let items = listItems(of: SourcedText(service.value(of: override), origin: .builtIn(""))).map(
                \.text)
            if name.hasSuffix("_restrictions"), items == ["permit_sasl_authenticated", "reject"] {
                return nil
            }
            return master.removing(override, of: service)
        }.first
        guard let found else { return bytes }
        bytes = applying(found, to: bytes)
    }
    return bytes
}
