import MailModel
import Postfix

/// Mail for users whom local(8) does not know, which `luser_relay` may send wherever the address itself says.
extension SMTPServer {
    /// Recipients who say where their mail goes.
    var strayTraits: [Trait] {
        let relay = luserRelay(of: mailboxes)
        guard relay.contains("$"), let domain = ownDomains.first else { return [] }
        let delimiter = values.text(of: "recipient_delimiter").prefix(1)
        return ["x7q\(delimiter)\(Stranger.domain)", Stranger.domain].map { local in
            let target = expanded(relay, for: "\(local)@\(domain)")
            return Trait(
                change: .recipient("\(local)@\(domain)"),
                who: "anyone, to recipients such as \(local)@\(domain)",
                isEverybodys: target == "x7q@\(Stranger.domain)")
        }
    }

    /// `luser_relay`, where it leads a recipient of this host to the domain that is in its own address.
    func strayBlame(_ destination: Destination, _ session: Session) -> Blame? {
        let chosen = transport(for: destination, session).name
        guard destination.addressClass == .local, command(of: chosen) == "local" else { return nil }
        let local = host.values(ofDaemon: chosen)
        let relay = luserRelay(of: local)
        guard relay.contains("$"), expanded(relay, for: destination.address).hasSuffix("@\(Stranger.domain)"),
            successor(of: local, for: destination, session) == nil
        else { return nil }
        let blame = Blame(
            kind: .addressRewriting, parameter: "luser_relay",
            place: host.quoting.definition(of: "luser_relay", in: local))
        return closed.contains(blame.identity) ? nil : blame
    }

    /// `luser_relay` as it is written: local(8) expands it for each recipient.
    private func luserRelay(of local: ParameterValues) -> String {
        local.rawValue(of: "luser_relay")?.text ?? ""
    }

    private func expanded(_ relay: String, for address: String) -> String {
        let at = address.lastIndex(of: "@") ?? address.endIndex
        let local = address[..<at]
        let delimiters = values.text(of: "recipient_delimiter")
        let cut = local.firstIndex(where: delimiters.contains) ?? local.endIndex
        let parts: [(String, Substring)] = [
            ("recipient", address[...]), ("domain", address[at...].dropFirst()), ("local", local),
            ("extension", local[cut...].dropFirst()), ("user", local[..<cut]),
        ]
        return parts.reduce(relay) { text, part in
            ["${\(part.0)}", "$(\(part.0))", "$\(part.0)"].reduce(text) { $0.replacing($1, with: part.1) }
        }
    }
}
