import MailModel
import Postfix

/// Whom a stranger pretends to be who may say so himself, by XCLIENT or by PROXY.
extension SMTPServer {
    /// How many rows of one table are claimed.
    private static let claimLimit = 50

    /// This host, somebody in `mynetworks`, somebody whom a white list of clients names.
    var claimedClients: [Client] {
        let own = ownAddresses.map { Client(address: $0, name: "localhost") }
        let patterns =
            mynetworks?.patterns.indices.filter { mynetworks?.patterns[$0].isNegated == false } ?? []
        let listed = patterns.flatMap { index -> [Client] in
            guard let list = mynetworks else { return [] }
            switch list.patterns[index].content {
            case .literal(let text):
                return list.network(index).map { [Client(address: $0.first, name: "localhost")] }
                    ?? claimed(key: text)
            case .table(let table): return table.leaves.flatMap { claimed(in: $0) { _ in true } }
            case .failing, .unreadable: return []
            }
        }
        let whiteListed = clientTables.flatMap { table in
            claimed(in: table) { !self.isRefusal(table.entries[$0].value) }
        }
        return own + listed.prefix(Self.claimLimit) + whiteListed
    }

    /// The host's own, as far as they are known: a copy of a configuration says nothing of its interfaces.
    var ownAddresses: [IPAddress] {
        let chosen = values.value(of: "inet_interfaces").items.map {
            $0.text.folded.filter { !"[]".contains($0) }
        }
        let written = chosen.compactMap { IPAddress($0) }
        guard written.isEmpty else { return written }
        let loopback = [IPAddress("127.0.0.1"), IPAddress("::1")].compactMap { $0 }
        return loopback + (host.configuration.interfaces ?? []).map(\.address).filter { !$0.isLoopback }
    }

    private func claimed(in table: LookupTable, where isUseful: (Int) -> Bool) -> [Client] {
        let indices = table.entries.indices.lazy.filter(isUseful)
        switch table.content {
        case .fixed(let entries, _):
            return indices.prefix(Self.claimLimit).flatMap { claimed(key: entries[$0].key) }
        case .networks, .networkRules:
            return indices.prefix(Self.claimLimit).compactMap { index in
                let words = table.entries[index].key.split(separator: " ")
                guard let last = words.last, case .network(let network) = CIDRText(String(last)) else {
                    return nil
                }
                return Client(address: network.first, name: Stranger.name)
            }
        case .patterns:
            return patternRules(table).filter { isUseful($0.entry) }.flatMap { rule -> [Client] in
                let texts = texts(rule.pattern.pattern, table, rule.entry, filling: [[]])
                return texts.flatMap { claimed(key: $0.trimmingDots) }
            }
        case .constant, .union, .pipe, .failing, .unreadable: return []
        }
    }

    private func claimed(key: String) -> [Client] {
        if let network = IPNetwork(octets: key) {
            return [Client(address: network.first, name: Stranger.name)]
        }
        if let address = IPAddress(key) { return [Client(address: address, name: Stranger.name)] }
        let name = key.hasPrefix(".") ? "x7q" + key : key
        return isHostName(name) ? [Client(address: Stranger.addresses[0], name: name)] : []
    }
}
