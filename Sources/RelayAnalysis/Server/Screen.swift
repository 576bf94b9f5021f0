import MailModel
import Postfix

/// What postscreen(8) says of a client by its address alone, before any smtpd gets it (postscreen.c, server_acl.c).
///
/// Its tests of how a client behaves are passed by whoever waits and comes again.
struct Screen {
    /// What an access list says of a client; an error ends the whole list.
    private enum Ruling { case permit, reject, dunno, error }

    private let host: Host
    private let values: ParameterValues
    private let mynetworks: ClientList?
    private let refusesDenied: Bool
    /// Why nobody is let through whom the access list does not permit: the parameter that says so, for the widths of
    /// the addresses that it is so for.
    private let barriers: [Int: String]
    /// Why it would stop before its greeting, or has nobody to hand clients to.
    var fault: (why: String, place: Place)?

    /// - Parameters:
    ///   - values: those of the service that runs postscreen.
    ///   - addresses: where it listens.
    init(_ host: Host, _ values: ParameterValues, at addresses: [ServiceListener.Address]) {
        self.host = host
        self.values = values
        let networks = values.value(of: "mynetworks")
        let parents = values.value(of: "parent_domain_matches_subdomains").items.map { $0.text.folded }
        mynetworks =
            networks.isDefined
            ? host.clients(of: networks, matchesParents: parents.contains("mynetworks")) : nil
        let names = Self.names(in: host.version)
        refusesDenied = ["drop", "enforce"].contains(values.text(of: names.action).folded)
        let interfaces = ClientList(
            host.listParser.parse(values.value(of: names.interfaces)), matchesParents: false)
        var barriers: [Int: String] = [:]
        for width in [32, 128] {
            if !Self.listens(on: interfaces, width, addresses, host) { barriers[width] = names.interfaces }
            if Self.isForgetful(values) { barriers[width] = "postscreen_cache_map" }
        }
        self.barriers = barriers
        let bad = (Self.actions + [names.action]).first {
            !["drop", "enforce", "ignore", "continue"].contains(values.text(of: $0).folded)
        }
        fault = bad.map {
            ("bad \($0) value: \(values.text(of: $0))", host.quoting.definition(of: $0, in: values))
        }
    }

    private static func names(in version: PostfixVersion) -> (action: String, interfaces: String) {
        version.includes(.allowAndDenyLists)
            ? ("postscreen_denylist_action", "postscreen_allowlist_interfaces")
            : ("postscreen_blacklist_action", "postscreen_whitelist_interfaces")
    }

    private static let actions = ["greet", "dnsbl", "pipelining", "non_smtp_command", "bare_newline"].map {
        "postscreen_\($0)_action"
    }

    /// Whether clients must be remembered to be let through the next time, and are not.
    private static func isForgetful(_ values: ParameterValues) -> Bool {
        values.text(of: "postscreen_cache_map").isEmpty
            && ["pipelining", "non_smtp_command", "bare_newline"].contains {
                values.isOn("postscreen_\($0)_enable")
            }
    }

    /// Whether some address is one on which clients can earn their way through.
    private static func listens(
        on list: ClientList, _ width: Int, _ addresses: [ServiceListener.Address], _ host: Host
    ) -> Bool {
        let bound = addresses.filter { !$0.isLoopback }.compactMap { IPAddress($0.text) }
        let isAny = bound.isEmpty || bound.contains { $0 == IPAddress("0.0.0.0") || $0 == IPAddress("::") }
        let own = host.configuration.interfaces?.map(\.address).filter { !$0.isLoopback }
        let known = isAny ? own : bound
        func isListed(_ address: IPAddress) -> Bool {
            if case .match = list.match(Client(address: address, name: "")) { true } else { false }
        }
        if let known { return known.contains { $0.width == width && isListed($0) } }
        // Which addresses the host has is not in a copy: it may have those that are named, or any other.
        let named = list.patterns.indices.contains { index in
            guard !list.patterns[index].isNegated else { return false }
            guard let network = list.network(index) else { return list.patterns[index].isTable }
            return !network.isLoopback && network.address.width == width
        }
        return named && (!list.hasTables || Stranger.addresses.contains { $0.width == width && isListed($0) })
    }

    /// Whether a client that behaves comes to the smtpd behind it.
    func passes(_ client: Client) -> Bool {
        switch rule(values.value(of: "postscreen_access_list").items.map(\.text), client, isNested: false) {
        case .permit: true
        case .reject: !refusesDenied && barriers[client.address.width] == nil
        case .dunno, .error: barriers[client.address.width] == nil
        }
    }

    private func rule(_ items: [String], _ client: Client, isNested: Bool) -> Ruling {
        for item in items {
            switch item.folded {
            case "reject": return .reject
            case "permit": return .permit
            case "dunno": return .dunno
            case "permit_mynetworks":
                switch mynetworks?.match(Client(address: client.address, name: "")) {
                case .match: return .permit
                case .failure: return .error
                case .noMatch: continue
                case nil: if isTrustedByStyle(client) { return .permit }
                }
            case _ where item.contains(":"):
                if isNested { return .dunno }
                switch host.tables.table(item).ask(client.address.description) {
                case .found(let value, _):
                    let inner = listItems(of: SourcedText(value.bytes, origin: .builtIn(""))).map(\.text)
                    let ruling = rule(inner.isEmpty ? [""] : inner, client, isNested: true)
                    if ruling != .dunno { return ruling }
                case .failure: return .error
                case .missing, .unreadable: continue
                }
            default: return .error
            }
        }
        return .dunno
    }

    /// Whether `mynetworks_style` counts a client as one of this host's, where `mynetworks` is not set.
    private func isTrustedByStyle(_ client: Client) -> Bool {
        host.isTrusted(client.address)
            || (client.isNeighbour && values.text(of: "mynetworks_style") != "host")
    }

    /// Why no client at all comes through, where that is so.
    var refusalOfEverybody: (why: String, place: Place)? {
        let addresses = Stranger.addresses + host.trusted.map(\.first) + host.configuration.ownAddresses
        guard fault == nil, !addresses.contains(where: { passes(Client(address: $0, name: "")) }) else {
            return nil
        }
        let name = barriers.values.first ?? "postscreen_access_list"
        return ("\(name) refuses every client", host.quoting.definition(of: name, in: values))
    }

    /// The tables whose rows may let somebody through.
    var tables: [LookupTable] {
        values.value(of: "postscreen_access_list").items.map(\.text).filter { $0.contains(":") }
            .flatMap { host.tables.table($0).leaves }
    }
}

extension ListPattern {
    fileprivate var isTable: Bool { if case .table = content { true } else { false } }
}

extension ClientList {
    fileprivate var hasTables: Bool { patterns.contains(where: \.isTable) }
}

extension PostfixConfiguration {
    fileprivate var ownAddresses: [IPAddress] { interfaces?.map(\.address) ?? [] }
}
